import Foundation
import Testing

@testable import EnvironmentPacking

@Suite struct VenvRulesTests {
    /// An environment made by the real `venv`, with some files that name its place.
    static func make(
        _ scratch: VenvScratch, _ name: String, python: String? = nil, options: [String] = ["--without-pip"]
    ) throws {
        let place = scratch.path + "/" + name
        let run = try venvRun([try python ?? realPython(), "-m", "venv"] + options + [place])
        #expect(run.status == 0, "\(run.errors)")
        let site = try #require(Self.site(place))
        // As pip does: a path with a blank can't be in the first line.
        let first =
            place.contains(" ")
            ? "#!/bin/sh\n'''exec' \"\(place)/bin/python3\" \"$0\" \"$@\"\n' '''\n" : "#!\(place)/bin/python3\n"
        try scratch.write("\(name)/bin/tool", first + "import sys, pkg\nprint(pkg.x, sys.argv[1:])\n", executable: true)
        try scratch.write("\(name)/\(site)/pkg.py", "x = 'the package'\n")
        try scratch.write("\(name)/etc/tool.conf", "data = \(place)/share\n")
        try scratch.write("\(name)/share/jupyter/kernels/k/kernel.json", "{\"argv\": [\"\(place)/bin/python\"]}\n")
        try scratch.write("\(name)/bin/activate.nu", "let virtual_env = '\(place)'\n")
        try scratch.link("\(name)/share/absolute", to: place + "/etc/tool.conf")
    }

    static func site(_ place: String) -> String? {
        (try? FileManager.default.contentsOfDirectory(atPath: place + "/lib"))?.first { $0.hasPrefix("python3.") }.map {
            "lib/\($0)/site-packages"
        }
    }

    static func assemble(
        _ prefix: String, _ target: String, _ change: (inout PackOptions) -> Void = { _ in }
    ) throws -> PlainAssembly {
        var options = PackOptions()
        change(&options)
        return try PlainAssembly(try EnvironmentSurvey(prefix: prefix), options, to: target)
    }

    /// All names, modes and contents below a directory, bytecode left out.
    static func contents(_ directory: String) throws -> [String: [UInt8]] {
        var result: [String: [UInt8]] = [:]
        for file in try DirectoryWalk(root: directory, skipping: []).run() where !file.path.hasSuffix(".pyc") {
            let name = String(decoding: file.path, as: UTF8.self)
            switch file.kind {
            case .regular:
                result[name] =
                    Array(file.mode & 0o100 != 0 ? "x".utf8 : "-".utf8)
                    + (try OpenSource(file.source).bytes(limit: .max))
            case .symlink(let target): result[name] = Array("l".utf8) + target
            default: break
            }
        }
        return result
    }

    @Test func doesNotDependOnThePlace() throws {
        let scratch = try VenvScratch()
        try Self.make(scratch, "one/venv")
        // A copy, whose files still spell the first place, and one that was made elsewhere.
        try FileManager.default.createDirectory(atPath: scratch.path + "/moved", withIntermediateDirectories: true)
        #expect(try venvRun(["/bin/cp", "-a", scratch.path + "/one/venv", scratch.path + "/moved/copy"]).status == 0)
        try Self.make(scratch, "another longer place/venv")
        for (index, name) in ["one/venv", "moved/copy", "another longer place/venv"].enumerated() {
            let assembly = try Self.assemble(scratch.path + "/" + name, scratch.path + "/out\(index)")
            #expect(assembly.rules.problems.isEmpty)
            #expect(assembly.rules.interpreter.isIncluded == false)
            #expect(assembly.rules.interpreter.base?.hasPrefix("/") == true)
            #expect(assembly.omitted["bin/activate.csh"] == "csh can't tell where a sourced script is")
            #expect(assembly.omitted["bin/activate.nu"] != nil)
        }
        let first = try Self.contents(scratch.path + "/out0")
        #expect(first == (try Self.contents(scratch.path + "/out1")))
        #expect(first == (try Self.contents(scratch.path + "/out2")))
        for (name, bytes) in first {
            #expect(!String(decoding: bytes, as: UTF8.self).contains(scratch.path), "\(name)")
        }
        #expect(first["etc/tool.conf"] == Array("-data = /opt/environment/share\n".utf8))
        #expect(first["share/absolute"] == Array("l../etc/tool.conf".utf8))
        #expect(first["share/jupyter/kernels/k/kernel.json"] == Array("-{\"argv\": [\"python\"]}\n".utf8))

        let run = try venvRun([scratch.path + "/out2/bin/tool", "a b"])
        #expect(run.output == "the package ['a b']\n", "\(run.errors)")
        let activated = try venvRun([
            "/bin/bash", "-c", ". '\(scratch.path)/out0/bin/activate' && tool && echo \"$VIRTUAL_ENV\"",
        ])
        #expect(activated.output == "the package []\n\(scratch.path)/out0\n", "\(activated.errors)")
    }

    @Test func namesTheDestination() throws {
        let scratch = try VenvScratch()
        try Self.make(scratch, "venv")
        let assembly = try Self.assemble(scratch.path + "/venv", scratch.path + "/out") {
            $0.destination = "/srv/environment"
        }
        let contents = try Self.contents(scratch.path + "/out")
        #expect(contents["etc/tool.conf"] == Array("-data = /srv/environment/share\n".utf8))
        #expect(contents["bin/activate.nu"] == Array("-let virtual_env = '/srv/environment'\n".utf8))
        #expect(assembly.omitted["bin/activate.csh"] == nil)
        for (name, bytes) in contents {
            #expect(!String(decoding: bytes, as: UTF8.self).contains(scratch.path), "\(name)")
        }
    }

    @Test func tellsOfSystemPackages() throws {
        let scratch = try VenvScratch()
        try Self.make(scratch, "venv", options: ["--without-pip", "--system-site-packages"])
        let assembly = try Self.assemble(scratch.path + "/venv", scratch.path + "/out")
        #expect(assembly.rules.notes.contains { $0.contains("include-system-site-packages") })
    }
}
