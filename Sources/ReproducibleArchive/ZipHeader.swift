/// The headers that describe one file (PKWARE APPNOTE.TXT 4.3.7 and 4.3.12).
struct ZipHeader {
    let name: String
    let size: UInt64
    let crc: UInt32
    /// Of the local header.
    let offset: UInt64
    let isDirectory: Bool
    var isExecutable = false
    /// Of a deflated file; nil: it is stored.
    var deflatedSize: UInt64?
    /// Checksum and sizes come after the data (4.3.9), since they weren't known before.
    var hasDescriptor = false

    /// What the data takes in the archive.
    private var dataSize: UInt64 { deflatedSize ?? size }
    /// Where the local header says sizes of 64 bits; they do in the descriptor then. Deflate makes no file larger by more
    /// than 5 bytes for each 64 KiB and our 23 for each block of 1 MiB, so the size tells.
    private var hasLargeLocal: Bool {
        hasDescriptor ? size >= Self.limit - (4 << 20) : max(size, dataSize) >= Self.limit
    }

    private static let limit: UInt64 = 0xFFFF_FFFF
    /// Bit 11: the name is UTF-8. Bit 3: there is a descriptor.
    private var flags: UInt16 { hasDescriptor ? 0x0808 : 0x0800 }
    /// 1980-01-01, the earliest date there is.
    private static let date: UInt16 = 1 << 5 | 1
    private static let made: UInt16 = 3 << 8 | 45  // on Unix, after version 4.5 of the specification

    /// Which version of the specification a reader must know: 1.0, 2.0 for directories and deflate, 4.5 for zip64.
    private func version(zip64: Bool) -> UInt16 { zip64 ? 45 : isDirectory || deflatedSize != nil ? 20 : 10 }

    func appendLocal(to bytes: inout [UInt8]) {
        let zip64 = hasLargeLocal
        bytes.append(little: 0x0403_4B50 as UInt32)
        appendCommon(
            zip64: zip64, crc: hasDescriptor ? 0 : crc,
            sizes: zip64 ? (Self.limit, Self.limit) : hasDescriptor ? (0, 0) : (dataSize, size), to: &bytes)
        bytes.append(little: UInt16(name.utf8.count))
        bytes.append(little: UInt16(zip64 ? 20 : 0))
        bytes.append(contentsOf: name.utf8)
        if zip64 {
            bytes.append(little: 1 as UInt16)
            bytes.append(little: 16 as UInt16)
            bytes.append(little: hasDescriptor ? 0 : size)
            bytes.append(little: hasDescriptor ? 0 : dataSize)
        }
    }

    func appendDescriptor(to bytes: inout [UInt8]) {
        bytes.append(little: 0x0807_4B50 as UInt32)
        bytes.append(little: crc)
        if hasLargeLocal {
            bytes.append(little: dataSize)
            bytes.append(little: size)
        } else {
            bytes.append(little: UInt32(dataSize))
            bytes.append(little: UInt32(size))
        }
    }

    func appendCentral(to bytes: inout [UInt8]) {
        let isLarge = max(size, dataSize) >= Self.limit
        let values = (isLarge ? [size, dataSize] : []) + (offset >= Self.limit ? [offset] : [])
        bytes.append(little: 0x0201_4B50 as UInt32)
        bytes.append(little: Self.made)
        appendCommon(
            zip64: !values.isEmpty || hasDescriptor && hasLargeLocal, crc: crc,
            sizes: isLarge ? (Self.limit, Self.limit) : (dataSize, size), to: &bytes)
        bytes.append(little: UInt16(name.utf8.count))
        bytes.append(little: UInt16(values.isEmpty ? 0 : 4 + 8 * values.count))
        bytes.append(little: 0 as UInt16)  // comment
        bytes.append(little: 0 as UInt16)  // disk
        bytes.append(little: 0 as UInt16)  // internal attributes
        // Unix mode; DOS's directory bit.
        let mode: UInt32 = isDirectory ? 0o040755 : isExecutable ? 0o100755 : 0o100644
        bytes.append(little: mode << 16 | (isDirectory ? 0x10 : 0))
        bytes.append(little: UInt32(min(offset, Self.limit)))
        bytes.append(contentsOf: name.utf8)
        if !values.isEmpty {
            bytes.append(little: 1 as UInt16)
            bytes.append(little: UInt16(8 * values.count))
            for value in values { bytes.append(little: value) }
        }
    }

    /// From "version needed" to "uncompressed size", which both headers have alike.
    private func appendCommon(
        zip64: Bool, crc: UInt32, sizes: (inArchive: UInt64, unpacked: UInt64), to bytes: inout [UInt8]
    ) {
        bytes.append(little: version(zip64: zip64))
        bytes.append(little: flags)
        bytes.append(little: (deflatedSize == nil ? 0 : 8) as UInt16)  // stored or deflated
        bytes.append(little: 0 as UInt16)  // midnight
        bytes.append(little: Self.date)
        bytes.append(little: crc)
        bytes.append(little: UInt32(sizes.inArchive))
        bytes.append(little: UInt32(sizes.unpacked))
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
