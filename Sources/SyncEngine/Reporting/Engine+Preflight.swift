import EnvSyncModel
import Foundation
import Glibc
import ObjectStore
import PythonPackaging
import SparkSubmission
import SyncState
import WebHDFS

extension Engine {
    /// How arguments are wanted.
    struct ArgumentsRequest {
        var format = LaunchFormat.sparkSubmit
        var extraOptions: [String] = []
        var extraArguments: [String] = []
        /// Whether the caller sets `PYTHONPATH` for the driver.
        var exportsDriverPath = false
        /// Whether the job is submitted from here, so that the driver's Python is this machine's.
        var submitsHere = false
    }

    /// Plans a submission with all that preflight wants to know, and with layers unpacked where the driver needs them.
    func plan(
        _ job: Job, _ manifest: EnvironmentManifest, storeBase: String, _ request: ArgumentsRequest
    ) async throws -> SubmissionPlan {
        let environment = ProcessInfo.processInfo.environment
        var facts = PreflightFacts()
        facts.executorPythonVersion = executorPython(job, manifest)
        if let (inspection, configured) = archiveInspection(job, manifest), let target = inspection.obstacles.first {
            facts.interpreterLeavesArchive = target
            facts.interpreterIsPackedHere = configured.pack != nil
            if target.hasPrefix("/"), job.deployMode == .client {
                facts.interpreterIsMissingHere = access(target, X_OK) != 0
            }
        }
        facts.stagingAuthority = stagingAuthority(job, environment)
        facts.unreadableAncestor = rememberedClosedDirectory
        facts.targetMismatches = request.submitsHere ? targetMismatches() : nil
        if job.deployMode == .client, let command = driverCommand(job, environment, request) {
            if let python = await DriverPython.probe(command, environment: environment, state: state) {
                facts.driverPythonVersion = python.version
                facts.driverHasPySpark = python.hasPySpark
                facts.driverPySparkVersion = python.pySparkVersion
            }
        }
        let unpacked = try await unpackLayers(for: job, manifest, driver: facts.driverPythonVersion)
        return Submission.plan(
            SubmissionRequest(
                job: job, manifest: manifest, storeBase: storeBase, extraOptions: request.extraOptions,
                extraArguments: request.extraArguments, format: request.format, unpackedLayers: unpacked,
                exportsDriverPath: request.exportsDriverPath, facts: facts))
    }

    // MARK: - Facts

    /// The driver's Python, as far as it is this machine's business: what `args` prints may be used on another one, whose
    /// `python3` is not known here.
    private func driverCommand(
        _ job: Job, _ environment: [String: String], _ request: ArgumentsRequest
    ) -> String? {
        if request.submitsHere { return DriverPython.command(of: job, environment: environment) }
        return DriverPython.configured(job)
    }

    private func executorPython(_ job: Job, _ manifest: EnvironmentManifest) -> String? {
        if let target = workspace.configuration.target { return target.python }
        // A Python of the job's own choosing is not on this machine.
        return job.python == nil ? archiveInspection(job, manifest)?.inspection.python : nil
    }

    /// Wheels of the lock that the target can't load. `lock` refuses them; the target may have changed since.
    private func targetMismatches() -> [String]? {
        guard let lock = (try? workspace.lock()) ?? nil, let configured = workspace.configuration.target,
            let target = try? TargetEnvironment(
                python: configured.python, platform: configured.platform, implementation: configured.implementation)
        else { return nil }
        let names =
            lock.artifacts.filter { $0.kind == .wheel }.map(\.origin.path)
            + lock.artifacts.flatMap { $0.wheels.map(\.fileName) }
        return names.compactMap { name in
            guard let leaf = name.split(separator: "/").last, let wheel = WheelFileName(String(leaf)),
                target.rank(ofTags: [wheel.compressedTags]) == nil
            else { return nil }
            let reason = target.mismatch(ofTags: [wheel.compressedTags]) ?? "it is for something else"
            return "\(QuotedText.visible(String(leaf))): \(reason)"
        }
    }

    /// What is remembered of the archive whose interpreter a job uses.
    private func archiveInspection(
        _ job: Job, _ manifest: EnvironmentManifest
    ) -> (inspection: Inspection, configured: ArchiveConfiguration)? {
        let archives = manifest.artifacts.filter { artifact in
            artifact.interpreter != nil && artifact.isWanted(by: job.name)
                && (job.archives.map { names in artifact.alias.map(names.contains) ?? false } ?? true)
        }
        guard let archive = archives.first, archives.count == 1 else { return nil }
        for configured in workspace.configuration.archives where configured.alias == archive.alias {
            let key = "archive:" + Workspace.absolutePath(workspace.resolve(configured.path))
            guard let record = (try? state.fingerprint(key)) ?? nil, record.digest == archive.object.digest else {
                continue
            }
            return Inspection(text: record.inspection).map { ($0, configured) }
        }
        return nil
    }

    /// `spark.yarn.stagingDir`, else the cluster's default file system, under which YARN's staging directory is.
    private func stagingAuthority(_ job: Job, _ environment: [String: String]) -> String? {
        guard job.master == .yarn else { return nil }
        if let configured = job.conf["spark.yarn.stagingDir"], let scheme = configured.range(of: "://") {
            let authority = configured[scheme.upperBound...].prefix { $0 != "/" }
            return authority.isEmpty ? nil : String(configured[..<scheme.upperBound]) + authority
        }
        guard let directory = environment["HADOOP_CONF_DIR"], !directory.isEmpty,
            let hadoop = try? HadoopConfiguration(directory: directory, environment: environment),
            let fileSystem = hadoop.defaultFS, let scheme = fileSystem.range(of: "://")
        else { return nil }
        return String(fileSystem[..<scheme.upperBound]) + fileSystem[scheme.upperBound...].prefix { $0 != "/" }
    }

    // MARK: - Directories that others can't pass

    private var closedDirectoryKey: String { "closed:" + storeName }

    private var rememberedClosedDirectory: PreflightFacts.ClosedDirectory? {
        guard let record = (try? state.fingerprint(closedDirectoryKey)) ?? nil, !record.inspection.isEmpty else {
            return nil
        }
        return PreflightFacts.ClosedDirectory(
            path: record.inspection, mode: UInt16(truncatingIfNeeded: record.fingerprint.size))
    }

    /// Looks whether others can pass all directories above the objects, and remembers it for `args`, which asks nobody.
    func rememberClosedDirectory(_ connection: StoreConnection) async {
        guard connection.location.scheme != .file else { return }
        var closed: (path: String, mode: UInt16)?
        for directory in ObjectStore.ancestors(of: connection.store.layout.root + "/objects/x") {
            guard let status = try? await connection.store.fileSystem.status(directory) else { return }
            if status.permission & 0o001 == 0 { closed = closed ?? (directory, status.permission) }
        }
        let fingerprint = FileFingerprint(
            path: closedDirectoryKey, device: 0, inode: 0, size: Int64(closed?.mode ?? 0), modified: 0, changed: 0)
        let record = FingerprintRecord(
            fingerprint: fingerprint, digest: ContentDigest.of([]), inspection: closed?.path ?? "",
            hashedAt: Now.nanoseconds)
        remember { try $0.save(fingerprints: [record]) }
    }

    // MARK: - Layers for a driver on this machine

    /// Unpacks the layers that a driver or a local master on this machine needs.
    ///
    /// - Returns: where each is; without those that can't be had here.
    private func unpackLayers(
        for job: Job, _ manifest: EnvironmentManifest, driver: String?
    ) async throws -> [ContentDigest: String] {
        let layers = manifest.artifacts.filter { $0.kind == .layer && $0.isWanted(by: job) }
        guard !layers.isEmpty, job.deployMode == .client, canLoad(driver) else { return [:] }
        let unpacked = UnpackedLayers(workspace: workspace)
        var present = unpacked.present(layers)
        let absent = layers.filter { present[$0.object.digest] == nil }
        guard !absent.isEmpty else { return present }
        let sources = try await layerSources()
        for layer in absent {
            let digest = layer.object.digest
            guard let descriptor = try await openLayer(layer, sources) else { continue }
            report(.building(layer: layer.name))
            try await OffPool.run { _ in try unpacked.unpack(layer, from: descriptor) }
            present[digest] = unpacked.path(of: layer)
        }
        unpacked.clean(keeping: layers)
        return present
    }

    /// Whether a driver on this machine can load what was chosen for the target.
    private func canLoad(_ driver: String?) -> Bool {
        guard let target = workspace.configuration.target else { return true }
        #if arch(arm64)
            let machine = "aarch64"
        #else
            let machine = "x86_64"
        #endif
        guard target.platform.hasSuffix(machine), target.platform.contains("linux") else { return false }
        func minor(_ version: String) -> [Substring] { Array(version.split(separator: ".").prefix(2)) }
        return driver.map { minor($0) == minor(target.python) } ?? true
    }

    private func layerSources() async throws -> [ObjectKey: LocalArtifact] {
        guard let lock = try workspace.lock() else { return [:] }
        return try await scan().sources(for: lock)
    }

    /// A layer's bytes: from a store on this machine, or from what it was built of.
    private func openLayer(_ layer: PublishedArtifact, _ sources: [ObjectKey: LocalArtifact]) async throws -> Int32? {
        let location = workspace.storeLocation
        if location.scheme == .file {
            let path = "\(location.path)/\(layer.object.relativePath)"
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            if descriptor >= 0 { return descriptor }
        }
        guard let source = sources[layer.object] else { return nil }
        let inspector = ArtifactInspector(workspace: workspace)
        return try? await OffPool.run { cancelled in try inspector.openContent(of: source, cancelled) }
    }
}
