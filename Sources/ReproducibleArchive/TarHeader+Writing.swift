/// What a tar writer says about an entry.
struct TarEntryHeader {
    var name: String
    var type: TarEntryInfo.EntryType
    var size: Int64 = 0
    var isExecutable = false
    var linkTarget = ""

    /// 1980-01-01, as in the zip files of ``ReproducibleZip``.
    private static let date: Int64 = 315_532_800
    /// Larger sizes don't fit eleven octal digits.
    private static let sizeLimit: Int64 = 1 << 33

    /// Appends the header, after an extended one (IEEE Std 1003.1, pax) where name, target or size need that.
    func append(to bytes: inout [UInt8]) {
        let path = type == .directory ? name + "/" : name
        var records: [UInt8] = []
        let split = Self.split(path)
        if split == nil { Self.appendRecord("path", path, to: &records) }
        if linkTarget.utf8.count > 100 || !Self.isASCII(linkTarget) {
            Self.appendRecord("linkpath", linkTarget, to: &records)
        }
        if size >= Self.sizeLimit { Self.appendRecord("size", String(size), to: &records) }
        if !records.isEmpty {
            Self.appendBlock(
                name: "PaxHeader", prefix: "", mode: 0o644, size: Int64(records.count), type: "x", target: "",
                to: &bytes)
            bytes += records
            Self.pad(&bytes, after: Int64(records.count))
        }
        // Programs that don't know extended headers see the end of the name.
        let (prefix, shortName) = split ?? ("", Self.asciiTail(path))
        let isData = type == .file
        Self.appendBlock(
            name: shortName, prefix: prefix, mode: type == .file && !isExecutable ? 0o644 : 0o755,
            size: isData ? min(size, Self.sizeLimit - 1) : 0,
            type: type == .directory ? "5" : type == .symlink ? "2" : "0",
            target: Self.isASCII(linkTarget) ? String(decoding: linkTarget.utf8.prefix(100), as: UTF8.self) : "",
            to: &bytes)
    }

    /// Appends the zeros that fill up the last block of an entry's data.
    static func pad(_ bytes: inout [UInt8], after size: Int64) {
        bytes.append(contentsOf: repeatElement(0, count: Int((512 - size % 512) % 512)))
    }

    private static func isASCII(_ text: String) -> Bool { text.utf8.allSatisfy { $0 < 0x80 } }

    /// The name in two parts, of at most 155 and 100 bytes, that a slash joins; nil if it can't be had.
    private static func split(_ path: String) -> (prefix: String, name: String)? {
        guard isASCII(path) else { return nil }
        if path.utf8.count <= 100 { return ("", path) }
        let bytes = Array(path.utf8)
        let earliest = bytes.count - 101
        guard let slash = bytes[earliest...].dropLast().firstIndex(of: UInt8(ascii: "/")), slash > 0, slash <= 155
        else {
            return nil
        }
        return (
            String(decoding: bytes[..<slash], as: UTF8.self), String(decoding: bytes[(slash + 1)...], as: UTF8.self)
        )
    }

    private static func asciiTail(_ path: String) -> String {
        String(decoding: path.utf8.suffix(100).map { $0 < 0x80 ? $0 : UInt8(ascii: "_") }, as: UTF8.self)
    }

    /// A record is `"%d %s=%s\n"`; its length counts the digits of the length too.
    private static func appendRecord(_ keyword: String, _ value: String, to records: inout [UInt8]) {
        let rest = " \(keyword)=\(value)\n"
        var length = rest.utf8.count
        while String(length).utf8.count + rest.utf8.count != length {
            length = String(length).utf8.count + rest.utf8.count
        }
        records += Array("\(length)\(rest)".utf8)
    }

    private static func appendBlock(
        name: String, prefix: String, mode: Int64, size: Int64, type: Character, target: String,
        to bytes: inout [UInt8]
    ) {
        var block: [UInt8] = []
        block.reserveCapacity(512)
        func text(_ value: String, _ width: Int) {
            block += value.utf8
            block.append(contentsOf: repeatElement(0, count: width - value.utf8.count))
        }
        func number(_ value: Int64, _ width: Int) {
            let digits = String(value, radix: 8)
            text(String(repeating: "0", count: width - 1 - digits.utf8.count) + digits, width)
        }
        text(name, 100)
        number(mode, 8)
        number(0, 8)  // user
        number(0, 8)  // group
        number(size, 12)
        number(date, 12)
        text("        ", 8)  // the checksum, which counts as blanks
        text(String(type), 1)
        text(target, 100)
        text("ustar", 6)
        text("00", 2)
        text("", 32)  // user's name
        text("", 32)  // group's name
        number(0, 8)  // device
        number(0, 8)
        text(prefix, 155)
        text("", 12)
        let sum = block.reduce(into: 0) { $0 += Int64($1) }
        let digits = Array(String(sum, radix: 8).utf8)
        let field = [UInt8](repeating: UInt8(ascii: "0"), count: 6 - digits.count) + digits + [0, UInt8(ascii: " ")]
        block.replaceSubrange(148..<156, with: field)
        bytes += block
    }
}
