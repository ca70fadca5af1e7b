import CurlHTTP

extension WebHDFSError {
    /// The error for an answer that is no success.
    ///
    /// - Parameter leg: who answered. A DataNode's errors of unknown kind may be retried elsewhere, as Java's client
    ///   does after any failure of the second leg (WebHdfsFileSystem.AbstractRunner).
    static func answer(
        _ response: HTTPResponse, operation: String, path: String, endpoint: String, leg: Leg
    ) -> WebHDFSError {
        guard let remote = RemoteException(body: response.body) else {
            return withoutException(response, operation: operation, path: path, endpoint: endpoint, leg: leg)
        }
        let code = remote.code
        var disposition = code.disposition
        if leg == .datanode {
            // The DataNode is itself a client that knows all NameNodes; asking again goes through the first leg.
            if disposition == .failOver || code == .other { disposition = .retry }
        }
        return WebHDFSError(
            code, operation: operation, path: path, exception: remote.exception,
            serverMessage: remote.message.isEmpty ? nil : remote.message, endpoint: endpoint, status: response.status,
            leg: leg, disposition: disposition)
    }

    /// Answers of proxies, gateways and authentication filters have no RemoteException, but HTML or nothing.
    private static func withoutException(
        _ response: HTTPResponse, operation: String, path: String, endpoint: String, leg: Leg
    ) -> WebHDFSError {
        let code: Code
        var disposition: Disposition?
        switch response.status {
        case 401, 407: code = .authenticationRequired
        case 429, 502, 503, 504: code = .unavailable
        case 413, 507: code = .noSpace
        default: code = .badResponse
        }
        if leg == .datanode, code != .authenticationRequired { disposition = .retry }
        return WebHDFSError(
            code, operation: operation, path: path,
            serverMessage: "no WebHDFS error in the answer\(contentDescription(response))", endpoint: endpoint,
            status: response.status, leg: leg, disposition: disposition)
    }

    /// What kind of thing was answered; an HTML page's title says the most about it.
    private static func contentDescription(_ response: HTTPResponse) -> String {
        let text = String(decoding: response.body.prefix(4096), as: UTF8.self)
        if let start = text.firstRange(of: "<title>"),
            let end = text[start.upperBound...].firstRange(of: "</title>")
        {
            let title = RemoteException.summary(of: String(text[start.upperBound..<end.lowerBound]))
            if !title.isEmpty { return ", which is a page titled \"\(title.prefix(120))\"" }
        }
        return response.body.isEmpty ? ", which is empty" : ""
    }

    /// The error for a request that got no answer.
    static func transfer(
        _ error: HTTPTransferError, operation: String, path: String, endpoint: String, leg: Leg
    ) -> WebHDFSError {
        let code: Code
        var disposition: Disposition?
        switch error.code {
        case .couldNotResolve, .couldNotConnect, .connectTimedOut, .stalled, .connectionLost, .proxyFailed:
            code = .connectionFailed
        case .tlsFailed:
            // A certificate that is not trusted now will not be trusted in a second either.
            code = .connectionFailed
            disposition = .final
        case .authenticationFailed: code = .authenticationRequired
        case .responseTooLarge: code = .tooLarge
        case .bodyChanged, .bodyUnreadable: code = .uploadSource
        case .invalidResponse: code = .badResponse
        default:
            code = .other
            disposition = .final
        }
        if leg == .datanode, code == .connectionFailed, disposition == nil { disposition = .retry }
        return WebHDFSError(
            code, operation: operation, path: path, endpoint: endpoint, leg: leg, underlying: error,
            disposition: disposition)
    }

    /// Whether another DataNode could do better, as opposed to the NameNode behind it.
    var isDataNodeToBlame: Bool {
        switch code {
        case .connectionFailed, .unavailable, .badResponse, .other: true
        default: false
        }
    }

    /// Whether the server may have done what was asked, or a part of it, although no good answer arrived.
    var mayHaveHappened: Bool {
        // The first leg of CREATE changes nothing.
        if operation == "CREATE", leg == .namenode { return false }
        if let underlying {
            switch underlying.code {
            case .couldNotResolve, .couldNotConnect, .connectTimedOut, .tlsFailed, .proxyFailed, .invalidRequest:
                return false
            default:
                return true
            }
        }
        switch code {
        // A proxy that gave up may have passed the request on.
        case .unavailable, .badResponse: return true
        // A DataNode that failed later than at the file's creation leaves a part of it.
        case .noSpace, .other: return leg == .datanode
        default: return false
        }
    }
}
