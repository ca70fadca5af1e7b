/// Zero-terminated strings of a binary file in which conda put the environment's prefix in the place of the package's placeholder:
/// each occurrence makes the string shorter, and as many zero bytes follow its terminator, so that nothing else moves (conda:
/// `conda/core/portability.py`, `binary_replace`). A string without a terminator isn't touched.
struct PlaceholderStrings {
    /// A string in the file as it is, with what pads it.
    struct Found: Equatable {
        /// From the first occurrence to the end of the padding.
        var range: Range<Int64>
        /// From the first occurrence to the terminator.
        var text: [UInt8]
        var encoding: Encoding
    }
    /// The encodings that conda looks for.
    enum Encoding: CaseIterable {
        case utf8, utf16LittleEndian, utf16BigEndian, utf32LittleEndian, utf32BigEndian

        /// Bytes of the terminator.
        var width: Int {
            switch self {
            case .utf8: 1
            case .utf16LittleEndian, .utf16BigEndian: 2
            case .utf32LittleEndian, .utf32BigEndian: 4
            }
        }
        func encoded(_ utf8: [UInt8]) -> [UInt8] {
            let text = String(decoding: utf8, as: UTF8.self)
            return switch self {
            case .utf8: utf8
            case .utf16LittleEndian: text.utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
            case .utf16BigEndian: text.utf16.flatMap { [UInt8($0 >> 8), UInt8(truncatingIfNeeded: $0)] }
            case .utf32LittleEndian: text.unicodeScalars.flatMap { Self.bytes($0).reversed() }
            case .utf32BigEndian: text.unicodeScalars.flatMap(Self.bytes)
            }
        }
        private static func bytes(_ scalar: Unicode.Scalar) -> [UInt8] {
            [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: scalar.value >> $0) }
        }
    }

    /// A longer string is no path list: it is left as it is.
    static let maximumText: Int64 = 1 << 20

    var prefix: [UInt8]
    var placeholder: [UInt8]

    /// The strings that hold the prefix and the padding that replacing the placeholder by it leaves, in order.
    func found(in file: SearchableFile) throws -> [Found] {
        guard !prefix.isEmpty, prefix.count <= placeholder.count else { return [] }
        var all: [Found] = []
        for encoding in Encoding.allCases { all += try found(in: file, encoding) }
        all.sort { $0.range.lowerBound < $1.range.lowerBound }
        // Encodings can't share a string; if a file is made to look as if they did, the first counts.
        var end: Int64 = 0
        return all.filter { found in
            guard found.range.lowerBound >= end else { return false }
            end = found.range.upperBound
            return true
        }
    }

    private func found(in file: SearchableFile, _ encoding: Encoding) throws -> [Found] {
        let needle = encoding.encoded(prefix)
        let growth = encoding.encoded(placeholder).count - needle.count
        var all: [Found] = []
        var offset: Int64 = 0
        while let start = try file.first(needle, from: offset) {
            guard let end = try file.terminator(width: encoding.width, from: start) else {
                offset = start + Int64(needle.count)
                continue
            }
            offset = end
            guard end - start <= Self.maximumText else { continue }
            let text = try file.bytes(start..<end)
            let padding = Self.count(of: needle, in: text) * growth
            // A string that names the prefix by itself has no padding of ours.
            guard try file.zeros(from: end, limit: encoding.width + padding) == encoding.width + padding else {
                continue
            }
            offset = end + Int64(encoding.width + padding)
            all.append(Found(range: start..<offset, text: text, encoding: encoding))
        }
        return all
    }

    /// The file with another path in the prefix's place; the placeholder gives what the package had.
    func patches(_ found: [Found], by path: [UInt8]) -> [Rewritten.Patch] {
        found.map { found in
            var bytes = Self.replacing(found.encoding.encoded(prefix), by: found.encoding.encoded(path), in: found.text)
            let count = Int(found.range.upperBound - found.range.lowerBound)
            bytes += [UInt8](repeating: 0, count: max(0, count - bytes.count))
            return Rewritten.Patch(range: found.range, bytes: bytes)
        }
    }

    static func count(of needle: [UInt8], in bytes: [UInt8]) -> Int {
        var count = 0
        var index = 0
        while let found = SearchableFile.first(needle, in: bytes, from: index) {
            count += 1
            index = found + needle.count
        }
        return count
    }

    static func replacing(_ needle: [UInt8], by replacement: [UInt8], in bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var index = 0
        while let found = SearchableFile.first(needle, in: bytes, from: index) {
            result += bytes[index..<found]
            result += replacement
            index = found + needle.count
        }
        return result + bytes[index...]
    }
}
