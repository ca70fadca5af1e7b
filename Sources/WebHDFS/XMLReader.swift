/// A small strict pull parser for the XML of Hadoop's configuration files.
///
/// It knows elements, attributes, text, CDATA, comments, processing instructions, the five predefined entities and
/// character references (XML 1.0). It does not know entity declarations: a document type with an internal subset is
/// refused, so there are neither external entities nor expansion bombs. Only UTF-8 and its subset ASCII are read.
///
/// FoundationXML would cost 50 MB in a statically linked program and 1.6 ms at each start.
struct XMLReader {
    /// One thing in the document.
    enum Event: Equatable {
        /// A start tag; an empty element gives a start and an end. The name keeps its prefix.
        case start(name: String, attributes: [String: String])
        /// An end tag.
        case end(name: String)
        /// Character data, with references and CDATA resolved. One run of text may come in several pieces.
        case text(String)
    }

    /// Text that is not the XML that was expected.
    struct Failure: Error, Equatable, Sendable {
        /// What is wrong.
        var message: String
        /// The line, counted from 1.
        var line: Int
    }

    static let maximumDepth = 64

    private let bytes: [UInt8]
    private var offset = 0
    private var open: [String] = []
    private var pendingEnd: String?
    private var hasRoot = false

    init(_ bytes: [UInt8]) throws {
        self.bytes = bytes
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { offset = 3 }
        guard String(validating: bytes, as: UTF8.self) != nil, !bytes.contains(0) else {
            throw failure("the file is not UTF-8")
        }
    }

    /// The local part of a name that may have a namespace prefix.
    static func localName(_ name: String) -> Substring {
        name.lastIndex(of: ":").map { name[name.index(after: $0)...] } ?? name[...]
    }

    /// The next event, or `nil` at the end of a complete document.
    mutating func next() throws -> Event? {
        if let name = pendingEnd {
            pendingEnd = nil
            return .end(name: name)
        }
        while offset < bytes.count {
            if bytes[offset] != UInt8(ascii: "<") {
                let text = try characterData()
                if !open.isEmpty { return .text(text) }
                guard text.allSatisfy(\.isWhitespace) else { throw failure("text outside the root element") }
            } else if take("<!--") {
                try skip(past: "-->", "comment")
            } else if take("<![CDATA[") {
                let start = offset
                try skip(past: "]]>", "CDATA section")
                guard !open.isEmpty else { throw failure("CDATA outside the root element") }
                return .text(text(start..<(offset - 3)))
            } else if take("<?") {
                try processingInstruction()
            } else if take("<!DOCTYPE") {
                try documentType()
            } else if take("</") {
                return try endTag()
            } else {
                return try startTag()
            }
        }
        guard open.isEmpty else { throw failure("the element \(open.last ?? "") is not closed") }
        guard hasRoot else { throw failure("there is no element") }
        return nil
    }

    func failure(_ message: String) -> Failure {
        let line = bytes.prefix(offset).reduce(1) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 }
        return Failure(message: message, line: line)
    }
}

extension XMLReader {
    private mutating func startTag() throws -> Event {
        offset += 1
        let name = try self.name()
        guard !open.isEmpty || !hasRoot else { throw failure("a second root element") }
        var attributes: [String: String] = [:]
        while true {
            let hadSpace = skipWhitespace()
            if take("/>") {
                pendingEnd = name
                break
            }
            if take(">") {
                guard open.count < Self.maximumDepth else { throw failure("elements are nested too deeply") }
                open.append(name)
                break
            }
            guard hadSpace else { throw failure("malformed start tag of \(name)") }
            let attribute = try self.name()
            skipWhitespace()
            guard take("=") else { throw failure("attribute \(attribute) has no value") }
            skipWhitespace()
            guard attributes.updateValue(try attributeValue(attribute), forKey: attribute) == nil else {
                throw failure("attribute \(attribute) is given twice")
            }
        }
        hasRoot = true
        return .start(name: name, attributes: attributes)
    }

    private mutating func endTag() throws -> Event {
        let name = try self.name()
        skipWhitespace()
        guard take(">") else { throw failure("malformed end tag of \(name)") }
        guard open.popLast() == name else { throw failure("end tag of \(name) without its start") }
        return .end(name: name)
    }

    private mutating func attributeValue(_ attribute: String) throws -> String {
        guard offset < bytes.count, bytes[offset] == UInt8(ascii: "\"") || bytes[offset] == UInt8(ascii: "'") else {
            throw failure("attribute \(attribute) has no quotes")
        }
        let quote = bytes[offset]
        offset += 1
        var result: [UInt8] = []
        while offset < bytes.count, bytes[offset] != quote {
            switch bytes[offset] {
            case UInt8(ascii: "<"): throw failure("a < in an attribute")
            case UInt8(ascii: "&"): result.append(contentsOf: try reference().utf8)
            case 0x09, 0x0A, 0x0D:
                result.append(0x20)
                offset += 1
            default:
                result.append(bytes[offset])
                offset += 1
            }
        }
        guard offset < bytes.count else { throw failure("attribute \(attribute) is not closed") }
        offset += 1
        return String(decoding: result, as: UTF8.self)
    }

    /// Text up to the next markup, with its references resolved and line ends made uniform.
    private mutating func characterData() throws -> String {
        var result: [UInt8] = []
        while offset < bytes.count, bytes[offset] != UInt8(ascii: "<") {
            if bytes[offset] == UInt8(ascii: "&") {
                result.append(contentsOf: try reference().utf8)
            } else {
                if bytes[offset] != 0x0D { result.append(bytes[offset]) }
                offset += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private mutating func reference() throws -> String {
        let start = offset + 1
        guard let end = bytes[start...].prefix(12).firstIndex(of: UInt8(ascii: ";")) else {
            throw failure("a & that is no reference")
        }
        let name = text(start..<end)
        switch name {
        case "lt": offset = end + 1; return "<"
        case "gt": offset = end + 1; return ">"
        case "amp": offset = end + 1; return "&"
        case "quot": offset = end + 1; return "\""
        case "apos": offset = end + 1; return "'"
        default: break
        }
        guard name.hasPrefix("#") else { throw failure("the entity \(name) is not known") }
        let digits = name.dropFirst()
        let code = digits.hasPrefix("x") ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
        guard let code, code >= 0x20 || [0x09, 0x0A, 0x0D].contains(code), let scalar = Unicode.Scalar(code) else {
            throw failure("the character reference \(name) is invalid")
        }
        offset = end + 1
        return String(Character(scalar))
    }

    /// Skips an instruction, but looks at the encoding that an XML declaration names.
    private mutating func processingInstruction() throws {
        let start = offset
        try skip(past: "?>", "processing instruction")
        let content = text(start..<(offset - 2))
        guard content.hasPrefix("xml"), let encoding = content.firstRange(of: "encoding") else { return }
        let value = content[encoding.upperBound...].drop { $0.isWhitespace || $0 == "=" }.dropFirst()
            .prefix { $0 != "\"" && $0 != "'" }
        guard ["utf-8", "utf8", "us-ascii", "ascii"].contains(value.lowercased()) || isASCII else {
            throw failure("the encoding \(value) is not supported; write the file in UTF-8")
        }
    }

    private var isASCII: Bool { bytes.allSatisfy { $0 < 0x80 } }

    private mutating func documentType() throws {
        guard !hasRoot else { throw failure("a document type behind the root element") }
        while offset < bytes.count, bytes[offset] != UInt8(ascii: ">") {
            if bytes[offset] == UInt8(ascii: "[") {
                throw failure("declarations in the document type are not supported")
            }
            offset += 1
        }
        guard take(">") else { throw failure("the document type is not closed") }
    }

    private mutating func name() throws -> String {
        let start = offset
        while offset < bytes.count, Self.isNameByte(bytes[offset], first: offset == start) { offset += 1 }
        guard offset > start else { throw failure("a name is missing") }
        return text(start..<offset)
    }

    private static func isNameByte(_ byte: UInt8, first: Bool) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"),
            UInt8(ascii: ":"), 0x80...0xFF:
            true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."):
            !first
        default:
            false
        }
    }

    @discardableResult
    private mutating func skipWhitespace() -> Bool {
        let start = offset
        while offset < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[offset]) { offset += 1 }
        return offset > start
    }

    private mutating func take(_ text: StaticString) -> Bool {
        let wanted = text.description.utf8
        guard bytes[offset...].starts(with: wanted) else { return false }
        offset += wanted.count
        return true
    }

    private mutating func skip(past end: StaticString, _ what: String) throws {
        while offset < bytes.count {
            if take(end) { return }
            offset += 1
        }
        throw failure("a \(what) is not closed")
    }

    private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
}
