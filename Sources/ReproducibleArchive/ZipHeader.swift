/// The headers that describe one stored file (PKWARE APPNOTE.TXT 4.3.7 and 4.3.12).
struct ZipHeader {
    let name: String
    let size: UInt64
    let crc: UInt32
    /// Of the local header.
    let offset: UInt64
    let isDirectory: Bool

    private static let limit: UInt64 = 0xFFFF_FFFF
    /// Bit 11: the name is UTF-8.
    private static let flags: UInt16 = 0x0800
    /// 1980-01-01, the earliest date there is.
    private static let date: UInt16 = 1 << 5 | 1
    private static let made: UInt16 = 3 << 8 | 45  // on Unix, after version 4.5 of the specification

    /// Which version of the specification a reader must know: 1.0, 2.0 for directories, 4.5 for zip64.
    private func version(zip64: Bool) -> UInt16 { zip64 ? 45 : isDirectory ? 20 : 10 }

    func appendLocal(to bytes: inout [UInt8]) {
        let zip64 = size >= Self.limit
        bytes.append(little: 0x0403_4B50 as UInt32)
        appendCommon(zip64: zip64, zip64Size: zip64, to: &bytes)
        bytes.append(little: UInt16(name.utf8.count))
        bytes.append(little: UInt16(zip64 ? 20 : 0))
        bytes.append(contentsOf: name.utf8)
        if zip64 {
            bytes.append(little: 1 as UInt16)
            bytes.append(little: 16 as UInt16)
            bytes.append(little: size)
            bytes.append(little: size)
        }
    }

    func appendCentral(to bytes: inout [UInt8]) {
        let values = (size >= Self.limit ? [size, size] : []) + (offset >= Self.limit ? [offset] : [])
        bytes.append(little: 0x0201_4B50 as UInt32)
        bytes.append(little: Self.made)
        appendCommon(zip64: !values.isEmpty, zip64Size: size >= Self.limit, to: &bytes)
        bytes.append(little: UInt16(name.utf8.count))
        bytes.append(little: UInt16(values.isEmpty ? 0 : 4 + 8 * values.count))
        bytes.append(little: 0 as UInt16)  // comment
        bytes.append(little: 0 as UInt16)  // disk
        bytes.append(little: 0 as UInt16)  // internal attributes
        // Unix mode; DOS's directory bit.
        bytes.append(little: (isDirectory ? 0o040755 << 16 | 0x10 : 0o100644 << 16) as UInt32)
        bytes.append(little: UInt32(min(offset, Self.limit)))
        bytes.append(contentsOf: name.utf8)
        if !values.isEmpty {
            bytes.append(little: 1 as UInt16)
            bytes.append(little: UInt16(8 * values.count))
            for value in values { bytes.append(little: value) }
        }
    }

    /// From "version needed" to "uncompressed size", which both headers have alike.
    private func appendCommon(zip64: Bool, zip64Size: Bool, to bytes: inout [UInt8]) {
        bytes.append(little: version(zip64: zip64))
        bytes.append(little: Self.flags)
        bytes.append(little: 0 as UInt16)  // stored
        bytes.append(little: 0 as UInt16)  // midnight
        bytes.append(little: Self.date)
        bytes.append(little: crc)
        let shown = UInt32(zip64Size ? Self.limit : size)
        bytes.append(little: shown)
        bytes.append(little: shown)
    }

    /// The end records (4.3.14–4.3.16) after a central directory of `size` bytes at `offset`.
    static func appendEnd(entries: UInt64, size: UInt64, offset: UInt64, to bytes: inout [UInt8]) {
        if entries >= 0xFFFF || size >= limit || offset >= limit {
            bytes.append(little: 0x0606_4B50 as UInt32)
            bytes.append(little: 44 as UInt64)
            bytes.append(little: made)
            bytes.append(little: 45 as UInt16)
            bytes.append(little: 0 as UInt32)
            bytes.append(little: 0 as UInt32)
            bytes.append(little: entries)
            bytes.append(little: entries)
            bytes.append(little: size)
            bytes.append(little: offset)
            bytes.append(little: 0x0706_4B50 as UInt32)
            bytes.append(little: 0 as UInt32)
            bytes.append(little: offset + size)
            bytes.append(little: 1 as UInt32)
        }
        bytes.append(little: 0x0605_4B50 as UInt32)
        bytes.append(little: 0 as UInt16)
        bytes.append(little: 0 as UInt16)
        bytes.append(little: UInt16(min(entries, 0xFFFF)))
        bytes.append(little: UInt16(min(entries, 0xFFFF)))
        bytes.append(little: UInt32(min(size, limit)))
        bytes.append(little: UInt32(min(offset, limit)))
        bytes.append(little: 0 as UInt16)
    }
}

extension [UInt8] {
    mutating func append(little value: some FixedWidthInteger & UnsignedInteger) {
        var rest = value
        for _ in 0..<value.bitWidth / 8 {
            append(UInt8(truncatingIfNeeded: rest))
            rest >>= 8
        }
    }
}
