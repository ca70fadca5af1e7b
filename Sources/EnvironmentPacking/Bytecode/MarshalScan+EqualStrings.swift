// Since Python 3.13 `co_qualname` is interned (seen in 3.13.0, not in 3.12.1). A class's qualified name is a constant
// of the code around it too: the very same object if nobody interned an equal string before, otherwise another that
// isn't interned. Here a string that is interned somewhere in a module is one interned object everywhere in it.

extension MarshalScan {
    /// A string's bytes; good as long as the data is.
    private struct Text: Hashable {
        let bytes: UnsafeRawBufferPointer

        static func == (one: Text, other: Text) -> Bool { one.bytes.elementsEqual(other.bytes) }

        func hash(into hasher: inout Hasher) { hasher.combine(bytes: bytes) }
    }

    /// Finds strings that are equal to an interned one. To be called after ``mergeEqualSets(budget:)``.
    mutating func mergeEqualStrings() {
        guard strings.count > 1 else { return }
        var firsts: [Text: Int] = [:]
        firsts.reserveCapacity(strings.count)
        var groups: [Int: [Int]] = [:]
        for (index, string) in strings.enumerated() {
            guard let range = text(at: string.offset) else { continue }
            let text = Text(bytes: UnsafeRawBufferPointer(start: data + range.lowerBound, count: range.count))
            guard let first = firsts[text] else {
                firsts[text] = index
                continue
            }
            groups[first, default: [first]].append(index)
        }
        for members in groups.values {
            let isInterned = members.contains { member in
                let type = data[strings[member].offset] & ~MarshalType.flag
                return MarshalType.plain(type) != type
            }
            guard isInterned else { continue }
            share(members.map { (place: strings[$0], occurs: !isForgotten(strings[$0].offset)) })
        }
    }

    /// Whether an offset is in one of the ranges, which are in order and apart.
    private func isForgotten(_ offset: Int) -> Bool {
        var (low, high) = (0, forgotten.count)
        while low < high {
            let middle = (low + high) / 2
            if forgotten[middle].upperBound <= offset { low = middle + 1 } else { high = middle }
        }
        return low < forgotten.count && forgotten[low].contains(offset)
    }
}
