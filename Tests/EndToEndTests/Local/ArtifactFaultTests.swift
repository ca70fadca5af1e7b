import Foundation
import Glibc
import Testing

@Suite("Artifacts that can't be read or shipped", .tags(.local))
struct ArtifactFaultTests {
    struct Fault: Sendable, CustomTestStringConvertible {
        let name: String
        /// Done to `helper.py` (or whatever `culprit` is) in the workspace.
        let script: String
        var culprit = "helper.py"
        let says: String
        var testDescription: String { name }
    }

    static let faults = [
        Fault(name: "missing", script: "rm helper.py", says: "no such file"),
        Fault(name: "a directory", script: "rm helper.py; mkdir helper.py", says: "a directory"),
        Fault(name: "a link to itself", script: "rm helper.py; ln -s helper.py helper.py", says: "symbolic links"),
        Fault(
            name: "two links to each other", script: "rm helper.py; ln -s helper.py b.py; ln -s b.py helper.py",
            says: "symbolic links"),
        Fault(name: "a dangling link", script: "ln -sf nowhere helper.py", says: "no such file"),
        Fault(name: "a FIFO", script: "rm helper.py; mkfifo helper.py", says: "a FIFO"),
        Fault(
            name: "a socket",
            script: "rm helper.py; python3 -c \"import socket; socket.socket(socket.AF_UNIX).bind('helper.py')\"",
            says: "helper.py"),
        Fault(name: "a device", script: "ln -sf /dev/zero helper.py", says: "a device"),
        Fault(name: "a source that is missing", script: "rm -r src/own", culprit: "src/own", says: "src/own"),
        Fault(
            name: "a source that is a file", script: "rm -r src/own; echo x > src/own", culprit: "src/own",
            says: "not a directory"),
        Fault(
            name: "a source that is empty", script: "rm -r src/own; mkdir src/own", culprit: "src/own",
            says: "no file to ship"),
        Fault(name: "a FIFO in a source", script: "mkfifo src/own/pipe", culprit: "src/own", says: "pipe"),
        Fault(name: "a link loop in a source", script: "ln -s . src/own/self", culprit: "src/own", says: "self"),
        Fault(
            name: "a link out of a source", script: "ln -s /etc/hostname src/own/host", culprit: "src/own", says: "host"
        ),
        Fault(
            name: "a dangling link in a source", script: "ln -s nowhere src/own/gone", culprit: "src/own", says: "gone"),
        Fault(
            name: "a wheelhouse that is missing", script: "rm -r wheelhouse", culprit: "wheelhouse", says: "wheelhouse"),
        Fault(
            name: "a wheelhouse that is a file", script: "rm -r wheelhouse; echo > wheelhouse", culprit: "wheelhouse",
            says: "cannot be read"),
        Fault(
            name: "a directory named like a wheel", script: "mkdir wheelhouse/idna-3.10-py3-none-any.whl",
            culprit: "idna-3.10", says: "a directory"),
        Fault(
            name: "a FIFO named like a wheel", script: "mkfifo wheelhouse/idna-3.10-py3-none-any.whl",
            culprit: "idna-3.10", says: "a FIFO"),
    ]

    @Test("lock names the file and why, writes nothing, and never hangs", arguments: faults)
    func lock(fault: Fault) throws {
        let workspace = try TestWorkspace.typical()
        try workspace.script(fault.script).throwUnlessDone()
        let result = try workspace.run(["lock"], timeout: .seconds(30))
        #expect(result.status == 2, "\(result)")
        #expect(result.stderr.contains(fault.culprit) && result.stderr.contains(fault.says), "\(result)")
        #expect(!Local.exists(workspace.path("envsync.lock")))
    }

    @Test("after a lock, push and check tell the same and nothing is published", arguments: faults)
    func afterLock(fault: Fault) throws {
        let workspace = try TestWorkspace.typical()
        try workspace.succeed("lock")
        try workspace.script(fault.script).throwUnlessDone()
        let push = try workspace.run(["push"], timeout: .seconds(30))
        #expect(push.status == 2, "\(push)")
        // Of a wheelhouse that is gone, the wheel that the lock lists is named.
        let isNamed = push.stderr.contains(fault.culprit) || push.stderr.contains("six-1.17.0")
        #expect(isNamed, "\(push)")
        #expect(push.stderr.contains("nothing was"), "\(push)")
        #expect(try StoreProbe(root: workspace.store).follow("etl") == nil)
        #expect(Local.staging(workspace.store).isEmpty)
        let check = try workspace.run(["check"], timeout: .seconds(30))
        #expect(check.status == 1, "\(check)")
        #expect(check.stdout.contains(fault.culprit), "\(check)")
    }

    @Test("all problems are told at once")
    func allAtOnce() throws {
        let workspace = try TestWorkspace.typical()
        try workspace.script("rm helper.py main.py; mkfifo src/own/pipe; echo x > wheelhouse/bad-1-py3-none-any.whl")
            .throwUnlessDone()
        let result = try workspace.envsync("lock")
        #expect(result.status == 2)
        for culprit in ["helper.py", "main.py", "pipe", "bad-1-py3-none-any.whl"] {
            #expect(result.stderr.contains(culprit), "\(result)")
        }
    }

    @Test(
        "a file or directory that may not be read is named, with the system's word",
        .enabled(if: OtherUser.isAvailable),
        arguments: [
            "helper.py", "src/own/__init__.py", "src/own/deep", "src/own", "wheelhouse",
            "wheelhouse/six-1.17.0-py2.py3-none-any.whl",
        ])
    func unreadable(path: String) throws {
        let workspace = try TestWorkspace.typical()
        _ = try OtherUser.binary(in: workspace)
        try OtherUser.own(workspace)
        try Local.chmod(workspace.path(path), 0)
        defer { chmod(workspace.path(path), 0o755) }
        let result = try workspace.runAsOther("lock")
        #expect(result.status == 2, "\(result)")
        #expect(result.stderr.contains("Permission denied"), "\(result)")
        #expect(result.stderr.contains(path.split(separator: "/").last.map(String.init) ?? path), "\(result)")
        #expect(!Local.exists(workspace.path("envsync.lock")))
    }

    @Test(
        "a file cut short, or changed in its middle, after the lock",
        arguments: ["wheelhouse/six-1.17.0-py2.py3-none-any.whl", "conf/app.yaml"])
    func truncated(path: String) throws {
        let workspace = try TestWorkspace.typical()
        try workspace.succeed("lock")
        try workspace.script("truncate -s -1 '\(path)'").throwUnlessDone()
        for words in [["push"], ["lock", "--check"]] {
            let result = try workspace.run(words)
            let isWheel = path.hasSuffix(".whl")
            #expect(result.status == (words == ["push"] || isWheel ? 2 : 1), "\(result)")
            #expect((result.stdout + result.stderr).contains(path.split(separator: "/").last ?? ""), "\(result)")
        }
        #expect(!Local.exists(workspace.store))
    }

    @Test("an artifact that is nowhere: pushed from another copy it is no obstacle, else it is named")
    func onlyInTheStore() throws {
        let store = try TestWorkspace()
        let url = "file://\(store.path("s"))"
        let first = try TestWorkspace.typical(store: url)
        let second = try TestWorkspace.typical(store: url)
        try first.succeed("lock")
        try second.write("envsync.lock", try first.read("envsync.lock"))
        try second.script("rm helper.py").throwUnlessDone()
        let alone = try second.envsync("push")
        #expect(alone.status == 2, "\(alone)")
        #expect(
            alone.stderr.contains("helper.py") && alone.stderr.contains("neither here nor in the store"), "\(alone)")
        #expect(try StoreProbe(root: store.path("s")).follow("etl") == nil)
        try first.succeed("push")
        #expect(try second.succeed("push").stdout.contains("up to date"))
    }
}

@Suite("Wheels, zips and archives that can't travel", .tags(.local))
struct PackageFaultTests {
    @Test(
        "a wheel that can't be imported from a zip becomes a layer, whose bytes are the same wherever it is built",
        arguments: ["native", "platlib", "data", "package-data", "namespace"])
    func layered(kind: String) throws {
        var locks: [String] = []
        for _ in 0..<2 {
            let workspace = try TestWorkspace()
            try workspace.configure("wheelhouse = [\"wheelhouse\"]")
            let name = "thing-1.0-py3-none-any.whl"
            switch kind {
            case "native":
                try workspace.wheel(
                    "thing-1.0-cp311-cp311-manylinux_2_17_x86_64.whl",
                    ["thing/__init__.py": "", "thing/_core.cpython-311-x86_64-linux-gnu.so": "ELF"], pure: false)
            case "platlib": try workspace.wheel(name, ["thing.py": ""], pure: false)
            case "data": try workspace.wheel(name, ["thing.py": "", "thing-1.0.data/scripts/run": "#!python\n"])
            case "package-data": try workspace.wheel(name, ["thing/__init__.py": "", "thing/table.csv": "1,2\n"])
            default: try workspace.wheel(name, ["space/thing/__init__.py": ""])
            }
            try workspace.succeed("lock")
            locks.append(try workspace.read("envsync.lock"))
            #expect(locks[0].contains("kind = \"layer\"") && locks[0].contains("alias = \"layer-shared\""))
            let explained = try workspace.succeed("explain", "thing").stdout
            #expect(explained.contains("thing 1.0: layer-shared"), "\(explained)")
            try workspace.succeed("push")
            try workspace.succeed("check", "--deep")
            // What was built is gone, and is built again for a store that lacks it.
            try workspace.script("rm -rf .envsync/build .envsync/store").throwUnlessDone()
            try workspace.succeed("push")
            #expect(try workspace.succeed("lock", "--check").status == 0)
        }
        #expect(locks[0] == locks[1])
    }

    @Test(
        "what is in the wheelhouse but is no sound wheel is refused by name, with the reason",
        arguments: [
            ("no-zip", "no zip"), ("empty", "no zip"), ("cut", "wheel"), ("climbing", ".."), ("absolute", "absolute"),
            ("unlisted", "RECORD"), ("hash", "RECORD"), ("no-dist-info", "dist-info"), ("other-name", "other"),
            ("sdist", "source distribution"),
        ])
    func refused(kind: String, says: String) throws {
        let workspace = try TestWorkspace()
        try workspace.configure("wheelhouse = [\"wheelhouse\"]")
        let name = "thing-1.0-py3-none-any.whl"
        let path = "wheelhouse/\(name)"
        switch kind {
        case "no-zip": try workspace.write(path, "this is text\n")
        case "empty": try workspace.write(path, "")
        case "cut":
            try workspace.wheel(name, ["thing.py": String(repeating: "x = 1\n", count: 1000)])
            try workspace.script("truncate -s -30 \(path)").throwUnlessDone()
        case "climbing":
            try workspace.zip(
                path, [("thing.py", ""), ("../../../tmp/evil.py", "x"), ("thing-1.0.dist-info/WHEEL", "")])
        case "absolute": try workspace.zip(path, [("/tmp/evil.py", "x")])
        case "unlisted":
            try workspace.wheel(name, ["thing.py": ""])
            try Local.python(
                "import sys, zipfile\nwith zipfile.ZipFile(sys.argv[1], 'a') as z: z.writestr('evil.py', 'x')",
                [workspace.path(path)])
        case "hash":
            try workspace.wheel(name, ["thing.py": "x = 1\n"])
            try Local.python(
                """
                import sys, zipfile
                source = zipfile.ZipFile(sys.argv[1])
                entries = [(i.filename, source.read(i)) for i in source.infolist()]
                with zipfile.ZipFile(sys.argv[1], "w") as target:
                    for entry, data in entries:
                        target.writestr(entry, b"x = 2\\n" if entry == "thing.py" else data)
                """, [workspace.path(path)])
        case "no-dist-info": try workspace.zip(path, [("thing.py", "")])
        case "other-name":
            try workspace.wheel("other-1.0-py3-none-any.whl", ["other.py": ""])
            try workspace.script("mv wheelhouse/other-1.0-py3-none-any.whl \(path)").throwUnlessDone()
        default: try workspace.write("wheelhouse/thing-1.0.tar.gz", "x")
        }
        let result = try workspace.envsync("lock")
        #expect(result.status == 2, "\(result)")
        #expect(result.stderr.contains("thing") && result.stderr.contains(says), "\(result)")
        #expect(!Local.exists(workspace.path("envsync.lock")))
        #expect(!Local.exists("/tmp/evil.py"))
        if ["native", "platlib", "data"].contains(kind) {
            #expect(result.stderr.contains("[[archive]]"), "it says that such wheels go into an archive: \(result)")
        }
    }

    @Test("two wheels of one distribution, however they are spelled, are refused and both named")
    func twoOfOne() throws {
        let workspace = try TestWorkspace()
        try workspace.configure("wheelhouse = [\"wheelhouse\"]")
        try workspace.wheel("Foo_Bar-1.0-py3-none-any.whl", ["foo.py": "V = 1\n"])
        try workspace.wheel("foo.bar-2.0-py3-none-any.whl", ["foo.py": "V = 2\n"])
        let result = try workspace.envsync("lock")
        #expect(result.status == 2)
        for name in ["Foo_Bar-1.0-py3-none-any.whl", "foo.bar-2.0-py3-none-any.whl"] {
            #expect(result.stderr.contains(name), "\(result)")
        }
    }

    @Test(
        "two artifacts with one leaf: preflight names both culprits and emits nothing",
        arguments: ["files", "py-files", "mixed", "main"])
    func oneLeaf(where place: String) throws {
        let workspace = try TestWorkspace()
        for folder in ["a", "b"] { try workspace.write("\(folder)/same.py", "X = '\(folder)'\n") }
        let keys =
            switch place {
            case "files": "files = [\"a/same.py\", \"b/same.py\"]\n[jobs.j]\nmaster = \"local\""
            case "py-files": "py-files = [\"a/same.py\", \"b/same.py\"]\n[jobs.j]\nmaster = \"local\""
            case "mixed": "py-files = [\"a/same.py\"]\n[jobs.j]\nfiles = [\"b/same.py\"]\nmaster = \"local\""
            default: "py-files = [\"a/same.py\"]\n[jobs.j]\nmain = \"b/same.py\"\nmaster = \"local\""
            }
        try workspace.configure(keys)
        try workspace.succeed("push", "--lock")
        for words in [["args", "j"], ["args", "j", "--format", "shell"], ["submit", "j"]] {
            let result = try workspace.run(words)
            #expect(result.status == 2, "\(result)")
            #expect(result.stdout.isEmpty)
            #expect(result.stderr.contains("duplicate-leaf"), "\(result)")
            // Both culprits: each by what tells it apart from the other.
            let hashes = try workspace.lockedDigests()
            #expect(hashes.count == 2)
            for hash in hashes { #expect(result.stderr.contains(hash.prefix(8)), "names \(hash): \(result)") }
        }
        #expect(try workspace.envsync("args", "j", "--json").json()["error"] != nil)
    }

    @Test("a job that wants only one of two files with one name may have it")
    func oneLeafInTwoJobs() throws {
        let workspace = try TestWorkspace()
        for folder in ["a", "b"] { try workspace.write("\(folder)/app.yaml", "x: \(folder)\n") }
        try workspace.configure(
            "[jobs.a]\nmaster = \"local\"\nfiles = [\"a/app.yaml\"]\n[jobs.b]\nmaster = \"local\"\nfiles = [\"b/app.yaml\"]"
        )
        try workspace.succeed("push", "--lock")
        let first = try workspace.succeed("args", "a").stdout
        let second = try workspace.succeed("args", "b").stdout
        #expect(first.contains("/app.yaml") && second.contains("/app.yaml") && first != second)
        try workspace.succeed("check", "--deep")
    }

    @Test(
        "an archive is one by its content: what Spark would hand over packed is refused",
        arguments: [
            ("environment.tar.gz", "text", "no archive"), ("environment.tar.gz", "xz", "xz"),
            ("environment.zip", "bz2", "bzip2"),
            ("environment.tar.gz", "cut", "environment.tar.gz"), ("environment.tar.gz", "missing", "no such file"),
        ])
    func archive(name: String, kind: String, says: String) throws {
        let workspace = try TestWorkspace()
        try workspace.configure("[[archive]]\nalias = \"environment\"\npath = \"\(name)\"")
        try workspace.write("root/bin/python", "#!/bin/sh\n")
        let make =
            switch kind {
            case "text": "echo hello > \(name)"
            case "xz": "tar -C root -cf - . | xz > \(name)"
            case "bz2": "tar -C root -cf - . | bzip2 > \(name)"
            case "cut":
                "head -c 5000000 /dev/urandom > root/big; tar -C root -czf \(name) . && truncate -s 3000000 \(name)"
            default: "true"
            }
        try workspace.script(make).throwUnlessDone()
        let result = try workspace.envsync("lock")
        #expect(result.status == 2, "\(result)")
        #expect(result.stderr.contains(name) && result.stderr.contains(says), "\(result)")
    }

    @Test("an archive named otherwise than what it is gets the suffix that Spark unpacks it by")
    func archiveSuffix() throws {
        let workspace = try TestWorkspace()
        try workspace.write("root/bin/python", "#!/bin/sh\n")
        try workspace.script("chmod 755 root/bin/python && tar -C root -czf packed.zip .").throwUnlessDone()
        try workspace.configure(
            "[[archive]]\nalias = \"environment\"\npath = \"packed.zip\"\n[jobs.j]\nmaster = \"local-cluster[1,1,1024]\""
        )
        try workspace.succeed("push", "--lock")
        let arguments = try workspace.succeed("args", "j").stdout
        #expect(arguments.contains(".tar.gz#environment"), "\(arguments)")
    }
}

extension TestWorkspace {
    /// The SHA-256 of each locked artifact.
    func lockedDigests() throws -> [String] {
        try read("envsync.lock").split(separator: "\n").compactMap { line in
            line.hasPrefix("sha256 = ") ? String(line.dropFirst(10).dropLast()) : nil
        }
    }
}
