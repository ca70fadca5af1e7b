import Testing

@testable import EnvironmentPacking

@Suite("Damaged bytecode")
struct DamagedBytecodeTests {
    /// Repeatable random numbers (xorshift64).
    private struct Numbers {
        var state: UInt64
        mutating func below(_ limit: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state % UInt64(limit))
        }
    }

    @Test("Mutated code is refused or rewritten, and the result is canonical", .enabled(if: LocalPython.isUsable))
    func mutations() throws {
        let python = try #require(LocalPython.version)
        let program =
            LocalPython.source + """
                import marshal
                with open(lib + '/textwrap.py', 'rb') as file: code = compile(file.read(), 'x', 'exec')
                sys.stdout.buffer.write(marshal.dumps(code))
                """
        let original = try LocalPython.run(program)
        let kinds = Array("NFTS.ilgysutaAzZ()>c:r".utf8)
        var numbers = Numbers(state: 42)
        var outcomes = (refused: 0, rewritten: 0)
        for _ in 0..<3000 {
            var bytes = original
            for _ in 0...numbers.below(4) {
                let place = numbers.below(bytes.count)
                switch numbers.below(5) {
                case 0: bytes[place] = UInt8(numbers.below(256))
                case 1: bytes[place] = kinds[numbers.below(kinds.count)] | (numbers.below(2) == 0 ? 0x80 : 0)
                case 2: bytes.removeSubrange(place..<min(bytes.count, place + 1 + numbers.below(8)))
                case 3:
                    let piece = bytes[place..<min(bytes.count, place + numbers.below(64))]
                    bytes.insert(contentsOf: piece, at: numbers.below(bytes.count))
                default: bytes.removeSubrange((place + 1)...)
                }
            }
            if let form = try canonical(bytes, python) {
                outcomes.rewritten += 1
                #expect(try canonical(form, python) == form)
            } else {
                outcomes.refused += 1
            }
        }
        #expect(outcomes.refused > 500)
        #expect(outcomes.rewritten > 50)
    }

    private static let python = PythonBytecode(minor: 11, magic: 3495)
    private static let head = Array("c".utf8) + [UInt8](repeating: 0, count: 20)

    private static func number(_ value: Int32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    @Test(
        "What no compiler writes is refused",
        arguments: [
            [], [0x63], Array("N".utf8), Array("c".utf8) + [0, 0],
            // Lengths beyond the end, and negative ones.
            head + Array("s".utf8) + number(.max), head + Array("s".utf8) + number(-1),
            head + Array("(".utf8) + number(.max), head + Array("(".utf8) + number(-5),
            head + Array("l".utf8) + number(.min), head + Array("l".utf8) + number(.max),
            head + Array("z".utf8) + [200, 1],
            // References to nothing, and to what they are in.
            head + Array("r".utf8) + number(0), head + Array("r".utf8) + number(-1),
            head + [0x80 | UInt8(ascii: ")"), 1, UInt8(ascii: "r")] + number(0),
            // A dictionary, and text that isn't UTF-8.
            head + Array("{0".utf8), head + Array("u".utf8) + number(2) + [0xC3, 0x28],
            // Depth.
            head + (0..<5000).flatMap { _ in [UInt8(ascii: ")"), 1] } + Array("N".utf8),
            (0..<5000).flatMap { _ in head },
        ] as [[UInt8]])
    func refusals(bytes: [UInt8]) throws {
        #expect(try canonical(bytes, Self.python) == nil)
    }

    /// Each set holds the one before twice over by references: 40 of them would be written out as a million million.
    @Test("Sharing beyond measure ends in a refusal")
    func sharingBeyondMeasure() throws {
        var constants: [UInt8] = [UInt8(ascii: "("), 41, 0, 0, 0, 0x80 | UInt8(ascii: "i"), 1, 0, 0, 0]
        for level in 0..<40 {
            constants +=
                [0x80 | UInt8(ascii: ")"), 2] + (0..<2).flatMap { _ in [UInt8(ascii: "r")] + Self.number(Int32(level)) }
        }
        constants[1] = 42
        constants += [UInt8(ascii: ">")] + Self.number(1) + [UInt8(ascii: "r")] + Self.number(40)
        let names = [UInt8(ascii: ")"), 0]
        let bytes =
            Self.head + [UInt8(ascii: "s")] + Self.number(0) + constants + names + names + [UInt8(ascii: "s")]
            + Self.number(0) + Array("z".utf8) + [1, 0x78] + Array("z".utf8) + [1, 0x78] + Array("z".utf8) + [1, 0x78]
            + Self.number(1) + [UInt8(ascii: "s")] + Self.number(0) + [UInt8(ascii: "s")] + Self.number(0)
        #expect(try canonical(bytes, Self.python) == nil)
        // The same without the set is sound.
        let plain = constants.dropLast(10) + Array("N".utf8)
        let harmless =
            Self.head + [UInt8(ascii: "s")] + Self.number(0) + plain + bytes[(Self.head.count + 5 + constants.count)...]
        #expect(try canonical(harmless, Self.python) != nil)
    }

    @Test(
        "UTF-8 as Python's decoder takes it",
        arguments: [
            ([0xC3, 0xA9], true), ([0xED, 0xA0, 0x80], true), ([0xF4, 0x8F, 0xBF, 0xBF], true),
            ([0xC0, 0x80], false), ([0xE0, 0x80, 0x80], false), ([0xF4, 0x90, 0x80, 0x80], false),
            ([0xE2, 0x82], false),
            ([0x80], false), ([0x61, 0xFF], false),
        ] as [([UInt8], Bool)])
    func text(bytes: [UInt8], isValid: Bool) {
        #expect(
            bytes.withUnsafeBufferPointer { UTF8Text.isValid($0.baseAddress.unsafelyUnwrapped, $0.count) } == isValid)
    }

    @Test("A file name that isn't UTF-8 becomes what os.fsdecode makes of it", .enabled(if: LocalPython.isUsable))
    func fileNameBytes() throws {
        let name: [UInt8] = [0x61, 0xFF, 0xC3, 0xA9, 0x80, 0xE2, 0x82]
        let program = "import sys; s = bytes.fromhex('61ffc3a980e282').decode('utf-8', 'surrogateescape')"
        let expected = try LocalPython.run(program + "; sys.stdout.buffer.write(s.encode('utf-8', 'surrogatepass'))")
        #expect(UTF8Text.decodingFileName(name) == expected)
    }
}
