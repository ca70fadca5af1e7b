import CurlHTTP

extension WebHDFSClient {
    /// What is at a path (GETFILESTATUS).
    ///
    /// - Returns: `nil` if there is nothing.
    public func status(of path: String) async throws -> FileStatus? {
        let operation = Operation(name: "GETFILESTATUS", method: .get, path: path)
        return try await nilIfNotFound {
            try await withRetries(operation) { attempt in
                try decode(operation, attempt, try await perform(operation, attempt), ResponseBodies.fileStatus)
            }
        }
    }

    /// The children of a directory (LISTSTATUS, or LISTSTATUS_BATCH once listings are large and the server has it).
    ///
    /// - Returns: one status for each child in the server's order, which is that of the names' bytes. For a file, one
    ///   status with an empty name. `nil` if there is nothing.
    public func list(_ path: String) async throws -> [FileStatus]? {
        try await nilIfNotFound {
            switch state.withLock({ $0.batchListing }) {
            case .untried, .unavailable: return try await listAtOnce(path)
            case .wanted, .available: return try await listInBatches(path)
            }
        }
    }

    private func listAtOnce(_ path: String) async throws -> [FileStatus] {
        let operation = Operation(
            name: "LISTSTATUS", method: .get, path: path, responseLimit: configuration.listingLimit)
        let entries = try await withRetries(operation) { attempt in
            try decode(operation, attempt, try await perform(operation, attempt), ResponseBodies.fileStatuses)
        }
        if entries.count > configuration.batchListingThreshold {
            state.withLock { if $0.batchListing == .untried { $0.batchListing = .wanted } }
        }
        return entries
    }

    private func listInBatches(_ path: String) async throws -> [FileStatus] {
        var entries: [FileStatus] = []
        while true {
            var operation = Operation(
                name: "LISTSTATUS_BATCH", method: .get, path: path, responseLimit: configuration.listingLimit)
            if let last = entries.last { operation.query.append(("startAfter", last.name)) }
            let batch: (entries: [FileStatus], remaining: Int64)
            do {
                batch = try await withRetries(operation) { attempt in
                    try decode(
                        operation, attempt, try await perform(operation, attempt), ResponseBodies.directoryListing)
                }
            } catch let error as WebHDFSError where error.code == .unsupportedOperation && entries.isEmpty {
                state.withLock { $0.batchListing = .unavailable }
                return try await listAtOnce(path)
            }
            state.withLock { $0.batchListing = .available }
            entries += batch.entries
            if batch.remaining <= 0 || batch.entries.isEmpty { return entries }
        }
    }

    /// Creates a directory and its missing parents with the same permission (MKDIRS). Does nothing to one that is
    /// there; in particular it keeps its permission.
    ///
    /// - Parameter permission: the permission bits; no umask is applied.
    public func makeDirectory(_ path: String, permission: UInt16 = 0o755) async throws {
        let operation = Operation(
            name: "MKDIRS", method: .put, path: path, query: [("permission", Self.octal(permission))])
        try await withRetries(operation) { attempt in
            let response = try await perform(operation, attempt)
            guard try decode(operation, attempt, response, ResponseBodies.boolean) else {
                throw refused(operation, attempt)
            }
        }
    }

    /// Deletes a file or a directory (DELETE).
    ///
    /// - Parameter recursive: whether a directory that has children is deleted, too; otherwise it is an error with the
    ///   code ``WebHDFSError/Code/directoryNotEmpty``.
    /// - Returns: whether there was something to delete. When a reply was lost and nothing is there afterwards, it is
    ///   `true`.
    @discardableResult
    public func delete(_ path: String, recursive: Bool = false) async throws -> Bool {
        let operation = Operation(
            name: "DELETE", method: .delete, path: path, query: [("recursive", recursive ? "true" : "false")])
        return try await withRetries(operation) { attempt in
            let response = try await perform(operation, attempt)
            return try decode(operation, attempt, response, ResponseBodies.boolean) || attempt.mayHaveHappened
        }
    }

    /// Sets the permission bits (SETPERMISSION); the modification time stays.
    public func setPermission(_ path: String, _ permission: UInt16) async throws {
        let operation = Operation(
            name: "SETPERMISSION", method: .put, path: path, query: [("permission", Self.octal(permission))])
        try await withRetries(operation) { attempt in
            _ = try await perform(operation, attempt)
        }
    }

    /// Sets the wanted number of replicas (SETREPLICATION); the modification time stays.
    ///
    /// - Returns: `false` for a directory, an erasure-coded file, or if there is nothing.
    @discardableResult
    public func setReplication(_ path: String, _ replication: Int) async throws -> Bool {
        let operation = Operation(
            name: "SETREPLICATION", method: .put, path: path, query: [("replication", String(replication))])
        return try await withRetries(operation) { attempt in
            try decode(operation, attempt, try await perform(operation, attempt), ResponseBodies.boolean)
        }
    }

    /// How much lies under a path (GETCONTENTSUMMARY).
    public func contentSummary(of path: String) async throws -> ContentSummary {
        let operation = Operation(name: "GETCONTENTSUMMARY", method: .get, path: path)
        return try await withRetries(operation) { attempt in
            try decode(operation, attempt, try await perform(operation, attempt), ResponseBodies.contentSummary)
        }
    }

    /// The user's home directory, such as `/user/ana` (GETHOMEDIRECTORY). It need not exist.
    public func homeDirectory() async throws -> String {
        let operation = Operation(name: "GETHOMEDIRECTORY", method: .get, path: "/")
        return try await withRetries(operation) { attempt in
            try decode(operation, attempt, try await perform(operation, attempt), ResponseBodies.path)
        }
    }

    /// The server's checksum of a file's content (GETFILECHECKSUM). DataNodes read their CRCs, not the content.
    public func checksum(of path: String) async throws -> RemoteFileChecksum {
        let operation = Operation(name: "GETFILECHECKSUM", method: .get, path: path)
        return try await withRetries(operation) { attempt in
            let (decision, first) = try await redirectTarget(operation, attempt, purpose: .result)
            var response = first
            if case .follow(let url) = decision {
                response = try await sendToDatanode(operation, attempt, url: url)
            }
            return try decode(operation, attempt, response, ResponseBodies.fileChecksum)
        }
    }

    static func octal(_ permission: UInt16) -> String { String(permission & 0o7777, radix: 8) }

    func refused(_ operation: Operation, _ attempt: Attempt) -> WebHDFSError {
        WebHDFSError(
            .refused, operation: operation.name, path: operation.path, serverMessage: "the answer is false",
            endpoint: attempt.endpoint.authority, status: 200)
    }

    private func nilIfNotFound<Value>(_ body: () async throws -> Value) async throws -> Value? {
        do {
            return try await body()
        } catch let error as WebHDFSError where error.code == .notFound {
            return nil
        }
    }
}
