import Crypto
import EnvSyncModel
import Glibc
import PythonPackaging
import ReproducibleArchive
import SyncState

/// Looks into local items: what they are, whether they can travel, and their digests.
struct ArtifactInspector: Sendable {
    let workspace: Workspace

    /// A source directory's files, and what tells whether any of them changed.
    struct Tree {
        let files: [SourceFile]
        let signature: String
        let lastChange: Int64
        let prefix: String
    }

    struct Reading: Sendable {
        let artifact: LocalArtifact
        let record: FingerprintRecord
    }

    enum Outcome: Sendable {
        case success(Reading)
        case failure(LocalProblem)
    }

    /// Reads an item. A problem with the item itself is an outcome; only cancellation is thrown.
    func inspect(_ item: LocalItem, _ cancelled: OffPool.CancellationCheck) throws -> Outcome {
        func failure(
            _ message: String, try suggestion: String? = nil, kind: LocalProblem.Kind = .unusable,
            isOfChange: Bool = false
        ) -> Outcome {
            .failure(
                LocalProblem(
                    kind: kind, origin: item.origin, path: item.origin.path, message: message, suggestion: suggestion,
                    isOfChange: isOfChange))
        }
        do {
            if case .source(let source) = item.role { return .success(try readSource(item, source, cancelled)) }
            return .success(try readFile(item, cancelled))
        } catch let error as LocalFileError {
            if error.cause == .missing {
                return failure(
                    "there is no such file", try: "restore it, or take it out of \(workspace.configurationFile)",
                    kind: .missing)
            }
            let suggestion =
                switch error.cause {
                case .changed: "let whatever writes it finish, then run the same command again"
                case .unreadable: "make it readable, or take it out of \(workspace.configurationFile)"
                default: "name a regular file in \(workspace.configurationFile)"
                }
            return failure(error.reason, try: suggestion, isOfChange: error.cause == .changed)
        } catch let error as UnusableArtifact {
            return failure(error.message, try: error.suggestion)
        } catch let error as WheelError {
            return failure(error.message, try: "download or build the wheel again")
        } catch let error as ArchiveError {
            let entry = error.entry.map { " (\(QuotedText.visible($0)))" } ?? ""
            // In a source directory the culprit is one of its files.
            let isBelow = error.path.utf8.starts(with: (item.path + "/").utf8)
            let name = String(decoding: error.path.utf8.dropFirst(item.path.utf8.count + 1), as: UTF8.self)
            let culprit = isBelow ? QuotedText.visible(name) + ": " : ""
            return failure(
                culprit + error.message + entry, try: "mend or remove it, or leave it out with `exclude`",
                kind: error.code == .notFound ? .missing : .unusable)
        }
    }

    private struct UnusableArtifact: Error {
        let message: String
        let suggestion: String?
    }

    private func readFile(_ item: LocalItem, _ cancelled: OffPool.CancellationCheck) throws -> Reading {
        let file = try LocalFile(opening: item.path)
        let hashedAt = Now.nanoseconds
        let digests = try file.digests(cancelled)
        var inspection = Inspection(
            kind: .file, name: item.origin.path.split(separator: "/").last.map(String.init) ?? item.origin.path,
            size: file.fingerprint.size, hdfsChecksum: digests.hdfsChecksum)
        switch item.role {
        case .file, .main, .source, .layer, .overlay: break
        case .wheelhouse, .pyFile, .locked: try lookIntoPythonFile(item, &inspection)
        case .archive: try lookIntoArchive(item, &inspection)
        }
        var fingerprint = file.fingerprint
        // What was looked into must be what was hashed, even if the file is replaced in between.
        guard try LocalFile.fingerprint(item.path) == fingerprint else {
            throw LocalFileError(cause: .changed, path: item.path, reason: "it changed while it was being read")
        }
        fingerprint.path = item.fingerprintKey
        return Reading(
            artifact: LocalArtifact(item: item, digest: digests.sha256, inspection: inspection),
            record: FingerprintRecord(
                fingerprint: fingerprint, digest: digests.sha256, inspection: inspection.text, hashedAt: hashedAt))
    }

    private func lookIntoPythonFile(_ item: LocalItem, _ inspection: inout Inspection) throws {
        let lower = inspection.name.lowercased()
        if lower.hasSuffix(".py"), item.role != .locked {
            inspection.kind = .python
            return
        }
        guard try ArchiveReader.format(ofFileAt: item.path) == .zip else {
            if lower.hasSuffix(".whl") {
                throw UnusableArtifact(
                    message: "it is named like a wheel, but is no zip file",
                    suggestion: "download or build the wheel again")
            }
            throw UnusableArtifact(
                message: "it is neither a Python module (.py) nor a zip file",
                suggestion: "list it under `files` if the job only opens it")
        }
        // In a tool's cache, a wheel is not called one.
        if lower.hasSuffix(".whl") || item.role == .locked {
            let wheel = try Wheel.inspect(path: item.path)
            inspection.kind = .wheel
            inspection.name = wheel.normalizedName
            inspection.version = wheel.version
            inspection.tags = wheel.tags
            inspection.obstacles = wheel.deliverability.reasons.map(\.description)
            inspection.python = wheel.requiresPython
            return
        }
        let zip = try ImportableZip.inspect(path: item.path)
        try refuse(zip.deliverability, "the zip")
        inspection.kind = zip.kind == .egg ? .egg : .zip
        inspection.name = zip.project?.name ?? String(inspection.name.dropLast(4))
        inspection.version = zip.project?.version
        inspection.fileExtension = zip.kind == .egg ? "egg" : "zip"
    }

    private func refuse(_ deliverability: ZipImportability, _ subject: String) throws {
        guard case .notImportable(let reasons) = deliverability else { return }
        let shown = reasons.prefix(3).map(\.description).joined(separator: "; ")
        let more = reasons.count > 3 ? "; and \(reasons.count - 3) more" : ""
        throw UnusableArtifact(
            message: "\(subject) can't be imported without being unpacked: \(shown)\(more)",
            suggestion: "put it into the packed environment of an [[archive]] and take it out here")
    }

    private func lookIntoArchive(_ item: LocalItem, _ inspection: inout Inspection) throws {
        inspection.kind = .archive
        let format = try ArchiveReader.format(ofFileAt: item.path)
        switch format {
        case .tarGz: inspection.fileExtension = "tar.gz"
        case .zip: inspection.fileExtension = "zip"
        case .tar: inspection.fileExtension = "tar"
        case .tarOther(let compression):
            throw UnusableArtifact(
                message: "it is compressed with \(compression), which neither Spark nor YARN unpacks",
                suggestion: "pack it as .tar.gz")
        case .unknown:
            throw UnusableArtifact(
                message: "it is no archive that Spark unpacks (tar.gz, zip or tar)", suggestion: "pack it as .tar.gz")
        }
        for suffix in [".tar.gz", ".tgz", ".zip", ".tar"] where inspection.name.lowercased().hasSuffix(suffix) {
            inspection.name = String(inspection.name.dropLast(suffix.count))
            break
        }
        let candidates = ["bin/python", "bin/python3"]
        let (environment, files) = try ArchivedEnvironment.read(path: item.path, resolving: candidates)
        for (name, found) in zip(candidates, files) where inspection.interpreter == nil {
            switch found {
            case .file: inspection.interpreter = name
            case .outside(_, let target):
                // venv-pack makes such a link. It works where the workers have the same base Python.
                inspection.interpreter = name
                inspection.obstacles = [target]
            case .directory, .missing, .loop: break
            }
        }
        inspection.python = environment.python
        inspection.packages = Self.requirements(environment)
    }

    /// What Python sees of an environment, and, under the names that nothing of Python has, what conda installed.
    private static func requirements(_ environment: ArchivedEnvironment) -> [String] {
        var versions: [String: String] = [:]
        for package in environment.packages where !package.isConda { versions[package.name] = package.version }
        for package in environment.packages where package.isConda && versions[package.name] == nil {
            versions[package.name] = package.version
        }
        return versions.map { "\($0.key)==\($0.value)" }.sorted()
    }

    /// Patterns for what envsync itself writes below a source directory: a lock can't list its own digest.
    private func ownFiles(below directory: String) -> [String] {
        var own = [workspace.lockPath] + MadeArchive.all(of: workspace).map { MadeArchive.aside(of: $0.path) }
        if workspace.storeLocation.scheme == .file { own.append(workspace.storeLocation.path) }
        return own.filter { $0.hasPrefix(directory + "/") }.map { path in
            // A leading slash anchors the pattern; a backslash keeps each character from being a wildcard.
            "/" + path.dropFirst(directory.count + 1).map { "*?[]\\!# ".contains($0) ? "\\\($0)" : String($0) }.joined()
        }
    }

    /// Lists a source directory.
    func tree(_ source: SourceConfiguration, at path: String) throws -> Tree {
        let files = try SourceTree.files(under: path, excluding: source.exclude + ownFiles(below: path))
        let isPackage = files.contains { $0.relativePath == "__init__.py" }
        let directoryName = path.split(separator: "/").last.map(String.init) ?? "source"
        let prefix = source.prefix ?? (isPackage ? directoryName : "")
        var sha256 = SHA256()
        var lastChange: Int64 = 0
        sha256.update(data: Array((prefix + "\0").utf8))
        for file in files {
            let line =
                "\(file.relativePath)\0\(file.size)\0\(file.modificationTime)\0\(file.statusChangeTime)\0\(file.inode)\0"
                + "\(file.device)\0"
            sha256.update(data: Array(line.utf8))
            lastChange = max(lastChange, file.modificationTime, file.statusChangeTime)
        }
        return Tree(
            files: files, signature: ContentDigest(sha256.finalize()).hex, lastChange: lastChange, prefix: prefix)
    }

    private func readSource(
        _ item: LocalItem, _ source: SourceConfiguration, _ cancelled: OffPool.CancellationCheck
    ) throws -> Reading {
        let tree = try tree(source, at: item.path)
        guard !tree.files.isEmpty else {
            throw UnusableArtifact(
                message: "the source directory holds no file to ship",
                suggestion: "correct [[source]] in \(workspace.configurationFile)")
        }
        let hashedAt = Now.nanoseconds
        let built = try build(tree, cancelled)
        guard try self.tree(source, at: item.path).signature == tree.signature else {
            throw LocalFileError(cause: .changed, path: item.path, reason: "it changed while it was being read")
        }
        let name = source.name ?? item.path.split(separator: "/").last.map(String.init) ?? "source"
        let inspection = Inspection(
            kind: .source, name: name, fileExtension: "zip", size: built.size, hdfsChecksum: built.digests.hdfsChecksum,
            signature: tree.signature)
        let fingerprint = FileFingerprint(
            path: item.fingerprintKey, device: 0, inode: 0, size: built.size, modified: tree.lastChange, changed: 0)
        return Reading(
            artifact: LocalArtifact(item: item, digest: built.digests.sha256, inspection: inspection),
            record: FingerprintRecord(
                fingerprint: fingerprint, digest: built.digests.sha256, inspection: inspection.text, hashedAt: hashedAt)
        )
    }

    /// Opens an item's bytes for sending; for a source directory, its zip, which is built again if it is gone.
    func openContent(of artifact: LocalArtifact, _ cancelled: @escaping OffPool.CancellationCheck) throws -> Int32 {
        guard artifact.item.isBuilt else {
            let file = try LocalFile(opening: artifact.item.path)
            return try duplicate(file.descriptor, artifact.item.path)
        }
        let cached = BuiltFile.path(
            of: artifact.digest, suffix: artifact.inspection.fileExtension ?? "zip",
            stateDirectory: workspace.stateDirectory)
        if let file = try? LocalFile(opening: cached), file.fingerprint.size == artifact.inspection.size {
            return try duplicate(file.descriptor, cached)
        }
        switch artifact.item.role {
        case .source(let source): return try build(try tree(source, at: artifact.item.path), cancelled).takeDescriptor()
        case .layer(let plan): return try build(plan, cancelled).takeDescriptor()
        default: throw LocalFileError(cause: .missing, path: cached, reason: "it can't be built")
        }
    }

    /// Removes what was kept of an artifact that envsync builds; `false` if the artifact is none.
    func discardBuild(of artifact: LocalArtifact) -> Bool {
        guard artifact.item.isBuilt else { return false }
        unlink(
            BuiltFile.path(
                of: artifact.digest, suffix: artifact.inspection.fileExtension ?? "zip",
                stateDirectory: workspace.stateDirectory))
        return true
    }

    private func build(_ tree: Tree, _ cancelled: OffPool.CancellationCheck) throws -> BuiltFile {
        let prefix = tree.prefix.isEmpty ? "" : tree.prefix + "/"
        let zip = ReproducibleZip(entries: tree.files.map { (prefix + $0.relativePath, $0.absolutePath) })
        return try BuiltFile.build(suffix: "zip", stateDirectory: workspace.stateDirectory, cancelled) { descriptor in
            try zip.write(toDescriptor: descriptor)
        }
    }

    private func duplicate(_ descriptor: Int32, _ path: String) throws -> Int32 {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else {
            throw LocalFileError(cause: .unreadable, path: path, reason: String(cString: strerror(errno)))
        }
        return copy
    }
}
