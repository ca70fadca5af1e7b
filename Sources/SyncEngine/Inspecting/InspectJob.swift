import EnvSyncModel
import EnvironmentPacking
import Glibc
import Logging
import ReproducibleArchive

/// One inspection of one archive, with or without a workspace.
public struct InspectJob: Sendable {
    let request: InspectRequest
    let engine: Engine?
    /// Why there is nothing to hold the archive against.
    let absence: String

    /// Finds out what the archive is to be held against.
    ///
    /// - Parameter directory: the workspace, which need not be one.
    /// - Throws: ``EnvSyncError``.
    public init(
        _ request: InspectRequest, directory: String, logger: Logger, report: @escaping EventSink
    ) throws {
        self.request = request
        guard request.usesLock else {
            engine = nil
            absence = "--no-lock"
            return
        }
        let isWorkspace = try ConfigurationReader.isPresent(directory: Workspace.absolutePath(directory))
        engine = isWorkspace ? try Engine(directory: directory, logger: logger, report: report) : nil
        absence = isWorkspace ? "there is no \(Workspace.lockFileName)" : "this is no workspace"
    }

    /// Reads the archive and compares it.
    ///
    /// - Throws: ``EnvSyncError`` for what is no archive, or can't be read to its end, and for a lock that can't be used.
    ///   `CancellationError`.
    public func run() async throws -> InspectReport {
        let path = Workspace.absolutePath(request.archive)
        // A lock that can't be used is better known before the work than after it.
        let lock = try engine?.workspace.lock()
        if lock == nil, let alias = request.alias {
            throw EnvSyncError(.lock, "there is no lock with an archive \"\(alias)\": \(absence)")
        }
        let (inspection, digest, size) = try await read(path)
        let found = try await compare(inspection, digest, path: path, lock)
        let manifest = inspection.manifest
        let current = engine?.packedLock()
        let own = inspection.findings.filter { $0.code != .noEnvironment || !found.standing.isSame }
        let findings = own.map(ArchiveFindings.reported) + found.findings
        return InspectReport(
            path: request.archive, size: size, digest: digest, format: inspection.format.rawValue,
            kind: inspection.kind, maker: inspection.maker?.rawValue, python: inspection.python,
            interpreter: inspection.interpreter.map {
                InspectReport.Interpreter(path: $0.path, isIncluded: $0.isIncluded, base: $0.base)
            },
            root: inspection.root,
            packages: inspection.packages.map {
                InspectReport.Package(
                    name: $0.name, version: $0.version, manager: $0.manager.rawValue, build: $0.build,
                    files: $0.files, digest: $0.digest)
            },
            files: inspection.files, unpackedBytes: inspection.bytes, comparedFiles: inspection.comparedFiles,
            rewrittenFiles: inspection.rewrittenFiles,
            lockfile: manifest?.lock.map { stated in
                InspectReport.Lockfile(
                    name: stated.name, id: stated.id, isCurrent: current.map { $0.id == stated.id })
            },
            environment: lock.map { ($0.environment, $0.manifest.id) }, standing: found.standing,
            isComplete: found.isComplete, findings: findings.filter { !request.ignored.contains($0.code) })
    }

    // MARK: - Reading

    private func read(_ path: String) async throws -> (ArchiveInspection, ContentDigest, Int64) {
        do {
            let before = try LocalFile.fingerprint(path)
            // The two cores that most machines have: one unpacks, one hashes what is packed.
            async let inspected = OffPool.run { cancelled in
                try ArchiveInspection.inspect(path: path, cancelled: cancelled)
            }
            async let hashed = OffPool.run { cancelled in
                let file = try LocalFile(opening: path)
                return try file.digests(cancelled).sha256
            }
            let inspection = try await inspected
            let digest = try await hashed
            guard try LocalFile.fingerprint(path) == before else {
                throw LocalFileError(cause: .changed, path: path, reason: "it changed while it was being read")
            }
            return (inspection, digest, before.size)
        } catch {
            throw explained(error, path)
        }
    }

    private func explained(_ error: any Error, _ path: String) -> any Error {
        let head = "cannot inspect \(QuotedText.visible(request.archive))"
        switch error {
        case let error as LocalFileError:
            var info = stat()
            let isDirectory = stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
            return EnvSyncError(
                error.cause == .changed ? .changedWhileReading : .artifact, "\(head): \(error.reason)",
                suggestion: isDirectory
                    ? "for an environment that isn't packed: envsync check --env \(QuotedText.shown(request.archive))"
                    : nil)
        case let error as ArchiveError:
            let place = error.entry.map { "\($0): " } ?? ""
            let suggestion: String? =
                switch error.code {
                case .truncated, .damaged: "fetch or pack it again"
                case .unsupportedFormat, .notAZip: "name a tar.gz, tar, tar.zst or zip file"
                case .fileChanged: "let whatever writes it finish, then run the same command again"
                default: nil
                }
            return EnvSyncError(
                error.code == .fileChanged ? .changedWhileReading : .artifact, "\(head): \(place)\(error.message)",
                suggestion: suggestion)
        default: return error
        }
    }

    // MARK: - The lock

    private struct Comparison {
        var standing: InspectReport.Standing
        var isComplete = true
        var findings: [InspectFinding] = []
    }

    private func compare(
        _ inspection: ArchiveInspection, _ digest: ContentDigest, path: String, _ lock: Lock?
    ) async throws -> Comparison {
        guard let engine, let lock else { return Comparison(standing: .none(absence)) }
        let candidates = try candidates(of: lock, isLayer: inspection.isLayer, path: path, engine.workspace)
        if let same = candidates.first(where: { $0.digest == digest })
            ?? (request.alias == nil ? lock.artifacts.first { $0.digest == digest } : nil)
        {
            return Comparison(standing: .same(same))
        }
        guard inspection.kind != nil else { return Comparison(standing: .nothing) }
        let target = engine.workspace.configuration.target?.python
        guard !candidates.isEmpty else {
            let expected = LockedPackages(wheelsOf: lock)
            guard !inspection.isLayer, !expected.required.isEmpty else { return Comparison(standing: .nothing) }
            return Comparison(
                standing: .comparedWithWheels, findings: expected.findings(inspection, target: target))
        }
        var inspections: [ContentDigest: Inspection] = [:]
        if candidates.contains(where: { $0.kind == .archive && $0.contents == nil }) {
            for artifact in try await engine.scan(looksAtInputs: false).artifacts {
                inspections[artifact.digest] = artifact.inspection
            }
        }
        let comparisons = candidates.map { artifact in
            let expected = LockedPackages(artifact, in: lock, here: inspections[artifact.digest])
            return Comparison(
                standing: .compared(artifact), isComplete: expected.isComplete,
                findings: expected.findings(inspection, target: target))
        }
        // The first of those that it resembles most.
        return comparisons.enumerated().min {
            ($0.element.isComplete ? 0 : 1, $0.element.findings.count, $0.offset)
                < ($1.element.isComplete ? 0 : 1, $1.element.findings.count, $1.offset)
        }?.element ?? Comparison(standing: .nothing)
    }

    /// The lock's artifacts that the archive may be meant to be.
    private func candidates(
        of lock: Lock, isLayer: Bool, path: String, _ workspace: Workspace
    ) throws -> [Artifact] {
        if let alias = request.alias {
            let named = lock.artifacts.filter { $0.alias == alias && [.archive, .layer].contains($0.kind) }
            guard !named.isEmpty else {
                let aliases = Set(lock.artifacts.compactMap(\.alias?.text)).sorted()
                throw EnvSyncError(
                    .lock, "the lock has no archive \"\(alias)\"",
                    suggestion: aliases.isEmpty ? nil : "one of \(aliases.joined(separator: ", "))")
            }
            return named
        }
        let all = lock.artifacts.filter { $0.kind == (isLayer ? .layer : .archive) }
        let configured = workspace.configuration.archives.first {
            Workspace.absolutePath(workspace.resolve($0.path)) == path
        }
        let meant = all.filter { configured != nil && $0.alias == configured?.alias }
        return meant.isEmpty ? all : meant
    }
}

extension InspectReport.Standing {
    fileprivate var isSame: Bool { if case .same = self { true } else { false } }
}

extension ArchiveInspection {
    /// Whether its root is on the Python path itself.
    var isLayer: Bool { kind == "overlay" || kind == "layer" }
}
