/// A block of memory of fixed size, freed when released.
@safe final class ByteBlock {
    let bytes: UnsafeMutableRawBufferPointer

    init(count: Int) {
        unsafe bytes = .allocate(byteCount: count, alignment: 16)
    }

    deinit {
        unsafe bytes.deallocate()
    }

    var count: Int { unsafe bytes.count }

    /// The first `count` bytes.
    func prefix(_ count: Int) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(rebasing: bytes[..<count])
    }

    /// The first `count` bytes, for writing.
    func space(_ count: Int) -> UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[..<count])
    }
}

/// Bytes of somebody else's memory that are used up from the front.
@safe struct PendingBytes {
    private(set) var bytes: UnsafeRawBufferPointer

    init() {
        unsafe bytes = UnsafeRawBufferPointer(start: nil, count: 0)
    }

    /// `bytes` must stay valid until all of them are used up or replaced.
    init(_ bytes: UnsafeRawBufferPointer) {
        unsafe self.bytes = bytes
    }

    var count: Int { unsafe bytes.count }
    var isEmpty: Bool { count == 0 }
    var first: UInt8? { isEmpty ? nil : unsafe bytes[0] }

    mutating func removeFirst(_ count: Int) {
        unsafe bytes = UnsafeRawBufferPointer(rebasing: bytes[count...])
    }

    mutating func removeZeros() {
        let zeros = unsafe bytes.firstIndex { $0 != 0 } ?? count
        removeFirst(zeros)
    }
}
