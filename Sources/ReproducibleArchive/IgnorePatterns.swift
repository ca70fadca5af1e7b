/// Patterns that leave files out of a tree, in the syntax of `.gitignore`.
///
/// As described in the gitignore(5) manual, "PATTERN FORMAT": `#` comments, `!` takes back, a slash at the beginning
/// or in the middle anchors the pattern to the root, a slash at the end restricts it to directories, `*` and `?` don't
/// match a slash, `**` matches any number of directories, the last match decides. Something inside a directory that
/// is left out can't be taken back. `?` and `[…]` match bytes, as git's do.
public struct IgnorePatterns: Sendable {
    private struct Pattern {
        var isNegated: Bool
        var directoriesOnly: Bool
        /// Matched against the whole path; otherwise against the last component only.
        var isAnchored: Bool
        var segments: [Glob]
    }

    private var patterns: [Pattern] = []

    /// Compiles patterns, one in each element.
    public init(_ lines: [String]) {
        patterns = lines.compactMap(Self.compile)
    }

    /// What the patterns say about one path.
    public enum Verdict: Hashable, Sendable {
        /// No pattern matches.
        case none
        /// The last pattern that matches leaves the path out.
        case excluded
        /// The last pattern that matches takes the path back.
        case included
    }

    /// What the patterns say about a path, disregarding the directories above it.
    /// - Parameters:
    ///   - path: relative to the root, `/`-separated, without a trailing slash.
    ///   - isDirectory: whether the path is a directory.
    public func verdict(on path: String, isDirectory: Bool) -> Verdict {
        let components = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map(Array.init)
        return verdict(on: components[...], isDirectory: isDirectory)
    }

    func verdict(on components: ArraySlice<[UInt8]>, isDirectory: Bool) -> Verdict {
        for pattern in patterns.reversed() where isDirectory || !pattern.directoriesOnly {
            let isMatch =
                pattern.isAnchored
                ? Self.matches(pattern.segments, components)
                : components.last.map { pattern.segments[0].matches($0) } ?? false
            if isMatch { return pattern.isNegated ? .included : .excluded }
        }
        return .none
    }

    private static func compile(_ line: String) -> Pattern? {
        var bytes = Array(line.utf8)
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        // Trailing blanks count only when a backslash protects them.
        while bytes.last == UInt8(ascii: " ") {
            let backslashes = bytes.dropLast().reversed().prefix { $0 == UInt8(ascii: "\\") }.count
            if backslashes % 2 == 1 { break }
            bytes.removeLast()
        }
        guard let first = bytes.first, first != UInt8(ascii: "#") else { return nil }
        let isNegated = first == UInt8(ascii: "!")
        if isNegated { bytes.removeFirst() }
        let directoriesOnly = bytes.last == UInt8(ascii: "/")
        if directoriesOnly { bytes.removeLast() }
        guard !bytes.isEmpty else { return nil }
        let isAnchored = bytes.contains(UInt8(ascii: "/"))
        if bytes.first == UInt8(ascii: "/") { bytes.removeFirst() }
        let segments = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map(Glob.init)
        return Pattern(
            isNegated: isNegated, directoriesOnly: directoriesOnly, isAnchored: isAnchored, segments: segments)
    }

    /// Matches components against segments, going back to the last `**` only, so that the work stays small.
    private static func matches(_ segments: [Glob], _ components: ArraySlice<[UInt8]>) -> Bool {
        var segment = 0
        var component = components.startIndex
        var retry: (segment: Int, component: Int)?
        while component < components.endIndex {
            if segment < segments.count, segments[segment].isAnyDepth {
                // At the end it stands for everything inside, not for the directory itself.
                if segment == segments.count - 1 { return true }
                segment += 1
                retry = (segment, component)
            } else if segment < segments.count, segments[segment].matches(components[component]) {
                segment += 1
                component += 1
            } else if let last = retry {
                retry = (last.segment, last.component + 1)
                segment = last.segment
                component = last.component + 1
            } else {
                return false
            }
        }
        return segment == segments.count
    }
}

/// One component of a pattern.
private struct Glob: Sendable {
    private enum Token {
        case byte(UInt8)
        case anyByte
        case anyBytes
        case oneOf([ClosedRange<UInt8>], negated: Bool)
    }

    /// The component is `**`.
    let isAnyDepth: Bool
    private let tokens: [Token]
    private let literal: [UInt8]?
    /// A broken pattern, which matches nothing.
    private let isBroken: Bool

    init(_ bytes: some Collection<UInt8>) {
        let bytes = Array(bytes)
        isAnyDepth = bytes.elementsEqual("**".utf8)
        let parsed = Self.parse(bytes)
        isBroken = parsed == nil
        tokens = parsed ?? []
        var plain: [UInt8]? = []
        for token in tokens {
            if case .byte(let byte) = token { plain?.append(byte) } else { plain = nil }
        }
        literal = plain
    }

    func matches(_ name: [UInt8]) -> Bool {
        if isBroken { return false }
        if let literal { return literal == name }
        var token = 0
        var position = 0
        var retry: (token: Int, position: Int)?
        while position < name.count {
            if token < tokens.count, case .anyBytes = tokens[token] {
                token += 1
                retry = (token, position)
            } else if token < tokens.count, Self.matches(tokens[token], name[position]) {
                token += 1
                position += 1
            } else if let last = retry {
                retry = (last.token, last.position + 1)
                token = last.token
                position = last.position + 1
            } else {
                return false
            }
        }
        while token < tokens.count, case .anyBytes = tokens[token] { token += 1 }
        return token == tokens.count
    }

    private static func matches(_ token: Token, _ byte: UInt8) -> Bool {
        switch token {
        case .byte(let expected): expected == byte
        case .anyByte: true
        case .anyBytes: false
        case .oneOf(let ranges, let negated): ranges.contains { $0.contains(byte) } != negated
        }
    }

    private static func parse(_ bytes: [UInt8]) -> [Token]? {
        var tokens: [Token] = []
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\\"):
                guard let escaped = rest.popFirst() else { return nil }
                tokens.append(.byte(escaped))
            case UInt8(ascii: "?"): tokens.append(.anyByte)
            case UInt8(ascii: "*"): tokens.append(.anyBytes)
            case UInt8(ascii: "["):
                guard let set = parseSet(&rest) else { return nil }
                tokens.append(set)
            default: tokens.append(.byte(byte))
            }
        }
        return tokens
    }

    /// What follows `[`: an optional `!` or `^`, then bytes, ranges and classes until `]`, which is itself when first.
    private static func parseSet(_ rest: inout ArraySlice<UInt8>) -> Token? {
        var negated = false
        if let first = rest.first, first == UInt8(ascii: "!") || first == UInt8(ascii: "^") {
            negated = true
            rest.removeFirst()
        }
        var ranges: [ClosedRange<UInt8>] = []
        var isFirst = true
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "]"), !isFirst { return .oneOf(ranges, negated: negated) }
            isFirst = false
            if byte == UInt8(ascii: "["), rest.first == UInt8(ascii: ":") {
                rest.removeFirst()
                guard let end = rest.firstIndex(of: UInt8(ascii: "]")), end > rest.startIndex,
                    rest[end - 1] == UInt8(ascii: ":"),
                    let named = classes[String(decoding: rest[..<(end - 1)], as: UTF8.self)]
                else { return nil }
                ranges += named
                rest = rest[(end + 1)...]
                continue
            }
            var low = byte
            if byte == UInt8(ascii: "\\") {
                guard let escaped = rest.popFirst() else { return nil }
                low = escaped
            }
            guard rest.first == UInt8(ascii: "-"), rest.dropFirst().first.map({ $0 != UInt8(ascii: "]") }) == true
            else {
                ranges.append(low...low)
                continue
            }
            rest.removeFirst()
            guard var high = rest.popFirst() else { return nil }
            if high == UInt8(ascii: "\\") {
                guard let escaped = rest.popFirst() else { return nil }
                high = escaped
            }
            if low <= high { ranges.append(low...high) }
        }
        return nil
    }

    /// POSIX character classes in the C locale.
    private static let classes: [String: [ClosedRange<UInt8>]] = {
        let digit: ClosedRange<UInt8> = 0x30...0x39
        let upper: ClosedRange<UInt8> = 0x41...0x5A
        let lower: ClosedRange<UInt8> = 0x61...0x7A
        return [
            "digit": [digit], "upper": [upper], "lower": [lower], "alpha": [upper, lower],
            "alnum": [digit, upper, lower], "xdigit": [digit, 0x41...0x46, 0x61...0x66],
            "blank": [0x09...0x09, 0x20...0x20],
            "space": [0x09...0x0D, 0x20...0x20], "cntrl": [0x00...0x1F, 0x7F...0x7F], "graph": [0x21...0x7E],
            "print": [0x20...0x7E], "punct": [0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E],
        ]
    }()
}
