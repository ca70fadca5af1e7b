import Foundation
import Glibc
import Testing

@testable import PythonPackaging

@Suite("Installed environments: files against RECORD")
struct InstalledFilesTests {
    @Test("an edited, a truncated, a missing and a replaced file are told by their names")
    func harm() throws {
        let bench = try InstalledBench()
        #expect(try bench.differences("alpha") == [])
        try bench.write(bench.site("alpha/__init__.py"), "def main(): exit\n")
        #expect(try bench.differences("alpha") == ["changed alpha/__init__.py"], "the size is the same")
        try bench.write(bench.site("alpha/deep/données.txt"), "short")
        try FileManager.default.removeItem(atPath: bench.prefix + "/share/alpha.cfg")
        try FileManager.default.removeItem(atPath: bench.prefix + "/bin/alpha-run")
        try FileManager.default.createDirectory(
            atPath: bench.prefix + "/bin/alpha-run", withIntermediateDirectories: false)
        #expect(
            try bench.differences("alpha") == [
                "changed ../../../bin/alpha-run", "missing ../../../share/alpha.cfg", "changed alpha/__init__.py",
                "changed alpha/deep/données.txt",
            ])
    }

    @Test("compiled modules and files that RECORD doesn't know make no difference")
    func passedOver() throws {
        let bench = try InstalledBench()
        let cache = try bench.site("alpha/__pycache__")
        for name in try FileManager.default.contentsOfDirectory(atPath: cache) {
            try bench.write("\(cache)/\(name)", "not what it was")
        }
        try bench.write(bench.site("alpha/new.py"), "")
        try bench.record(adding: ["alpha/new.pyc,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0"])
        #expect(try bench.differences("alpha") == [])
    }

    @Test("many differences are counted, and only the first are kept")
    func many() throws {
        let bench = try InstalledBench()
        try FileManager.default.removeItem(atPath: bench.site("beta"))
        let environment = try bench.read()
        let found = try #require(environment.packages(named: "beta-pkg").first).verify(in: environment)
        #expect(found.differenceCount == 300 && found.differences.count == 20 && found.signature == nil)
        #expect(found.differences.allSatisfy { $0.kind == .missing })
    }

    @Test(
        "names that lead out of the environment are told and never opened",
        arguments: [
            "../../../../../../../../etc/passwd", "/etc/passwd", "../../../../secret", "a/../../../../../secret",
        ])
    func outside(name: String) throws {
        let bench = try InstalledBench()
        // Opening it would hang: nobody ever writes to it. Its hash is that of nothing.
        try #require(mkfifo(bench.scratch.path + "/secret", 0o600) == 0)
        try bench.record(adding: ["\(name),sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0"])
        #expect(try bench.differences("alpha") == ["outside \(name)"])
    }

    @Test("a name with a NUL is not the file before the NUL")
    func nul() throws {
        let bench = try InstalledBench()
        try bench.record(adding: ["alpha/__init__.py\0.txt,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0"])
        #expect(try bench.differences("alpha") == ["outside alpha/__init__.py\0.txt"])
    }

    @Test("links out of the environment are not followed, in the last part of a path or before; links inside are")
    func links() throws {
        let bench = try InstalledBench()
        let target = bench.scratch.path + "/elsewhere"
        try bench.write(target + "/__init__.py", "def main(): pass\n")
        let environment = try bench.read()
        let alpha = try #require(environment.packages(named: "alpha").first)
        let before = try alpha.verify(in: environment)
        // As `uv --link-mode symlink` does it.
        try FileManager.default.removeItem(atPath: bench.site("alpha/__init__.py"))
        try #require(symlink(target + "/__init__.py", bench.site("alpha/__init__.py")) == 0)
        let linked = try alpha.verify(in: environment)
        #expect(linked.differences == [] && linked.linkedAway == 1 && linked.files == before.files - 1)
        try FileManager.default.removeItem(atPath: bench.site("alpha"))
        try #require(symlink(target, bench.site("alpha")) == 0)
        let away = try alpha.verify(in: environment)
        #expect(away.differences == [] && away.linkedAway == 2)
        try FileManager.default.removeItem(atPath: bench.site("alpha"))
        try bench.write(bench.site("moved/__init__.py"), "def main(): pass\n")
        try #require(symlink("moved", bench.site("alpha")) == 0)
        let inside = try alpha.verify(in: environment)
        #expect(inside.differences.map(\.path) == ["alpha/deep/données.txt"] && inside.linkedAway == 0)
        try FileManager.default.removeItem(atPath: bench.site("alpha"))
        try #require(symlink(bench.prefix + "/nowhere", bench.site("alpha")) == 0)
        #expect(try bench.differences("alpha") == ["missing alpha/__init__.py", "missing alpha/deep/données.txt"])
    }

    @Test(
        "an absolute name inside the environment is one",
        arguments: [true, false])
    func absolute(isChanged: Bool) throws {
        let bench = try InstalledBench()
        let prefix = try bench.read().prefix
        try bench.write(prefix + "/etc/x", isChanged ? "x" : "")
        try bench.record(adding: ["\(prefix)/etc/x,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,"])
        #expect(try bench.differences("alpha") == (isChanged ? ["changed \(prefix)/etc/x"] : []))
    }

    @Test("a FIFO, a device and a socket in a file's place are told, and nothing hangs")
    func specialFiles() throws {
        let bench = try InstalledBench()
        let path = try bench.site("alpha/__init__.py")
        try FileManager.default.removeItem(atPath: path)
        try #require(mkfifo(path, 0o644) == 0)
        #expect(try bench.differences("alpha") == ["changed alpha/__init__.py"])
        // A link to a device leads out.
        try FileManager.default.removeItem(atPath: path)
        try #require(symlink("/dev/zero", path) == 0)
        #expect(try bench.differences("alpha") == [])
    }

    @Test(
        "a RECORD that can't be used is one difference",
        arguments: [
            "", "a,b\n", "a,md5=1B2M2Y8AsgTpgAmY7PhCfg,0\n", "\"open\n",
            "a,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,x\n",
        ])
    func malformed(text: String) throws {
        let bench = try InstalledBench()
        let path = try bench.site("alpha-1.0.dist-info/RECORD")
        if text.isEmpty {
            try FileManager.default.removeItem(atPath: path)
        } else {
            try bench.write(path, text)
        }
        #expect(try bench.differences("alpha") == ["record alpha-1.0.dist-info/RECORD"])
    }

    @Test("without RECORD, what conda installed, or nobody knows who, has nothing to compare")
    func noRecord() throws {
        let bench = try InstalledBench()
        try FileManager.default.removeItem(atPath: bench.site("alpha-1.0.dist-info/RECORD"))
        try bench.write(bench.site("alpha-1.0.dist-info/INSTALLER"), "conda\n")
        #expect(try bench.differences("alpha") == [])
        try FileManager.default.removeItem(atPath: bench.site("alpha-1.0.dist-info/INSTALLER"))
        #expect(try bench.differences("alpha") == [])
    }

    @Test("conda writes its prefix into scripts: outside of site-packages it isn't compared")
    func conda() throws {
        let bench = try InstalledBench()
        try bench.write(bench.site("alpha-1.0.dist-info/INSTALLER"), "conda")
        try bench.record(adding: [], keeping: { !$0.hasPrefix("alpha-1.0.dist-info/INSTALLER") })
        try bench.write(bench.prefix + "/bin/alpha-run", "#!/another/prefix/bin/python\n")
        #expect(try bench.differences("alpha") == [])
        try bench.write(bench.site("alpha/__init__.py"), "")
        #expect(try bench.differences("alpha") == ["changed alpha/__init__.py"])
    }

    @Test("what has not been touched is not read again; a changed RECORD is another question")
    func signature() throws {
        let bench = try InstalledBench()
        let environment = try bench.read()
        let alpha = try #require(environment.packages(named: "alpha").first)
        let first = try alpha.verify(in: environment)
        #expect(first.bytesRead > 140_000)
        let again = try alpha.verify(in: environment, known: first.signature)
        #expect(again.bytesRead == 0 && again.signature == first.signature && again.lastChange == first.lastChange)
        try InstalledBench.shell("touch '\(bench.site("alpha/__init__.py"))'")
        #expect(try alpha.verify(in: environment, known: first.signature).bytesRead == first.bytesRead)
        let touched = try alpha.verify(in: environment)
        try bench.record(
            adding: ["alpha/__init__.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,17"],
            keeping: { !$0.hasPrefix("alpha/__init__.py") })
        #expect(try alpha.verify(in: environment, known: touched.signature).differences.map(\.kind) == [.changed])
    }

    @Test("it ends when it is told to")
    func cancelled() throws {
        let bench = try InstalledBench()
        let environment = try bench.read()
        let beta = try #require(environment.packages(named: "beta-pkg").first)
        var calls = 0
        #expect(throws: CancellationError.self) {
            _ = try beta.verify(in: environment) {
                calls += 1
                if calls == 310 { throw CancellationError() }
            }
        }
        #expect(calls == 310)
    }
}
