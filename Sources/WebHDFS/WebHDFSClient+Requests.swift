import CurlHTTP
import Logging

/// Receives the body of a download piece by piece, on the transfer thread. Throwing ends the download.
@safe struct ByteSink: Sendable {
    var take: @Sendable (UnsafeRawBufferPointer) throws -> Void
}

extension WebHDFSClient {
    /// Sent with every request: servers with CSRF protection want it, whatever its value (RestCsrfPreventionFilter).
    private static let commonHeaders: HTTPHeaders = ["X-XSRF-HEADER": "envsync"]

    /// Sends an operation to the NameNode and returns any answer that is no error.
    func sendToNamenode(
        _ operation: Operation, _ attempt: Attempt, query: [(name: String, value: String)] = [],
        sink: ByteSink? = nil
    ) async throws -> HTTPResponse {
        var isSensitive = false
        if case .delegationToken = authentication { isSensitive = true }
        let request = HTTPRequest(
            operation.method, url: url(operation, attempt.endpoint, query), headers: Self.commonHeaders,
            responseLimit: operation.responseLimit, credentials: namenodeCredentials, isSensitive: isSensitive,
            isRepeatable: operation.isRepeatable)
        return try await send(request, operation, endpoint: attempt.endpoint.authority, leg: .namenode, sink: sink)
    }

    /// Sends the second leg of an operation. No credentials go to another server than the one that redirected; the
    /// URL is a secret, as it may carry a token.
    func sendToDatanode(
        _ operation: Operation, _ attempt: Attempt, url: HTTPURL, body: UploadBody? = nil, sink: ByteSink? = nil
    ) async throws -> HTTPResponse {
        var headers = Self.commonHeaders
        // HttpFS refuses data of any other type (CheckUploadContentTypeFilter).
        if body != nil { headers["Content-Type"] = "application/octet-stream" }
        let request = HTTPRequest(
            operation.method, url: url.text, headers: headers, body: body, responseLimit: operation.responseLimit,
            credentials: url.isSameOrigin(as: attempt.endpoint) ? namenodeCredentials : .none, isSensitive: true,
            isRepeatable: body == nil)
        let response = try await send(request, operation, endpoint: url.authority, leg: .datanode, sink: sink)
        guard response.isSuccess else {
            throw WebHDFSError(
                .badResponse, operation: operation.name, path: operation.path, serverMessage: "a second redirect",
                endpoint: url.authority, status: response.status, leg: .datanode)
        }
        return response
    }

    /// Sends an operation that is done by the NameNode alone.
    func perform(_ operation: Operation, _ attempt: Attempt) async throws -> HTTPResponse {
        let response = try await sendToNamenode(operation, attempt)
        guard response.isSuccess else {
            throw unexpected(operation, attempt, response, "HTTP \(response.status) is no answer to \(operation.name)")
        }
        return response
    }

    /// Decodes an answer; one that is not what WebHDFS sends is an error that names what was expected.
    func decode<Value>(
        _ operation: Operation, _ attempt: Attempt, _ response: HTTPResponse, _ decoder: ([UInt8]) throws -> Value
    ) throws -> Value {
        do {
            return try decoder(response.body)
        } catch let failure as JSONReader.Failure {
            throw unexpected(
                operation, attempt, response, "\(failure.message) at byte \(failure.offset) of the answer")
        }
    }

    func unexpected(
        _ operation: Operation, _ attempt: Attempt, _ response: HTTPResponse, _ message: String
    ) -> WebHDFSError {
        WebHDFSError(
            .badResponse, operation: operation.name, path: operation.path, serverMessage: message,
            endpoint: attempt.endpoint.authority, status: response.status)
    }

    /// Asks the NameNode where to go on. A DataNode that failed before is asked for again only if the NameNode insists.
    func redirectTarget(
        _ operation: Operation, _ attempt: Attempt, purpose: RedirectDecision.Purpose, sink: ByteSink? = nil,
        query: [(name: String, value: String)] = []
    ) async throws -> (decision: RedirectDecision, response: HTTPResponse) {
        var excluded = attempt.excludedDataNodes
        var questions = 0
        while true {
            questions += 1
            var query = query
            if !excluded.isEmpty { query.append(("excludedatanodes", excluded.joined(separator: ","))) }
            let response: HTTPResponse
            do {
                response = try await sendToNamenode(operation, attempt, query: query, sink: sink)
            } catch let error as WebHDFSError
                where error.exception == "NullPointerException" && !excluded.isEmpty
            {
                // 2.7 looks excluded DataNodes up by their data port, finds none for the web port that a client knows,
                // and stumbles over the missing one (NamenodeWebHdfsMethods.chooseDatanode). Ask without.
                excluded = []
                continue
            }
            let decision = RedirectDecision.decide(
                response, for: purpose, from: attempt.endpoint,
                allowsInsecureRedirects: configuration.allowsInsecureRedirects)
            switch decision {
            case .refuse(let reason): throw unexpected(operation, attempt, response, reason)
            case .follow(let url) where attempt.excludedDataNodes.contains(url.authority) && questions < 4:
                continue
            case .follow, .complete: return (decision, response)
            }
        }
    }

    /// The URL of the first leg.
    func url(
        _ operation: Operation, _ endpoint: WebHDFSEndpoint, _ query: [(name: String, value: String)]
    ) -> String {
        var url = endpoint.origin + endpoint.basePath + PercentEncoding.path(operation.path) + "?op=\(operation.name)"
        var all = operation.query + query
        switch authentication {
        case .simple(let user?): all.append(("user.name", user))
        case .delegationToken(let token): all.append(("delegation", token))
        case .simple(nil), .kerberos: break
        }
        for (name, value) in all { url += "&\(name)=\(PercentEncoding.queryValue(value))" }
        return url
    }

    private var namenodeCredentials: HTTPCredentials { authentication == .kerberos ? .negotiate : .none }

    private func send(
        _ request: HTTPRequest, _ operation: Operation, endpoint: String, leg: WebHDFSError.Leg, sink: ByteSink?
    ) async throws -> HTTPResponse {
        let response: HTTPResponse
        do {
            if let sink {
                response = try await unsafe http.download(request, to: sink.take)
            } else {
                response = try await http.send(request)
            }
        } catch let error as HTTPTransferError {
            if error.code == .sinkFailed, let cause = error.cause { throw cause }
            throw WebHDFSError.transfer(
                error, operation: operation.name, path: operation.path, endpoint: endpoint, leg: leg)
        }
        if logger.logLevel <= .debug {
            logger.debug(
                "webhdfs request",
                metadata: [
                    "op": "\(operation.name)", "path": "\(operation.path)", "endpoint": "\(endpoint)",
                    "status": "\(response.status)",
                ])
        }
        guard response.status < 400 else {
            throw WebHDFSError.answer(
                response, operation: operation.name, path: operation.path, endpoint: endpoint, leg: leg)
        }
        return response
    }
}
