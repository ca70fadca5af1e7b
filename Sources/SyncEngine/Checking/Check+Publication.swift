import EnvSyncModel
import ObjectStore
import SyncState

/// What is published, as a check sees it.
struct PublishedLook: Sendable {
    var findings: [DriftFinding] = []
    /// `nil` if there is none that can be read, or nobody asked.
    var ref: EnvironmentRef?
    /// Whether publishing the lock takes nothing from anybody: nothing is published, or the lock's environment, or what this
    /// workspace itself published or saw last.
    var mayPublish = false
    /// What the state says was published, and the store doesn't have.
    var vanished: Publication?
}

extension Check {
    /// Looks at the ref, the newest manifest, and, where the lock isn't the newest, at which generations there are.
    func publication(_ connection: StoreConnection) async throws -> PublishedLook {
        var look = PublishedLook()
        guard
            options.wantsAny(
                .notPublished, .generationDiffers, .superseded, .publicationDamaged, .mappingDiffers, .argumentsOutdated
            )
                || options.fix
        else { return look }
        let store = connection.store
        let environment = engine.environment
        let path = store.layout.ref(of: environment)
        let known = (try? engine.state.publication(store: engine.storeName, environment: environment.text)) ?? nil
        func damaged(_ reason: String, _ subject: String) -> DriftFinding {
            DriftFinding(
                code: .publicationDamaged, subject: subject, message: reason, suggestion: "envsync push --repair")
        }
        do { look.ref = try await store.ref(of: environment) } catch let error as RemoteFileError
            where error.condition == .corrupted
        {
            look.findings.append(damaged("the ref can't be read: \(error.reason)", path))
        }
        guard let ref = look.ref else {
            if look.findings.isEmpty {
                look.findings.append(
                    DriftFinding(
                        code: .notPublished, subject: path,
                        message: "the environment \"\(environment)\" was never published there",
                        suggestion: "envsync push"))
            }
            let generations = try await store.generations(of: environment).map(\.name)
            look.mayPublish = generations.last.map { $0.id == id || $0 == known?.name } ?? true
            look.vanished = known.flatMap { generations.contains($0.name) ? nil : $0 }
            return look
        }
        if ref.generation.id == id {
            look.mayPublish = true
            if options.wants(.publicationDamaged), let reason = try await damage(of: ref.generation, store) {
                look.findings.append(damaged(reason, store.layout.manifest(ref.generation, of: environment)))
            }
            if let known, known.name != ref.generation, options.wants(.mappingDiffers) {
                let generations = try await store.generations(of: environment)
                look.vanished = generations.contains { $0.name == known.name } ? nil : known
            }
            return look
        }
        let generations = try await store.generations(of: environment).map(\.name)
        look.vanished = known.flatMap { generations.contains($0.name) ? nil : $0 }
        // An older one that holds the lock, or that this workspace saw as the newest.
        let older = generations.last { $0.id == id && $0 < ref.generation }
        look.mayPublish = older == nil && known?.name == ref.generation
        look.findings.append(difference(ref, older, known, path))
        return look
    }

    /// Why a generation's manifest is of no use; `nil` if it is whole.
    private func damage(of name: GenerationName, _ store: ObjectStore) async throws -> String? {
        do {
            let found = try await store.generation(name, of: engine.environment)
            return found == nil ? "the manifest of generation \(name.number) is missing" : nil
        } catch let error as RemoteFileError where error.condition == .corrupted { return error.reason }
    }

    /// The newest generation isn't the lock's: because nobody has published the lock yet, or because somebody has
    /// published something else since.
    private func difference(
        _ ref: EnvironmentRef, _ older: GenerationName?, _ known: Publication?, _ path: String
    ) -> DriftFinding {
        let name = ref.generation
        // Who asks for this kind alone doesn't want to know why.
        let isPlain = options.only.contains(.generationDiffers) && !options.only.contains(.superseded)
        let seen = known.flatMap { $0.name < name ? $0 : nil }
        guard !isPlain, older != nil || seen != nil else {
            return DriftFinding(
                code: .generationDiffers, subject: path,
                message: "generation \(name.number), by \(ref.publishedBy), is the environment "
                    + "\(name.id.short)…, the lock is \(id.short)…",
                suggestion: "envsync push, or take over the lock that was published")
        }
        var message =
            "\(QuotedText.shown(ref.publishedBy)) published generation \(name.number) on \(Moment.text(ref.publishedAt)); "
        if let older {
            message += "the lock is generation \(older.number)"
        } else if let seen {
            message += "the newest that this workspace knew of was \(seen.generation), and the lock was never published"
        }
        return DriftFinding(
            code: .superseded, subject: path, message: message,
            suggestion: "take over the lock that was published; or envsync push, which makes this one the newest")
    }

    // MARK: - Arguments

    /// Arguments that were given out for an environment that isn't the newest any more. Those for a generation that was
    /// asked for by its number are meant to stay, and those that `submit` used are kept by nobody.
    func argumentFindings(_ published: PublishedLook) -> [DriftFinding] {
        guard options.wants(.argumentsOutdated), let newest = published.ref?.generation else { return [] }
        return engine.workspace.configuration.jobs.compactMap { job in
            guard let emission = (try? engine.state.lastEmission(job: job.name.text)) ?? nil,
                emission.store == engine.storeName, !emission.isPinned, emission.format != Emission.submitted,
                emission.environment != newest.id
            else { return nil }
            let generation = emission.generation.map { "generation \($0)" } ?? "\(emission.environment.short)…"
            return DriftFinding(
                code: .argumentsOutdated, subject: job.name.text,
                message: "its arguments, given out on \(Moment.text(emission.emittedAt)) as \(emission.format), are of "
                    + "\(generation); the newest is \(newest.number)",
                suggestion: "envsync args \(job.name), and hand them to what starts the job")
        }
    }
}

extension Publication {
    /// The name of the generation's file.
    var name: GenerationName { GenerationName(number: generation, id: id) }
}
