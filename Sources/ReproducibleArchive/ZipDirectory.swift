/// The central directory of a zip file, read and checked.
///
/// Names, sizes and positions are those of the central directory, because that is what Python's `zipfile` and
/// `zipimport` go by. (libarchive shows the names of the local headers, which a hostile file may make differ.)
/// Formats: PKWARE APPNOTE.TXT 6.3.10, sections 4.3.7–4.3.16 and 4.5.3.
struct ZipDirectory {
    struct Record {
        var info: ZipEntryInfo
        /// The name's bytes in the file (a directory's end in `/`).
        var rawName: [UInt8]
        var flags: Int
        /// Offset of the local header in the file.
        var localOffset: Int64
    }

    /// In central-directory order.
    var records: [Record]
    /// Where the central directory begins: the end of all entries' data.
    var start: Int64
    var usesZip64: Bool

    /// More bytes of central directory than this (about a million entries) are refused.
    static let sizeLimit: Int64 = 64 << 20

    private struct End {
        var entries: UInt64
        var size: UInt64
        var offset: UInt64
        /// Where the structures that follow the central directory begin.
        var position: Int64
        var isZip64: Bool
    }

    /// Whether an end-of-central-directory record is found where it must be.
    static func isPresent(in file: InputFile) throws -> Bool {
        do {
            _ = try findEnd(of: file)
            return true
        } catch let error as ArchiveError where error.code == .notAZip || error.code == .truncated {
            return false
        }
    }

    init(file: InputFile, trimmingNames: Bool) throws {
        let end = try Self.findEnd(of: file)
        guard end.size <= UInt64(Self.sizeLimit), end.entries <= end.size / 46 else {
            let code: ArchiveError.Code = end.size > UInt64(Self.sizeLimit) ? .tooLarge : .damaged
            throw ArchiveError(code: code, path: file.path, message: "the table of contents has an absurd size")
        }
        let size = Int64(end.size)
        let directoryStart = end.position - size
        guard directoryStart >= 0, end.offset <= UInt64(directoryStart) else {
            throw ArchiveError(
                code: .truncated, path: file.path, message: "the file is cut short or its table of contents is damaged")
        }
        // Python accepts bytes before the first entry (a `#!` line, say); all offsets are then short by their number.
        let prefix = directoryStart - Int64(end.offset)
        start = directoryStart
        usesZip64 = end.isZip64
        var parser = ZipDirectoryParser(
            path: file.path, directory: LittleEndian(bytes: try file.bytes(count: Int(size), at: directoryStart)),
            prefix: prefix, start: directoryStart, trimmingNames: trimmingNames)
        records = try parser.records(count: Int(end.entries))
    }

    private static func findEnd(of file: InputFile) throws -> End {
        // The record is 22 bytes and a comment of at most 65535; a zip64 locator of 20 bytes may precede it.
        let tailLength = Int(min(file.size, 22 + 65535 + 20))
        guard tailLength >= 22 else {
            throw ArchiveError(
                code: .notAZip, path: file.path,
                message: file.size == 0 ? "the file is empty" : "the file is too short to be a zip file")
        }
        let tailStart = file.size - Int64(tailLength)
        let tail = LittleEndian(bytes: try file.bytes(count: tailLength, at: tailStart))
        // The last signature, as Python's zipfile and zipimport look for it.
        guard
            let at = stride(from: tailLength - 22, through: 0, by: -1).first(where: { tail.u32($0) == 0x0605_4B50 })
        else {
            let begins = try file.bytes(count: 4, at: 0)
            if LittleEndian(bytes: begins).u32(0) == 0x0403_4B50 {
                throw ArchiveError(
                    code: .truncated, path: file.path,
                    message: "the zip file is cut short: its table of contents at the end is missing")
            }
            throw ArchiveError(code: .notAZip, path: file.path, message: "the file is not a zip file")
        }
        guard at + 22 + tail.u16(at + 20) == tailLength else {
            throw ArchiveError(
                code: .damaged, path: file.path,
                message: "there are bytes missing or left over after the zip's end record")
        }
        var end = End(
            entries: UInt64(tail.u16(at + 10)), size: UInt64(tail.u32(at + 12)), offset: UInt64(tail.u32(at + 16)),
            position: tailStart + Int64(at), isZip64: false)
        var disks = [UInt32(tail.u16(at + 4)), UInt32(tail.u16(at + 6))]
        var entriesHere = UInt64(tail.u16(at + 8))
        if at >= 20, tail.u32(at - 20) == 0x0706_4B50 {
            // The locator's offset doesn't count bytes before the archive; the record lies just before the locator,
            // which is where Python looks too (it supports no extensible data in it).
            let position = tailStart + Int64(at) - 20 - 56
            guard position >= 0 else {
                throw ArchiveError(code: .damaged, path: file.path, message: "the zip64 end record is missing")
            }
            let record = LittleEndian(bytes: try file.bytes(count: 56, at: position))
            guard record.u32(0) == 0x0606_4B50, record.u64(4) == 44 else {
                throw ArchiveError(code: .damaged, path: file.path, message: "the zip64 end record is damaged")
            }
            disks = [record.u32(16), record.u32(20), tail.u32(at - 20 + 4)]
            entriesHere = record.u64(24)
            end = End(
                entries: record.u64(32), size: record.u64(40), offset: record.u64(48), position: position, isZip64: true
            )
        }
        guard disks.allSatisfy({ $0 == 0 }), entriesHere == end.entries else {
            throw ArchiveError(
                code: .damaged, path: file.path, message: "zip files in several volumes are not supported")
        }
        return end
    }
}
