import CurlHTTP

extension WebHDFSClient {
    /// Creates a file with the given content (CREATE): the NameNode is asked where to, then the data goes there.
    ///
    /// When a DataNode fails the NameNode is asked for another one, and the body starts over. When a reply is lost and
    /// `overwrite` is off, the client looks whether a file of the right length is there now. It can't tell its own
    /// incomplete file from another's then, so where nobody else writes to the path `overwrite` makes uploads survive
    /// more.
    ///
    /// - Parameter body: its observer sees each new start.
    /// - Returns: what the server said, which proves nothing: compare length and checksum before relying on the file.
    /// - Throws: ``WebHDFSError``; with the code `outcomeUnknown` when a reply was lost and a file of another length is
    ///   there, such as the part of the data that had arrived.
    public func create(
        _ path: String, body: UploadBody, options: CreateOptions = CreateOptions()
    ) async throws -> CreateReceipt {
        let operation = Operation(
            name: "CREATE", method: .put, path: path,
            query: [
                ("overwrite", options.overwrite ? "true" : "false"),
                ("permission", Self.octal(options.permission)),
                ("replication", String(options.replication)),
                ("blocksize", String(options.blockSize)),
            ])
        do {
            return try await withRetries(operation) { attempt in
                let mustLook = attempt.mayHaveHappened && !options.overwrite
                if mustLook, let receipt = try await createdBefore(operation, body, attempt.number, attempt.lastError) {
                    return receipt
                }
                do {
                    return try await upload(operation, attempt, body)
                } catch let error as WebHDFSError
                    where mustLook && (error.code == .alreadyExists || error.code == .beingWritten)
                {
                    // The file of the attempt whose reply was lost may have appeared only now.
                    guard let receipt = try await createdBefore(operation, body, attempt.number, attempt.lastError)
                    else { throw error }
                    return receipt
                }
            }
        } catch let error as WebHDFSError
            where !options.overwrite && error.leg == .datanode && error.mayHaveHappened
            && error.disposition != .final
        {
            guard let receipt = try await createdBefore(operation, body, error.attempts, error) else { throw error }
            return receipt
        }
    }

    private func upload(_ operation: Operation, _ attempt: Attempt, _ body: UploadBody) async throws -> CreateReceipt {
        let (decision, first) = try await redirectTarget(operation, attempt, purpose: .upload)
        guard case .follow(let url) = decision else {
            throw unexpected(operation, attempt, first, "the answer is no redirect")
        }
        let response = try await sendToDatanode(operation, attempt, url: url, body: body)
        let location = response.headers["Location"].flatMap { $0.hasPrefix("hdfs://") ? Redaction.redact($0) : nil }
        return CreateReceipt(location: location, datanode: url.authority, attempts: attempt.number)
    }

    /// Looks for the file after a lost reply; `nil` if there is none.
    private func createdBefore(
        _ operation: Operation, _ body: UploadBody, _ attempts: Int, _ cause: WebHDFSError?
    ) async throws -> CreateReceipt? {
        guard let status = try await status(of: operation.path) else { return nil }
        guard status.isFile, status.length == body.length else {
            let reason = cause.map { "; before that: \($0)" } ?? ""
            throw WebHDFSError(
                .outcomeUnknown, operation: operation.name, path: operation.path,
                serverMessage: "a file of \(status.length) bytes is there instead of \(body.length)\(reason)",
                attempts: attempts)
        }
        return CreateReceipt(location: nil, datanode: nil, attempts: attempts, isConfirmed: false)
    }
}
