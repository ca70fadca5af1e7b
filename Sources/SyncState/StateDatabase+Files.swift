import EnvSyncModel
internal import GRDB

// MARK: - Fingerprints

extension StateDatabase {
    /// Every fingerprint, by path.
    public func fingerprints() throws(EnvSyncError) -> [String: FingerprintRecord] {
        try read([:]) { database in
            let statement = try database.cachedStatement(
                sql: """
                    SELECT path, device, inode, size, modified, changed, digest, inspection, hashed_at
                    FROM fingerprint
                    """)
            var records: [String: FingerprintRecord] = [:]
            records.reserveCapacity(4096)
            let rows = try Row.fetchCursor(statement)
            while let row = try rows.next() {
                let path: String = row[0]
                let device: Int64 = row[1]
                let inode: Int64 = row[2]
                let fingerprint = FileFingerprint(
                    path: path, device: UInt64(bitPattern: device), inode: UInt64(bitPattern: inode), size: row[3],
                    modified: row[4], changed: row[5])
                records[path] = FingerprintRecord(
                    fingerprint: fingerprint, digest: try ContentDigest(row: row, index: 6), inspection: row[7],
                    hashedAt: row[8])
            }
            return records
        }
    }

    /// The fingerprint of one path; `nil` if none is known.
    public func fingerprint(_ path: String) throws(EnvSyncError) -> FingerprintRecord? {
        try read(nil) { database in
            let statement = try database.cachedStatement(
                sql: """
                    SELECT device, inode, size, modified, changed, digest, inspection, hashed_at
                    FROM fingerprint WHERE path = ?
                    """)
            guard let row = try Row.fetchOne(statement, arguments: [path]) else { return nil }
            let device: Int64 = row[0]
            let inode: Int64 = row[1]
            return FingerprintRecord(
                fingerprint: FileFingerprint(
                    path: path, device: UInt64(bitPattern: device), inode: UInt64(bitPattern: inode), size: row[2],
                    modified: row[3], changed: row[4]),
                digest: try ContentDigest(row: row, index: 5), inspection: row[6], hashedAt: row[7])
        }
    }

    /// Adds fingerprints, or replaces those of the same paths, in one transaction.
    public func save(fingerprints: [FingerprintRecord]) throws(EnvSyncError) {
        guard !fingerprints.isEmpty else { return }
        try write { database in
            let statement = try database.cachedStatement(
                sql: """
                    INSERT OR REPLACE INTO fingerprint
                    (path, device, inode, size, modified, changed, digest, inspection, hashed_at)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """)
            for record in fingerprints {
                let file = record.fingerprint
                try statement.execute(arguments: [
                    file.path, Int64(bitPattern: file.device), Int64(bitPattern: file.inode), file.size, file.modified,
                    file.changed, record.digest.blob, record.inspection, record.hashedAt,
                ])
            }
        }
    }

    /// Forgets the fingerprints of all other paths.
    public func removeFingerprints(notIn paths: Set<String>) throws(EnvSyncError) {
        try write { database in
            let known = try String.fetchAll(database, sql: "SELECT path FROM fingerprint")
            let statement = try database.cachedStatement(sql: "DELETE FROM fingerprint WHERE path = ?")
            for path in known where !paths.contains(path) {
                try statement.execute(arguments: [path])
            }
        }
    }
}

// MARK: - Mappings

extension StateDatabase {
    /// The mappings of an environment in a store, sorted by local path and then by path in the store.
    public func mappings(store: String, environment: String) throws(EnvSyncError) -> [ObjectMapping] {
        try read([]) { try Self.mappings(store: store, environment: environment, in: $0) }
    }

    /// Adds mappings, or replaces those of the same local path and path in the store, in one transaction.
    public func save(mappings: [ObjectMapping]) throws(EnvSyncError) {
        guard !mappings.isEmpty else { return }
        try write { try Self.save(mappings, in: $0) }
    }

    /// Makes these the only mappings of an environment in a store; writes only what differs.
    public func replaceMappings(
        store: String, environment: String, with mappings: [ObjectMapping]
    ) throws(EnvSyncError) {
        try write { database in
            let known = Set(try Self.mappings(store: store, environment: environment, in: database))
            let wanted = mappings.filter { $0.store == store && $0.environment == environment }
            let kept = Set(wanted.map(MappingKey.init))
            let statement = try database.cachedStatement(
                sql: "DELETE FROM mapping WHERE store = ? AND environment = ? AND local_path = ? AND store_path = ?")
            for mapping in known where !kept.contains(MappingKey(mapping)) {
                try statement.execute(arguments: [store, environment, mapping.localPath, mapping.storePath])
            }
            try Self.save(wanted.filter { !known.contains($0) }, in: database)
        }
    }

    /// Forgets the mappings of an environment in a store.
    public func removeMappings(store: String, environment: String) throws(EnvSyncError) {
        try write { database in
            try database.execute(
                sql: "DELETE FROM mapping WHERE store = ? AND environment = ?", arguments: [store, environment])
        }
    }

    private struct MappingKey: Hashable {
        let localPath: String
        let storePath: String

        init(_ mapping: ObjectMapping) {
            localPath = mapping.localPath
            storePath = mapping.storePath
        }
    }

    private static func mappings(
        store: String, environment: String, in database: Database
    ) throws -> [ObjectMapping] {
        let statement = try database.cachedStatement(
            sql: """
                SELECT local_path, digest, store_path, size, checksum_algorithm, checksum, verification,
                remote_modified, verified_at FROM mapping WHERE store = ? AND environment = ?
                ORDER BY local_path, store_path
                """)
        var mappings: [ObjectMapping] = []
        let rows = try Row.fetchCursor(statement, arguments: [store, environment])
        while let row = try rows.next() {
            mappings.append(
                ObjectMapping(
                    store: store, environment: environment, localPath: row[0],
                    digest: try ContentDigest(row: row, index: 1), storePath: row[2], size: row[3],
                    checksumAlgorithm: row[4], checksum: row[5], verification: .init(rawValue: row[6]),
                    remoteModified: row[7], verifiedAt: row[8]))
        }
        return mappings
    }

    private static func save(_ mappings: [ObjectMapping], in database: Database) throws {
        let statement = try database.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO mapping
                (store, environment, local_path, store_path, digest, size, checksum_algorithm, checksum, verification,
                remote_modified, verified_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)
        for mapping in mappings {
            try statement.execute(arguments: [
                mapping.store, mapping.environment, mapping.localPath, mapping.storePath, mapping.digest.blob,
                mapping.size, mapping.checksumAlgorithm, mapping.checksum, mapping.verification.rawValue,
                mapping.remoteModified, mapping.verifiedAt,
            ])
        }
    }
}
