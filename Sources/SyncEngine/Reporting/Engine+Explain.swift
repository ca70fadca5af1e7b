import EnvSyncModel
import PythonPackaging
import SparkSubmission

extension Engine {
    /// Tells how each wheel reaches the workers, and why.
    ///
    /// - Parameter package: only this one, in any spelling; `nil` is all.
    /// - Throws: ``EnvSyncError``, also for a package that the environment doesn't have.
    public func explain(_ package: String?) async throws -> [PackageDecision] {
        let scan = try await scan(search: .caches)
        for problem in scan.problems {
            report(
                .warning(
                    "\(problem.origin.section.rawValue) \(QuotedText.visible(problem.path)): \(problem.message)"))
        }
        guard let package else { return scan.decisions }
        let name = PythonNames.normalize(package)
        let found = scan.decisions.filter { $0.name == name }
        guard found.isEmpty else { return found }
        let near = NearestWord.of(name, among: scan.decisions.map(\.name)).map { "did you mean \($0)?" }
        throw EnvSyncError(
            .artifact, "the environment has no wheel of \(QuotedText.visible(package))",
            suggestion: near ?? "envsync explain lists all")
    }

    /// What Spark or YARN would refuse, silently drop, or do otherwise than a job means.
    ///
    /// - Throws: ``EnvSyncError`` if the lock or the job can't be used.
    public func preflight(_ jobName: String) async throws -> [PreflightFinding] {
        let job = try job(jobName)
        let lock = try workspace.requiredLock()
        let connection = try connect(concurrency: 4)
        await rememberClosedDirectory(connection)
        let published = try await publishedBase(lock.manifest.id, lock)
        let request = ArgumentsRequest(submitsHere: true)
        return try await plan(job, lock.manifest, storeBase: published.base, request).findings
    }
}
