/// Why a text is not acceptable as a name; the rule in words, without the text itself.
public struct InvalidName: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was being named, for example `leaf name`.
    public let role: String
    /// The text as it was given, with control characters made visible.
    public let text: String
    /// The rule that the text breaks, as an English clause.
    public let rule: String

    /// One line that says all three.
    public var description: String { "\(role) \(text) \(rule)" }

    init(role: String, text: String, rule: String) {
        self.role = role
        self.text = QuotedText.visible(text)
        self.rule = rule
    }
}

/// Makes hostile text safe to print.
public enum QuotedText {
    /// Quotes a text for a message: control characters, quotes and invalid scalars are escaped, and it is cut at 200 characters.
    public static func visible(_ text: String) -> String {
        var result = "\""
        var count = 0
        for scalar in text.unicodeScalars {
            if count == 200 {
                result += "…"
                break
            }
            count += 1
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\r": result += "\\r"
            default:
                if scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || isInvisible(scalar) {
                    result += "\\u{" + String(scalar.value, radix: 16) + "}"
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result + "\""
    }

    /// The text itself where it is harmless to print, else as ``visible(_:)`` quotes it.
    public static func shown(_ text: String) -> String {
        let isHarmless = text.unicodeScalars.allSatisfy {
            $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) && !isInvisible($0)
        }
        return isHarmless ? text : visible(text)
    }

    /// Bidirectional controls and line separators can make a terminal show something other than what is there.
    private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF: true
        default: false
        }
    }
}

/// The last component of an object's path in the store.
///
/// Spark and YARN tell distributed files apart by this name alone, expand globs in it and split lists at commas, so only
/// `A–Z a–z 0–9 . _ + -` are allowed (Spark `DependencyUtils.resolveGlobPaths`, YARN `Client.scala`).
public struct LeafName: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The name.
    public let text: String

    /// Validates a leaf name: 1 to 255 bytes of `[A-Za-z0-9._+-]`, neither `.` nor `..`, and not starting with `-`.
    public init(_ text: String) throws(InvalidName) {
        try Self.check(text, role: "file name", maximumLength: 255)
        self.text = text
    }

    static func check(_ text: String, role: String, maximumLength: Int) throws(InvalidName) {
        guard !text.isEmpty else { throw InvalidName(role: role, text: text, rule: "is empty") }
        guard text.utf8.count <= maximumLength else {
            throw InvalidName(role: role, text: text, rule: "is longer than \(maximumLength) bytes")
        }
        if !text.utf8.allSatisfy(isAllowedByte), let bad = text.unicodeScalars.first(where: { !isAllowed($0) }) {
            throw InvalidName(
                role: role, text: text,
                rule: "contains \(QuotedText.visible(String(bad))); only letters, digits and . _ + - are safe for Spark"
            )
        }
        guard text != ".", text != "..", !text.hasPrefix("-") else {
            throw InvalidName(role: role, text: text, rule: "is \".\", \"..\" or starts with \"-\"")
        }
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII && isAllowedByte(UInt8(truncatingIfNeeded: scalar.value))
    }

    private static func isAllowedByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x61...0x7A, 0x41...0x5A, 0x30...0x39, 0x2E, 0x5F, 0x2B, 0x2D: true  // a–z A–Z 0–9 . _ + -
        default: false
        }
    }

    /// Replaces every character that a leaf may not have by `_`, for names that nothing opens by name.
    public static func sanitized(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            result.append(isAllowed(scalar) ? scalar : "_")
        }
        let cleaned = String(String(result).drop { $0 == "-" || $0 == "." })
        return cleaned.isEmpty ? "_" : String(cleaned.prefix(120))
    }

    /// `<name>-<version>-<first 12 hex of the SHA-256>.<extension>`: a leaf that is unique for its content.
    ///
    /// - Parameter fileExtension: without the leading dot, for example `tar.gz`.
    public static func unique(
        name: String, version: String?, digest: ContentDigest, fileExtension: String
    ) throws(InvalidName) -> LeafName {
        let stem = [name, version].compactMap { $0 }.map(sanitized).joined(separator: "-")
        return try LeafName("\(stem)-\(digest.short).\(fileExtension)")
    }

    /// The name.
    public var description: String { text }

    /// Orders by UTF-8 bytes, the same on every machine.
    public static func < (left: LeafName, right: LeafName) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }
}

/// The name of an environment: a directory name in the store. At most 100 bytes of `[A-Za-z0-9._+-]`.
public struct EnvironmentName: Hashable, Sendable, CustomStringConvertible {
    /// The name.
    public let text: String

    /// Validates an environment name.
    public init(_ text: String) throws(InvalidName) {
        try LeafName.check(text, role: "environment name", maximumLength: 100)
        self.text = text
    }

    /// The name.
    public var description: String { text }
}

/// The name of a job in `envsync.toml`. At most 100 bytes of `[A-Za-z0-9._+-]`.
public struct JobName: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The name.
    public let text: String

    /// Validates a job name.
    public init(_ text: String) throws(InvalidName) {
        try LeafName.check(text, role: "job name", maximumLength: 100)
        self.text = text
    }

    /// The name.
    public var description: String { text }

    /// Orders by UTF-8 bytes.
    public static func < (left: JobName, right: JobName) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }
}

/// The name under which workers find an unpacked archive: what follows `#` in `--archives`.
public struct ArchiveAlias: Hashable, Sendable, CustomStringConvertible {
    /// The alias.
    public let text: String

    /// Validates an alias. At most 100 bytes of `[A-Za-z0-9._+-]`.
    public init(_ text: String) throws(InvalidName) {
        try LeafName.check(text, role: "archive alias", maximumLength: 100)
        self.text = text
    }

    /// The alias.
    public var description: String { text }
}
