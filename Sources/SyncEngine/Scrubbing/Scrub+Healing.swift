import EnvSyncModel
import ObjectStore

extension Scrub {
    /// What sending again came to.
    struct Healing: Sendable {
        var healed: [ObjectKey] = []
        var unhealed: [ObjectKey: DriftFinding] = [:]
        var failure: EnvSyncError?
    }

    /// Sends again what is here, by a push of these objects alone.
    func heal(_ broken: [ObjectKey: DriftFinding]) async throws -> Healing {
        var healing = Healing(unhealed: broken)
        guard !broken.isEmpty, options.heals, let lock else { return healing }
        return try await engine.withPushLock(options.origin) { _ in
            let scan: LocalScan
            do { scan = try await engine.scan() } catch let error as EnvSyncError {
                healing.failure = error
                return healing
            }
            let sources = engine.localSources(of: lock, scan)
            let here = Set(broken.keys.filter { sources[$0] != nil })
            for (object, finding) in broken where !here.contains(object) {
                healing.unhealed[object] = DriftFinding(
                    code: finding.code, subject: finding.subject, message: finding.message,
                    suggestion: "its bytes are not on this machine: restore the file, then envsync push --repair")
            }
            do {
                try await send(here, lock, scan, &healing)
            } catch let error as EnvSyncError where error.code != .unreachable {
                healing.failure = error
                // One object that can't be sent, or replaced, keeps no other from being healed.
                let isOfOne = [.artifact, .changedWhileReading, .verification].contains(error.code)
                for object in isOfOne && here.count > 1 ? Array(here) : [] {
                    do { try await send([object], lock, scan, &healing) } catch let error as EnvSyncError
                        where error.code != .unreachable
                    { healing.failure = error }
                }
            }
            return healing
        }
    }

    private func send(_ objects: Set<ObjectKey>, _ lock: Lock, _ scan: LocalScan, _ healing: inout Healing) async throws
    {
        guard !objects.isEmpty else { return }
        var chosen = PushOptions()
        chosen.repair = true
        chosen.only = objects
        chosen.origin = options.origin
        chosen.concurrency = options.concurrency
        let push = Push(
            engine: engine, connection: connection, options: chosen, lock: lock, manifest: lock.manifest,
            id: lock.manifest.id, ref: ref, isVouchedFor: false, scan: scan)
        _ = try await push.run()
        // What a push that failed in the middle had sent is whole, too.
        for object in objects where healing.unhealed.removeValue(forKey: object) != nil {
            healing.healed.append(object)
        }
    }
}
