internal import CCurl

extension Transfer {
    /// What to tell the caller once libcurl is done with the transfer.
    func outcome(of result: CURLcode) -> Result<HTTPResponse, any Error> {
        if let failure {
            return .failure(
                transferError(failure.code, failure.message, curlCode: result, cause: failure.cause))
        }
        let response = HTTPResponse(status: status, headers: headers, body: body)
        if result == CURLE_OK { return .success(response) }
        // A server that refuses an upload may answer, close, and thereby reset the connection we still write to.
        // The answer is worth more than the write error behind it.
        if job.request.body != nil, Self.lossCodes.contains(result.rawValue) {
            if headersComplete, status >= 300 { return .success(response) }
            if let answer = answerFromLastWords(), answer.status >= 300 { return .success(answer) }
        }
        let code = Self.code(for: result, wasConnected: easy.offsetInfo(CURLINFO_PRETRANSFER_TIME_T) > 0)
        return .failure(transferError(code, curlMessage(for: result), curlCode: result))
    }

    /// An error about this transfer.
    func transferError(
        _ code: HTTPTransferError.Code, _ message: String, curlCode: CURLcode = CURLE_OK, cause: (any Error)? = nil
    ) -> HTTPTransferError {
        HTTPTransferError(
            code: code, message: message,
            url: URLRedaction.redacted(job.request.url, wholeQuery: job.request.isSensitive),
            curlCode: Int32(curlCode.rawValue), bytesSent: easy.offsetInfo(CURLINFO_SIZE_UPLOAD_T), cause: cause)
    }

    private func curlMessage(for result: CURLcode) -> String {
        let text = easy.errorText
        if job.request.isSensitive || text.isEmpty { return CurlLibrary.message(for: result) }
        return URLRedaction.redacted(message: text, url: job.request.url)
    }

    /// The codes that libcurl gives when a connection ends before its time.
    private static let lossCodes: Set<UInt32> = [
        CURLE_PARTIAL_FILE.rawValue, CURLE_GOT_NOTHING.rawValue, CURLE_SEND_ERROR.rawValue, CURLE_RECV_ERROR.rawValue,
    ]

    private static func code(for result: CURLcode, wasConnected: Bool) -> HTTPTransferError.Code {
        if lossCodes.contains(result.rawValue) { return .connectionLost }
        return switch result {
        case CURLE_URL_MALFORMAT: .invalidRequest
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .couldNotResolve
        case CURLE_COULDNT_CONNECT: .couldNotConnect
        // The only time limit that libcurl is given is the one for connecting.
        case CURLE_OPERATION_TIMEDOUT: .connectTimedOut
        case CURLE_PROXY: .proxyFailed
        case CURLE_AUTH_ERROR, CURLE_LOGIN_DENIED: .authenticationFailed
        case CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING: .invalidResponse
        // HTTP/0.9, that is: something without a status line.
        case CURLE_UNSUPPORTED_PROTOCOL: wasConnected ? .invalidResponse : .invalidRequest
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM,
            CURLE_SSL_CIPHER, CURLE_SSL_CRL_BADFILE, CURLE_SSL_ENGINE_INITFAILED, CURLE_SSL_ENGINE_NOTFOUND,
            CURLE_SSL_ENGINE_SETFAILED, CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_ISSUER_ERROR,
            CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_SHUTDOWN_FAILED, CURLE_SSL_CLIENTCERT, CURLE_USE_SSL_FAILED:
            .tlsFailed
        default: .other
        }
    }
}
