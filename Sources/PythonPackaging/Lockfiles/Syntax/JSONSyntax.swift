import Foundation

/// JSON as lockfiles use it.
enum JSONSyntax {
    /// Deeper nesting is refused before Foundation's parser, which recurses, sees it.
    static let maximumDepth = 64

    static func parse(_ text: String) throws(LockfileError) -> LockfileTable {
        try checkDepth(text)
        let object: Any
        do {
            object = try JSONSerialization.jsonObject(with: Data(text.utf8))
        } catch {
            let detail = (error as NSError).userInfo["NSDebugDescription"] as? String
            throw LockfileError("is not valid JSON\(detail.map { ": \(LockfileText.quoted($0))" } ?? "")")
        }
        guard case .table(let table) = value(object) else { throw LockfileError("is not a JSON object") }
        return table
    }

    private static func checkDepth(_ text: String) throws(LockfileError) {
        var depth = 0
        var inString = false
        var escaped = false
        var line = 1
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\n") { line += 1 }
            if inString {
                if escaped {
                    escaped = false
                } else if byte == UInt8(ascii: "\\") {
                    escaped = true
                } else if byte == UInt8(ascii: "\"") {
                    inString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): inString = true
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
                guard depth <= maximumDepth else {
                    throw LockfileError("is nested more than \(maximumDepth) deep", line: line)
                }
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
            default: break
            }
        }
    }

    private static func value(_ object: Any) -> LockfileValue {
        switch object {
        case let text as String: return .string(text)
        case let number as NSNumber:
            if isBoolean(number) { return .boolean(number.boolValue) }
            if let integer = Int64(exactly: number) { return .integer(integer) }
            return .other("a floating-point number")
        case let list as [Any]: return .list(list.map(value))
        case let table as [String: Any]:
            let keys = table.keys.sorted()
            return .table(
                LockfileTable(keys.compactMap { key in table[key].map { (key: key, value: value($0)) } }))
        default: return .null
        }
    }

    /// Whether it was `true` or `false`: Foundation makes numbers of one byte for nothing else.
    private static func isBoolean(_ number: NSNumber) -> Bool {
        String(cString: number.objCType) == "c"
    }
}
