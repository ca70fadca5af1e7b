internal import CCurl
import Glibc

/// Saves the answer of a server that refuses an upload and closes.
///
/// Such a server still has unread bytes of ours, so its kernel sends a reset right behind the answer. If we happen to
/// be writing, libcurl gets the error of the reset and closes the socket with the answer unread in it; on loopback that
/// was one in twenty. libcurl lets us close the socket in its place, so we look into it once more.
@safe final class LastWords {
    /// The uploads that have no answer yet, by the local port of their connection.
    private var uploads: [Int32: Transfer] = [:]

    /// More than an error message is not expected.
    private static let limit = 64 << 10

    /// Asks libcurl to call us for the sockets that the handle opens. They may be closed long after its transfer, so
    /// this object has to live as long as the multi handle.
    func install(on easy: EasyHandle) {
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe ccurl_setopt_pointer(easy.pointer, CURLOPT_CLOSESOCKETDATA, context)
        unsafe ccurl_setopt_close_function(easy.pointer) { context, socket in
            if let context = unsafe context {
                unsafe Unmanaged<LastWords>.fromOpaque(context).takeUnretainedValue().hear(socket)
            }
            return close(socket)
        }
    }

    /// Listens for an upload's answer from now on.
    func expect(_ transfer: Transfer, localPort: Int32) {
        forget(transfer)
        transfer.localPort = localPort
        uploads[localPort] = transfer
    }

    /// Must be called before the transfer ends.
    func forget(_ transfer: Transfer) {
        if let port = transfer.localPort, uploads[port] === transfer { uploads[port] = nil }
    }

    private func hear(_ socket: Int32) {
        guard !uploads.isEmpty, let port = Self.localPort(of: socket), let transfer = uploads[port],
            transfer.status == 0 || transfer.hasOnlyInterimAnswer
        else { return }
        while transfer.lastWords.count < Self.limit {
            let piece = unsafe [UInt8](unsafeUninitializedCapacity: 16 << 10) { space, count in
                count = unsafe max(0, recv(socket, space.baseAddress, space.count, Int32(MSG_DONTWAIT)))
            }
            if piece.isEmpty { return }
            transfer.lastWords += piece
        }
    }

    private static func localPort(of socket: Int32) -> Int32? {
        var address = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let status = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe getsockname(socket, $0, &size) }
        }
        guard status == 0, [AF_INET, AF_INET6].contains(Int32(address.ss_family)) else { return nil }
        // The port is at the same place in both kinds of address.
        return unsafe withUnsafeBytes(of: &address) { bytes in
            unsafe Int32(UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self)))
        }
    }
}

extension Transfer {
    /// Whether the last header block was that of a 1xx answer, and complete.
    var hasOnlyInterimAnswer: Bool { (100..<200).contains(status) && interimComplete }

    /// Reads the bytes that libcurl left in the socket as the answer.
    /// - Returns: the answer, if it is complete and its body has a plain length.
    func answerFromLastWords() -> HTTPResponse? {
        var rest = lastWords[...]
        while !headersComplete {
            guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
            let line = Array(rest[...end])
            guard status != 0 || line.starts(with: "HTTP/1.".utf8) else { return nil }
            guard unsafe line.withUnsafeBytes({ unsafe receive(headerLine: $0) }) else { return nil }
            rest = rest[(end + 1)...]
        }
        guard headers["Transfer-Encoding"] == nil, let length = headers["Content-Length"].flatMap({ Int($0) }),
            (0...min(rest.count, job.request.responseLimit)).contains(length)
        else { return nil }
        return HTTPResponse(status: status, headers: headers, body: Array(rest.prefix(length)))
    }
}
