/// What a version of CPython puts into its `.pyc` files, besides code.
public struct PythonBytecode: Sendable, Hashable {
    /// The 11 of Python 3.11.
    public let minor: Int
    /// The first two bytes of every `.pyc` file, little-endian; a carriage return and a line feed follow.
    public let magic: UInt16

    /// The magic numbers of released versions (`Lib/importlib/_bootstrap_external.py`; from 3.14 on
    /// `Include/internal/pycore_magic_number.h`). They don't change once a version's first release candidates are out.
    private static let magics: [Int: UInt16] = [
        8: 3413, 9: 3425, 10: 3439, 11: 3495, 12: 3531, 13: 3571, 14: 3627,
    ]

    /// A released version of Python 3; `nil`: its magic number isn't known here, see ``BytecodeCompiler/magic()``.
    public init?(minor: Int) {
        guard let magic = Self.magics[minor] else { return nil }
        self.init(minor: minor, magic: magic)
    }

    /// Any version, with the magic number that its interpreter told.
    public init(minor: Int, magic: UInt16) {
        self.minor = minor
        self.magic = magic
    }

    /// The version as part of a file's name in `__pycache__` (`sys.implementation.cache_tag`).
    public var tag: String { "cpython-3\(minor)" }

    /// The name in `__pycache__` of a module's `.pyc`: "os" gives "os.cpython-311.pyc".
    public func fileName(module: [UInt8]) -> [UInt8] { module + Array(".\(tag).pyc".utf8) }

    /// How code objects are laid out; `nil`: not known here.
    var layout: MarshalLayout? { MarshalLayout(magic: magic) }

    /// The four bytes that a `.pyc` begins with.
    var magicBytes: [UInt8] { [UInt8(truncatingIfNeeded: magic), UInt8(truncatingIfNeeded: magic >> 8), 0x0D, 0x0A] }

    /// What PEP 552 has a `.pyc` say about its source, in the order of the file.
    func sourceHash(_ source: UnsafeRawBufferPointer) -> [UInt8] {
        let key = UInt64(magic) | 0x0A0D << 16
        let algorithm = minor >= 11 ? SipHash.oneThree : SipHash.twoFour
        let hash = algorithm.hash(source, key: key)
        return (0..<8).map { UInt8(truncatingIfNeeded: hash >> UInt64(8 * $0)) }
    }
}
