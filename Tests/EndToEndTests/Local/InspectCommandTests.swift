import Foundation
import Glibc
import Testing

@Suite("inspect: archives beside themselves and the lock", .tags(.local))
struct InspectCommandTests {
    /// Writes an archive as a packer of virtual environments would, with a RECORD for each package.
    private static func archive(_ workspace: TestWorkspace, _ name: String, _ packages: [String: String]) throws {
        let job: [String: Any] = ["path": workspace.path(name), "packages": packages]
        try Local.python(
            """
            import base64, hashlib, io, json, sys, tarfile
            job = json.loads(sys.argv[1])
            site = "lib/python3.11/site-packages/"
            with tarfile.open(job["path"], "w:gz") as archive:
                def add(name, data, mode=0o644):
                    info = tarfile.TarInfo(name)
                    info.size, info.mode = len(data), mode
                    archive.addfile(info, io.BytesIO(data))
                add("pyvenv.cfg", b"home = /usr/bin\\nversion = 3.11.2\\n")
                add("bin/python", b"#!/bin/sh\\n", 0o755)
                for package, version in sorted(job["packages"].items()):
                    info = f"{package}-{version}.dist-info"
                    files = {
                        f"{package}.py": f"V = '{version}'\\n".encode(),
                        f"{info}/METADATA": f"Metadata-Version: 2.1\\nName: {package}\\nVersion: {version}\\n".encode(),
                    }
                    record = ""
                    for path, data in files.items():
                        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
                        record += f"{path},sha256={digest},{len(data)}\\n"
                        add(site + path, data)
                    add(site + info + "/RECORD", f"{record}{info}/RECORD,,\\n".encode())
            """, [String(decoding: try JSONSerialization.data(withJSONObject: job), as: UTF8.self)])
    }

    private static func told(_ result: CommandResult) throws -> [String] {
        let findings = try #require(try result.json()["findings"] as? [[String: Any]])
        return findings.map { "\($0["against"] ?? "") \($0["code"] ?? "") \($0["subject"] ?? "")" }
    }

    @Test("a lock of wheels alone: the archive is to hold them, in their versions, and nothing else")
    func wheelsAlone() throws {
        let workspace = try TestWorkspace()
        try workspace.wheel("six-1.17.0-py2.py3-none-any.whl", ["six.py": "V = 1\n"])
        try workspace.wheel("attrs-24.1-py3-none-any.whl", ["attrs.py": "V = 1\n"])
        try workspace.wheel("native-1.0-py3-none-any.whl", ["native/data.txt": "x\n"], pure: false)
        try workspace.configure("wheelhouse = [\"wheelhouse\"]")
        try workspace.succeed("lock")
        try Self.archive(workspace, "all.tar.gz", ["six": "1.17", "attrs": "24.1", "native": "1.0", "pip": "24.0"])
        let all = try workspace.envsync("inspect", "all.tar.gz")
        #expect(all.status == 0 && all.stdout.contains("no difference found"), "\(all)")
        #expect(all.stdout.contains("it has no archive; compared with the packages that it sends"), "\(all)")
        try Self.archive(workspace, "some.tar.gz", ["six": "1.16.0", "idna": "3.7", "native": "1.0"])
        let some = try workspace.envsync("inspect", "some.tar.gz", "--json")
        #expect(some.status == 1)
        #expect(
            try Self.told(some) == [
                "lock environment-missing attrs", "lock environment-extra idna", "lock environment-version six",
            ])
        let document = try some.json()
        #expect((document["lock"] as? [String: Any])?["standing"] as? String == "wheels")
        #expect(document["equal"] as? Bool == false && document["kind"] as? String == "venv")
        let words = try workspace.envsync("inspect", "some.tar.gz", "--packages").stdout
        for line in [
            "  [environment-version] six: 1.16.0 is in the archive, workers get 1.17.0", "3 differences found",
            "not what is locked:", "PACKAGE  VERSION  FILES", "idna     3.7      3",
        ] { #expect(words.split(separator: "\n").contains(Substring(line)), "\(line): \(words)") }
        let ignored = try workspace.envsync(
            "inspect", "some.tar.gz", "--ignore", "environment-missing,environment-extra", "--ignore",
            "environment-version")
        #expect(ignored.status == 0)
    }

    @Test("a lock of an archive and wheels: what is sent besides may be missing, and not be another version")
    func wheelsBesides() throws {
        let workspace = try TestWorkspace()
        try workspace.wheel("six-1.17.0-py2.py3-none-any.whl", ["six.py": "V = 1\n"])
        try Self.archive(workspace, "base.tar.gz", ["idna": "3.7"])
        try workspace.configure(
            "wheelhouse = [\"wheelhouse\"]\n\n[[archive]]\nalias = \"environment\"\npath = \"base.tar.gz\"")
        try workspace.succeed("lock")
        let same = try workspace.envsync("inspect", "base.tar.gz")
        #expect(same.status == 0)
        #expect(same.stdout.contains("it is the lock's archive environment, byte for byte"), "\(same)")
        try Self.archive(workspace, "next.tar.gz", ["idna": "3.7", "six": "1.17.0"])
        let next = try workspace.envsync("inspect", "next.tar.gz")
        #expect(next.status == 0, "\(next)")
        try Self.archive(workspace, "other.tar.gz", ["six": "1.16.0"])
        let other = try workspace.envsync("inspect", "other.tar.gz", "--json")
        #expect(
            try Self.told(other) == ["lock environment-missing idna", "lock environment-version six"])
        #expect(try workspace.envsync("inspect", "other.tar.gz", "--no-lock").status == 0)
    }

    @Test("a layer is known, and what was changed in it is told")
    func layer() throws {
        let workspace = try TestWorkspace()
        try workspace.wheel("native-1.0-py3-none-any.whl", ["native/data.txt": "x\n"], pure: false)
        try workspace.configure("wheelhouse = [\"wheelhouse\"]")
        try workspace.succeed("push", "--lock")
        let object = try #require(Local.objects(workspace.store).first { $0.hasSuffix(".tar.gz") })
        try Tool.shell("cp '\(workspace.store)/objects/\(object)' layer.tar.gz", directory: workspace.directory)
        let same = try workspace.envsync("inspect", "layer.tar.gz", "--json")
        #expect(same.status == 0, "\(same)")
        #expect(try same.json()["kind"] as? String == "layer")
        #expect((try same.json()["lock"] as? [String: Any])?["standing"] as? String == "same")
        try Tool.shell(
            "mkdir u && tar -xzf layer.tar.gz -C u && echo y >u/native/data.txt && tar -czf layer.tar.gz -C u .",
            directory: workspace.directory)
        let changed = try workspace.envsync("inspect", "layer.tar.gz", "--json")
        #expect(changed.status == 1)
        #expect(try Self.told(changed) == ["archive file-changed native 1.0"], "\(changed)")
    }

    @Test("hostile names can't steer a terminal; JSON has their bytes")
    func hostileNames() throws {
        let workspace = try TestWorkspace()
        try Local.python(
            """
            import io, sys, tarfile
            with tarfile.open(sys.argv[1], "w", errors="surrogateescape") as archive:
                for name in [b"pyvenv.cfg", b"bin/python"]: archive.addfile(tarfile.TarInfo(name.decode()))
                for target in ["/etc/\\x1b[2J", "/elsewhere"]:
                    info = tarfile.TarInfo(b"share/\\xff\\x1b]0;x\\x07\\n".decode(errors="surrogateescape"))
                    info.type, info.linkname = tarfile.SYMTYPE, target
                    archive.addfile(info)
            """, [workspace.path("e.tar")])
        let text = try workspace.envsync("inspect", "e.tar")
        #expect(text.status == 1 && !text.stdout.contains("\u{1B}") && !text.stdout.contains("\u{07}"), "\(text)")
        #expect(text.stdout.contains(#"[link-outside] "share/\xff"#), "\(text)")
        let json = try workspace.envsync("inspect", "e.tar", "--json").json()
        let findings = try #require(json["findings"] as? [[String: Any]])
        let path = try #require((findings.last?["paths"] as? [[String: Any]])?.first)
        #expect(
            path["pathBase64"] as? String
                == Data([UInt8]("share/".utf8) + [0xFF, 0x1B] + "]0;x\u{07}\n".utf8).base64EncodedString())
    }

    @Test("what is no archive, or a damaged one, is exit code 2, for machines too")
    func errors() throws {
        let workspace = try TestWorkspace()
        try Self.archive(workspace, "e.tar.gz", ["six": "1.0"])
        try Tool.shell("head -c 300 e.tar.gz >cut.tar.gz; mkdir d; echo text >text", directory: workspace.directory)
        for name in ["cut.tar.gz", "d", "text", "nowhere"] {
            let result = try workspace.envsync("inspect", name)
            #expect(result.status == 2 && result.stdout.isEmpty, "\(result)")
            #expect(result.stderr.contains("error: cannot inspect \"\(name)\""), "\(result)")
            let error = try workspace.envsync("inspect", name, "--json").json()["error"] as? [String: Any]
            #expect(error?["code"] as? String == "artifact")
        }
        #expect(try workspace.envsync("inspect", "d").stderr.contains("envsync check --env d"))
        for words in [["inspect"], ["inspect", ""], ["inspect", "e.tar.gz", "--ignore", "nope"]] {
            #expect(try workspace.run(words).status == 64)
        }
        #expect(try workspace.envsync("inspect", "e.tar.gz", "--no-lock", "--alias", "a").status == 64)
        let alone = try workspace.envsync("inspect", "e.tar.gz")
        #expect(alone.status == 0 && alone.stdout.contains("not compared: this is no workspace"), "\(alone)")
        #expect(!Local.exists(workspace.path(".envsync")))
    }
}
