import EnvSyncModel
import EnvironmentPacking
import Glibc
import ReproducibleArchive
import SyncState

extension PackedArchive {
    /// Where the archive is, as the lock records it: nothing absolute.
    var recordedPath: String {
        archive.path.hasPrefix("/")
            ? (archive.path.split(separator: "/").last.map(String.init) ?? archive.path) : archive.path
    }

    /// - Throws: ``EnvSyncError`` if the archive would be inside of the environment.
    func checkPlace() throws(EnvSyncError) {
        try PackPlace(output: path, environment: prefix).check(
            shown: archive.path, suggestion: "give the archive another path, or none")
    }

    /// Somebody changed the environment meanwhile.
    var changed: EnvSyncError {
        EnvSyncError(
            .changedWhileReading, "\(QuotedText.visible(packing.prefix)) changed while it was being packed",
            suggestion: Self.waiting, consequence: "the lock was not changed")
    }

    private static let waiting = "let whatever changes it finish, then run the same command again"

    /// Makes the directory that a file is in.
    func makeDirectory(of path: String) throws {
        let parts = path.split(separator: "/").dropLast()
        var directory = ""
        for part in parts {
            directory += "/" + part
            guard access(directory, F_OK) != 0 else { continue }
            guard mkdir(directory, 0o755) == 0 || errno == EEXIST else {
                throw EnvSyncError(
                    .artifact, "cannot make the directory \(QuotedText.visible(directory))",
                    reason: String(cString: strerror(errno)), consequence: "nothing was changed")
            }
        }
    }

    /// A problem in one line.
    static func text(_ problem: PackProblem) -> String {
        let paths = problem.paths.prefix(3).map { QuotedText.shown(String(decoding: $0, as: UTF8.self)) }
        let subject = problem.package.map(QuotedText.shown) ?? paths.first ?? ""
        let listed = problem.package == nil ? Array(paths.dropFirst()) : paths
        let unlisted = problem.count - (problem.package == nil ? 1 : 0) - listed.count
        var text = (subject.isEmpty ? "" : subject + " ") + problem.message
        if !listed.isEmpty {
            text += ": " + listed.joined(separator: ", ") + (unlisted > 0 ? " and \(unlisted) more" : "")
        } else if unlisted > 0 {
            text += " (and \(unlisted) more)"
        }
        return text
    }

    /// What a user is told when an environment can't be packed: every problem, and what to do about each.
    func error(_ error: any Error) -> any Error {
        let head = "cannot pack \(QuotedText.visible(packing.prefix))"
        let consequence = "nothing was changed"
        switch error {
        case let error as PackError:
            let told = self.told(error, head)
            guard !error.isOfChange else {
                return EnvSyncError(
                    .changedWhileReading, told.message, reason: "it changed meanwhile", suggestion: Self.waiting,
                    consequence: consequence)
            }
            return EnvSyncError(.artifact, told.message, suggestion: told.advice, consequence: consequence)
        case let error as ArchiveError:
            let isChange = error.code == .fileChanged
            return EnvSyncError(
                isChange ? .changedWhileReading : .artifact,
                "\(head): \(QuotedText.visible(error.path)): \(error.message)",
                suggestion: isChange ? Self.waiting : nil,
                consequence: consequence)
        case let error as LocalFileError:
            return EnvSyncError(
                .artifact, "\(head): \(QuotedText.visible(error.path)): \(error.reason)", consequence: consequence)
        default: return error
        }
    }

    /// The same for those who collect problems; what isn't one is thrown.
    func problem(_ error: any Error) throws -> LocalProblem {
        let told: (message: String, advice: String?)
        let isChange: Bool
        switch error {
        case let error as PackError:
            isChange = error.isOfChange
            told = self.told(error, isChange ? "it is being changed, and can't be packed now" : "it can't be packed")
        case let error as ArchiveError:
            isChange = error.code == .fileChanged
            told = ("it can't be packed: \(QuotedText.visible(error.path)): \(error.message)", nil)
        default: throw error
        }
        return LocalProblem(
            kind: .unusable, origin: ArtifactOrigin(section: .archive, path: recordedPath), path: packing.prefix,
            message: told.message, suggestion: isChange ? Self.waiting : told.advice, isOfChange: isChange)
    }

    /// - Parameter head: what can't be done.
    private func told(_ error: PackError, _ head: String) -> (message: String, advice: String?) {
        let problems = error.problems
        guard !problems.isEmpty else {
            let place =
                error.path == self.prefix || error.path.isEmpty ? "" : " " + QuotedText.visible(error.path)
            return ("\(head):\(place) \(error.message ?? "it can't be read")", error.advice)
        }
        if problems.count == 1, error.message == nil {
            return ("\(head): [\(problems[0].code.rawValue)] \(Self.text(problems[0]))", problems[0].advice)
        }
        let differ = Set(problems.map(\.advice)).count > 1
        let lines = problems.prefix(20).map { problem in
            "\n  [\(problem.code.rawValue)] \(Self.text(problem))" + (differ ? "\n      try: \(problem.advice)" : "")
        }
        let more = problems.count > 20 ? "\n  and \(problems.count - 20) more" : ""
        let title = "\(head): \(error.message ?? "\(problems.count) problems")" + (error.message == nil ? ":" : "")
        return (title + lines.joined() + more, differ ? error.advice : error.advice ?? problems[0].advice)
    }
}

/// Why an archive was packed anew, as the state remembers it for `explain`.
struct PackedHistory: Sendable, Hashable {
    /// The archive that was packed.
    var base: ContentDigest
    var reason: String
    /// What differed from the one before.
    var changes: [String]
    /// In nanoseconds since 1970-01-01 UTC.
    var packedAt = Now.nanoseconds

    init(base: ContentDigest, reason: String, changes: [String]) {
        self.base = base
        self.reason = reason
        self.changes = changes
    }

    init?(_ record: FingerprintRecord?) {
        guard let record else { return nil }
        let lines = record.inspection.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        self.init(base: record.digest, reason: lines.first ?? "", changes: Array(lines.dropFirst()))
        packedAt = record.hashedAt
    }

    static func key(of archive: PackedArchive) -> String { "packed:" + archive.path }

    func record(of archive: PackedArchive) -> FingerprintRecord {
        let text = ([reason] + changes).map { $0.replacing("\n", with: " ") }.joined(separator: "\n")
        return FingerprintRecord(
            fingerprint: FileFingerprint(
                path: Self.key(of: archive), device: 0, inode: 0, size: 0, modified: 0, changed: 0),
            digest: base, inspection: text, hashedAt: packedAt)
    }
}
