import CurlHTTP
import Synchronization

extension WebHDFSClient {
    /// Reads a file or a part of it into memory (OPEN).
    ///
    /// - Parameters:
    ///   - offset: where to start, in bytes.
    ///   - length: how many bytes to read; to the end by default.
    ///   - limit: the most bytes to accept; more is an error with the code ``WebHDFSError/Code/tooLarge``.
    public func open(_ path: String, offset: Int64 = 0, length: Int64? = nil, limit: Int) async throws -> [UInt8] {
        let bytes = Mutex<[UInt8]>([])
        // One byte more than allowed is enough to see that there are too many.
        let bound = limit < Int.max ? Int64(limit) + 1 : Int64.max
        try await unsafe download(path, offset: offset, length: min(length ?? .max, bound)) { piece in
            try bytes.withLock { bytes in
                guard piece.count <= limit - bytes.count else {
                    throw WebHDFSError(
                        .tooLarge, operation: "OPEN", path: path, serverMessage: "more than \(limit) bytes")
                }
                unsafe bytes.append(contentsOf: piece)
            }
        }
        return bytes.withLock { $0 }
    }

    /// Reads a file or a part of it piece by piece (OPEN). When a DataNode fails, reading goes on with another one
    /// where it stopped.
    ///
    /// - Parameters:
    ///   - offset: where to start, in bytes. Servers refuse one that is not within the file, unless it is 0.
    ///   - length: how many bytes to read; to the end by default.
    ///   - sink: gets the pieces in order, on the transfer thread that serves all transfers: be quick. The bytes are
    ///     valid during the call only. What it throws ends the download and is thrown by this function.
    @safe public func open(
        _ path: String, offset: Int64 = 0, length: Int64? = nil,
        to sink: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Void
    ) async throws {
        try await unsafe download(path, offset: offset, length: length, sink)
    }

    private func download(
        _ path: String, offset: Int64, length: Int64?,
        _ sink: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Void
    ) async throws {
        let operation = Operation(name: "OPEN", method: .get, path: path)
        let progress = Progress()
        let counting = unsafe ByteSink { piece in
            try unsafe sink(piece)
            progress.delivered.add(Int64(piece.count), ordering: .relaxed)
        }
        if length == 0 { return }
        try await withRetries(operation) { attempt in
            let delivered = progress.delivered.load(ordering: .relaxed)
            var query: [(name: String, value: String)] = [("offset", String(offset + delivered))]
            if let length, length != .max {
                guard delivered < length else { return }
                query.append(("length", String(length - delivered)))
            }
            let (decision, _) = try await redirectTarget(
                operation, attempt, purpose: .download, sink: counting, query: query)
            guard case .follow(let url) = decision else { return }
            _ = try await sendToDatanode(operation, attempt, url: url, sink: counting)
        }
    }

    /// How much of a download the caller has got.
    private final class Progress: Sendable {
        let delivered = Atomic<Int64>(0)
    }
}
