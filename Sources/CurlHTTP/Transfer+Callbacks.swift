internal import CCurl
import Glibc

extension Transfer {
    /// Gives libcurl functions without captures; each finds its transfer through the context pointer. The loop keeps
    /// the transfer alive until libcurl has let go of the handle.
    func installCallbacks() {
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        for option in [CURLOPT_READDATA, CURLOPT_SEEKDATA, CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_PREREQDATA] {
            unsafe ccurl_setopt_pointer(easy.pointer, option, context)
        }
        unsafe ccurl_setopt_data_function(easy.pointer, CURLOPT_READFUNCTION) { data, size, count, context in
            guard let transfer = unsafe Transfer.from(context) else { return ccurl_read_abort }
            let buffer = unsafe UnsafeMutableRawBufferPointer(start: data, count: size * count)
            return unsafe transfer.read(into: buffer) ?? ccurl_read_abort
        }
        unsafe ccurl_setopt_seek_function(easy.pointer) { context, offset, origin in
            guard let transfer = unsafe Transfer.from(context), origin == SEEK_SET else { return CURL_SEEKFUNC_FAIL }
            return transfer.seek(to: Int64(offset)) ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL
        }
        unsafe ccurl_setopt_data_function(easy.pointer, CURLOPT_HEADERFUNCTION) { data, size, count, context in
            guard let transfer = unsafe Transfer.from(context) else { return 0 }
            let isTaken = unsafe transfer.receive(headerLine: UnsafeRawBufferPointer(start: data, count: size * count))
            return isTaken ? size * count : writeAbort
        }
        unsafe ccurl_setopt_data_function(easy.pointer, CURLOPT_WRITEFUNCTION) { data, size, count, context in
            guard let transfer = unsafe Transfer.from(context) else { return 0 }
            let isTaken = unsafe transfer.receive(body: UnsafeRawBufferPointer(start: data, count: size * count))
            // Anything but the number of bytes ends the transfer.
            return isTaken ? size * count : writeAbort
        }
        unsafe ccurl_setopt_request_function(easy.pointer) { context, _, _, _, localPort in
            guard let transfer = unsafe Transfer.from(context) else { return CURL_PREREQFUNC_ABORT }
            return transfer.maySend(localPort: localPort) ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
        }
        unsafe ccurl_setopt_socket_function(easy.pointer) { _, socket, _ in
            // A program that is started while a request is running has no business with its connection.
            _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
            return CURL_SOCKOPT_OK
        }
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> Transfer? {
        guard let context = unsafe context else { return nil }
        return unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    }

    /// Asked when the connection stands and the request is about to be sent. A second time without an answer to the
    /// first means that a kept-alive connection was lost; after an answer it is a step of SPNEGO.
    private func maySend(localPort: Int32) -> Bool {
        attempts += 1
        lastWords = []
        if attempts > 1, status == 0, !job.request.isRepeatable {
            fail(.connectionLost, "the server closed a kept-alive connection without an answer")
            return false
        }
        if job.request.body != nil { sockets.expect(self, localPort: localPort) }
        return true
    }

    /// Fills libcurl's buffer with the next piece of the body.
    /// - Returns: the number of bytes, 0 at the end, nil to abort.
    private func read(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
        activity += 1
        guard let upload = job.request.body else { return 0 }
        let wanted = Int(min(Int64(buffer.count), upload.length - uploadPosition))
        guard wanted > 0 else { return 0 }
        let count: Int
        switch upload.source {
        case .memory(let bytes):
            count = wanted
            unsafe buffer.copyBytes(from: bytes[Int(uploadPosition)..<Int(uploadPosition) + count])
        case .descriptor(let descriptor, let offset):
            var result: Int
            repeat {
                result = unsafe pread(descriptor, buffer.baseAddress, wanted, off_t(offset + uploadPosition))
            } while result < 0 && errno == EINTR
            guard result >= 0 else {
                fail(.bodyUnreadable, "cannot read the file to send: \(Self.systemMessage(errno))")
                return nil
            }
            guard result > 0 else {
                fail(.bodyChanged, "the file to send ended after \(uploadPosition) of \(upload.length) bytes")
                return nil
            }
            count = result
        }
        uploadPosition += Int64(count)
        statistics.countUp(count)
        unsafe upload.observer?.uploadRead(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        return count
    }

    /// Goes to a position of the body. libcurl asks for the start when it has to send the body again; an observer could
    /// not follow it anywhere else.
    private func seek(to position: Int64) -> Bool {
        guard position == 0 else { return false }
        uploadPosition = 0
        job.request.body?.observer?.uploadRewound()
        return true
    }

    /// Takes one header line. A status line begins a new block, which replaces that of an interim answer.
    /// - Returns: whether to go on.
    func receive(headerLine: UnsafeRawBufferPointer) -> Bool {
        activity += 1
        headerBytes += headerLine.count
        guard headerBytes <= headerLimit else {
            fail(.responseTooLarge, "the response's header is longer than \(headerLimit) bytes")
            return false
        }
        let bytes = unsafe trimmed(Array(headerLine)[...])
        if bytes.starts(with: "HTTP/".utf8) {
            let code = bytes.split(separator: UInt8(ascii: " "), maxSplits: 2).dropFirst().first ?? []
            status = Int(String(decoding: code, as: UTF8.self)) ?? 0
            headers = HTTPHeaders()
            headersComplete = false
            interimComplete = false
        } else if headersComplete {
            // Trailer fields of a chunked body: nobody needs them.
        } else if bytes.isEmpty {
            headersComplete = status >= 200
            interimComplete = !headersComplete
        } else if let colon = bytes.firstIndex(of: UInt8(ascii: ":")) {
            headers.add(
                name: String(decoding: bytes[..<colon], as: UTF8.self),
                value: String(decoding: trimmed(bytes[(colon + 1)...]), as: UTF8.self))
        }
        return true
    }

    /// Takes a piece of the response's body.
    /// - Returns: whether to go on.
    private func receive(body piece: UnsafeRawBufferPointer) -> Bool {
        activity += 1
        statistics.countDown(piece.count)
        if let sink = job.sink, (200..<300).contains(status) {
            do {
                try unsafe sink.take(piece)
                return true
            } catch {
                fail(.sinkFailed, "the received bytes could not be stored: \(error)", cause: error)
                return false
            }
        }
        guard piece.count <= job.request.responseLimit - body.count else {
            fail(.responseTooLarge, "the response is longer than the \(job.request.responseLimit) bytes allowed")
            return false
        }
        unsafe body.append(contentsOf: piece)
        return true
    }

    private func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A }
        var rest = bytes.drop(while: isBlank)
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        return rest
    }

    private static func systemMessage(_ number: Int32) -> String {
        guard let text = unsafe strerror(number) else { return "error \(number)" }
        return unsafe String(cString: text)
    }
}

/// The value that no write callback returns for bytes it has taken.
private let writeAbort = 0xFFFF_FFFF

/// All header lines of an answer together, interim answers and trailers included; libcurl limits a single line only.
private let headerLimit = 256 << 10
