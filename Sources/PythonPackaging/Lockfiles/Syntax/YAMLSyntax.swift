internal import Yams

/// YAML as lockfiles use it: nodes are composed, and no values constructed from them.
enum YAMLSyntax {
    /// Deeper nesting is refused.
    static let maximumDepth = 64
    /// A text with anchors may refer to them this often: enough for what people write, and too little for a bomb, whose
    /// size is exponential in the number of references.
    static let maximumReferences = 8

    static func parse(_ text: String) throws(LockfileError) -> LockfileTable {
        try checkReferences(text)
        let root: Node?
        do {
            // Without resolver, which would try expressions on each scalar.
            root = try compose(yaml: text, .basic, .default, .utf8)
        } catch let error as YamlError {
            throw describe(error)
        } catch {
            throw LockfileError("is not valid YAML")
        }
        guard let root, case .table(let table) = try value(root, depth: 0) else {
            throw LockfileError("is not a YAML mapping")
        }
        return table
    }

    /// Refuses anchors with many references. What may be one of either is counted, wherever it is written: `&name` and
    /// `*name` that follow neither a letter or digit nor a character that only occurs within a scalar.
    private static func checkReferences(_ text: String) throws(LockfileError) {
        var anchors = 0
        var references = 0
        var line = 1
        var previous = UInt8(ascii: "\n")
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\n"): line += 1
            case UInt8(ascii: "&") where beginsToken(after: previous): anchors += 1
            case UInt8(ascii: "*") where beginsToken(after: previous): references += 1
            default: break
            }
            previous = byte
            if anchors > 0, references > maximumReferences {
                throw LockfileError(
                    "uses YAML anchors more than \(maximumReferences) times; write the values out", line: line)
            }
        }
    }

    private static func beginsToken(after byte: UInt8) -> Bool {
        !PythonNames.isAlphanumeric(byte) && !"=./%_&*;)".utf8.contains(byte)
    }

    private static func value(_ node: Node, depth: Int) throws(LockfileError) -> LockfileValue {
        guard depth <= maximumDepth else {
            throw LockfileError("is nested more than \(maximumDepth) deep", line: node.mark?.line)
        }
        switch node {
        case .scalar(let scalar):
            guard scalar.style == .plain || scalar.style == .any else { return .string(scalar.string) }
            switch scalar.string {
            case "", "~", "null", "Null", "NULL": return .null
            default: return .plain(scalar.string)
            }
        case .sequence(let sequence):
            var list: [LockfileValue] = []
            list.reserveCapacity(sequence.count)
            for element in sequence { list.append(try value(element, depth: depth + 1)) }
            return .list(list)
        case .mapping(let mapping):
            var fields: [(key: String, value: LockfileValue)] = []
            fields.reserveCapacity(mapping.count)
            for (key, element) in mapping {
                guard case .scalar(let scalar) = key else {
                    throw LockfileError("has a key that is no scalar", line: key.mark?.line)
                }
                fields.append((scalar.string, try value(element, depth: depth + 1)))
            }
            return .table(LockfileTable(fields, line: node.mark?.line))
        case .alias: return .null
        }
    }

    private static func describe(_ error: YamlError) -> LockfileError {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            LockfileError("is not valid YAML: \(problem)", line: mark.line)
        case .duplicatedKeysInMapping(let keys, let context):
            LockfileError("has the key \(LockfileText.quoted(keys.first ?? "")) twice", line: context.mark.line)
        case .reader(let problem, _, _, _): LockfileError("is not valid YAML: \(problem)")
        default: LockfileError("is not valid YAML")
        }
    }
}
