import EnvSyncModel

extension Engine {
    /// What on this machine holds the bytes of a lock's objects: local files, and what was built of files that have changed
    /// since and is still kept.
    func localSources(of lock: Lock, _ scan: LocalScan) -> [ObjectKey: LocalArtifact] {
        var sources = scan.sources(for: lock)
        for artifact in lock.artifacts
        where artifact.kind == .source || (artifact.kind == .layer && artifact.base == nil) {
            guard sources[artifact.object] == nil else { continue }
            let suffix = artifact.kind == .layer ? "tar.gz" : "zip"
            let path = BuiltFile.path(of: artifact.digest, suffix: suffix, stateDirectory: workspace.stateDirectory)
            guard let kept = try? LocalFile.fingerprint(path), kept.size == artifact.size else { continue }
            let inspection = Inspection(
                kind: artifact.kind, name: artifact.name, version: artifact.version, fileExtension: suffix,
                size: artifact.size, hdfsChecksum: artifact.hdfsChecksum ?? "")
            let item = LocalItem(
                role: .source(SourceConfiguration(path: artifact.origin.path)),
                path: Workspace.absolutePath(workspace.resolve(artifact.origin.path)), origin: artifact.origin,
                jobs: artifact.jobs)
            sources[artifact.object] = LocalArtifact(item: item, digest: artifact.digest, inspection: inspection)
        }
        return sources
    }
}
