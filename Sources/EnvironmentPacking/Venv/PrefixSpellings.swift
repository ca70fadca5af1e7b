/// The ways in which files of an environment spell its directory.
struct PrefixSpellings: Sendable, Hashable {
    /// Absolute, without a slash at the end; the longest first.
    let spellings: [[UInt8]]
    private let needles: [Needle]

    /// Directories that other things are in, too: a text that names one needs not mean the environment.
    private static let shared: Set<String> = [
        "", "/bin", "/etc", "/home", "/lib", "/lib64", "/opt", "/root", "/srv", "/tmp", "/usr", "/usr/bin", "/usr/lib",
        "/usr/lib64", "/usr/local", "/usr/share", "/var", "/var/tmp", "/proc", "/dev", "/sys", "/run", "/mnt",
    ]

    /// - Parameter paths: candidates; those that aren't absolute or are too general to be searched for are dropped.
    init(_ paths: [String]) {
        var seen: Set<String> = []
        for path in paths {
            var path = path
            while path.hasSuffix("/") { path.removeLast() }
            guard path.hasPrefix("/"), !Self.shared.contains(path), !path.utf8.contains(0), !path.utf8.contains(10)
            else {
                continue
            }
            seen.insert(path)
        }
        spellings = seen.map { Array($0.utf8) }.sorted { ($1.count, $0) < ($0.count, $1) }
        needles = spellings.map { Needle($0) }
    }

    /// Where a text names the environment's directory as a path of its own or as the start of one; ascending, not overlapping.
    ///
    /// `/opt/env2`, `/opt/env-old` and `/data/opt/env` don't name `/opt/env`; `-L/opt/env/lib` and `file:///opt/env` do.
    func occurrences(in text: UnsafeRawBufferPointer, from start: Int = 0) -> [Range<Int>] {
        var found: [Range<Int>] = []
        for needle in needles {
            var place = start
            while let range = needle.find(in: text, from: place) {
                place = range.upperBound
                if Self.isPath(range, in: text) { found.append(range) }
            }
        }
        guard spellings.count > 1 else { return found }
        found.sort { ($0.lowerBound, $1.upperBound) < ($1.lowerBound, $0.upperBound) }
        var result: [Range<Int>] = []
        for range in found where range.lowerBound >= result.last?.upperBound ?? 0 { result.append(range) }
        return result
    }

    /// The part of a path below the environment, without a slash before it; `nil` if the path is elsewhere.
    func relative(_ path: some Collection<UInt8>) -> [UInt8]? {
        for spelling in spellings where path.starts(with: spelling) {
            let rest = path.dropFirst(spelling.count)
            if rest.isEmpty { return [] }
            if rest.first == UInt8(ascii: "/") { return Array(rest.drop { $0 == UInt8(ascii: "/") }) }
        }
        return nil
    }

    static func find(_ needle: [UInt8], in text: UnsafeRawBufferPointer, from start: Int) -> Range<Int>? {
        Needle(needle).find(in: text, from: start)
    }

    private static func isPath(_ range: Range<Int>, in text: UnsafeRawBufferPointer) -> Bool {
        if range.upperBound < text.count {
            let next = text[range.upperBound]
            if isNameByte(next) { return false }
            // A full stop may end a sentence or start a suffix.
            if next == UInt8(ascii: "."), range.upperBound + 1 < text.count, isNameByte(text[range.upperBound + 1]) {
                return false
            }
        }
        guard range.lowerBound > 0 else { return true }
        let previous = text[range.lowerBound - 1]
        if previous == UInt8(ascii: ".") || previous == UInt8(ascii: "~") || previous == UInt8(ascii: "}") {
            return false
        }
        guard isNameByte(previous) else { return true }
        // The letter of an option such as -L or -I.
        return range.lowerBound > 1 && text[range.lowerBound - 2] == UInt8(ascii: "-")
            && (range.lowerBound < 3 || !isNameByte(text[range.lowerBound - 3]))
            && previous != UInt8(ascii: "-") && previous != UInt8(ascii: "_")
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "+"), 0x80...:
            true
        default: false
        }
    }
}

private func < (left: (Int, [UInt8]), right: (Int, [UInt8])) -> Bool {
    left.0 != right.0 ? left.0 < right.0 : left.1.lexicographicallyPrecedes(right.1)
}

/// A text that is searched for, with how far each byte that is met allows to step on (Horspool 1980).
private struct Needle: Sendable, Hashable {
    private let bytes: [UInt8]
    private let steps: [Int]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        var steps = [Int](repeating: bytes.count, count: 256)
        for (index, byte) in bytes.dropLast().enumerated() { steps[Int(byte)] = bytes.count - 1 - index }
        self.steps = steps
    }

    func find(in text: UnsafeRawBufferPointer, from start: Int) -> Range<Int>? {
        let count = bytes.count
        guard count > 0, start >= 0, let last = bytes.last else { return nil }
        return bytes.withUnsafeBufferPointer { bytes in
            steps.withUnsafeBufferPointer { steps -> Range<Int>? in
                var end = start + count - 1
                while end < text.count {
                    let met = text[end]
                    if met == last {
                        var index = 0
                        while index < count - 1, text[end - count + 1 + index] == bytes[index] { index += 1 }
                        if index == count - 1 { return end - count + 1..<end + 1 }
                    }
                    end += steps[Int(met)]
                }
                return nil
            }
        }
    }
}
