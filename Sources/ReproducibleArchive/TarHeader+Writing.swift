/// What a tar writer says about an entry.
struct TarEntryHeader {
    /// Bytes, since file names are.
    var name: [UInt8]
    var type: TarEntryInfo.EntryType
    var size: Int64 = 0
    var isExecutable = false
    var linkTarget: [UInt8] = []

    /// 1980-01-01, as in the zip files of ``ReproducibleZip``.
    private static let date: Int64 = 315_532_800
    /// Larger sizes don't fit eleven octal digits.
    private static let sizeLimit: Int64 = 1 << 33

    init(
        name: [UInt8], type: TarEntryInfo.EntryType, size: Int64 = 0, isExecutable: Bool = false,
        linkTarget: [UInt8] = []
    ) {
        self.name = name
        self.type = type
        self.size = size
        self.isExecutable = isExecutable
        self.linkTarget = linkTarget
    }

    init(
        name: String, type: TarEntryInfo.EntryType, size: Int64 = 0, isExecutable: Bool = false,
        linkTarget: String = ""
    ) {
        self.init(
            name: Array(name.utf8), type: type, size: size, isExecutable: isExecutable,
            linkTarget: Array(linkTarget.utf8))
    }

    /// Appends the header, after an extended one (IEEE Std 1003.1, pax) where name, target or size need that.
    func append(to bytes: inout [UInt8]) {
        let path = type == .directory ? name + [UInt8(ascii: "/")] : name
        let split = Self.split(path)
        let records = extendedRecords(path, isSplit: split != nil)
        if !records.isEmpty {
            Self.appendBlock(
                name: Array("PaxHeader".utf8)[...], prefix: [], mode: 0o644, size: Int64(records.count),
                type: UInt8(ascii: "x"), target: [], to: &bytes)
            bytes += records
            Self.pad(&bytes, after: Int64(records.count))
        }
        // Programs that don't know extended headers see the end of the name.
        let (prefix, shortName) = split ?? ([], Self.asciiTail(path)[...])
        let isData = type == .file
        Self.appendBlock(
            name: shortName, prefix: prefix, mode: type == .file && !isExecutable ? 0o644 : 0o755,
            size: isData ? min(size, Self.sizeLimit - 1) : 0,
            type: UInt8(ascii: type == .directory ? "5" : type == .symlink ? "2" : "0"),
            target: Self.isASCII(linkTarget) ? linkTarget.prefix(100) : [], to: &bytes)
    }

    /// Appends the zeros that fill up the last block of an entry's data.
    static func pad(_ bytes: inout [UInt8], after size: Int64) {
        bytes.append(contentsOf: repeatElement(0, count: Int((512 - size % 512) % 512)))
    }

    private func extendedRecords(_ path: [UInt8], isSplit: Bool) -> [UInt8] {
        let longTarget = linkTarget.count > 100 || !Self.isASCII(linkTarget)
        guard !isSplit || longTarget || size >= Self.sizeLimit else { return [] }
        var records: [UInt8] = []
        // Values are UTF-8 unless this record comes first (IEEE Std 1003.1, pax, "pax Extended Header").
        let isText =
            (isSplit || String(validating: path, as: UTF8.self) != nil)
            && (!longTarget || String(validating: linkTarget, as: UTF8.self) != nil)
        if !isText { Self.appendRecord("hdrcharset", Array("BINARY".utf8), to: &records) }
        if !isSplit { Self.appendRecord("path", path, to: &records) }
        if longTarget { Self.appendRecord("linkpath", linkTarget, to: &records) }
        if size >= Self.sizeLimit { Self.appendRecord("size", Array(String(size).utf8), to: &records) }
        return records
    }

    private static func isASCII(_ text: [UInt8]) -> Bool {
        var all: UInt8 = 0
        for byte in text { all |= byte }
        return all < 0x80
    }

    /// The name in two parts, of at most 155 and 100 bytes, that a slash joins; nil if it can't be had.
    private static func split(_ path: [UInt8]) -> (prefix: ArraySlice<UInt8>, name: ArraySlice<UInt8>)? {
        guard isASCII(path) else { return nil }
        if path.count <= 100 { return ([], path[...]) }
        let earliest = path.count - 101
        guard let slash = path[earliest...].dropLast().firstIndex(of: UInt8(ascii: "/")), slash > 0, slash <= 155
        else {
            return nil
        }
        return (path[..<slash], path[(slash + 1)...])
    }

    private static func asciiTail(_ path: [UInt8]) -> [UInt8] {
        path.suffix(100).map { $0 < 0x80 ? $0 : UInt8(ascii: "_") }
    }

    /// A record is `"%d %s=%s\n"`; its length counts the digits of the length too.
    private static func appendRecord(_ keyword: String, _ value: [UInt8], to records: inout [UInt8]) {
        let rest = Array(" \(keyword)=".utf8) + value + [UInt8(ascii: "\n")]
        var length = rest.count
        while String(length).utf8.count + rest.count != length {
            length = String(length).utf8.count + rest.count
        }
        records += Array(String(length).utf8) + rest
    }

    private static func appendBlock(
        name: ArraySlice<UInt8>, prefix: ArraySlice<UInt8>, mode: Int64, size: Int64, type: UInt8,
        target: ArraySlice<UInt8>, to bytes: inout [UInt8]
    ) {
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: 512))
        unsafe bytes.withUnsafeMutableBytes { all in
            let block = unsafe UnsafeMutableRawBufferPointer(rebasing: all[start...])
            func text(_ value: ArraySlice<UInt8>, at offset: Int) {
                unsafe value.withUnsafeBytes {
                    unsafe UnsafeMutableRawBufferPointer(rebasing: block[offset...]).copyMemory(from: $0)
                }
            }
            /// Octal digits that fill all but the last byte of the field.
            func number(_ value: Int64, at offset: Int, width: Int) {
                var rest = value
                for index in (offset..<offset + width - 1).reversed() {
                    unsafe block[index] = UInt8(ascii: "0") + UInt8(rest & 7)
                    rest >>= 3
                }
            }
            text(name, at: 0)
            number(mode, at: 100, width: 8)
            number(0, at: 108, width: 8)  // user
            number(0, at: 116, width: 8)  // group
            number(size, at: 124, width: 12)
            number(date, at: 136, width: 12)
            unsafe block[156] = type
            text(target, at: 157)
            unsafe block[257] = UInt8(ascii: "u")
            unsafe block[258] = UInt8(ascii: "s")
            unsafe block[259] = UInt8(ascii: "t")
            unsafe block[260] = UInt8(ascii: "a")
            unsafe block[261] = UInt8(ascii: "r")
            unsafe block[263] = UInt8(ascii: "0")
            unsafe block[264] = UInt8(ascii: "0")
            number(0, at: 329, width: 8)  // device
            number(0, at: 337, width: 8)
            text(prefix, at: 345)
            var sum: Int64 = 8 * 32  // the checksum, which counts as blanks
            for index in 0..<512 { sum += unsafe Int64(block[index]) }
            number(sum, at: 148, width: 7)
            unsafe block[155] = UInt8(ascii: " ")
        }
    }
}
