import CurlHTTP

/// Removes secrets from text that may reach a log, a message or a database.
///
/// Secrets in WebHDFS are the values of the query parameters `delegation` (a token that a NameNode mints into every
/// redirect when security is on, NamenodeWebHdfsMethods) and `_` (the encrypted query of a Knox redirect), and user
/// information before an `@` in a URL.
enum Redaction {
    static let mark = URLRedaction.placeholder

    /// `text` without secrets; text that holds none comes back unchanged.
    static func redact(_ text: String) -> String {
        let source = Array(text.utf8)
        var result: [UInt8] = []
        result.reserveCapacity(source.count)
        var index = 0
        while index < source.count {
            if let valueStart = secretValueStart(in: source, at: index) {
                result.append(contentsOf: source[index..<valueStart])
                let valueEnd = source[valueStart...].firstIndex(where: isTerminator) ?? source.count
                if valueEnd > valueStart { result.append(contentsOf: mark.utf8) }
                index = valueEnd
            } else if let at = userInformationEnd(in: source, at: index) {
                result.append(contentsOf: Array("//\(mark)".utf8))
                index = at
            } else {
                result.append(source[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// The index after `delegation=`, `token=` or `_=` when such a parameter starts at `index`.
    private static func secretValueStart(in bytes: [UInt8], at index: Int) -> Int? {
        if index > 0, isNameByte(bytes[index - 1]) { return nil }
        for name in ["delegation", "token", "_"] {
            let end = index + name.utf8.count
            guard end < bytes.count else { continue }
            let matches = zip(bytes[index..<end], name.utf8).allSatisfy { byte, expected in
                byte == expected || byte | 0x20 == expected && expected != UInt8(ascii: "_")
            }
            guard matches else { continue }
            if bytes[end] == UInt8(ascii: "=") { return end + 1 }
            if bytes[end...].starts(with: Array("%3D".utf8)) || bytes[end...].starts(with: Array("%3d".utf8)) {
                return end + 3
            }
        }
        return nil
    }

    /// The index of the `@` that ends user information, when `//user:password@` starts at `index`.
    private static func userInformationEnd(in bytes: [UInt8], at index: Int) -> Int? {
        guard bytes[index] == UInt8(ascii: "/"), index > 0, bytes[index - 1] == UInt8(ascii: ":"),
            index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "/")
        else { return nil }
        var end = index + 2
        while end < bytes.count, !isTerminator(bytes[end]), bytes[end] != UInt8(ascii: "/"),
            bytes[end] != UInt8(ascii: "?")
        {
            if bytes[end] == UInt8(ascii: "@") { return end }
            end += 1
        }
        return nil
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default:
            false
        }
    }

    private static func isTerminator(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "&"), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "<"), UInt8(ascii: ">"),
            UInt8(ascii: ")"), UInt8(ascii: ","), UInt8(ascii: ";"), 0...0x20:
            true
        default:
            false
        }
    }
}
