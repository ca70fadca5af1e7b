import EnvSyncModel

extension Engine {
    /// Compares sources, lock, local files, an installed environment, the state, the published generation and the objects in
    /// the store.
    ///
    /// It needs the configuration, the lock and the store; no state database, and with ``CheckOptions/remoteOnly`` no
    /// wheelhouse either. What the state says is compared where there is one.
    ///
    /// - Throws: ``EnvSyncError`` if it can't be told: a store that can't be reached is never in sync.
    public func check(_ options: CheckOptions = CheckOptions()) async throws -> CheckResult {
        let check = try await Check(self, options)
        let look = try await check.look()
        guard options.fix, !look.findings.isEmpty else { return check.result(of: look) }
        return try await CheckRepair(check: check, first: look).run()
    }
}
