internal import GRDB

/// The shape of `state.sqlite`.
///
/// A migration that was released is never edited: a change of the shape is a new migration, and ``version`` grows.
enum StateSchema {
    /// `PRAGMA user_version`: the number of the newest migration.
    static let version = 2

    /// `PRAGMA application_id`: `envs` in ASCII, so that `file(1)` and we can tell our database from another's.
    static let applicationID = 0x656E_7673

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { database in
            try database.execute(sql: version1)
            try database.execute(sql: "PRAGMA application_id = \(applicationID); PRAGMA user_version = 1")
        }
        migrator.registerMigration("2") { database in
            try database.execute(sql: version2)
            try database.execute(sql: "PRAGMA user_version = 2")
        }
        return migrator
    }

    /// The shape of a database as SQL, for the test that keeps it frozen.
    static func text(of database: StateDatabase) throws -> String {
        guard let queue = database.queue else { return "" }
        return try text(of: queue)
    }

    /// The shape that a release's migrations make.
    static func text(upTo version: Int) throws -> String {
        let queue = try DatabaseQueue()
        try migrator.migrate(queue, upTo: "\(version)")
        return try text(of: queue)
    }

    /// Makes a database as an earlier release did, for the test of what becomes of it.
    static func create(_ path: String, version: Int, _ body: (Database) throws -> Void) throws {
        let queue = try DatabaseQueue(path: path)
        try migrator.migrate(queue, upTo: "\(version)")
        try queue.write(body)
        try queue.close()
    }

    private static func text(of queue: DatabaseQueue) throws -> String {
        try queue.read { database in
            try String.fetchAll(
                database,
                sql: """
                    SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'
                    AND name <> 'grdb_migrations' ORDER BY name
                    """)
        }.joined(separator: "\n")
    }

    /// Frozen. No `STRICT` and no `RETURNING`: Enterprise Linux 8 has SQLite 3.26.
    private static let version1 = """
        CREATE TABLE fingerprint (
            path TEXT NOT NULL PRIMARY KEY,
            device INTEGER NOT NULL,
            inode INTEGER NOT NULL,
            size INTEGER NOT NULL,
            modified INTEGER NOT NULL,
            changed INTEGER NOT NULL,
            digest BLOB NOT NULL CHECK (length(digest) = 32),
            inspection TEXT NOT NULL,
            hashed_at INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE mapping (
            store TEXT NOT NULL,
            environment TEXT NOT NULL,
            local_path TEXT NOT NULL,
            store_path TEXT NOT NULL,
            digest BLOB NOT NULL CHECK (length(digest) = 32),
            size INTEGER NOT NULL,
            checksum_algorithm TEXT,
            checksum TEXT,
            verification TEXT NOT NULL,
            remote_modified INTEGER,
            verified_at INTEGER NOT NULL,
            PRIMARY KEY (store, environment, local_path, store_path)
        ) WITHOUT ROWID;
        CREATE TABLE publication (
            store TEXT NOT NULL,
            environment TEXT NOT NULL,
            id BLOB NOT NULL CHECK (length(id) = 32),
            generation INTEGER NOT NULL,
            published_at INTEGER NOT NULL,
            spark_base TEXT,
            PRIMARY KEY (store, environment)
        ) WITHOUT ROWID;
        CREATE TABLE push (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            store TEXT NOT NULL,
            environment TEXT NOT NULL,
            started_at INTEGER NOT NULL,
            finished_at INTEGER,
            outcome TEXT NOT NULL,
            process_id INTEGER NOT NULL,
            process_start INTEGER NOT NULL,
            host TEXT,
            objects_sent INTEGER NOT NULL,
            bytes_sent INTEGER NOT NULL,
            generation INTEGER,
            message TEXT
        );
        CREATE TABLE emission (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            job TEXT NOT NULL,
            store TEXT NOT NULL,
            environment BLOB NOT NULL CHECK (length(environment) = 32),
            generation INTEGER,
            format TEXT NOT NULL,
            arguments TEXT NOT NULL,
            emitted_at INTEGER NOT NULL
        );
        CREATE INDEX emission_by_job ON emission (job, number);
        """

    /// Frozen. Who pushed, and whether arguments were asked for at a generation of their own.
    private static let version2 = """
        ALTER TABLE push ADD COLUMN origin TEXT NOT NULL DEFAULT 'push';
        ALTER TABLE emission ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;
        """
}
