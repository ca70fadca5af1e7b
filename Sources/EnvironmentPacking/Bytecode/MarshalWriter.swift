/// Writes what a ``MarshalScan`` found to be sound in its canonical form.
///
/// It goes through the data again, with a place for each container that isn't complete. Mostly that is straight on. A
/// frozen set's elements are visited in another order, and when thereby a reference comes before its object, the
/// object is written in its place: then the writer jumps to it and back.
struct MarshalWriter {
    /// A place in the data, and how many slots lie before it.
    struct Place {
        var offset: Int
        var slot: Int
    }

    private struct Frame {
        var remaining: UInt32
        var fileNameAt: UInt32
        var lineAt: UInt32
        /// For sets: where the rest of the ordered elements' places begins, in `ordered`. For a jump: the place to go
        /// back to. Otherwise -1.
        var ordered: Int32
        /// Whether `ordered` holds nothing but the place to go on at.
        var isJump: Bool
    }

    private var scan: MarshalScan
    private let fileName: [UInt8]
    private let start: UnsafeMutablePointer<UInt8>
    private var output: UnsafeMutablePointer<UInt8>
    private var place = Place(offset: 0, slot: 0)
    private var numbers: UInt32 = 0
    private var fileNameNumber: UInt32 = 0
    private var isFileNameWritten = false
    /// The places of sets' elements, each set's followed by the place after it.
    private var ordered: [Place] = []
    private var hasSharedStrings = false
    /// Guards against data in which a few bytes stand for a set of millions.
    private var budget: Int

    /// The bytes written.
    var written: Int { output - start }

    init(_ scan: MarshalScan, fileName: [UInt8], output: UnsafeMutablePointer<UInt8>) {
        self.scan = scan
        self.fileName = fileName
        start = output
        self.output = output
        budget = 8 * scan.count + 1 << 16
    }

    /// Writes everything; `false` if a frozen set is too intricate to be put in order.
    mutating func write() -> Bool {
        // Jumps come on top of the containers that they are in.
        guard scan.mergeEqualSets(budget: &budget) else { return false }
        if !scan.strings.isEmpty {
            let before = scan.shared.count
            scan.mergeEqualStrings()
            hasSharedStrings = scan.shared.count > before
        }
        let depthLimit = 2 * MarshalScan.depthLimit + 2
        return withUnsafeTemporaryAllocation(of: Frame.self, capacity: depthLimit + 1) { frames in
            write(frames.baseAddress.unsafelyUnwrapped, depthLimit)
        }
    }

    // swift-format-ignore: one loop, as in the scan.
    private mutating func write(_ frames: UnsafeMutablePointer<Frame>, _ depthLimit: Int) -> Bool {
        let data = scan.data
        var depth = 0
        frames[0] = Frame(remaining: 1, fileNameAt: .max, lineAt: .max, ordered: -1, isJump: false)
        while true {
            while frames[depth].remaining == 0 {
                if depth == 0 { return true }
                let next = Int(frames[depth].ordered)
                if next >= 0 { place = ordered[next] }
                depth -= 1
            }
            let remaining = frames[depth].remaining
            frames[depth].remaining = remaining - 1
            if remaining == frames[depth].lineAt { copy(4) }
            if frames[depth].ordered >= 0, !frames[depth].isJump {
                place = ordered[Int(frames[depth].ordered)]
                frames[depth].ordered += 1
            }
            if remaining == frames[depth].fileNameAt {
                writeFileName()
                continue
            }
            let byte = data[place.offset]
            var type = byte & ~MarshalType.flag
            if type == MarshalType.reference {
                let slot = scan.number(at: place.offset + 1)
                place.offset += 5
                let number = scan.slots[slot].number
                if number != 0 {
                    writeReference(number)
                    continue
                }
                guard depth < depthLimit else { return false }
                depth += 1
                frames[depth] = jump()
                place = Place(offset: Int(scan.slots[slot].offset), slot: slot)
                continue
            }
            var mark: UInt8 = 0
            if type == MarshalType.frozenSet || hasSharedStrings, let shared = scan.shared[place.offset] {
                let number = scan.slots[shared.slot].number
                if number != 0 {
                    scan.skip(&place)
                    writeReference(number)
                    continue
                }
                if shared.place.offset != place.offset {
                    scan.skip(&place)
                    guard depth < depthLimit else { return false }
                    depth += 1
                    frames[depth] = jump()
                    place = shared.place
                    continue
                }
                if byte != type { place.slot += 1 }
                if scan.slots[shared.slot].uses > 1 {
                    numbers += 1
                    scan.slots[shared.slot].number = numbers
                    mark = MarshalType.flag
                }
                type = MarshalType.interned(type)
            } else if byte != type {
                let number = scan.slots[place.slot].number
                if number != 0 {
                    scan.skip(&place)
                    writeReference(number)
                    continue
                }
                if scan.slots[place.slot].uses > 1 {
                    numbers += 1
                    scan.slots[place.slot].number = numbers
                    mark = MarshalType.flag
                }
                place.slot += 1
            }
            let length = scan.ownLength(at: place.offset, type)
            if scan.isSingleCharacter(at: place.offset, type) { type = MarshalType.interned(type) }
            output[0] = type | mark
            place.offset += 1
            output += 1
            copy(length - 1)
            let children = scan.children(at: place.offset - length, type)
            guard children > 0 else { continue }
            guard depth < depthLimit else { return false }
            depth += 1
            let isCode = type == MarshalType.code
            frames[depth] = Frame(
                remaining: UInt32(truncatingIfNeeded: children),
                fileNameAt: isCode ? UInt32(truncatingIfNeeded: children - scan.layout.fileNameIndex) : .max,
                lineAt: isCode ? UInt32(truncatingIfNeeded: children - MarshalLayout.objectsBeforeLine) : .max,
                ordered: -1, isJump: false)
            if type == MarshalType.frozenSet {
                guard let places = scan.orderedElements(children, from: place, budget: &budget) else { return false }
                frames[depth].ordered = Int32(ordered.count)
                ordered += places
            }
        }
    }

    /// The frame of one object that is written here although it lies elsewhere; then it goes on at the present place.
    private mutating func jump() -> Frame {
        ordered.append(place)
        return Frame(
            remaining: 1, fileNameAt: .max, lineAt: .max, ordered: Int32(ordered.count - 1), isJump: true)
    }

    @inline(__always)
    private mutating func copy(_ count: Int) {
        var source = scan.data + place.offset
        place.offset += count
        // Most are a few bytes long, for which a call of memcpy takes longer than the copying.
        if count < 32 {
            for index in 0..<count { output[index] = source[index] }
        } else {
            output.update(from: source, count: count)
        }
        source += count
        output += count
    }

    @inline(__always)
    private mutating func writeReference(_ number: UInt32) {
        output[0] = MarshalType.reference
        UnsafeMutableRawPointer(output + 1).storeBytes(of: (number - 1).littleEndian, as: UInt32.self)
        output += 5
    }

    /// Writes the new file name in place of the old one, which is skipped.
    private mutating func writeFileName() {
        scan.skip(&place)
        if isFileNameWritten {
            writeReference(fileNameNumber)
            return
        }
        isFileNameWritten = true
        var mark: UInt8 = 0
        if scan.codes > 1 {
            numbers += 1
            fileNameNumber = numbers
            mark = MarshalType.flag
        }
        let isASCII = fileName.allSatisfy { $0 < 0x80 }
        if isASCII, fileName.count < 256 {
            output[0] = MarshalType.shortASCII | mark
            output[1] = UInt8(fileName.count)
            output += 2
        } else {
            output[0] = (isASCII ? MarshalType.ascii : MarshalType.unicode) | mark
            let length = UInt32(truncatingIfNeeded: fileName.count).littleEndian
            UnsafeMutableRawPointer(output + 1).storeBytes(of: length, as: UInt32.self)
            output += 5
        }
        for byte in fileName {
            output[0] = byte
            output += 1
        }
    }
}
