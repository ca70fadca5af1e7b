import Synchronization

/// An HTTP/1.1 client: libcurl's multi interface on one thread of its own behind async functions.
///
/// Connections are kept alive and used again by later requests. Making a client costs nothing; the thread starts with
/// the first request and ends with ``shutdown()`` or with the client.
public final class HTTPClient: Sendable {
    /// The settings the client was made with.
    public let configuration: HTTPClientConfiguration
    private let loop: TransferLoop

    /// Makes a client. Nothing happens before its first request, which also says so if libcurl cannot be initialised.
    public init(configuration: HTTPClientConfiguration = .init()) throws {
        self.configuration = configuration
        loop = TransferLoop(configuration: configuration)
    }

    deinit { loop.stop() }

    /// Sends a request and collects the answer, whatever its status.
    ///
    /// An answer that comes before the body was sent completely ends the upload and is returned.
    /// - Throws: ``HTTPTransferError`` if there is no complete answer, `CancellationError` if the task was cancelled.
    ///   In every case the request's descriptor is not used any more.
    public func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        try await perform(request, sink: nil)
    }

    /// Sends a request and hands the body of a 2xx answer to a sink, piece by piece; the response's body is then empty.
    /// The body of any other answer is collected into the response.
    /// - Parameter sink: called on the transfer thread, which serves every transfer of the client: be quick. The bytes
    ///   are valid during the call only. What it throws ends the transfer.
    /// - Throws: what ``send(_:)`` throws, and ``HTTPTransferError`` with the code `sinkFailed`. The sink may have got
    ///   a part of the body then.
    @safe public func download(
        _ request: HTTPRequest, to sink: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Void
    ) async throws -> HTTPResponse {
        try await perform(request, sink: unsafe DownloadSink(take: sink))
    }

    /// What the client has done so far.
    public var statistics: HTTPStatistics { loop.statistics.snapshot }

    /// Ends the thread and closes every connection. Requests in flight and later ones throw ``HTTPTransferError`` with
    /// the code `clientShutDown`. Returns at once.
    public func shutdown() { loop.stop() }

    private func perform(_ request: HTTPRequest, sink: DownloadSink?) async throws -> HTTPResponse {
        try Task.checkCancellation()
        let fields = try RequestFields(request)
        let id = loop.nextID()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                loop.submit(
                    TransferJob(id: id, request: request, fields: fields, sink: sink, continuation: continuation))
                // The handler below may have run before the job was submitted, when there was nothing to cancel yet.
                if Task.isCancelled { loop.cancel(id) }
            }
        } onCancel: {
            loop.cancel(id)
        }
    }
}

/// Where the body of a 2xx answer goes.
@safe struct DownloadSink: Sendable {
    let take: @Sendable (UnsafeRawBufferPointer) throws -> Void
}

/// A request on its way to the transfer thread, and the way back for its outcome.
struct TransferJob: Sendable {
    let id: UInt64
    let request: HTTPRequest
    let fields: RequestFields
    let sink: DownloadSink?
    let continuation: CheckedContinuation<HTTPResponse, any Error>
}
