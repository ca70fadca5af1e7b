import Glibc

/// Values by path, in the order in which the paths came.
///
/// A plan looks up each of its paths a dozen times, which with the general dictionary is most of the time that a plan takes.
/// This is a table with open addressing and linear probing; what was removed keeps its place in the order.
struct PathTable<Value> {
    private var paths: [[UInt8]] = []
    private var contents: [Value?] = []
    /// The upper half of each path's hash.
    private var tags: [UInt32] = []
    /// Numbers of paths plus one, 0 where nothing is; as many as a power of two, at most half of them used.
    private var slots: [UInt32] = []

    mutating func reserveCapacity(_ count: Int) {
        paths.reserveCapacity(count)
        contents.reserveCapacity(count)
        tags.reserveCapacity(count)
        if slots.count < 2 * count { resize(to: 2 * count) }
    }

    var keys: some Sequence<[UInt8]> { paths.indices.lazy.filter { has($0) }.map { paths[$0] } }
    var values: some Sequence<Value> { paths.indices.lazy.filter { has($0) }.map { contents[$0]! } }

    /// By path. Quick where most came in order.
    var sortedValues: [Value] {
        paths.indices.filter { has($0) }.sorted { paths[$0].isBefore(paths[$1]) }.map { contents[$0]! }
    }

    private func has(_ number: Int) -> Bool {
        if case .none = contents[number] { false } else { true }
    }

    subscript(path: [UInt8]) -> Value? {
        get { number(of: path, PathHash.of(path)).flatMap { contents[$0] } }
        _modify {
            let hash = PathHash.of(path)
            if let number = number(of: path, hash) {
                yield &contents[number]
            } else {
                var value: Value?
                yield &value
                if let value { append(path, hash, value) }
            }
        }
    }

    mutating func removeValue(forKey path: [UInt8]) -> Value? {
        guard let number = number(of: path, PathHash.of(path)) else { return nil }
        let value = contents[number]
        contents[number] = nil
        return value
    }

    /// Each path with its value; quicker than a look-up of each key.
    func forEach(_ body: (_ path: [UInt8], _ value: Value) -> Void) {
        for number in paths.indices { if let value = contents[number] { body(paths[number], value) } }
    }

    /// Changes values where they are.
    mutating func update(_ body: (_ path: [UInt8], _ value: inout Value) -> Void) {
        for number in contents.indices where has(number) { body(paths[number], &contents[number]!) }
    }

    // MARK: Slots

    private func number(of path: [UInt8], _ hash: UInt64) -> Int? {
        guard !slots.isEmpty else { return nil }
        let tag = UInt32(truncatingIfNeeded: hash >> 32)
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] != 0 {
            let number = Int(slots[slot]) - 1
            if tags[number] == tag, paths[number] == path { return number }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    private mutating func append(_ path: [UInt8], _ hash: UInt64, _ value: Value) {
        if 2 * (paths.count + 1) > slots.count { resize(to: 4 * (paths.count + 8)) }
        paths.append(path)
        contents.append(value)
        tags.append(UInt32(truncatingIfNeeded: hash >> 32))
        occupy(hash, with: paths.count)
    }

    private mutating func occupy(_ hash: UInt64, with number: Int) {
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = UInt32(number)
    }

    private mutating func resize(to minimum: Int) {
        var count = 16
        while count < minimum { count *= 2 }
        slots = Array(repeating: 0, count: count)
        for number in paths.indices { occupy(PathHash.of(paths[number]), with: number + 1) }
    }
}

/// Paths, in the order in which they came.
struct PathSet {
    private var table: PathTable<Void> = .init()
    private var count = 0

    var isEmpty: Bool { count == 0 }
    var paths: some Sequence<[UInt8]> { table.keys }

    mutating func reserveCapacity(_ count: Int) { table.reserveCapacity(count) }

    func contains(_ path: [UInt8]) -> Bool { table[path] != nil }

    /// - Returns: whether it wasn't in it.
    @discardableResult
    mutating func insert(_ path: [UInt8]) -> Bool {
        guard table[path] == nil else { return false }
        table[path] = ()
        count += 1
        return true
    }
}

/// Hashes of paths, other ones in each process: whoever names files can't choose names that collide.
enum PathHash {
    private static let seeds = (UInt64.random(in: 0 ... .max) | 1, UInt64.random(in: 0 ... .max) | 1)

    static func of(_ path: [UInt8]) -> UInt64 {
        let (first, second) = seeds
        return path.withUnsafeBytes { bytes in
            var hash = first ^ UInt64(bytes.count)
            var position = 0
            // Two words at a time are multiplied with each other, as wyhash does; what is left overlaps what was before.
            func word(_ position: Int) -> UInt64 {
                UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
            }
            func mix(_ left: UInt64, _ right: UInt64) -> UInt64 {
                let product = left.multipliedFullWidth(by: right)
                return product.high ^ product.low
            }
            if bytes.count < 8 {
                var rest: UInt64 = 0
                for byte in bytes { rest = rest << 8 | UInt64(byte) }
                return mix(hash ^ second, mix(rest ^ first, second))
            }
            while position + 16 <= bytes.count {
                hash = mix(word(position) ^ second, word(position + 8) ^ hash)
                position += 16
            }
            if position < bytes.count {
                if bytes.count - position > 8 { hash = mix(word(position) ^ second, hash ^ first) }
                hash = mix(word(bytes.count - 8) ^ second, hash ^ first)
            }
            return mix(hash ^ second, first ^ UInt64(bytes.count))
        }
    }
}

extension [UInt8] {
    /// In the order of bytes.
    func isBefore(_ other: [UInt8]) -> Bool {
        withUnsafeBytes { left in
            other.withUnsafeBytes { right in
                let common = Swift.min(left.count, right.count)
                guard common > 0, let first = left.baseAddress, let second = right.baseAddress else {
                    return left.count < right.count
                }
                let order = memcmp(first, second, common)
                return order != 0 ? order < 0 : left.count < right.count
            }
        }
    }
}
