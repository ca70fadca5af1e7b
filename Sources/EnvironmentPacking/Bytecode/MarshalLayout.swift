/// How a version of CPython lays out the code objects in its `.pyc` files.
///
/// `marshal.c` (`r_object`, `TYPE_CODE`): some 32-bit numbers, eight objects, the first line's number, and more
/// objects.
struct MarshalLayout: Sendable, Hashable {
    /// The numbers before the first object.
    let leadingNumbers: Int
    /// The objects before the line number, the same in all versions.
    static let objectsBeforeLine = 8
    /// Which of the objects is `co_filename`.
    let fileNameIndex: Int
    /// The objects after the line number.
    let objectsAfterLine: Int
    /// Whether there may be constant slices (marshal version 5).
    let hasSlices: Bool

    /// Whether `co_qualname` is interned.
    let internsQualifiedNames: Bool

    /// All objects of a code object.
    var objects: Int { Self.objectsBeforeLine + objectsAfterLine }

    /// The layout of the `.pyc` files with a magic number; `nil`: not known here.
    ///
    /// The ranges leave out versions that were never released with that layout: 3.8 from the number that brought
    /// `co_posonlyargcount`, 3.11 from the one of its first release.
    init?(magic: UInt16) {
        internsQualifiedNames = magic >= 3550
        switch magic {
        case 3410...3439:
            (leadingNumbers, fileNameIndex, objectsAfterLine, hasSlices) = (6, 6, 1, false)
        case 3495...3599:
            (leadingNumbers, fileNameIndex, objectsAfterLine, hasSlices) = (5, 5, 2, false)
        case 3600...3649:
            (leadingNumbers, fileNameIndex, objectsAfterLine, hasSlices) = (5, 5, 2, true)
        default: return nil
        }
    }
}

/// The one-letter types of marshal data (`marshal.c`, `TYPE_…`).
enum MarshalType {
    static let none = UInt8(ascii: "N")
    static let isFalse = UInt8(ascii: "F")
    static let isTrue = UInt8(ascii: "T")
    static let stopIteration = UInt8(ascii: "S")
    static let ellipsis = UInt8(ascii: ".")
    static let int = UInt8(ascii: "i")
    static let long = UInt8(ascii: "l")
    static let float = UInt8(ascii: "g")
    static let complex = UInt8(ascii: "y")
    static let bytes = UInt8(ascii: "s")
    static let unicode = UInt8(ascii: "u")
    static let internedUnicode = UInt8(ascii: "t")
    static let ascii = UInt8(ascii: "a")
    static let internedASCII = UInt8(ascii: "A")
    static let shortASCII = UInt8(ascii: "z")
    static let internedShortASCII = UInt8(ascii: "Z")
    static let tuple = UInt8(ascii: "(")
    static let smallTuple = UInt8(ascii: ")")
    static let frozenSet = UInt8(ascii: ">")
    static let code = UInt8(ascii: "c")
    static let slice = UInt8(ascii: ":")
    static let reference = UInt8(ascii: "r")
    /// Set in the type byte of an object that later references may name.
    static let flag: UInt8 = 0x80
}
