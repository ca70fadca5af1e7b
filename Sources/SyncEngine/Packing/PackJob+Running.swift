import EnvSyncModel
import EnvironmentPacking
import Foundation
import Glibc
import ReproducibleArchive

extension PackJob {
    /// Packs the environment, or finds that the file is what it should be.
    ///
    /// - Throws: ``PackRefusal``, ``EnvSyncError``, `CancellationError`; the file is what it was before.
    public func run() async throws -> PackReport {
        let job = self
        return try await explaining {
            let ownership = PackedOutput(path: output, cacheDirectory: packer.cacheDirectory)
            try await OffPool.run { cancelled in
                try PackPlace(output: job.output, environment: job.location).check(
                    shown: job.output, suggestion: "name another place with -o")
                if !job.isForced { try ownership.check(cancelled) }
            }
            report(.packing(archive: output, command: []))
            let result = try await OffPool.run { cancelled in
                try job.packer.pack(
                    prefix: job.location, job.options, to: job.output, cancelled: cancelled,
                    progress: { job.report(.packed(bytes: $0)) })
            }
            guard let digest = ContentDigest(bytes: result.sha256) else {
                throw EnvSyncError(.system, "the digest of the archive is none", suggestion: "report this")
            }
            if packer.cacheLimit > 0 { ownership.remember() }
            return PackReport(
                prefix: prefix, output: output, format: format, size: result.size,
                digest: digest, kind: result.manifest.kind, python: result.manifest.python,
                interpreter: result.manifest.interpreter.path,
                base: result.manifest.interpreter.isIncluded ? nil : result.manifest.interpreter.base,
                packages: result.manifest.packages.map {
                    PackReport.Package(name: $0.name, version: $0.version, manager: $0.manager, files: $0.files)
                },
                entries: result.entries, wasUnchanged: result.wasUnchanged, bytesRead: result.bytesRead,
                bytesReused: result.bytesReused, bytesCompressed: result.bytesCompressed,
                omissions: result.omissions.map(PackOmission.init), problems: result.problems.map(PackFinding.init),
                notes: result.notes + formatNotes)
        }
    }

    /// Says what would go in; writes nothing.
    ///
    /// - Throws: as ``run()``, but not for problems, which are in the listing.
    public func list() async throws -> PackListing {
        let job = self
        return try await explaining {
            try await OffPool.run { _ in PackListing(try job.packer.plan(prefix: job.location, job.options)) }
        }
    }

    /// What workers make of the form (Spark's `Utils.unpack`, SPARK-38632; HADOOP-18145).
    private var formatNotes: [String] {
        var notes: [String] = []
        switch format {
        case .tarGz: break
        case .tarZst:
            notes.append("neither Spark nor YARN unpacks tar.zst; it is for other uses, and tar.gz for --archives")
        case .zip:
            notes.append(
                "of a zip's symbolic links, Spark and YARN make files that hold the links' targets, and Hadoop before 3.3.5 "
                    + "loses which files can be run; tar.gz keeps both")
        case .tar:
            notes.append(
                "Spark unpacks a plain tar without the files' modes, so that no program in it can be run; tar.gz keeps them"
            )
        }
        if !ArchiveAssembly.isReproducibleHere(format.packed) {
            notes.append(
                "this machine's processor or libraries compress otherwise than most: the archive is good, but others "
                    + "make other bytes of the same environment")
        }
        return notes
    }

    private func explaining<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        let head = "cannot pack \(QuotedText.visible(prefix))"
        let consequence = "nothing was changed"
        do { return try await body() } catch let error as PackError {
            let findings = error.problems.map(PackFinding.init)
            let isOfPrefix = error.path.isEmpty || error.path == location
            let place = isOfPrefix ? "" : " " + QuotedText.visible(error.path)
            var message = head
            if let clause = error.message {
                message += ":\(place) \(clause)"
            } else if findings.count > 1 {
                message += ": \(findings.count) problems"
            }
            for finding in findings.prefix(50) { message += "\n  " + finding.lines.joined(separator: "\n  ") }
            if findings.count > 50 { message += "\n  and \(findings.count - 50) more problems" }
            let told =
                error.isOfChange
                ? EnvSyncError(
                    .changedWhileReading, message, reason: "it changed meanwhile",
                    suggestion: "let whatever changes it finish, then run the same command again",
                    consequence: consequence)
                : EnvSyncError(.artifact, message, suggestion: error.advice, consequence: consequence)
            throw PackRefusal(error: told, findings: findings)
        } catch let error as ArchiveError {
            let isChange = error.code == .fileChanged
            throw EnvSyncError(
                isChange
                    ? .changedWhileReading : error.code == .writeFailed || error.code == .noSpace ? .system : .artifact,
                "\(head): \(QuotedText.visible(error.path)): \(error.message)",
                suggestion: isChange ? "let whatever writes it finish, then run the same command again" : nil,
                consequence: consequence)
        }
    }
}
