import EnvSyncModel
internal import GRDB

/// How many finished pushes, and how many emissions, are kept.
private let journalLimit = 1000

// MARK: - Publications

extension StateDatabase {
    /// What is known to be published of an environment in a store.
    public func publication(store: String, environment: String) throws(EnvSyncError) -> Publication? {
        try read(nil) { database in
            let statement = try database.cachedStatement(
                sql: """
                    SELECT id, generation, published_at, spark_base FROM publication
                    WHERE store = ? AND environment = ?
                    """)
            guard let row = try Row.fetchOne(statement, arguments: [store, environment]) else { return nil }
            return Publication(
                store: store, environment: environment, id: try ContentDigest(row: row, index: 0), generation: row[1],
                publishedAt: row[2], sparkBase: row[3])
        }
    }

    /// Remembers what is published, in the place of what was before.
    public func setPublication(_ publication: Publication) throws(EnvSyncError) {
        try write { database in
            try database.execute(
                sql: """
                    INSERT OR REPLACE INTO publication (store, environment, id, generation, published_at, spark_base)
                    VALUES (?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    publication.store, publication.environment, publication.id.blob, publication.generation,
                    publication.publishedAt, publication.sparkBase,
                ])
        }
    }

    /// Forgets what is published of an environment in a store.
    public func removePublication(store: String, environment: String) throws(EnvSyncError) {
        try write { database in
            try database.execute(
                sql: "DELETE FROM publication WHERE store = ? AND environment = ?", arguments: [store, environment])
        }
    }
}

// MARK: - Pushes

extension StateDatabase {
    /// Enters a push that begins.
    public func begin(_ push: PushRecord) throws(EnvSyncError) {
        try write { database in
            try Self.upsert(push, in: database)
            try database.execute(
                sql: """
                    DELETE FROM push WHERE finished_at IS NOT NULL
                    AND number <= (SELECT max(number) FROM push) - \(journalLimit)
                    """)
        }
    }

    /// Enters how a push ended: the record with its final figures.
    public func finish(_ push: PushRecord) throws(EnvSyncError) {
        try write { try Self.upsert(push, in: $0) }
    }

    /// The pushes of a machine that have not ended, or could not clean up behind them, oldest first; whether they still run, ``PushRecord/process`` tells.
    ///
    /// - Parameter host: by default this machine: another one's processes can't be looked at.
    public func unfinishedPushes(
        host: String? = ProcessIdentity.hostName
    ) throws(EnvSyncError) -> [PushRecord] {
        try read([]) { database in
            try Self.pushes(database, "WHERE finished_at IS NULL AND host IS ? ORDER BY number", [host])
        }
    }

    /// The newest pushes, newest first.
    public func recentPushes(limit: Int = 20) throws(EnvSyncError) -> [PushRecord] {
        try read([]) { try Self.pushes($0, "ORDER BY number DESC LIMIT ?", [max(0, limit)]) }
    }

    private static func upsert(_ push: PushRecord, in database: Database) throws {
        try database.execute(
            sql: """
                INSERT INTO push (id, store, environment, started_at, finished_at, outcome, process_id, process_start,
                host, objects_sent, bytes_sent, generation, message, origin)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET finished_at = excluded.finished_at, outcome = excluded.outcome,
                objects_sent = excluded.objects_sent, bytes_sent = excluded.bytes_sent,
                generation = excluded.generation, message = excluded.message
                """,
            arguments: [
                push.id, push.store, push.environment, push.startedAt, push.finishedAt, push.outcome.rawValue,
                push.process.id, push.process.start, push.host, push.objectsSent, push.bytesSent, push.generation,
                push.message.map(SecretFilter.clean), push.origin.rawValue,
            ])
    }

    private static func pushes(
        _ database: Database, _ clause: String, _ arguments: StatementArguments
    ) throws -> [PushRecord] {
        let rows = try Row.fetchCursor(
            database,
            sql: """
                SELECT id, store, environment, started_at, finished_at, outcome, process_id, process_start, host,
                objects_sent, bytes_sent, generation, message, origin FROM push \(clause)
                """, arguments: arguments)
        var pushes: [PushRecord] = []
        while let row = try rows.next() {
            pushes.append(
                PushRecord(
                    id: row[0], store: row[1], environment: row[2], startedAt: row[3], finishedAt: row[4],
                    outcome: .init(rawValue: row[5]), process: ProcessIdentity(id: row[6], start: row[7]), host: row[8],
                    objectsSent: row[9], bytesSent: row[10], generation: row[11], message: row[12],
                    origin: .init(rawValue: row[13])))
        }
        return pushes
    }
}

// MARK: - Emissions

extension StateDatabase {
    /// Enters arguments that were given out, without the secrets that they may hold.
    public func add(_ emission: Emission) throws(EnvSyncError) {
        try write { database in
            try database.execute(
                sql: """
                    INSERT INTO emission (job, store, environment, generation, format, arguments, emitted_at, pinned)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    emission.job, emission.store, emission.environment.blob, emission.generation, emission.format,
                    SecretFilter.clean(emission.arguments), emission.emittedAt, emission.isPinned,
                ])
            try database.execute(
                sql: "DELETE FROM emission WHERE number <= (SELECT max(number) FROM emission) - \(journalLimit)")
        }
    }

    /// What was last given out for a job.
    public func lastEmission(job: String) throws(EnvSyncError) -> Emission? {
        try read(nil) { try Self.emissions($0, "WHERE job = ? ORDER BY number DESC LIMIT 1", [job]).first }
    }

    /// What was last given out, newest first.
    public func recentEmissions(limit: Int = 20) throws(EnvSyncError) -> [Emission] {
        try read([]) { try Self.emissions($0, "ORDER BY number DESC LIMIT ?", [max(0, limit)]) }
    }

    private static func emissions(
        _ database: Database, _ clause: String, _ arguments: StatementArguments
    ) throws -> [Emission] {
        let rows = try Row.fetchCursor(
            database,
            sql: """
                SELECT job, store, environment, generation, format, arguments, emitted_at, pinned
                FROM emission \(clause)
                """, arguments: arguments)
        var emissions: [Emission] = []
        while let row = try rows.next() {
            emissions.append(
                Emission(
                    job: row[0], store: row[1], environment: try ContentDigest(row: row, index: 2), generation: row[3],
                    format: row[4], arguments: row[5], emittedAt: row[6], isPinned: row[7]))
        }
        return emissions
    }
}
