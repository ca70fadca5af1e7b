import EnvSyncModel
import SyncEngine
import SyncState

extension WorkspaceKeeper {
    /// What has to be the same for the detail to be the same.
    struct DetailKey: Hashable {
        let generation: Int?
        let examinations: Int
        let scrubbedAt: Double?
        let failures: Int
    }

    /// What the status page shows. The store is asked only after something happened.
    func detail() async -> WorkspaceDetail {
        let status = currentStatus()
        let key = DetailKey(
            generation: status.generation?.number, examinations: status.counters.examinations,
            scrubbedAt: status.scrub?.finishedAt, failures: status.counters.failed)
        if var cached = detailCache, cached.key == key {
            cached.detail.status = status
            return cached.detail
        }
        var detail = WorkspaceDetail(
            status: status, generations: detailCache?.detail.generations ?? [],
            objects: detailCache?.detail.objects ?? [], pushes: detailCache?.detail.pushes ?? [])
        let cycle = PublishCycle(directory: directory, autoLock: false, logger: logger, progress: LiveProgress())
        let generations = self.generations
        // While the store is down, what was known before is shown.
        let failedLately = historyFailedAt.map { ContinuousClock.now - $0 < .seconds(15) } ?? false
        let asksStore = !isStoreDown && !failedLately
        guard
            let engine = try? cycle.engine(),
            let report = try? await engine.status(offline: true, pushes: 60)
        else { return detail }
        detail.objects = report.rows.map(WorkspaceDetail.Object.init)
        detail.pushes = report.pushes.map(WorkspaceDetail.Push.init)
        guard asksStore else { return detail }
        guard let history = try? await engine.history(limit: 20, cache: generations) else {
            historyFailedAt = .now
            return detail
        }
        detail.generations = history.map(WorkspaceDetail.GenerationEntry.init)
        detailCache = (key, detail)
        return detail
    }
}

extension WorkspaceDetail.Object {
    fileprivate init(_ row: StatusReport.Row) {
        self.init(
            name: row.artifact.name, version: row.artifact.version, delivery: row.artifact.delivery.rawValue,
            size: row.artifact.size, sha256: row.artifact.digest.hex, storePath: row.storePath,
            verifiedAt: row.verifiedAt.map(Double.init), verification: row.verification)
    }
}

extension WorkspaceDetail.Push {
    fileprivate init(_ record: PushRecord) {
        self.init(
            startedAt: Double(record.startedAt) / 1000,
            seconds: record.finishedAt.map { Double($0 - record.startedAt) / 1000 }, outcome: record.outcome.rawValue,
            origin: record.origin.rawValue, objectsSent: record.objectsSent, bytesSent: record.bytesSent,
            generation: record.generation, message: record.message)
    }
}

extension WorkspaceDetail.GenerationEntry {
    fileprivate init(_ entry: HistoryEntry) {
        self.init(
            generation: .init(
                number: entry.generation.number, id: entry.generation.id.hex, publishedAt: Double(entry.publishedAt),
                publishedBy: entry.publishedBy),
            objects: entry.objects, bytes: entry.bytes,
            changes: entry.changes?.map { change in
                .init(
                    kind: change.kind.rawValue, name: change.name, before: change.before, after: change.after,
                    bytes: change.bytesBefore.flatMap { before in change.bytesAfter.map { $0 - before } })
            })
    }
}
