import EnvSyncModel
internal import GRDB
import Glibc

extension StateDatabase {
    /// Opens the state of a workspace, making it at first. Never fails: see ``access`` and ``problem``.
    ///
    /// Several processes may open one fresh directory at once. A database that cannot be written is read; one
    /// that cannot be read, or that a newer envsync made, is left alone, and an empty one in memory takes its place. A
    /// damaged file is moved to `state.sqlite.corrupt-<n>`.
    ///
    /// - Parameters:
    ///   - directory: usually `.envsync`; made if it is missing, but not what is above it.
    ///   - readOnly: write nothing, not even the directory.
    ///   - patience: how long to wait for another process that makes the database at this moment.
    public static func open(
        directory: String, readOnly: Bool = false, patience: Duration = .seconds(10)
    ) -> StateDatabase {
        let opener = StateOpener(directory: directory, patience: patience)
        do {
            if readOnly { return try opener.openReadOnly() }
            try opener.makeDirectory()
            guard opener.isWritable else { return try opener.openReadOnly() }
            return try opener.openReadWrite()
        } catch {
            return inMemory(problem: words(of: error))
        }
    }
}

/// Opens a database file, whatever state it is in.
struct StateOpener {
    let directory: String
    let path: String
    let patience: Duration

    enum Content {
        case current, older, newer(Int), foreign, damaged(String)
    }

    init(directory: String, patience: Duration) {
        // SQLite reads a path that begins with "file:" as a URI.
        self.directory = directory.hasPrefix("/") ? directory : "./\(directory)"
        path = "\(self.directory)/\(StateDatabase.fileName)"
        self.patience = patience
    }

    func makeDirectory() throws(EnvSyncError) {
        guard mkdir(directory, 0o777) != 0 else { return }
        let code = errno
        var status = stat()
        guard stat(directory, &status) == 0 else {
            throw EnvSyncError(
                .state, "cannot make the directory \(QuotedText.visible(directory))",
                reason: String(cString: strerror(code)))
        }
    }

    /// Whether SQLite can write the file and what it puts next to it.
    var isWritable: Bool {
        // AT_EACCESS: ask for the user that the files will be opened as.
        guard faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) == 0 else { return false }
        return ["", "-wal", "-shm"].allSatisfy { suffix in
            faccessat(AT_FDCWD, path + suffix, R_OK | W_OK, AT_EACCESS) == 0 || errno == ENOENT
        }
    }

    // MARK: - Reading and writing

    func openReadWrite() throws -> StateDatabase {
        if try fileSize() > 0 {
            let (queue, content) = try examine()
            if let opened = try settled(queue, content) { return opened }
        }
        // From here on something is to be made or mended, by one process at a time.
        let lock: FileLock
        do {
            lock = try FileLock(path: "\(directory)/state.lock", patience: patience)
        } catch {
            if try fileSize() > 0, let opened = try? openReadOnly() { return opened }
            throw error
        }
        defer { withExtendedLifetime(lock) {} }
        guard try fileSize() > 0 else {
            try create()
            return try openCreated(problem: nil)
        }
        let (queue, content) = try examine()
        if let opened = try settled(queue, content) { return opened }
        if case .damaged(let words) = content {
            let name = try moveAside()
            try create()
            return try openCreated(
                problem:
                    "the damaged state database (\(words)) is now \(QuotedText.visible(name)); a new one was begun"
            )
        }
        guard let queue else { throw unusable("it vanished") }
        do {
            try StateSchema.migrator.migrate(queue)
        } catch {
            throw unusable("it cannot be brought up to date: \(StateDatabase.words(of: error))")
        }
        queue.writeWithoutTransaction { database in
            // Another connection may be in the way; the mode is kept in the file, so that the next process gets to it.
            _ = try? String.fetchOne(database, sql: "PRAGMA journal_mode = WAL")
        }
        return StateDatabase(queue: queue, access: .readWrite, path: path, problem: nil)
    }

    func settled(_ queue: DatabaseQueue?, _ content: Content) throws -> StateDatabase? {
        switch content {
        case .current: return StateDatabase(queue: queue, access: .readWrite, path: path, problem: nil)
        case .newer(let version): throw unusable("a newer envsync made it (version \(version))")
        case .foreign: throw unusable("it is not envsync's")
        case .older, .damaged: return nil
        }
    }

    private func openCreated(problem: String?) throws -> StateDatabase {
        let (queue, content) = try examine()
        guard let queue, case .current = content else { throw unusable("it was replaced while it was made") }
        return StateDatabase(queue: queue, access: .readWrite, path: path, problem: problem)
    }

    private func examine() throws -> (queue: DatabaseQueue?, content: Content) {
        do {
            let queue = try DatabaseQueue(path: path, configuration: Self.liveConfiguration)
            return (queue, try queue.unsafeRead(Self.content))
        } catch let error as DatabaseError where Self.isDamage(error) {
            return (nil, .damaged(StateDatabase.words(of: error)))
        } catch {
            throw unusable(StateDatabase.words(of: error))
        }
    }

    static func content(_ database: Database) throws -> Content {
        let application = try Int.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        if application == StateSchema.applicationID {
            if version == StateSchema.version { return .current }
            return version > StateSchema.version ? .newer(version) : .older
        }
        let tables = try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master") ?? 0
        return application == 0 && version == 0 && tables == 0 ? .older : .foreign
    }

    static func isDamage(_ error: DatabaseError) -> Bool {
        error.resultCode == .SQLITE_CORRUPT || error.resultCode == .SQLITE_NOTADB
    }

    private static var liveConfiguration: Configuration {
        var configuration = StateDatabase.configuration()
        configuration.prepareDatabase { database in
            // In WAL mode this can lose the newest transactions in a power cut, but damages nothing.
            try database.execute(sql: "PRAGMA synchronous = NORMAL")
        }
        return configuration
    }

    // MARK: - Making and mending, under the lock

    /// Makes the database next to its place and renames it there, so that nobody ever sees half of one.
    private func create() throws {
        let fresh = path + ".new"
        for suffix in ["", "-journal", "-wal", "-shm"] { unlink(fresh + suffix) }
        var configuration = StateDatabase.configuration()
        configuration.prepareDatabase { database in
            // One fsync before the rename instead of one a transaction.
            try database.execute(sql: "PRAGMA synchronous = OFF")
        }
        do {
            let queue = try DatabaseQueue(path: fresh, configuration: configuration)
            try StateSchema.migrator.migrate(queue)
            try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = WAL") }
            try queue.close()
        } catch {
            throw unusable(StateDatabase.words(of: error))
        }
        let descriptor = Glibc.open(fresh, O_RDONLY | O_CLOEXEC)
        if descriptor >= 0 {
            fsync(descriptor)
            close(descriptor)
        }
        // The log of a database that somebody deleted must not be played into the new one.
        unlink(path + "-wal")
        unlink(path + "-shm")
        guard rename(fresh, path) == 0 else { throw unusable(String(cString: strerror(errno))) }
    }

    private func moveAside() throws -> String {
        for number in 1...999 {
            let name = "\(path).corrupt-\(number)"
            var status = stat()
            guard lstat(name, &status) != 0 else { continue }
            guard rename(path, name) == 0 else { throw unusable(String(cString: strerror(errno))) }
            rename(path + "-wal", name + "-wal")
            unlink(path + "-shm")
            return name
        }
        throw unusable("it is damaged, and 999 damaged ones are already kept")
    }

    // MARK: - Files

    /// The size of the database file; 0 if there is none.
    func fileSize() throws(EnvSyncError) -> Int64 {
        var status = stat()
        guard stat(path, &status) == 0 else {
            guard errno == ENOENT else { throw unusable(String(cString: strerror(errno))) }
            return 0
        }
        guard status.st_mode & S_IFMT == S_IFREG else { throw unusable("it is not a regular file") }
        return Int64(status.st_size)
    }

    func unusable(_ reason: String) -> EnvSyncError {
        EnvSyncError(.state, "cannot use the state database \(QuotedText.visible(path))", reason: reason)
    }
}
