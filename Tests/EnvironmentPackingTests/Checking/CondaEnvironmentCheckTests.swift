import Crypto
import EnvironmentPacking
import Foundation
import Glibc
import PythonPackaging
import Testing

@Suite("What conda installed, held against conda-meta") struct CondaEnvironmentCheckTests {
    /// An environment made by hand: libraries of no Python package, a `noarch` one, one of pip, and one of pip over conda's.
    private final class Prefix {
        let directory: CondaDirectory
        var path: String { directory.path }
        private static let site = "lib/python3.11/site-packages"

        init() throws {
            directory = try CondaDirectory()
            try install("python", "3.11.9", [.init("bin/python3.11", "ELF"), .init("lib/python3.11/os.py", "x = 1\n")])
            try install(
                "openssl", "3.3.1",
                [
                    .init("lib/libssl.so.3", "library"), .init("lib/libssl.so", link: "libssl.so.3"),
                    .init("etc/openssl.cnf", "root = /built", installed: "root = \(path)", placeholder: "/built"),
                    // Installed by a conda that didn't tell of what it wrote.
                    .init(
                        "bin/c_rehash", "#!/built/bin/perl", installed: "#!\(path)/bin/perl", placeholder: "/built",
                        tellsInstalled: false),
                ])
            try install(
                "idna", "3.7",
                [
                    .init("site-packages/idna/__init__.py", "x = 1\n", at: "\(Self.site)/idna/__init__.py"),
                    .init(
                        "site-packages/idna-3.7.dist-info/METADATA", "Name: idna\nVersion: 3.7\n",
                        at: "\(Self.site)/idna-3.7.dist-info/METADATA"),
                ], noarch: true)
            try directory.write("\(Self.site)/wheely-1.0.dist-info/METADATA", "Name: wheely\nVersion: 1.0\n")
            try directory.write("\(Self.site)/wheely-1.0.dist-info/INSTALLER", "pip\n")
            try directory.write("\(Self.site)/wheely-1.0.dist-info/RECORD", "wheely-1.0.dist-info/RECORD,,\n")
        }

        struct File {
            /// As the package names it, and where it is.
            var name, path: String
            var text, installed: String
            var placeholder: String?
            var link: String?
            var tellsInstalled = true

            init(
                _ name: String, _ text: String = "", at path: String? = nil, installed: String? = nil,
                placeholder: String? = nil, link: String? = nil, tellsInstalled: Bool = true
            ) {
                self.name = name
                self.path = path ?? name
                self.text = text
                self.installed = installed ?? text
                self.placeholder = placeholder
                self.link = link
                self.tellsInstalled = tellsInstalled
            }
        }

        private func install(_ name: String, _ version: String, _ files: [File], noarch: Bool = false) throws {
            func digest(_ text: String) -> String { SHA256.hash(data: Array(text.utf8)).map(Self.two).joined() }
            var paths: [[String: Any]] = []
            for file in files {
                if let target = file.link {
                    try directory.link(file.path, target)
                    paths.append(["_path": file.name, "path_type": "softlink", "sha256": digest("whatever")])
                    continue
                }
                try directory.write(file.path, file.installed)
                var entry: [String: Any] = [
                    "_path": file.name, "path_type": "hardlink", "sha256": digest(file.text),
                    "size_in_bytes": file.text.utf8.count,
                ]
                if file.tellsInstalled { entry["sha256_in_prefix"] = digest(file.installed) }
                if let text = file.placeholder {
                    entry["prefix_placeholder"] = text
                    entry["file_mode"] = "text"
                }
                paths.append(entry)
            }
            // Compiled when it was installed: no word about its bytes.
            if noarch {
                paths.append([
                    "_path": "\(Self.site)/idna/__pycache__/__init__.cpython-311.pyc", "path_type": "pyc_file",
                ])
            }
            var record: [String: Any] = [
                "name": name, "version": version, "build": "h1_0", "files": files.map(\.path),
                "paths_data": ["paths": paths, "paths_version": 1],
            ]
            if noarch { record["noarch"] = "python" }
            try directory.write(
                "conda-meta/\(name)-\(version)-h1_0.json", Array(try JSONSerialization.data(withJSONObject: record)))
        }

        private static func two(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }

        func read() throws -> CondaEnvironment {
            try #require(try CondaEnvironment.read(try InstalledEnvironment.read(prefix: path)))
        }

        func verify(_ name: String, known: String? = nil) throws -> InstalledPackage.Verification {
            try #require(try read().packages.first { $0.name == name }).verify(known: known)
        }
    }

    @Test("packages of any language, and which Python metadata is theirs")
    func packages() throws {
        let prefix = try Prefix()
        let conda = try prefix.read()
        #expect(
            conda.packages.map { "\($0.name) \($0.version) \($0.build ?? "")" } == [
                "idna 3.7 h1_0", "openssl 3.3.1 h1_0", "python 3.11.9 h1_0",
            ])
        #expect(conda.packages[0].pythonMetadata == ["lib/python3.11/site-packages/idna-3.7.dist-info"])
        #expect(conda.packages[1].pythonMetadata == [] && conda.problems.isEmpty)
        for package in conda.packages {
            let found = try package.verify()
            #expect(found.differences == [] && found.signature != nil, "\(package.name): \(found.differences)")
        }
        let environment = try InstalledEnvironment.read(prefix: prefix.path)
        #expect(environment.packages.map(\.name) == ["idna", "wheely"])
    }

    private static let module = "lib/python3.11/site-packages/idna/__init__.py"

    /// What is done to a file of which package, and what is told of it; `nil`: nothing.
    private static let changes: [(String, String, @Sendable (CondaDirectory, String) throws -> Void, String?)] = [
        ("openssl", "lib/libssl.so.3", { try $0.write($1, "Library") }, "has other bytes than conda-meta says"),
        ("openssl", "lib/libssl.so.3", { unlink($0.path + "/" + $1) }, "is missing"),
        ("openssl", "etc/openssl.cnf", { try $0.write($1, "root = /other") }, "has other bytes than conda-meta says"),
        // Nobody knows what it should hold; but it should be there.
        ("openssl", "bin/c_rehash", { try $0.write($1, "anything") }, nil),
        ("openssl", "bin/c_rehash", { unlink($0.path + "/" + $1) }, "is missing"),
        ("openssl", "lib/libssl.so", { unlink($0.path + "/" + $1) }, "is missing"),
        ("idna", module, { try $0.write($1, "x = 2\n") }, "has other bytes than conda-meta says"),
        ("python", "lib/python3.11/os.py", { unlink($0.path + "/" + $1) }, "is missing"),
        (
            "python", "bin/python3.11",
            {
                unlink($0.path + "/" + $1)
                mkfifo($0.path + "/" + $1, 0o600)
            }, "is not a regular file any more"
        ),
        (
            "python", "bin/python3.11",
            {
                unlink($0.path + "/" + $1)
                mkdir($0.path + "/" + $1, 0o700)
            }, "is not a regular file any more"
        ),
    ]

    @Test("a file that was changed, removed or replaced", arguments: changes.indices)
    func change(_ index: Int) throws {
        let (package, path, change, message) = Self.changes[index]
        let prefix = try Prefix()
        try change(prefix.directory, path)
        let found = try prefix.verify(package)
        #expect(found.differences.map { "\($0.path) \($0.message)" } == (message.map { ["\(path) \($0)"] } ?? []))
        #expect((found.signature == nil) == (message != nil))
    }

    @Test("links that lead out are not followed; those inside are")
    func links() throws {
        let prefix = try Prefix()
        let outside = try CondaDirectory("outside")
        try outside.write("os.py", "x = 1\n")
        unlink(prefix.path + "/lib/python3.11/os.py")
        try prefix.directory.link("lib/python3.11/os.py", outside.path + "/os.py")
        let away = try prefix.verify("python")
        #expect(away.linkedAway == 1 && away.differences == [])

        try prefix.directory.write("share/os.py", "x = 2\n")
        unlink(prefix.path + "/lib/python3.11/os.py")
        try prefix.directory.link("lib/python3.11/os.py", "../../share/os.py")
        #expect(try prefix.verify("python").differences.map(\.path) == ["lib/python3.11/os.py"])
    }

    @Test("what was compared is not read again until it is touched")
    func known() throws {
        let prefix = try Prefix()
        let first = try prefix.verify("openssl")
        #expect(first.bytesRead > 0)
        let second = try prefix.verify("openssl", known: first.signature)
        #expect(second.bytesRead == 0 && second.signature == first.signature)
        try prefix.directory.write("lib/libssl.so.3", "LIBRARY")
        let third = try prefix.verify("openssl", known: first.signature)
        #expect(third.bytesRead > 0 && third.differences.map(\.path) == ["lib/libssl.so.3"])
        // Another word of conda's about the same files is another question.
        let record = prefix.path + "/conda-meta/openssl-3.3.1-h1_0.json"
        let text = try String(contentsOfFile: record, encoding: .utf8)
        try text.replacing("\"etc\\/openssl.cnf\"", with: "\"etc\\/openssl.conf\"").write(
            toFile: record, atomically: false, encoding: .utf8)
        #expect(try prefix.verify("openssl", known: first.signature).differenceCount == 2)
    }

    @Test("metadata that can't be used is told of by its file, and the rest is looked at")
    func metadata() throws {
        let prefix = try Prefix()
        let meta = prefix.path + "/conda-meta/"
        try prefix.directory.write("conda-meta/a.json", "{")
        try prefix.directory.write("conda-meta/b.json", "[]")
        try prefix.directory.write(
            "conda-meta/c.json", #"{"name": "c", "version": "1", "files": ["../../etc/passwd"]}"#)
        mkfifo(meta + "d.json", 0o600)
        try prefix.directory.link("conda-meta/e.json", "/etc/passwd")
        mkdir(meta + "f.json", 0o700)
        try prefix.directory.write("conda-meta/history", "not of a package")
        let conda = try prefix.read()
        #expect(conda.packages.count == 3)
        #expect(conda.problems.map(\.fileName) == ["a.json", "b.json", "c.json", "d.json", "e.json", "f.json"])
        #expect(conda.problems[2].message.hasPrefix("lists a file outside of the environment"))
    }

    @Test("an environment without conda-meta, or with a link for it, isn't conda's")
    func none() throws {
        let prefix = try Prefix()
        rename(prefix.path + "/conda-meta", prefix.path + "/elsewhere")
        #expect(try CondaEnvironment.read(try InstalledEnvironment.read(prefix: prefix.path)) == nil)
        try prefix.directory.link("conda-meta", "elsewhere")
        #expect(try CondaEnvironment.read(try InstalledEnvironment.read(prefix: prefix.path)) == nil)
    }
}
