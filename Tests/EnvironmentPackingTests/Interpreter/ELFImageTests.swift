import Foundation
import Testing

@testable import EnvironmentPacking

@Suite struct ELFImageTests {
    static func image(_ bytes: [UInt8]) throws -> ELFImage {
        try ELFImage(
            { offset, count in
                guard offset >= 0, count >= 0, Int(offset) + count <= bytes.count else {
                    throw ELFImage.Malformed("short")
                }
                return Array(bytes[Int(offset)..<Int(offset) + count])
            }, size: Int64(bytes.count))
    }

    static func readelf(_ path: String, _ tag: String) throws -> [String] {
        let run = try venvRun(["/usr/bin/readelf", "-dW", path])
        return run.output.split(separator: "\n").filter { $0.contains("(\(tag))") }.compactMap { line in
            line.split(separator: "[").last.map { String($0.dropLast()) }
        }
    }

    /// A program and a library of its own, built with a search path of a given length.
    static func build(_ scratch: VenvScratch, searchPath: String?) throws {
        try scratch.write("base/answer.c", "int answer(void) { return 42; }\n")
        try scratch.write(
            "base/main.c", "#include <stdio.h>\nint answer(void);\nint main(void) { printf(\"%d\\n\", answer()); }\n")
        let base = scratch.path + "/base"
        var words = [
            "/usr/bin/cc", "-o", "lib/libanswer.so", "-shared", "-fPIC", "-Wl,-soname,libanswer.so", "answer.c",
        ]
        try FileManager.default.createDirectory(atPath: base + "/lib", withIntermediateDirectories: true)
        try FileManager.default.createDirectory(atPath: base + "/bin", withIntermediateDirectories: true)
        #expect(try venvRun(words, in: base).status == 0)
        words = ["/usr/bin/cc", "-o", "bin/main", "main.c", "-Llib", "-lanswer"]
        if let searchPath { words.append("-Wl,-rpath,\(searchPath)") }
        #expect(try venvRun(words, in: base).status == 0)
    }

    @Test func readsAsReadelfDoes() throws {
        let python = BaseLocation.real(try realPython()) ?? ""
        for path in [python, "/bin/sh", "/usr/bin/env"].compactMap({ BaseLocation.real($0) }) {
            let image = try Self.image(Array(try Data(contentsOf: URL(filePath: path))))
            #expect(image.needed == (try Self.readelf(path, "NEEDED")))
            #expect(
                image.searchPaths.map { String(decoding: $0.text, as: UTF8.self) }
                    == (try Self.readelf(path, "RUNPATH") + Self.readelf(path, "RPATH")))
            let versions = try venvRun(["/usr/bin/readelf", "-VW", path]).output
            #expect(image.versions.contains { $0.hasPrefix("GLIBC_") })
            #expect(image.versions.allSatisfy { versions.contains("Name: \($0) ") })
        }
    }

    /// In place of the old one, beyond the old one's length, and where there was none.
    @Test(arguments: ["/a/long/directory/that/was/the/base", "/b", nil]) func relinks(_ old: String?) throws {
        let scratch = try VenvScratch()
        try Self.build(scratch, searchPath: old)
        let bytes = Array(try Data(contentsOf: URL(filePath: scratch.path + "/base/bin/main")))
        let wanted = "$ORIGIN/../lib"
        let patches = try #require(try Self.image(bytes).patches(searchPath: Array(wanted.utf8)))
        let new = try #require(Rewritten.patched(patches).applied(to: bytes))
        #expect(new.count == bytes.count)
        try scratch.write("moved/bin/main", new, executable: true)
        try FileManager.default.moveItem(atPath: scratch.path + "/base/lib", toPath: scratch.path + "/moved/lib")
        let run = try venvRun([scratch.path + "/moved/bin/main"])
        #expect(run.output == "42\n", "\(run.errors)")
        let image = try Self.image(new)
        #expect(image.searchPaths.map { String(decoding: $0.text, as: UTF8.self) } == [wanted])
        // Once more changes nothing.
        #expect(image.patches(searchPath: Array(wanted.utf8)) == [])
        if let old { #expect(!String(decoding: new, as: UTF8.self).contains(old + "\0")) }
    }

    @Test func refusesOtherMachines() throws {
        var header = [UInt8](repeating: 0, count: 64)
        header.replaceSubrange(0..<4, with: ELFImage.magic)
        for (kind, order, message) in [(1, 1, "32-bit"), (2, 2, "big-endian")] {
            header[4] = UInt8(kind)
            header[5] = UInt8(order)
            #expect { try Self.image(header) } throws: {
                ($0 as? ELFImage.Malformed)?.message.contains(message) == true
            }
        }
        #expect(throws: ELFImage.Malformed.self) { try Self.image([]) }
        #expect(throws: ELFImage.Malformed.self) { try Self.image(Array("#!/bin/sh".utf8)) }
    }

    /// Damaged files are understood or refused, and never lead out of the file.
    @Test func survivesDamage() throws {
        let scratch = try VenvScratch()
        try Self.build(scratch, searchPath: "/b")
        let good = Array(try Data(contentsOf: URL(filePath: scratch.path + "/base/bin/main")))
        // xorshift64, Marsaglia 2003; fixed seed.
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        func next(_ limit: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state % UInt64(limit))
        }
        let dynamic = try #require(Self.dynamicOffset(good))
        var refused = 0
        for round in 0..<3000 {
            var bytes = good
            if round % 5 == 0 { bytes.removeLast(next(bytes.count)) }
            for _ in 0...next(4) {
                let places = [next(64), 64 + next(56 * 13), dynamic + next(400), next(good.count)]
                let place = places[next(4)]
                guard place < bytes.count else { continue }
                bytes[place] = [0, 0xFF, 0x7F, 0x80, UInt8(next(256))][next(5)]
            }
            do {
                let image = try Self.image(bytes)
                for patch in image.patches(searchPath: Array("$ORIGIN/../lib".utf8)) ?? [] {
                    #expect(patch.range.lowerBound >= 0 && patch.range.upperBound <= Int64(bytes.count))
                    #expect(patch.range.count == patch.bytes.count)
                }
            } catch is ELFImage.Malformed {
                refused += 1
            }
        }
        #expect(refused > 100)
        #expect(refused < 3000)
    }

    private static func dynamicOffset(_ bytes: [UInt8]) -> Int? {
        (0..<Int(bytes[56])).lazy.map { 64 + $0 * 56 }.first { bytes[$0] == 2 && bytes[$0 + 1] == 0 }.map {
            Int(bytes[$0 + 8]) | Int(bytes[$0 + 9]) << 8 | Int(bytes[$0 + 10]) << 16
        }
    }
}
