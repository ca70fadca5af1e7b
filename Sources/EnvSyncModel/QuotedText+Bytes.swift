extension QuotedText {
    /// A file's name or path, which is bytes: as ``shown(_:)`` if it is UTF-8, else quoted with `\x` for what isn't.
    public static func shown(bytes: [UInt8]) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return shown(text) }
        var result = "\""
        var rest = bytes[...]
        while !rest.isEmpty, result.utf8.count < 1000 {
            let length = (1...min(4, rest.count)).first { String(validating: rest.prefix($0), as: UTF8.self) != nil }
            if let length {
                result += visible(String(decoding: rest.prefix(length), as: UTF8.self)).dropFirst().dropLast()
            } else if let byte = rest.first {
                result += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
            rest = rest.dropFirst(length ?? 1)
        }
        return result + (rest.isEmpty ? "\"" : "…\"")
    }
}
