/// The rules for names of files inside an archive that is shipped.
enum EntryName {
    /// Why a name must not be used, or nil when it is safe.
    ///
    /// Safe names are relative, consist of non-empty components other than `.` and `..` joined by `/`, and contain no
    /// backslash (a separator on Windows and for some readers), no control character and no drive letter.
    static func problem(_ name: some StringProtocol) -> String? {
        let bytes = name.utf8
        guard let first = bytes.first else { return "the name is empty" }
        if first == UInt8(ascii: "/") { return "the name is absolute" }
        var componentLength = 0
        var dots = 0
        var isASCII = true
        var position = 0
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "/"):
                if let problem = componentProblem(length: componentLength, dots: dots) { return problem }
                componentLength = 0
                dots = 0
                position += 1
                continue
            case UInt8(ascii: "\\"): return "the name contains a backslash"
            case 0: return "the name contains a NUL character"
            case 1..<0x20, 0x7F: return "the name contains a control character"
            case UInt8(ascii: ":") where position == 1 && isLetter(first):
                return "the name is absolute (a drive letter)"
            case UInt8(ascii: "."): dots += 1
            case 0x80...: isASCII = false
            default: break
            }
            componentLength += 1
            position += 1
        }
        if let problem = componentProblem(length: componentLength, dots: dots) { return problem }
        // U+0080–U+009F steer terminals just as C0 characters do.
        if !isASCII, name.unicodeScalars.contains(where: { (0x80...0x9F).contains($0.value) }) {
            return "the name contains a control character"
        }
        return nil
    }

    /// Removes leading `./` and a trailing `/`, which tar and some zip writers add to every name.
    static func trimmed(_ name: String) -> String {
        var rest = Substring(name)
        while rest.utf8.starts(with: [UInt8(ascii: "."), UInt8(ascii: "/")]) {
            rest = rest.dropFirst(2)
            while rest.utf8.first == UInt8(ascii: "/") { rest = rest.dropFirst() }
        }
        while rest.utf8.count > 1, rest.utf8.last == UInt8(ascii: "/") { rest = rest.dropLast() }
        return rest == "." ? "" : String(rest)
    }

    /// The same for names that need not be UTF-8.
    static func trimmed(_ name: [UInt8]) -> [UInt8] {
        let slash = UInt8(ascii: "/")
        var rest = name[...]
        while rest.starts(with: [UInt8(ascii: "."), slash]) {
            rest = rest.dropFirst(2).drop { $0 == slash }
        }
        while rest.count > 1, rest.last == slash { rest.removeLast() }
        return rest.elementsEqual([UInt8(ascii: ".")]) ? [] : Array(rest)
    }

    private static func componentProblem(length: Int, dots: Int) -> String? {
        switch (length, dots) {
        case (0, _): "the name has an empty component"
        case (1, 1): "the name has a component \".\""
        case (2, 2): "the name climbs out of the archive with \"..\""
        default: nil
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
}

/// Reads little-endian integers of a zip structure.
struct LittleEndian {
    let bytes: [UInt8]

    func u16(_ at: Int) -> Int { Int(bytes[at]) | Int(bytes[at + 1]) << 8 }

    func u32(_ at: Int) -> UInt32 {
        UInt32(bytes[at]) | UInt32(bytes[at + 1]) << 8 | UInt32(bytes[at + 2]) << 16 | UInt32(bytes[at + 3]) << 24
    }

    func u64(_ at: Int) -> UInt64 { UInt64(u32(at)) | UInt64(u32(at + 4)) << 32 }
}
