import CurlHTTP

extension WebHDFSClient {
    /// Renames a file or a directory in one step that others see entirely or not at all (RENAME).
    ///
    /// - Parameters:
    ///   - destination: the new path; its parent must exist.
    ///   - mode: what to do about something at the destination. HttpFS knows only ``RenameMode/plain`` and takes the
    ///     others for it, so look at the destination first when it may be a directory.
    ///   - expected: the source's status from before. With it, a lost reply can be told from a file that somebody else
    ///     put at the destination.
    /// - Throws: ``WebHDFSError`` with the code `alreadyExists` if something is at the destination, `notFound` if the
    ///   source or the destination's parent is missing, `refused` if a plain rename was not done, and `outcomeUnknown`
    ///   if a reply was lost and looking did not help.
    public func rename(
        _ path: String, to destination: String, mode: RenameMode = .noReplace, expected: FileStatus? = nil
    ) async throws {
        var operation = Operation(name: "RENAME", method: .put, path: path, query: [("destination", destination)])
        if let options = mode.options { operation.query.append(("renameoptions", options)) }
        if let problem = Operation.problem(withPath: destination) {
            throw WebHDFSError(.invalidPath, operation: operation.name, path: destination, serverMessage: problem)
        }
        let rename = Rename(operation: operation, destination: destination, mode: mode, expected: expected)
        do {
            try await withRetries(operation) { attempt in
                if attempt.mayHaveHappened, try await hasHappened(rename, attempt.endpoint.authority) { return }
                try await attemptRename(rename, attempt)
            }
        } catch let error as WebHDFSError where error.mayHaveHappened && error.disposition != .final {
            guard try await hasHappened(rename, error.endpoint) else { throw error }
        }
    }

    private struct Rename {
        var operation: Operation
        var destination: String
        var mode: RenameMode
        var expected: FileStatus?
    }

    private func attemptRename(_ rename: Rename, _ attempt: Attempt) async throws {
        let response = try await perform(rename.operation, attempt)
        // With options there is no body. HttpFS does not know them and answers with a boolean.
        if response.body.isEmpty, rename.mode != .plain { return }
        if try decode(rename.operation, attempt, response, ResponseBodies.boolean) { return }
        if rename.mode != .plain, try await hasHappened(rename, attempt.endpoint.authority) { return }
        throw refused(rename.operation, attempt)
    }

    /// Looks at both ends. `false` if the rename was not done and can be tried again.
    private func hasHappened(_ rename: Rename, _ endpoint: String?) async throws -> Bool {
        async let source = status(of: rename.operation.path)
        async let destination = status(of: rename.destination)
        let outcome = try await RenameOutcome.judge(
            source: source, destination: destination, expected: rename.expected, mode: rename.mode)
        switch outcome {
        case .done: return true
        case .notDone: return false
        case .failed(let code): throw error(rename, code, "judged by both ends", endpoint)
        case .unknown:
            throw error(rename, .outcomeUnknown, "the source is gone, and another file is at the destination", endpoint)
        }
    }

    private func error(
        _ rename: Rename, _ code: WebHDFSError.Code, _ message: String, _ endpoint: String?
    ) -> WebHDFSError {
        WebHDFSError(
            code, operation: rename.operation.name, path: rename.operation.path,
            serverMessage: "\(message); destination \(rename.destination)", endpoint: endpoint, disposition: .final)
    }
}
