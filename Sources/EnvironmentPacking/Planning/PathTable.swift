/// A path as a key. An array of bytes hashes each byte by itself, which takes several times as long.
private struct PathKey: Hashable {
    let bytes: [UInt8]

    func hash(into hasher: inout Hasher) { bytes.withUnsafeBytes { hasher.combine(bytes: $0) } }

    static func == (left: PathKey, right: PathKey) -> Bool { left.bytes == right.bytes }
}

/// Values by path.
struct PathTable<Value> {
    private var storage: [PathKey: Value] = [:]

    mutating func reserveCapacity(_ count: Int) { storage.reserveCapacity(count) }

    var keys: some Sequence<[UInt8]> { storage.keys.lazy.map(\.bytes) }
    var values: some Collection<Value> { storage.values }

    subscript(path: [UInt8]) -> Value? {
        get { storage[PathKey(bytes: path)] }
        _modify { yield &storage[PathKey(bytes: path)] }
    }

    mutating func removeValue(forKey path: [UInt8]) -> Value? { storage.removeValue(forKey: PathKey(bytes: path)) }
}

/// Paths.
struct PathSet {
    private var storage: Set<PathKey> = []

    var isEmpty: Bool { storage.isEmpty }
    var paths: some Sequence<[UInt8]> { storage.lazy.map(\.bytes) }

    func contains(_ path: [UInt8]) -> Bool { storage.contains(PathKey(bytes: path)) }

    /// - Returns: whether it wasn't in it.
    @discardableResult
    mutating func insert(_ path: [UInt8]) -> Bool { storage.insert(PathKey(bytes: path)).inserted }
}
