import EnvSyncModel
import Logging
import SyncEngine

/// What is done when something changed, or when the clock says so.
extension WorkspaceKeeper {
    private var publishCycle: PublishCycle {
        PublishCycle(
            directory: directory, autoLock: settings.autoLock, logger: logger, progress: progress,
            didLock: { [weak self] stamp in await self?.locked(stamp) })
    }

    /// The scheme and the server of the store: whoever shares it shares its fate.
    private var storeServer: String {
        (status.store ?? directory).split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false).prefix(3)
            .joined(separator: "/")
    }

    private func locked(_ stamp: FileStamp?) { ownLock = stamp }

    // MARK: - Publishing

    /// Looks at the files and makes the store have what is on disk.
    func cycle() async {
        let answers = ticket
        let since = changedAt
        changedAt = nil
        let pending = status.pendingChanges
        retryAt = nil
        writtenSince = nil
        status.pendingChanges = 0
        status.phase = .examining
        status.counters.examinations += 1
        // What the configuration names now is watched before it is read, so that nothing is lost meanwhile.
        let workspace = try? Workspace.load(directory: directory)
        if let workspace { status.store = workspace.storeLocation.description }
        watch(workspace)
        let cycle = publishCycle
        do {
            try claim()
            let outcome = try await gate.run(storeServer) { try await cycle.run() }
            took(outcome, since: since)
            answer(upTo: answers, waitOutcome(outcome))
        } catch is CancellationError {
            changedAt = since ?? changedAt
        } catch {
            changedAt = since ?? changedAt
            status.pendingChanges += pending
            // The configuration may be what is wrong, or what was corrected; and it may name other files now.
            watch(try? Workspace.load(directory: directory))
            failed(error as? EnvSyncError ?? EnvSyncError(.system, "unexpected failure: \(error)"), answers: answers)
        }
    }

    private func took(_ outcome: PublishCycle.Outcome, since: ContinuousClock.Instant?) {
        let configuration = outcome.workspace.configuration
        status.environment = configuration.environment.text
        status.store = outcome.workspace.storeLocation.description
        if watch(outcome.workspace) { settling.changed([], at: .now) }
        storeAnswered()
        status.problem = nil
        changingSince = nil
        localBackoff.reset()
        checkAt = .now + settings.checkInterval
        // What a scrub found stays until the next one.
        status.drift.removeAll { !$0.code.hasPrefix("object-") }
        if let ref = outcome.standing.ref { status.generation = .init(ref) }
        if outcome.standing.verdict == .superseded, let ref = outcome.standing.ref {
            superseded(by: ref)
            return
        }
        status.phase = .idle
        status.inSyncAt = WallClock.now
        guard let push = outcome.push, push.published, let generation = push.generation else {
            status.counters.unchanged += 1
            return
        }
        status.counters.published += 1
        status.counters.objectsSent += push.objectsSent
        status.counters.bytesSent += push.bytesSent
        status.generation = .init(
            number: generation.number, id: generation.id.hex, publishedAt: WallClock.now, publishedBy: nil)
        var metadata: Logger.Metadata = [
            "generation": "\(generation.number)", "objects": "\(push.objectsSent)", "bytes": "\(push.bytesSent)",
        ]
        if let since {
            let lag = (ContinuousClock.now - since) / .seconds(1)
            status.counters.lag.observe(lag)
            metadata["lag"] = "\((lag * 100).rounded() / 100) s"
        }
        logger.notice("published \"\(configuration.environment)\"", metadata: metadata)
        if let later = push.supersededBy {
            logger.warning("generation \(later.number) was published by somebody else meanwhile, and is the newest")
        }
    }

    private func waitOutcome(_ outcome: PublishCycle.Outcome) -> WaitOutcome {
        if let damage = status.drift.first(where: { $0.code.hasPrefix("object-") }) {
            return WaitOutcome(
                isInSync: false, generation: outcome.standing.ref?.generation.number,
                problem: .init(
                    code: damage.code, message: "\(damage.subject): \(damage.message)", suggestion: damage.suggestion,
                    since: WallClock.now))
        }
        if outcome.standing.verdict == .superseded {
            let drift = status.drift.first { $0.code == DriftFinding.Code.superseded.rawValue }
            return WaitOutcome(
                isInSync: false, generation: outcome.standing.ref?.generation.number,
                problem: .init(
                    code: DriftFinding.Code.superseded.rawValue, message: drift?.message ?? "",
                    suggestion: drift?.suggestion, since: WallClock.now))
        }
        return WaitOutcome(
            isInSync: true,
            generation: (outcome.push?.generation ?? outcome.standing.ref?.generation)?.number)
    }

    /// Somebody else published since: told, and left to people. Two daemons that push over each other would never end.
    private func superseded(by ref: EnvironmentRef) {
        let message =
            "generation \(ref.generation.number), by \(ref.publishedBy), was published after what is locked here"
        let drift = WorkspaceStatus.Drift(
            code: DriftFinding.Code.superseded.rawValue, subject: "generation \(ref.generation.number)",
            message: message,
            suggestion: "take over the lock that was published; or envsync push, which makes this one the newest again")
        if !status.drift.contains(drift) {
            logger.warning("\(message); nothing is pushed until something changes here")
        }
        status.drift.removeAll { $0.code == drift.code }
        status.drift.append(drift)
        if status.problem == nil { status.phase = .idle }
    }

    private func failed(_ error: EnvSyncError, answers: Int) {
        if error.code == .changedWhileReading {
            isStillChanging(error)
            return
        }
        changingSince = nil
        status.counters.failed += 1
        let since = status.problem.flatMap { $0.code == error.code.rawValue ? $0.since : nil } ?? WallClock.now
        let problem = WorkspaceStatus.Problem(
            code: error.code.rawValue, message: error.message, reason: error.reason, suggestion: error.suggestion,
            since: since)
        let isNews =
            error.isOfStore
            ? toldFailures.insert(problem.code).inserted : status.problem?.message != problem.message
        status.problem = problem
        if error.isOfStore {
            retryAt = .now + storeBackoff.next()
            status.phase = .retrying
            tell(isNews, "\(error); nothing is lost, trying again until it works")
            return
        }
        retryAt = .now + localBackoff.next()
        // Whether the store answers is not known; it will be asked by the clock.
        storeBackoff.reset()
        toldFailures = []
        status.phase = .blocked
        if let workspace = try? Workspace.load(directory: directory) {
            status.environment = workspace.configuration.environment.text
            status.store = workspace.storeLocation.description
        }
        status.drift.removeAll { $0.code == DriftFinding.Code.staleLock.rawValue }
        if error.code == .staleLock {
            status.drift.append(
                .init(
                    code: DriftFinding.Code.staleLock.rawValue, subject: Workspace.lockFileName,
                    message: error.message, suggestion: error.suggestion ?? ""))
        }
        tell(isNews, "\(error)")
        answer(upTo: answers, WaitOutcome(isInSync: false, problem: problem))
    }

    /// Whoever writes the files has not finished. That nothing is pushed because of it is told after a minute.
    private func isStillChanging(_ error: EnvSyncError) {
        let now = ContinuousClock.now
        let since = changingSince ?? now
        changingSince = since
        settling.changed([], at: now)
        setPhase(.settling)
        logger.debug("waiting for changes to end: \(error.message)")
        guard now - since >= Self.longWriting, status.problem?.code != error.code.rawValue else { return }
        status.problem = .init(
            code: error.code.rawValue, message: error.message, reason: error.reason, suggestion: error.suggestion,
            since: WallClock.time(of: since))
        logger.warning("\(error.message); nothing is pushed until that ends")
    }

    /// Says a thing once; what is said again and again is for those who look closely.
    private func tell(_ isNews: Bool, _ text: String) {
        if isNews { logger.warning("\(text)") } else { logger.debug("\(text)") }
    }

    private func storeAnswered() {
        storeBackoff.reset()
        toldFailures = []
        guard let problem = status.problem else { return }
        let seconds = Int(WallClock.now - problem.since)
        logger.notice("solved after \(seconds) s: \(problem.message)")
    }

    // MARK: - By the clock

    /// Asks what is published.
    func check() async {
        checkAt = .now + settings.checkInterval * Double.random(in: 0.9...1.1)
        let cycle = publishCycle
        do {
            let standing = try await gate.run(storeServer) { try await cycle.engine().standing() }
            if let ref = standing.ref { status.generation = .init(ref) }
            switch standing.verdict {
            case .published: status.drift.removeAll { $0.code == DriftFinding.Code.superseded.rawValue }
            case .superseded: if let ref = standing.ref { superseded(by: ref) }
            case .unpublished:
                // Somebody removed it from the store; or the lock waits for something that a look will tell.
                if status.problem == nil { settling.changed([], at: .now) }
            }
        } catch is CancellationError {
            return
        } catch {
            let error = error as? EnvSyncError ?? EnvSyncError(.system, "unexpected failure: \(error)")
            if error.isOfStore { failed(error, answers: 0) }
        }
    }

    /// Compares a share of the published objects with the server's checksums.
    func scrub() async {
        scheduleScrub()
        let phase = status.phase
        status.phase = .scrubbing
        defer { if status.phase == .scrubbing { status.phase = phase } }
        let cycle = publishCycle
        var options = ScrubOptions()
        options.share = settings.scrubShare
        let chosen = options
        do {
            let result = try await gate.run(storeServer) { try await cycle.engine().scrub(chosen) }
            status.counters.objectsVerified += result.objects
            status.counters.objectsHealed += result.healed
            status.scrub = .init(
                finishedAt: WallClock.now, objects: result.objects, healed: result.healed,
                unhealed: result.findings.count)
            if result.healed > 0 {
                logger.notice("sent again what was missing or damaged", metadata: ["objects": "\(result.healed)"])
            }
            let findings = result.findings.map {
                WorkspaceStatus.Drift(
                    code: $0.code.rawValue, subject: $0.subject, message: $0.message, suggestion: $0.suggestion)
            }
            for finding in findings where !status.drift.contains(finding) {
                logger.warning("\(finding.subject): \(finding.message)", metadata: ["code": "\(finding.code)"])
            }
            status.drift.removeAll { $0.code.hasPrefix("object-") }
            status.drift += findings
        } catch is CancellationError {
            return
        } catch {
            let error = error as? EnvSyncError ?? EnvSyncError(.system, "unexpected failure: \(error)")
            if error.isOfStore {
                failed(error, answers: 0)
            } else {
                logger.warning("the objects were not compared: \(error)")
            }
        }
    }
}

extension WorkspaceStatus.PublishedGeneration {
    init(_ ref: EnvironmentRef) {
        self.init(
            number: ref.generation.number, id: ref.generation.id.hex, publishedAt: Double(ref.publishedAt),
            publishedBy: ref.publishedBy)
    }
}
