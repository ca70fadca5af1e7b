import Foundation

/// A file that is searched from its start to its end, a window at a time.
final class SearchableFile {
    /// What is held at once; larger than any placeholder by far.
    static let windowSize = 4 << 20

    private let size: Int64
    private let windowSize: Int
    private let read: (UnsafeMutableRawBufferPointer, Int64) throws -> Int
    private var window: [UInt8] = []
    private var start: Int64 = 0

    convenience init(_ source: OpenSource, windowSize: Int = SearchableFile.windowSize) {
        self.init(size: source.size, windowSize: windowSize) { try source.read(into: $0, at: $1) }
    }

    init(
        size: Int64, windowSize: Int, read: @escaping (UnsafeMutableRawBufferPointer, Int64) throws -> Int
    ) {
        self.size = size
        self.windowSize = windowSize
        self.read = read
    }

    /// The file is not what it was when it was opened.
    struct Shrunk: Error {}

    /// - Returns: fewer only at the end of the file.
    func bytes(_ range: Range<Int64>) throws -> [UInt8] {
        let range = range.clamped(to: 0..<size)
        let count = Int(range.upperBound - range.lowerBound)
        guard count > 0 else { return [] }
        return try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[filled...])
                let got = try read(rest, range.lowerBound + Int64(filled))
                guard got > 0 else { throw Shrunk() }
                filled += got
            }
        }
    }

    /// Makes the window begin at an offset.
    private func load(_ offset: Int64) throws {
        window = try bytes(offset..<offset + Int64(windowSize))
        start = offset
    }

    /// Where the bytes come first at or after an offset.
    func first(_ needle: [UInt8], from offset: Int64) throws -> Int64? {
        var offset = offset
        while offset + Int64(needle.count) <= size {
            if offset < start || offset + Int64(needle.count) > start + Int64(window.count) { try load(offset) }
            if let found = Self.first(needle, in: window, from: Int(offset - start)) { return start + Int64(found) }
            // The next window overlaps by what could be the beginning of the needle.
            let next = start + Int64(window.count - needle.count + 1)
            guard next > offset else { return nil }
            offset = next
        }
        return nil
    }

    /// Where a terminator of `width` zero bytes begins, in steps of `width` from an offset.
    func terminator(width: Int, from offset: Int64) throws -> Int64? {
        var offset = offset
        while offset + Int64(width) <= size {
            if offset < start || offset + Int64(width) > start + Int64(window.count) { try load(offset) }
            var index = Int(offset - start)
            while index + width <= window.count {
                if window[index] == 0, (1..<width).allSatisfy({ window[index + $0] == 0 }) {
                    return start + Int64(index)
                }
                index += width
            }
            offset = start + Int64(index)
        }
        return nil
    }

    /// How many zero bytes there are from an offset on; stops counting at a limit.
    func zeros(from offset: Int64, limit: Int) throws -> Int {
        try bytes(offset..<offset + Int64(limit)).prefix { $0 == 0 }.count
    }

    static func first(_ needle: [UInt8], in bytes: [UInt8], from index: Int) -> Int? {
        guard let head = needle.first, index + needle.count <= bytes.count else { return nil }
        return bytes.withUnsafeBytes { all in
            guard let base = all.baseAddress else { return nil }
            let end = all.count - needle.count + 1
            var position = index
            while position < end, let found = memchr(base + position, Int32(head), end - position) {
                let start = UnsafeRawPointer(found)
                if memcmp(start, needle, needle.count) == 0 { return start - base }
                position = start - base + 1
            }
            return nil
        }
    }
}
