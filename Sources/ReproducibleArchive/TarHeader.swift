/// The fields of one 512-byte tar header.
struct TarHeader {
    let bytes: [UInt8]
    /// Bytes of data that follow, without padding.
    let size: Int64

    /// Nil when the checksum or a number is wrong.
    init?(_ bytes: [UInt8]) {
        guard bytes.count == 512, let expected = Self.number(bytes[148..<156]) else { return nil }
        var unsigned: Int64 = 8 * 32  // the checksum field itself counts as blanks
        var signed: Int64 = 8 * 32  // as some old writers summed
        for (index, byte) in bytes.enumerated() where !(148..<156).contains(index) {
            unsigned += Int64(byte)
            signed += Int64(Int8(bitPattern: byte))
        }
        guard expected == unsigned || expected == signed else { return nil }
        guard let size = Self.number(bytes[124..<136]), (0...(1 << 60)).contains(size) else { return nil }
        self.bytes = bytes
        self.size = size
    }

    var type: UInt8 { bytes[156] }

    var entryType: TarEntryInfo.EntryType {
        switch type {
        case 0, UInt8(ascii: "0"), UInt8(ascii: "7"), UInt8(ascii: "S"): .file
        case UInt8(ascii: "1"): .hardLink
        case UInt8(ascii: "2"): .symlink
        case UInt8(ascii: "5"), UInt8(ascii: "D"): .directory
        default: .other
        }
    }

    var mode: UInt16 { UInt16(truncatingIfNeeded: Self.number(bytes[100..<108]) ?? 0) & 0o7777 }

    var name: [UInt8] {
        let name = Self.text(bytes[0..<100])
        // GNU's old format ("ustar  ") has other fields where POSIX has the prefix.
        guard bytes[257..<263].elementsEqual("ustar\0".utf8) else { return name }
        let prefix = Self.text(bytes[345..<500])
        return prefix.isEmpty ? name : prefix + [UInt8(ascii: "/")] + name
    }

    var linkTarget: [UInt8] { Self.text(bytes[157..<257]) }

    var isSparse: Bool { type == UInt8(ascii: "S") }
    var sparseMapContinues: Bool { bytes[482] != 0 }
    /// The size of a sparse file when unpacked.
    var realSize: Int64? { isSparse ? Self.number(bytes[483..<495]) : nil }

    private static func text(_ field: ArraySlice<UInt8>) -> [UInt8] {
        Array(field.prefix { $0 != 0 })
    }

    /// Octal digits between blanks or NULs, or GNU's base 256 when the first bit is set.
    private static func number(_ field: ArraySlice<UInt8>) -> Int64? {
        guard let first = field.first else { return nil }
        if first & 0x80 != 0 {
            guard first == 0x80 else { return nil }  // negative, or larger than any file
            var value: Int64 = 0
            for byte in field.dropFirst() {
                guard value < 1 << 54 else { return nil }
                value = value << 8 | Int64(byte)
            }
            return value
        }
        let digits = field.drop { $0 == UInt8(ascii: " ") }.prefix { $0 != 0 && $0 != UInt8(ascii: " ") }
        var value: Int64 = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(digit) else { return nil }
            value = value << 3 | Int64(digit - UInt8(ascii: "0"))
        }
        return value
    }
}
