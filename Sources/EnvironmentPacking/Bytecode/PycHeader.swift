/// The first 16 bytes of a `.pyc` file (PEP 552).
struct PycHeader: Sendable, Hashable {
    static let size = 16

    /// How the file says which source it is of.
    enum Source: Sendable, Hashable {
        /// The low 32 bits of its time in seconds and of its size.
        case timestamp(modified: UInt32, size: UInt32)
        /// Its hash; `isChecked`: Python compares it at every import.
        case hash([UInt8], isChecked: Bool)
    }

    let magic: [UInt8]
    let source: Source

    /// Reads a header as `importlib._bootstrap_external._classify_pyc` does.
    /// - Returns: `nil` if Python would not take the file for a `.pyc`.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Self.size else { return nil }
        func number(_ offset: Int) -> UInt32 {
            UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        }
        magic = Array(bytes[0..<4])
        let flags = number(4)
        guard flags & ~0b11 == 0 else { return nil }
        if flags & 0b01 != 0 {
            source = .hash(Array(bytes[8..<16]), isChecked: flags & 0b10 != 0)
        } else {
            source = .timestamp(modified: number(8), size: number(12))
        }
    }

    /// The header of a file that Python takes for its source's without looking at that.
    static func unchecked(_ python: PythonBytecode, hash: [UInt8]) -> [UInt8] {
        python.magicBytes + [0b01, 0, 0, 0] + hash
    }

    /// Whether Python would use the file for a source, which is stricter than Python with unchecked hashes: those must
    /// be right too.
    ///
    /// - Parameters:
    ///   - modified: the source's time of change in nanoseconds since 1970.
    ///   - size: the source's size in bytes.
    ///   - hash: computes the hash of the source's content.
    func isValid(
        for python: PythonBytecode, modified: Int64, size: Int64, hash: () throws -> [UInt8]
    ) rethrows -> Bool {
        guard magic == python.magicBytes else { return false }
        switch source {
        case .timestamp(let time, let length):
            return time == Self.seconds(modified) && length == UInt32(truncatingIfNeeded: size)
        case .hash(let bytes, _): return try bytes == hash()
        }
    }

    /// The low 32 bits of a time in seconds, as Python arrives at them: by way of a `float`
    /// (`os.stat_result.st_mtime`), so that the last nanoseconds of a second may count as the next one.
    static func seconds(_ nanoseconds: Int64) -> UInt32 {
        let (whole, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        let seconds = rest < 0 ? whole - 1 : whole
        let fraction = rest < 0 ? rest + 1_000_000_000 : rest
        let time = Double(seconds) + 1e-9 * Double(fraction)
        return UInt32(truncatingIfNeeded: Int64(time.rounded(.towardZero)))
    }
}
