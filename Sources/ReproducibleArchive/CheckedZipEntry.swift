/// An entry of a zip file whose contents have been read once and found to be right, so that its compressed bytes can be
/// copied without being decompressed again.
public struct CheckedZipEntry: Sendable {
    /// The entry.
    public let info: ZipEntryInfo
    let file: InputFile
    /// Where its compressed bytes begin in the file.
    let offset: Int64
    /// Nil for an entry that is stored.
    let seam: DeflateSeam?
}

/// Checks entries of one zip file, on any number of threads.
public struct ZipEntryChecker: Sendable {
    private let data: ZipEntryData

    /// Memory for one thread to check entries with: about 500 KiB.
    public final class Buffers {
        fileprivate let input = ByteBlock(count: ZipArchive.blockSize)
        fileprivate var inflater: BlockInflater?

        /// Allocates the memory.
        public init() {}
    }

    /// Makes a checker that keeps the archive's file open.
    public init(_ archive: ZipArchive) {
        data = ZipEntryData(file: archive.file, directory: archive.directory)
    }

    /// Reads an entry to its end.
    /// - Parameters:
    ///   - index: an index into the archive's `entries`.
    ///   - buffers: in use by no other thread.
    ///   - sink: is given the contents in pieces of at most 288 KiB. They are right only if the function returns.
    /// - Throws: ``ArchiveError`` as ``ZipArchive/stream(entryAt:to:)`` does, and whatever `sink` throws.
    public func check(
        entryAt index: Int, with buffers: Buffers, to sink: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> CheckedZipEntry {
        let info = data.directory.records[index].info
        var reader = try data.reader(at: index, block: buffers.input)
        let offset = reader.dataOffset
        var check = ContentsCheck(path: data.file.path, info: info)
        func deliver(_ bytes: UnsafeRawBufferPointer) throws {
            try unsafe check.add(bytes)
            try unsafe sink(bytes)
        }
        var seam: DeflateSeam?
        switch info.method {
        case 0:
            while let block = try unsafe reader.next() { try unsafe deliver(block) }
        case 8:
            do {
                let inflater = try buffers.inflater ?? BlockInflater()
                buffers.inflater = inflater
                seam = try unsafe inflater.inflate(from: { try unsafe reader.next() }, to: deliver)
            } catch let failure as BlockInflater.Failure {
                throw switch failure {
                case .outOfMemory: data.failure(info, .unreadable, "out of memory")
                case .damaged: data.failure(info, .damaged, "its compressed data is damaged")
                case .cutShort: data.failure(info, .damaged, "its compressed data is cut short")
                }
            }
        default:
            throw data.failure(
                info, .unsupportedCompression, "compression method \(info.method) is not supported")
        }
        try check.finish()
        return CheckedZipEntry(info: info, file: data.file, offset: offset, seam: seam)
    }
}
