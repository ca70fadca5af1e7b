import Foundation
import Testing

@testable import EnvironmentPacking

@Suite("Valid and stale .pyc files")
struct PycHeaderTests {
    private static let python = PythonBytecode(minor: 11, magic: 3495)
    private static let magic: [UInt8] = [0xA7, 0x0D, 0x0D, 0x0A]
    private static let hash: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]

    private static func number(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    /// PEP 552 and `importlib._bootstrap_external`: `_classify_pyc`, `_validate_timestamp_pyc`, `_validate_hash_pyc`.
    @Test(
        arguments: [
            (magic + number(0) + number(1_700_000_000) + number(100), true),
            (magic + number(0) + number(1_700_000_001) + number(100), false),
            (magic + number(0) + number(1_700_000_000) + number(101), false),
            ([0xA6] + magic.dropFirst() + number(0) + number(1_700_000_000) + number(100), false),
            (magic + number(0b01) + hash, true), (magic + number(0b11) + hash, true),
            (magic + number(0b01) + [9] + hash.dropFirst(), false),
            (magic + number(0b11) + [9] + hash.dropFirst(), false),
            // Without the first bit the second says nothing.
            (magic + number(0b10) + number(1_700_000_000) + number(100), true),
            (magic + number(0b100) + number(1_700_000_000) + number(100), false),
            (magic + number(0) + number(1_700_000_000) + [100, 0, 0], false), ([], false),
        ] as [([UInt8], Bool)])
    func validity(header: [UInt8], isValid: Bool) {
        let found = header.withUnsafeBytes { PycHeader($0) }?
            .isValid(for: Self.python, modified: 1_700_000_000_500_000_000, size: 100, hash: { Self.hash })
        #expect((found ?? false) == isValid)
    }

    @Test(
        "Times and sizes are compared as 32 bits, times by way of a float",
        arguments: [
            (1_700_000_000_999_999_999, 1_700_000_001), (1_700_000_000_999_000_000, 1_700_000_000),
            (-1, 0), (-1_500_000_000, .max), (4_294_967_296_000_000_000, 0), (4_294_967_299_100_000_000, 3),
        ] as [(Int64, UInt32)])
    func seconds(nanoseconds: Int64, expected: UInt32) {
        #expect(PycHeader.seconds(nanoseconds) == expected)
    }

    /// Made by `importlib.util.source_hash(b"hello")` of CPython 3.8.18 to 3.13.0.
    @Test(
        arguments: [
            (8, 3413, "608550514225d8bf"), (9, 3425, "b70feb3c359861fa"), (10, 3439, "3c80f1191ea979cb"),
            (11, 3495, "7c360be58bb7a2aa"), (12, 3531, "9bca4702dbaedbed"), (13, 3571, "aa4d9968b297cf0d"),
        ] as [(Int, UInt16, String)])
    func sourceHash(minor: Int, magic: UInt16, expected: String) throws {
        let python = try #require(PythonBytecode(minor: minor))
        #expect(python.magic == magic)
        let hash = Array("hello".utf8).withUnsafeBytes { python.sourceHash($0) }
        #expect(hash.map { String(0x100 | Int($0), radix: 16).dropFirst() }.joined() == expected)
    }

    @Test("The machine's Python hashes sources of all lengths as we do", .enabled(if: LocalPython.isUsable))
    func sourceHashes() throws {
        let python = try #require(LocalPython.version)
        let program = """
            import sys, importlib.util as u
            sys.stdout.buffer.write(b''.join(u.source_hash(bytes(k * 7 % 256 for k in range(n))) for n in range(40)))
            """
        let expected = try LocalPython.run(program)
        let ours = (0..<40).flatMap { length in
            (0..<length).map { UInt8($0 * 7 % 256) }.withUnsafeBytes { python.sourceHash($0) }
        }
        #expect(ours == expected)
        if let known = PythonBytecode(minor: python.minor) { #expect(known == python) }
    }

    @Test(arguments: [
        ("os.cpython-311.pyc", "os", "cpython-311", nil), ("os.cpython-311.opt-1.pyc", "os", "cpython-311", "1"),
        ("a.b.cpython-311.pyc", "a.b", "cpython-311", nil), ("__init__.pypy39.opt-2.pyc", "__init__", "pypy39", "2"),
        ("opt-1.cpython-311.pyc", "opt-1", "cpython-311", nil),
    ])
    func names(leaf: String, module: String, tag: String, optimization: String?) {
        let expected = PycName(
            module: Array(module.utf8), tag: Array(tag.utf8), optimization: optimization.map { Array($0.utf8) })
        #expect(PycName.parse(Array(leaf.utf8)) == expected)
    }

    @Test(arguments: [
        "os.pyc", ".pyc", "..pyc", "os..pyc", ".cpython-311.pyc", "os.py", "a.cpython-311.opt-.pyc", "",
        "a.cpython-311.opt-é.pyc",
    ])
    func otherNames(leaf: String) {
        #expect(PycName.parse(Array(leaf.utf8)) == nil)
    }
}

@Suite("Making .pyc files", .enabled(if: LocalPython.isUsable))
struct PycRewriteTests {
    let python: PythonBytecode
    let directory: TemporaryDirectory
    let compiler = BytecodeCompiler(interpreter: LocalPython.path)

    init() throws {
        python = try #require(LocalPython.version)
        directory = try TemporaryDirectory()
    }

    private func rewrite(_ files: [OpenSource]) throws -> [UInt8]? {
        let rewrite = PycRewrite(path: Array("lib/m.py".utf8), python: python, compiler: compiler)
        switch try rewrite.rewrite(files) {
        case .bytes(let bytes): return bytes
        case .absent: return nil
        default:
            Issue.record("neither bytes nor absent")
            return nil
        }
    }

    private func pyc(of source: String, mode: String = "TIMESTAMP") throws -> OpenSource {
        let program = """
            import py_compile, sys
            mode = py_compile.PycInvalidationMode[sys.argv[3]]
            py_compile.compile(sys.argv[1], sys.argv[2], doraise=True, invalidation_mode=mode)
            """
        _ = try LocalPython.run(program, [directory.path + "/" + source, directory.path + "/m.pyc", mode])
        return try directory.open("m.pyc")
    }

    @Test(
        "From a .pyc or from the source, the bytes are the same",
        arguments: ["TIMESTAMP", "CHECKED_HASH", "UNCHECKED_HASH"])
    func sameBytes(mode: String) throws {
        let source = try directory.write(
            "m.py", Array("x = {'a': (1, 2.5, b'c')}\ndef f(y): return y in {'p', 'q', 'r s'}\n".utf8))
        let compiled = try #require(try rewrite([source]))
        #expect(try rewrite([source, pyc(of: "m.py", mode: mode)]) == compiled)
        try directory.write("made.pyc", compiled)
        #expect(try rewrite([source, directory.open("made.pyc")]) == compiled)
        // Python itself takes it as an unchecked one, whatever is in the source's place.
        let program = """
            import importlib.util as u, importlib._bootstrap_external as b, sys, marshal
            data = open(sys.argv[1], 'rb').read()
            assert b._classify_pyc(data, 'm', {}) == 1
            assert data[8:16] == u.source_hash(open(sys.argv[2], 'rb').read())
            space = {}
            exec(marshal.loads(data[16:]), space)
            assert space['f']('r s') and not space['f']('z') and space['x'] == {'a': (1, 2.5, b'c')}
            """
        _ = try LocalPython.run(program, [directory.path + "/made.pyc", directory.path + "/m.py"])
    }

    /// The .pyc is of "x = 1"; the source says "x = 2" when that is what must come out.
    @Test("A stale or damaged .pyc is not used", arguments: ["time", "size", "hash", "magic", "cut", "damaged"])
    func stale(how: String) throws {
        try directory.write("m.py", Array("x = 1\n".utf8))
        var bytes = try pyc(of: "m.py", mode: how == "hash" ? "UNCHECKED_HASH" : "TIMESTAMP").bytes(limit: 1 << 20)
        let text = how == "size" ? "x = 2  \n" : "x = 2\n"
        let times = try FileManager.default.attributesOfItem(atPath: directory.path + "/m.py")[.modificationDate]
        try directory.write("m.py", Array(text.utf8))
        var date = try #require(times as? Date)
        if how == "time" { date += 10 }
        try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: directory.path + "/m.py")
        switch how {
        case "magic": bytes[0] ^= 1
        case "cut": bytes.removeLast(bytes.count / 2)
        case "damaged": bytes[16] = 0x7B
        default: break
        }
        let source = try directory.open("m.py")
        let pyc = try directory.write("m.pyc", bytes)
        #expect(try rewrite([source, pyc]) == rewrite([source]))
    }

    @Test("The identity tells versions and paths apart")
    func identities() {
        func identity(_ path: [UInt8], _ magic: UInt16) -> String {
            PycRewrite(path: path, python: PythonBytecode(minor: 11, magic: magic), compiler: compiler).identity
        }
        let all = [
            identity([0x61], 3495), identity([0x62], 3495), identity([0x61], 3496), identity([0xFF], 3495),
            identity([0xFE], 3495), identity(Array("%ff".utf8), 3495), identity(Array("a b".utf8), 3495),
        ]
        #expect(Set(all).count == all.count)
    }
}
