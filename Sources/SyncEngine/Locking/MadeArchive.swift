import EnvSyncModel
import Glibc
import SyncState

/// An `[[archive]]` with a command, and how it stands to its inputs.
struct MadeArchive: Sendable {
    /// How an archive stands to what it is made of.
    enum Standing: Sendable, Hashable {
        /// It was made of what the inputs are now.
        case current
        /// The same, by the times of the files; nothing is remembered of how it was made.
        case presumed
        /// It isn't there.
        case missing
        /// These inputs, or the command (empty), changed after it was made.
        case stale([String])
    }

    let archive: ArchiveConfiguration
    let workspace: Workspace

    /// The archive's absolute path.
    var path: String { Workspace.absolutePath(workspace.resolve(archive.path)) }
    /// The key of its record in the state.
    var key: String { "archive-inputs:" + path }

    /// Where the former archive is kept while a new one is made.
    static func aside(of path: String) -> String {
        let name = path.split(separator: "/").last ?? ""
        return path.dropLast(name.count) + ".\(name).envsync-former"
    }

    /// The archives of a workspace that are made by a command.
    static func all(of workspace: Workspace) -> [MadeArchive] {
        workspace.configuration.archives.filter { !$0.command.isEmpty }
            .map { MadeArchive(archive: $0, workspace: workspace) }
    }

    /// Compares the archive with its inputs.
    ///
    /// - Parameter record: what ``record(_:_:)`` made when it was made, if that is remembered.
    func standing(_ record: FingerprintRecord?) -> Standing {
        var file: FileFingerprint
        do { file = try LocalFile.fingerprint(path) } catch {
            // What else is in its place, whoever looks into it will tell.
            return error.cause == .missing ? .missing : .current
        }
        file.path = key
        let now = ArchiveInputs(archive, workspace)
        // Where the inputs aren't kept, as in CI, there is nothing to compare with, or to make it of.
        if now.isMissing { return .current }
        let words = Self.words(archive, now)
        let then = record?.inspection.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) ?? []
        if then == words { return file == record?.fingerprint ? .current : .presumed }
        if let record, file == record.fingerprint {
            guard then.count == words.count, then[0] == words[0] else { return .stale([]) }
            let changed = zip(archive.inputs, zip(then, words).dropFirst()).filter { $1.0 != $1.1 }.map(\.0)
            return .stale(changed)
        }
        // Somebody else made it, or nothing is remembered: it must be newer than all that it is made of.
        let newer = now.inputs.filter { $0.lastChange > file.modified }.map(\.name)
        return newer.isEmpty ? .presumed : .stale(newer)
    }

    /// What is remembered of an archive that was made of these inputs; `nil` if it isn't there.
    func record(_ inputs: ArchiveInputs) -> FingerprintRecord? {
        guard var file = try? LocalFile.fingerprint(path) else { return nil }
        file.path = key
        let text = Self.words(archive, inputs).joined(separator: "\n")
        return FingerprintRecord(
            fingerprint: file, digest: .of(Array(text.utf8)), inspection: text, hashedAt: Now.nanoseconds)
    }

    /// The digests of the command with the names of its inputs, and of each input.
    private static func words(_ archive: ArchiveConfiguration, _ inputs: ArchiveInputs) -> [String] {
        let command = (archive.command + ["", ""] + archive.inputs).joined(separator: "\0")
        return [ContentDigest.of(Array(command.utf8)).hex] + inputs.inputs.map { $0.digest?.hex ?? "-" }
    }

    /// The difference that a stale archive is; `nil` if it isn't stale.
    func difference(_ record: FingerprintRecord?) -> LockDifference? {
        guard case .stale(let inputs) = standing(record) else { return nil }
        let name = QuotedText.visible(archive.path)
        let what =
            inputs.isEmpty
            ? "the command of \(name) is another than when it was made"
            : "\(inputs.map(QuotedText.visible).joined(separator: ", ")) changed after \(name) was made"
        let recorded =
            archive.path.hasPrefix("/")
            ? (archive.path.split(separator: "/").last.map(String.init) ?? archive.path) : archive.path
        return LockDifference(
            kind: .changed, origin: ArtifactOrigin(section: .archive, path: recorded), message: what,
            input: inputs.first ?? archive.path)
    }
}
