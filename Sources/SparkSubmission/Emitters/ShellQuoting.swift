/// Quoting for POSIX shells (POSIX.1-2017, Shell Command Language, 2.2).
public enum ShellQuoting {
    /// Whether a shell could take the word for something else than itself.
    public static func needsQuoting(_ word: String) -> Bool {
        // A number sign begins a comment only at the beginning of a word; archives have one before their alias.
        word.utf8.first.map { $0 == UInt8(ascii: "#") } ?? true || !word.utf8.allSatisfy(isPlain)
    }

    /// The word as a shell reads it back: itself, or in single quotes, within which a shell interprets nothing.
    ///
    /// - Parameter word: any text without NUL.
    public static func quote(_ word: String) -> String {
        guard needsQuoting(word) else { return word }
        var result = "'"
        for scalar in word.unicodeScalars {
            if scalar == "'" { result += "'\\''" } else { result.unicodeScalars.append(scalar) }
        }
        return result + "'"
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case UInt8(ascii: "%"), UInt8(ascii: "+"), UInt8(ascii: ","), UInt8(ascii: "-"), UInt8(ascii: "."): true
        case UInt8(ascii: "/"), UInt8(ascii: ":"), UInt8(ascii: "="), UInt8(ascii: "@"), UInt8(ascii: "_"): true
        case UInt8(ascii: "#"): true
        default: false
        }
    }
}

/// Words on one line for a shell.
///
/// A line that is pasted or given to `eval` is read by the shell's grammar, quotes included. The output of `$(…)` is not:
/// it is only split at white space and matched against file names, and quotes in it stay as they are.
public struct ShellLine: Sendable, Hashable {
    /// What `$(…)` without quotes makes of the words.
    public enum Substitution: Sendable, Hashable {
        /// Exactly the words.
        case exact
        /// The words, unless a file in the current directory happens to match one of these patterns.
        case unlessFilesMatch([String])
        /// Something else, because these words are empty or hold white space.
        case broken([String])
    }

    /// The words, quoted where necessary, to paste or for `eval`.
    public let quoted: String
    /// The words that had to be quoted.
    public let quotedWords: [String]
    /// The words without any quotes, for `$(…)`; `nil` if it would break them.
    public let unquoted: String?
    /// What `$(…)` makes of ``unquoted``.
    public let substitution: Substitution

    /// Makes a line.
    public init(_ words: [String]) {
        quoted = words.map(ShellQuoting.quote).joined(separator: " ")
        quotedWords = words.filter(ShellQuoting.needsQuoting)
        let broken = words.filter {
            $0.isEmpty || $0.utf8.contains { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0 }
        }
        // A backslash is a pattern character too (POSIX.1-2017, 2.13.1).
        let patterns = words.filter { $0.utf8.contains { "*?[\\".utf8.contains($0) } }
        if !broken.isEmpty {
            (unquoted, substitution) = (nil, .broken(broken))
        } else {
            unquoted = words.joined(separator: " ")
            substitution = patterns.isEmpty ? .exact : .unlessFilesMatch(patterns)
        }
    }
}
