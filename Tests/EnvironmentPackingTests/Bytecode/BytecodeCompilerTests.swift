import Foundation
import Testing

@testable import EnvironmentPacking

@Suite("Compiling with the environment's Python", .enabled(if: LocalPython.isUsable))
struct BytecodeCompilerTests {
    private let compiler = BytecodeCompiler(interpreter: LocalPython.path)

    private func compiles(_ source: [UInt8]) throws -> Bool {
        try compiler.compile(source, name: Array("m.py".utf8)) != nil
    }

    @Test("Sources that compile, in the encoding that they name")
    func sound() throws {
        #expect(try compiles([]))
        #expect(try compiles(Array("x = 'é'\r\n".utf8)))
        #expect(try compiles([0xEF, 0xBB, 0xBF] + Array("x = 1".utf8)))
        #expect(try compiles(Array("# coding: latin-1\nx = '".utf8) + [0xE9] + Array("'\n".utf8)))
        #expect(try compiles(Array("# coding: shift_jis\nx = '".utf8) + [0x83, 0x65] + Array("'\n".utf8)))
        // Only a warning, even where warnings are errors.
        #expect(try compiles(Array("x = '\\d'\nassert (1, 'x')\n".utf8)))
        #expect(try compiles(Array(String(repeating: "x = 'abc', 1, 2.5\n", count: 100_000).utf8)))
        #expect(compiler.notes.isEmpty)
    }

    @Test(
        "Sources that don't compile are no error, and the next one is compiled",
        arguments: [
            Array("def".utf8), Array("x = 1\0y = 2".utf8), Array("# coding: no-such-thing\n".utf8), [0xFF, 0xFE, 0x41],
            Array("x = '".utf8) + [0xE9] + Array("'".utf8), Array("print 'two'\n".utf8),
            [UInt8](repeating: UInt8(ascii: "("), count: 100_000),
            Array((String(repeating: "(", count: 150) + String(repeating: ")", count: 149)).utf8),
            Array(("x = " + String(repeating: "-", count: 200_000) + "1").utf8),
            Array(String(repeating: "if 1:\n", count: 5000).utf8),
            Array("x = 1; return\n".utf8), Array("'\\N{NO SUCH NAME}'".utf8),
        ] as [[UInt8]])
    func unsound(source: [UInt8]) throws {
        #expect(try !compiles(source))
        #expect(try compiles(Array("x = 1\n".utf8)))
    }

    @Test("What was compiled before makes no difference")
    func history() throws {
        let python = try #require(LocalPython.version)
        let source = Array("def f(x): return x in {'one', 'two', '('} or x in {'two', 'one', '('}\n".utf8)
        let first = try #require(try BytecodeCompiler(interpreter: LocalPython.path).compile(source, name: [0x6D]))
        for name in ["one", "two", "three"] { _ = try compiles(Array("\(name) = '\(name)', '('\n".utf8)) }
        let later = try #require(try compiler.compile(source, name: [0x6D]))
        #expect(try canonical(first, python) == canonical(later, python))
    }

    @Test("From several threads at once")
    func threads() async throws {
        let compiler = compiler
        let lengths = try await withThrowingTaskGroup(of: (Int, [UInt8]?).self) { group in
            for index in 0..<24 {
                group.addTask {
                    (index % 3, try compiler.compile(Array("x = \(index % 3)\n".utf8), name: [0x6D]))
                }
            }
            return try await group.reduce(into: [Int: Set<[UInt8]>]()) { $0[$1.0, default: []].insert($1.1 ?? []) }
        }
        #expect(lengths.mapValues(\.count) == [0: 1, 1: 1, 2: 1])
    }

    @Test("The magic number is what the interpreter says")
    func magic() throws {
        #expect(try compiler.magic() == LocalPython.version?.magic)
    }

    @Test("A process that is ended from outside costs one source, with a note")
    func killed() throws {
        let directory = try TemporaryDirectory()
        let marker = directory.path + "/seen"
        // Not a Python, but speaks as one until it is asked.
        let script = """
            #!\(LocalPython.path)
            import os
            os.write(0, b'pyc1')
            os.read(0, 1)
            open('\(marker)', 'a').write('x')
            """
        try directory.write("python", Array(script.utf8))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: directory.path + "/python")
        let compiler = BytecodeCompiler(interpreter: directory.path + "/python", processes: 1)
        for count in 1...2 {
            #expect(try compiler.compile([], name: Array("lib/m.py".utf8)) == nil)
            #expect(compiler.notes.count == count)
        }
        #expect(compiler.notes[0] == "lib/m.py has no bytecode: compiling it ended Python")
        #expect(try directory.bytes("seen") == Array("xx".utf8))
    }

    @Test("A source that takes too long is given up")
    func late() throws {
        let directory = try TemporaryDirectory()
        let script = "#!\(LocalPython.path)\nimport os, time\nos.write(0, b'pyc1')\ntime.sleep(600)\n"
        try directory.write("python", Array(script.utf8))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: directory.path + "/python")
        let compiler = BytecodeCompiler(
            interpreter: directory.path + "/python", processes: 1, timeout: .seconds(2))
        #expect(try compiler.compile([], name: Array("lib/m.py".utf8)) == nil)
        #expect(compiler.notes == ["lib/m.py has no bytecode: compiling it takes too long"])
    }

    @Test(
        "An interpreter that can't run is an error",
        arguments: ["/no/such/python", "/etc/passwd", "/bin/true", "/dev/null"])
    func unusable(path: String) {
        let compiler = BytecodeCompiler(interpreter: path)
        for _ in 0..<2 {
            #expect(throws: BytecodeError.self) { try compiler.compile([], name: [0x6D]) }
            #expect(throws: BytecodeError.self) { try compiler.magic() }
        }
    }
}
