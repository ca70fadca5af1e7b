// Reading in data that the scan has found to be sound.

extension MarshalScan {
    func number(at offset: Int) -> Int {
        Int(Int32(littleEndian: UnsafeRawPointer(data + offset).loadUnaligned(as: Int32.self)))
    }

    /// Where the bytes of a string are; `nil`: it's another object.
    func text(at offset: Int) -> Range<Int>? {
        switch data[offset] & ~MarshalType.flag {
        case MarshalType.shortASCII, MarshalType.internedShortASCII:
            offset + 2..<offset + 2 + Int(data[offset + 1])
        case MarshalType.ascii, MarshalType.internedASCII, MarshalType.unicode, MarshalType.internedUnicode:
            offset + 5..<offset + 5 + number(at: offset + 1)
        default: nil
        }
    }

    /// The bytes of an object from its type byte on, without those of the objects in it and without what follows them.
    @inline(__always)
    func ownLength(at offset: Int, _ type: UInt8) -> Int {
        switch type {
        case MarshalType.shortASCII, MarshalType.internedShortASCII: 2 + Int(data[offset + 1])
        case MarshalType.reference, MarshalType.int, MarshalType.tuple, MarshalType.frozenSet: 5
        case MarshalType.smallTuple: 2
        case MarshalType.float: 9
        case MarshalType.complex: 17
        case MarshalType.bytes, MarshalType.ascii, MarshalType.internedASCII, MarshalType.unicode,
            MarshalType.internedUnicode:
            5 + number(at: offset + 1)
        case MarshalType.long: 5 + 2 * abs(number(at: offset + 1))
        case MarshalType.code: 1 + 4 * layout.leadingNumbers
        default: 1
        }
    }

    /// How many objects are in an object.
    @inline(__always)
    func children(at offset: Int, _ type: UInt8) -> Int {
        switch type {
        case MarshalType.smallTuple: Int(data[offset + 1])
        case MarshalType.tuple, MarshalType.frozenSet: number(at: offset + 1)
        case MarshalType.code: layout.objects
        case MarshalType.slice: 3
        default: 0
        }
    }

    /// Whether a string is one of those that exist once in a process: the empty one, and those of one character below
    /// U+0100.
    @inline(__always)
    func isSingleCharacter(at offset: Int, _ type: UInt8) -> Bool {
        switch type {
        case MarshalType.shortASCII, MarshalType.internedShortASCII: data[offset + 1] <= 1
        case MarshalType.unicode, MarshalType.internedUnicode:
            number(at: offset + 1) == 2 && data[offset + 5] >= 0xC2 && data[offset + 5] <= 0xC3
        default: false
        }
    }

    /// Goes to the place after an object.
    func skip(_ place: inout MarshalWriter.Place) {
        // Code objects have a number among their objects, so a count of the objects isn't enough for them; what follows
        // is remembered as how many objects are left when the number comes, innermost last.
        var remaining = 1
        var lines: [Int] = []
        while remaining > 0 {
            if remaining == lines.last {
                lines.removeLast()
                place.offset += 4
            }
            let byte = data[place.offset]
            let type = byte & ~MarshalType.flag
            if byte != type { place.slot += 1 }
            let children = children(at: place.offset, type)
            place.offset += ownLength(at: place.offset, type)
            remaining += children - 1
            if type == MarshalType.code {
                lines.append(remaining - MarshalLayout.objectsBeforeLine)
            }
        }
    }

    private static var keyDepthLimit: Int { 64 }

    /// The places of a set's elements in an order that their values alone decide, and then the place after the set.
    /// - Parameter budget: how many bytes all values that are compared may have; what was needed is taken from it.
    func orderedElements(
        _ count: Int, from first: MarshalWriter.Place, budget: inout Int
    ) -> [MarshalWriter.Place]? {
        var place = first
        var elements: [(key: [UInt8], place: MarshalWriter.Place)] = []
        for _ in 0..<count {
            var key: [UInt8] = []
            guard appendValue(at: place.offset, to: &key, depth: 0, &budget) else { return nil }
            elements.append((key, place))
            skip(&place)
        }
        elements.sort { $0.key.lexicographicallyPrecedes($1.key) }
        return elements.map(\.place) + [place]
    }

    /// Appends bytes that stand for an object's value, whichever way it is shared with others.
    ///
    /// A sharing can be so intricate that a few bytes stand for millions; `budget` is what may still be appended.
    func appendValue(at given: Int, to key: inout [UInt8], depth: Int, _ budget: inout Int) -> Bool {
        var offset = given
        if data[offset] == MarshalType.reference { offset = Int(slots[number(at: offset + 1)].offset) }
        let type = data[offset] & ~MarshalType.flag
        let length = ownLength(at: offset, type)
        budget -= length
        guard budget >= 0, depth < Self.keyDepthLimit, type != MarshalType.code else { return false }
        let own = UnsafeBufferPointer(start: data + offset + 1, count: length - 1)
        key.append(MarshalType.plain(type))
        key += own
        let count = children(at: offset, type)
        guard count > 0 else { return true }
        var place = MarshalWriter.Place(offset: offset + length, slot: 0)
        if type == MarshalType.frozenSet {
            var inner: [[UInt8]] = []
            for _ in 0..<count {
                var one: [UInt8] = []
                guard appendValue(at: place.offset, to: &one, depth: depth + 1, &budget) else { return false }
                inner.append(one)
                skip(&place)
            }
            inner.sort { $0.lexicographicallyPrecedes($1) }
            key += inner.joined()
            return true
        }
        for _ in 0..<count {
            guard appendValue(at: place.offset, to: &key, depth: depth + 1, &budget) else { return false }
            skip(&place)
        }
        return true
    }
}

extension MarshalType {
    static func isString(_ type: UInt8) -> Bool {
        switch type {
        case shortASCII, internedShortASCII, ascii, internedASCII, unicode, internedUnicode: true
        default: false
        }
    }

    /// The type of a string that is interned, otherwise the same.
    static func interned(_ type: UInt8) -> UInt8 {
        switch type {
        case shortASCII: internedShortASCII
        case ascii: internedASCII
        case unicode: internedUnicode
        default: type
        }
    }

    /// The type of a string that isn't interned, otherwise the same.
    static func plain(_ type: UInt8) -> UInt8 {
        switch type {
        case internedShortASCII: shortASCII
        case internedASCII: ascii
        case internedUnicode: unicode
        default: type
        }
    }
}
