internal import CCurl

/// One request in flight. Belongs to the transfer thread, on which libcurl calls it back (`Transfer+Callbacks.swift`).
@safe final class Transfer {
    let job: TransferJob
    let easy: EasyHandle
    let statistics: StatisticsCounters
    private let headerList: HeaderList

    /// Our own reason for ending the transfer, which is more telling than libcurl's "aborted by a callback".
    private(set) var failure: (code: HTTPTransferError.Code, message: String, cause: (any Error)?)?
    /// How much of the body libcurl has taken.
    var uploadPosition: Int64 = 0
    var status = 0
    var headers = HTTPHeaders()
    var headerBytes = 0
    /// Whether the final answer's header fields are complete, or an interim answer's.
    var headersComplete = false
    var interimComplete = false
    var body: [UInt8] = []
    /// How often libcurl was about to send the request.
    var attempts = 0
    /// For `LastWords`.
    let sockets: LastWords
    var localPort: Int32?
    var lastWords: [UInt8] = []
    /// Counts callbacks: a sign of life besides the numbers of bytes.
    var activity = 0

    private var lastProgress = Progress()
    /// On a clock that stands still while the machine sleeps, so that waking up is no stall.
    private var lastProgressTime: SuspendingClock.Instant

    private struct Progress: Equatable {
        var sent: Int64 = 0
        var received: Int64 = 0
        var activity = 0
    }

    /// Sets a handle up for a request.
    /// - Throws: if libcurl refuses an option whose absence would be dangerous or misleading.
    init(
        job: TransferJob, easy: EasyHandle, sockets: LastWords, statistics: StatisticsCounters,
        configuration: HTTPClientConfiguration
    ) throws(HTTPTransferError) {
        self.job = job
        self.easy = easy
        self.sockets = sockets
        self.statistics = statistics
        headerList = HeaderList(job.fields.lines)
        lastProgressTime = .now
        easy.reset()
        try configure(configuration)
        unsafe ccurl_setopt_list(easy.pointer, CURLOPT_HTTPHEADER, headerList.first)
        installCallbacks()
        sockets.install(on: easy)
        job.request.body?.observer?.uploadRewound()
        statistics.countRequest()
    }

    /// Notes why the transfer is being ended; the first reason counts.
    func fail(_ code: HTTPTransferError.Code, _ message: String, cause: (any Error)? = nil) {
        if failure == nil { failure = (code, message, cause) }
    }

    /// Whether no byte has moved for the time allowed. To be asked at every tick of the loop.
    func hasStalled(at now: SuspendingClock.Instant, configuration: HTTPClientConfiguration) -> Bool {
        let progress = Progress(
            sent: easy.offsetInfo(CURLINFO_SIZE_UPLOAD_T), received: easy.offsetInfo(CURLINFO_SIZE_DOWNLOAD_T),
            activity: activity)
        guard progress == lastProgress else {
            lastProgress = progress
            lastProgressTime = now
            return false
        }
        // Until the connection stands, libcurl's own connect timeout counts; this is only a second line behind it.
        let isConnected = easy.offsetInfo(CURLINFO_PRETRANSFER_TIME_T) > 0
        let limit = configuration.stallTimeout + (isConnected ? .zero : configuration.connectTimeout)
        return now - lastProgressTime >= limit
    }

    private func configure(_ configuration: HTTPClientConfiguration) throws(HTTPTransferError) {
        let request = job.request
        var accepted = easy.set(CURLOPT_URL, request.url)
        accepted = easy.set(CURLOPT_PROTOCOLS_STR, "http,https") && accepted
        accepted = easy.set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https") && accepted
        if let file = configuration.certificateAuthorityFile {
            accepted = easy.set(CURLOPT_CAINFO, file) && accepted
        }
        if let path = configuration.unixSocketPath {
            accepted = easy.set(CURLOPT_UNIX_SOCKET_PATH, path) && accepted
        }
        guard accepted else {
            throw transferError(.other, "libcurl does not take an option that this client cannot do without")
        }
        if !configuration.usesEnvironmentProxies || configuration.unixSocketPath != nil { easy.set(CURLOPT_PROXY, "") }
        easy.set(CURLOPT_PATH_AS_IS, 1)
        easy.set(CURLOPT_FOLLOWLOCATION, 0)
        easy.set(CURLOPT_SSL_VERIFYPEER, 1)
        easy.set(CURLOPT_SSL_VERIFYHOST, 2)
        easy.set(CURLOPT_HTTP_VERSION, ccurl_http_version_1_1)
        // Timeouts must not use SIGALRM in a program with threads.
        easy.set(CURLOPT_NOSIGNAL, 1)
        easy.set(CURLOPT_TCP_NODELAY, 1)
        easy.set(CURLOPT_TCP_KEEPALIVE, 1)
        easy.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        easy.set(CURLOPT_CONNECTTIMEOUT_MS, configuration.connectTimeout.wholeMilliseconds)
        easy.set(CURLOPT_USERAGENT, configuration.userAgent)
        easy.set(CURLOPT_BUFFERSIZE, 128 << 10)
        if request.credentials == .negotiate {
            easy.set(CURLOPT_HTTPAUTH, Int(ccurl_auth_negotiate))
            // libcurl begins SPNEGO only if there is a user name; the ticket decides who it is.
            easy.set(CURLOPT_USERPWD, ":")
        }
        let length = request.body?.length
        if length != nil || request.method == .put || request.method == .post {
            easy.set(CURLOPT_UPLOAD, 1)
            easy.set(CURLOPT_INFILESIZE_LARGE, offset: length ?? 0)
            let isLarge = (length ?? 0) > 64 << 10
            easy.set(CURLOPT_UPLOAD_BUFFERSIZE, isLarge ? configuration.uploadBufferSize : 16 << 10)
        }
        easy.set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
    }
}

/// libcurl's list of header lines, which has to live as long as the transfer.
@safe final class HeaderList {
    private(set) var first: UnsafeMutablePointer<curl_slist>?

    init(_ lines: [String]) {
        for line in lines {
            // nil would mean that memory ran out; the list so far stays valid.
            if let list = unsafe ccurl_slist_append(first, line) { unsafe first = list }
        }
    }

    deinit { unsafe ccurl_slist_free_all(first) }
}

extension Duration {
    /// Rounded up and at least 1, because libcurl reads 0 as "default"; at most a day.
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = min(max(self, .milliseconds(1)), .seconds(86_400)).components
        return Int(seconds) * 1000 + Int((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
