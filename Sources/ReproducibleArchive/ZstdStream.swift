internal import CZstd

/// The decompressed bytes of a zstd file with any number of frames (RFC 8878, section 3).
@safe final class ZstdStream: ByteStream {
    private let path: String
    private let source: FileStream
    private let context: OpaquePointer
    private let output = ByteBlock(count: 2 * ZipArchive.blockSize)
    private var pending = PendingBytes()
    /// Whether a frame has begun and not ended.
    private var insideFrame = false
    private var hasFrame = false

    init(file: InputFile) throws {
        path = file.path
        source = FileStream(file: file)
        // libzstd's own limit on what a frame may ask for, 128 MiB, holds.
        guard let created = unsafe ZSTD_createDCtx() else {
            throw ArchiveError(code: .unreadable, path: file.path, message: "out of memory")
        }
        unsafe context = created
    }

    deinit {
        unsafe ZSTD_freeDCtx(context)
    }

    func skip(_ count: Int64) throws -> Int64 { count }

    func next() throws -> UnsafeRawBufferPointer? {
        while true {
            if pending.isEmpty, let block = try unsafe source.next() { pending = unsafe PendingBytes(block) }
            let inputEnded = pending.isEmpty
            if inputEnded, !insideFrame {
                guard hasFrame else { throw failure(.truncated, "the zstd data is cut short") }
                return nil
            }
            var input = unsafe ZSTD_inBuffer(src: pending.bytes.baseAddress, size: pending.count, pos: 0)
            let space = unsafe output.space(output.count)
            var produced = unsafe ZSTD_outBuffer(dst: space.baseAddress, size: space.count, pos: 0)
            let rest = unsafe ZSTD_decompressStream(context, &produced, &input)
            guard ZSTD_isError(rest) == 0 else { throw failure(.damaged, "the zstd data is damaged") }
            let consumed = unsafe input.pos
            let count = unsafe produced.pos
            pending.removeFirst(consumed)
            insideFrame = rest != 0
            hasFrame = true
            if count > 0 { return unsafe output.prefix(count) }
            guard !inputEnded || !insideFrame else { throw failure(.truncated, "the zstd data is cut short") }
            guard consumed > 0 || inputEnded else { throw failure(.damaged, "the zstd data is damaged") }
        }
    }

    private func failure(_ code: ArchiveError.Code, _ message: String) -> ArchiveError {
        ArchiveError(code: code, path: path, message: message)
    }
}
