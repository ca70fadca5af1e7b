// Equal frozen sets in the constants of several functions are one object or several, depending on the process: when the
// code objects are made, their strings are interned, and a set of which a string was interned before by somebody else
// is made anew for that one code object (`codeobject.c`, `intern_string_constants`). Here they are always one.

extension MarshalScan {
    /// What objects have in common that are to be one.
    struct Shared {
        /// The slot of all of them.
        var slot: Int
        /// The place of the first one, which is the one that is written.
        var place: MarshalWriter.Place
    }

    /// Finds equal frozen sets and adjusts the counts of what is in them.
    /// - Returns: `false` if a set is too intricate.
    mutating func mergeEqualSets(budget: inout Int) -> Bool {
        guard sets.count > 1 else { return true }
        var groups: [[UInt8]: [Int]] = [:]
        for (index, set) in sets.enumerated() {
            var key: [UInt8] = []
            guard appendValue(at: set.offset, to: &key, depth: 0, &budget) else { return false }
            groups[key, default: []].append(index)
        }
        guard groups.count < sets.count else { return true }
        var firsts = [Int](repeating: 0, count: sets.count)
        for members in groups.values { for member in members { firsts[member] = members[0] } }
        // Only the first of a group is written, so what occurs in the others doesn't occur.
        var end = 0
        var isInside = [Bool](repeating: false, count: sets.count)
        for (index, set) in sets.enumerated() {
            isInside[index] = set.offset < end
            guard !isInside[index], firsts[index] != index else { continue }
            end = forget(set)
            // Its own place remains.
            forgotten.append(set.offset + 1..<end)
        }
        for members in groups.values where members.count > 1 {
            share(members.map { (place: sets[$0], occurs: !isInside[$0]) })
        }
        return true
    }

    /// Makes equal objects one.
    /// - Parameter members: where they are, in ascending order, and whether each still occurs.
    mutating func share(_ members: [(place: MarshalWriter.Place, occurs: Bool)]) {
        let first = members[0].place
        var uses: UInt32 = 0
        for member in members {
            if data[member.place.offset] & MarshalType.flag != 0 {
                uses += slots[member.place.slot].uses
            } else if member.occurs {
                uses += 1
            }
        }
        var slot = first.slot
        if data[first.offset] & MarshalType.flag == 0 {
            slot = slots.count
            slots.append(Slot(offset: UInt32(first.offset), uses: 0, number: 0))
        }
        slots[slot].uses = uses
        for member in members { shared[member.place.offset] = Shared(slot: slot, place: first) }
    }

    /// Takes the objects in a set out of the counts.
    /// - Returns: where the set ends.
    private mutating func forget(_ set: MarshalWriter.Place) -> Int {
        var place = set
        let type = data[place.offset] & ~MarshalType.flag
        if data[place.offset] != type { place.slot += 1 }
        // There is no code in sets, so that objects can just be counted.
        var remaining = children(at: place.offset, type)
        place.offset += ownLength(at: place.offset, type)
        while remaining > 0 {
            let byte = data[place.offset]
            let type = byte & ~MarshalType.flag
            if type == MarshalType.reference {
                slots[number(at: place.offset + 1)].uses -= 1
            } else if byte != type {
                slots[place.slot].uses -= 1
                place.slot += 1
            }
            remaining += children(at: place.offset, type) - 1
            place.offset += ownLength(at: place.offset, type)
        }
        return place.offset
    }
}
