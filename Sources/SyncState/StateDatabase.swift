import EnvSyncModel
import Foundation
internal import GRDB

/// What this workspace remembers: fingerprints of local files, which objects hold them, and a journal of pushes and of
/// emitted arguments.
///
/// It is a cache and a record, not the truth. Without it every command comes to the same outcome, only slower; so
/// opening it never fails, and what is written to a read-only one is dropped. It holds no secrets.
public final class StateDatabase: Sendable {
    /// How the database is opened.
    public enum Access: Sendable, Hashable {
        /// What is written is kept.
        case readWrite
        /// What is written is dropped without an error.
        case readOnly
        /// What is written is gone when the process ends; nothing was known at first.
        case inMemory
    }

    /// The file's name in the state directory.
    public static let fileName = "state.sqlite"

    /// How the database is opened.
    public let access: Access
    /// Why the database on disk is not used, or what was done about a damaged one; one line. `nil`: all is well.
    public let problem: String?
    /// The database file; `nil` in memory.
    public let path: String?

    let queue: DatabaseQueue?

    init(queue: DatabaseQueue?, access: Access, path: String?, problem: String?) {
        self.queue = queue
        self.access = access
        self.path = path
        self.problem = problem
    }

    /// An empty database in memory, with the same shape and behaviour.
    public static func inMemory() -> StateDatabase { inMemory(problem: nil) }

    static func inMemory(problem: String?) -> StateDatabase {
        do {
            let queue = try DatabaseQueue(configuration: configuration())
            try StateSchema.migrator.migrate(queue)
            return StateDatabase(queue: queue, access: .inMemory, path: nil, problem: problem)
        } catch {
            // Memory is short. A database that knows nothing and keeps nothing still changes no outcome.
            return StateDatabase(
                queue: nil, access: .inMemory, path: nil, problem: problem ?? "cannot use SQLite: \(words(of: error))")
        }
    }

    static func configuration(readOnly: Bool = false) -> Configuration {
        var configuration = Configuration()
        configuration.label = "envsync.state"
        configuration.readonly = readOnly
        configuration.foreignKeysEnabled = false
        configuration.busyMode = .timeout(5)
        return configuration
    }

    /// Reads; `nothing` if there is no database at all.
    func read<Value>(_ nothing: Value, _ body: (Database) throws -> Value) throws(EnvSyncError) -> Value {
        guard let queue else { return nothing }
        do {
            // Each body is one statement, so that a transaction would only cost.
            return try queue.unsafeRead(body)
        } catch {
            throw failure("read", error)
        }
    }

    /// Writes in one transaction, unless the database is read-only.
    func write(_ body: (Database) throws -> Void) throws(EnvSyncError) {
        guard let queue, access != .readOnly else { return }
        do {
            try queue.write(body)
        } catch {
            throw failure("write", error)
        }
    }

    private func failure(_ verb: String, _ error: any Error) -> EnvSyncError {
        EnvSyncError(
            .state, "cannot \(verb) the state database \(path.map(QuotedText.visible) ?? "in memory")",
            reason: Self.words(of: error),
            suggestion: path.map { "delete \(QuotedText.visible($0)); it is a cache, and the next push fills it again" }
        )
    }

    /// An error in SQLite's words, without the statement or its values.
    static func words(of error: any Error) -> String {
        switch error {
        case let error as DatabaseError: error.message ?? "SQLite error \(error.resultCode.rawValue)"
        case let error as EnvSyncError: error.reason.map { "\(error.message): \($0)" } ?? error.message
        default: "\(error)"
        }
    }
}

extension ContentDigest {
    /// The 32 bytes that are stored.
    var blob: DatabaseValue {
        let hex = Array(hex.utf8)
        var bytes = [UInt8](repeating: 0, count: 32)
        for index in bytes.indices {
            bytes[index] = Self.nibble(hex[2 * index]) << 4 | Self.nibble(hex[2 * index + 1])
        }
        return bytes.withUnsafeBytes { Data($0) }.databaseValue
    }

    private static func nibble(_ digit: UInt8) -> UInt8 { digit < 0x3A ? digit - 0x30 : digit - 0x61 + 10 }

    /// Reads what ``blob`` stored.
    init(row: Row, index: Int) throws {
        let digest = try row.withUnsafeData(atIndex: index) { data in
            data?.withUnsafeBytes { ContentDigest(rawBytes: $0) }
        }
        guard let digest else { throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a digest is damaged") }
        self = digest
    }
}
