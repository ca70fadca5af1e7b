/// Sees the bytes of an upload exactly in the order they are handed to libcurl, so that what is sent can be hashed
/// without reading it twice. Called on the transfer thread, which serves every transfer of the client: be quick.
public protocol UploadObserver: AnyObject, Sendable {
    /// The body starts at its first byte: forget what was seen before. Called when a `send` begins and again whenever
    /// libcurl has to repeat the body, for example because a kept-alive connection turned out to be dead.
    func uploadRewound()
    /// The bytes just handed to libcurl. They are valid during the call only.
    func uploadRead(_ bytes: UnsafeRawBufferPointer)
}

/// The body of a request. One value can be sent several times.
public struct UploadBody: Sendable {
    enum Source: Sendable {
        case descriptor(Int32, offset: Int64)
        case memory([UInt8])
    }

    let source: Source
    let observer: (any UploadObserver)?
    /// The number of bytes that will be sent, the request's `Content-Length`.
    public let length: Int64

    private init(source: Source, length: Int64, observer: (any UploadObserver)?) {
        self.source = source
        self.length = length
        self.observer = observer
    }

    /// A part of a file, read with pread(2) while it is sent, so that several uploads can share a descriptor.
    /// - Parameters:
    ///   - descriptor: open for reading and seekable; the caller keeps it open until `send` has returned or thrown,
    ///     which holds for a cancelled `send`, too.
    ///   - offset: where the body starts in the file, in bytes.
    ///   - length: how many bytes to send. If the file ends earlier the transfer fails with
    ///     ``HTTPTransferError/Code-swift.struct/bodyChanged``; bytes beyond are not looked at.
    ///   - observer: sees every byte that is sent.
    public init(descriptor: Int32, offset: Int64 = 0, length: Int64, observer: (any UploadObserver)? = nil) {
        self.init(source: .descriptor(descriptor, offset: offset), length: length, observer: observer)
    }

    /// A small body held in memory.
    public static func bytes(_ bytes: [UInt8]) -> UploadBody {
        .bytes(bytes, observer: nil)
    }

    /// A small body held in memory whose bytes are observed while they are sent.
    public static func bytes(_ bytes: [UInt8], observer: (any UploadObserver)?) -> UploadBody {
        UploadBody(source: .memory(bytes), length: Int64(bytes.count), observer: observer)
    }
}
