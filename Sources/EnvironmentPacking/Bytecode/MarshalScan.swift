/// What reading through the marshal data of a module's code once has shown: that it is well-formed, and who is shared.
struct MarshalScan {
    /// An object that references may name. They are numbered in order of their first byte.
    struct Slot {
        /// Where its type byte is.
        var offset: UInt32
        /// How often it occurs other than as a file name: its definition and all references to it.
        var uses: UInt32
        /// Its number in the output plus one; 0 as long as it isn't there.
        var number: UInt32
    }

    /// A container that is being read.
    private struct Frame {
        var remaining: UInt32
        /// The number of remaining objects at which the next is a file name; impossible for other than code.
        var fileNameAt: UInt32
        /// The same for the line number, which isn't an object.
        var lineAt: UInt32
        /// The container's own slot; -1: it has none.
        var slot: Int32
    }

    let data: UnsafePointer<UInt8>
    let count: Int
    let layout: MarshalLayout
    var slots: [Slot] = []
    /// How many code objects there are.
    private(set) var codes = 0
    /// The text of `co_filename`.
    private(set) var fileName: Range<Int> = 0..<0
    private var fileNameSlot = -1
    /// Where the frozen sets are.
    private(set) var sets: [MarshalWriter.Place] = []
    /// Where the strings are that aren't file names; only if equal ones may have to become one.
    private(set) var strings: [MarshalWriter.Place] = []
    /// By their offsets, the objects of which there are others that are to be the same one.
    var shared: [Int: Shared] = [:]
    /// What isn't written, because an equal frozen set is.
    var forgotten: [Range<Int>] = []

    /// As CPython's own limit (`MAX_MARSHAL_STACK_DEPTH`).
    static let depthLimit = 2000
    /// Marks a slot whose object isn't complete.
    private static let open: UInt32 = 1 << 31

    /// Reads the data.
    /// - Returns: `nil` if it isn't the code of a module, is damaged, or holds what no compiler puts there.
    init?(_ data: UnsafePointer<UInt8>, count: Int, layout: MarshalLayout) {
        self.data = data
        self.count = count
        self.layout = layout
        guard count > 0, count < Int(Int32.max), data[0] & ~MarshalType.flag == MarshalType.code else { return nil }
        slots.reserveCapacity(count / 24 + 16)
        let isSound = withUnsafeTemporaryAllocation(of: Frame.self, capacity: Self.depthLimit + 1) { frames in
            read(frames.baseAddress.unsafelyUnwrapped)
        }
        guard isSound else { return nil }
    }

    // swift-format-ignore: one loop, because a call per object would cost more than the reading itself.
    private mutating func read(_ frames: UnsafeMutablePointer<Frame>) -> Bool {
        let end = count
        var position = 0
        var depth = 0
        frames[0] = Frame(remaining: 1, fileNameAt: .max, lineAt: .max, slot: -1)
        while true {
            // Containers that are complete.
            while frames[depth].remaining == 0 {
                if depth == 0 { return codes > 0 }
                let slot = Int(frames[depth].slot)
                if slot >= 0 { slots[slot].offset &= ~Self.open }
                depth -= 1
            }
            let remaining = frames[depth].remaining
            let isFileName = remaining == frames[depth].fileNameAt
            if remaining == frames[depth].lineAt {
                guard end - position >= 4 else { return false }
                position += 4
            }
            frames[depth].remaining = remaining - 1
            guard position < end else { return false }
            let start = position
            let byte = data[position]
            let type = byte & ~MarshalType.flag
            let isFlagged = byte != type
            position += 1
            var children = -1
            switch type {
            case MarshalType.reference:
                guard end - position >= 4, !isFlagged else { return false }
                let slot = number(at: position)
                position += 4
                guard slot >= 0, slot < slots.count, slots[slot].offset & Self.open == 0 else { return false }
                if isFileName {
                    guard slot == fileNameSlot || isSameFileName(Int(slots[slot].offset)) else { return false }
                    fileNameSlot = slot
                } else {
                    slots[slot].uses &+= 1
                }
                continue
            case MarshalType.internedShortASCII, MarshalType.shortASCII:
                guard position < end else { return false }
                position += 1 + Int(data[position])
            case MarshalType.none, MarshalType.isTrue, MarshalType.isFalse, MarshalType.ellipsis,
                MarshalType.stopIteration:
                break
            case MarshalType.int: position += 4
            case MarshalType.float: position += 8
            case MarshalType.complex: position += 16
            case MarshalType.bytes, MarshalType.ascii, MarshalType.internedASCII:
                guard end - position >= 4 else { return false }
                let length = number(at: position)
                guard length >= 0 else { return false }
                position += 4 + length
            case MarshalType.unicode, MarshalType.internedUnicode:
                guard end - position >= 4 else { return false }
                let length = number(at: position)
                guard length >= 0, length <= end - position - 4 else { return false }
                guard UTF8Text.isValid(data + position + 4, length) else { return false }
                position += 4 + length
            case MarshalType.long:
                guard end - position >= 4 else { return false }
                let digits = abs(number(at: position))
                position += 4 + 2 * digits
            case MarshalType.smallTuple:
                guard position < end else { return false }
                children = Int(data[position])
                position += 1
            case MarshalType.tuple, MarshalType.frozenSet:
                guard end - position >= 4 else { return false }
                children = number(at: position)
                position += 4
                guard children >= 0 else { return false }
            case MarshalType.slice:
                guard layout.hasSlices else { return false }
                children = 3
            case MarshalType.code:
                position += 4 * layout.leadingNumbers
                children = layout.objects
                codes += 1
            default: return false
            }
            guard position <= end, children <= end - position else { return false }
            if layout.internsQualifiedNames, !isFileName, MarshalType.isString(type) {
                strings.append(MarshalWriter.Place(offset: start, slot: slots.count))
            }
            if type == MarshalType.frozenSet {
                sets.append(MarshalWriter.Place(offset: start, slot: slots.count))
            }
            if isFlagged {
                let mark = children < 0 ? 0 : Self.open
                slots.append(
                    Slot(offset: UInt32(truncatingIfNeeded: start) | mark, uses: isFileName ? 0 : 1, number: 0))
            }
            if isFileName {
                guard isSameFileName(start) else { return false }
                fileNameSlot = isFlagged ? slots.count - 1 : -1
            }
            if children >= 0 {
                guard depth < Self.depthLimit else { return false }
                depth += 1
                let isCode = type == MarshalType.code
                frames[depth] = Frame(
                    remaining: UInt32(truncatingIfNeeded: children),
                    fileNameAt: isCode ? UInt32(truncatingIfNeeded: children - layout.fileNameIndex) : .max,
                    lineAt: isCode ? UInt32(truncatingIfNeeded: children - MarshalLayout.objectsBeforeLine) : .max,
                    slot: isFlagged ? Int32(truncatingIfNeeded: slots.count - 1) : -1)
            }
        }
    }

    /// Whether a string is the file name of the code objects before; the first one is taken as it is.
    private mutating func isSameFileName(_ offset: Int) -> Bool {
        guard let text = text(at: offset) else { return false }
        if fileName.lowerBound == 0 {
            fileName = text
            return true
        }
        return text.count == fileName.count
            && UnsafeRawBufferPointer(start: data + text.lowerBound, count: text.count)
                .elementsEqual(UnsafeRawBufferPointer(start: data + fileName.lowerBound, count: fileName.count))
    }
}
