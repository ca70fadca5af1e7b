import Testing

@testable import EnvironmentPacking

@Suite struct PathTableTests {
    /// Of all lengths around those that the hash treats in other ways, some of which share beginnings and ends.
    private static let paths: [[UInt8]] = (0..<3000).map { number in
        Array(repeating: UInt8(ascii: "a"), count: number % 40) + Array("/\(number)/".utf8)
            + Array(repeating: UInt8(number % 7), count: number % 19)
    }

    @Test func holdsWhatADictionaryWould() {
        var table: PathTable<Int> = .init()
        var dictionary: [[UInt8]: Int] = [:]
        for (number, path) in Self.paths.enumerated() {
            table[path] = number
            dictionary[path] = number
            if number % 3 == 0 {
                let other = Self.paths[number / 2]
                let removed = table.removeValue(forKey: other)
                let expected = dictionary.removeValue(forKey: other)
                #expect(removed == expected)
            }
            if number % 5 == 0 {
                table[path]? += 1000
                dictionary[path]? += 1000
            }
        }
        for path in Self.paths { #expect(table[path] == dictionary[path]) }
        #expect(table[Array("not there".utf8)] == nil)
        #expect(Dictionary(uniqueKeysWithValues: zip(table.keys, table.values)) == dictionary)
        #expect(
            table.sortedValues
                == dictionary.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value))
    }

    @Test func keepsTheOrderInWhichPathsCame() {
        var set: PathSet = .init()
        #expect(set.isEmpty)
        #expect(Self.paths.filter { set.insert($0) } == Self.paths)
        #expect(Self.paths.filter { set.insert($0) } == [])
        #expect(Array(set.paths) == Self.paths && !set.isEmpty)
    }

    @Test func valuesAreChangedInPlace() {
        var table: PathTable<String> = .init()
        table[[1]] = "one"
        table[[2]] = "two"
        table[[1]] = nil
        table.update { path, value in value += "\(path)" }
        #expect(Array(table.values) == ["two[2]"] && Array(table.keys) == [[2]])
        table[[1]]? += "!"
        #expect(table[[1]] == nil)
    }

    @Test func bytesAreOrderedAsUnsigned() {
        let sorted: [[UInt8]] = [[], [0], [0, 0], [1], [127], [128], [255], [255, 0]]
        for (number, left) in sorted.enumerated() {
            for (other, right) in sorted.enumerated() { #expect(left.isBefore(right) == (number < other)) }
        }
    }
}
