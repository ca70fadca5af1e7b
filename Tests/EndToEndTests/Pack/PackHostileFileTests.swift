import Foundation
import Glibc
import Testing

/// Environments that hold what no installer puts there.
@Suite(
    "Packing hostile files", .serialized, .tags(.pack, .local),
    .enabled(if: TestPack.areAvailable, "scripts/test installs what makes environments, for Python 3.11 on x86_64"))
struct PackHostileFileTests {
    @Test("FIFOs, sockets and devices are left out, and told; nothing waits for them")
    func specialFiles() throws {
        let workspace = try TestWorkspace()
        try TestPack.makeSmall(workspace)
        let site = try TestPack.sitePackages(workspace)
        let before = try workspace.packed("env", "before.tar.gz")
        try Local.python(
            """
            import os, socket, sys
            os.chdir(sys.argv[1])
            os.mkfifo("tidy/pipe.py")
            os.mkfifo("pipe.pth")
            socket.socket(socket.AF_UNIX).bind("tidy/socket")
            """, [workspace.path(site)])
        var special = ["pipe.pth", "tidy/pipe.py", "tidy/socket"]
        if Local.works(
            "mknod '\(workspace.path(site))/tidy/null' c 1 3 && mknod '\(workspace.path(site))/tidy/disk' b 7 7")
        {
            special += ["tidy/null", "tidy/disk"]
        }
        for format in ["tar.gz", "zip"] {
            let result = try workspace.pack("env", "e.\(format)", timeout: .seconds(30))
            #expect(result.status == 0, "\(result)")
            let archive = try PackedArchive(workspace.path("e.\(format)"))
            #expect(archive.untrue.isEmpty)
            #expect(try archive.entry("tidy/data.txt").text == "data\n")
            for name in special { #expect(!archive.has(name), "\(name)") }
            if format == "tar.gz" { #expect(differences(before, archive).isEmpty) }
        }
        let listing = try workspace.pack("env", "unused.tar.gz", "--list", timeout: .seconds(30))
        #expect(listing.status == 0, "\(listing)")
        let text = listing.stdout + listing.stderr
        for name in special { #expect(text.contains(name), "\(name) in \(text.suffix(2000))") }
        for reason in ["FIFO", "socket"] { #expect(text.contains(reason)) }
        #expect(!Local.exists(workspace.path("unused.tar.gz")))
    }

    @Test(
        "what can't be read is an error that names it, unless it is excluded",
        .enabled(if: OtherUser.isAvailable, "the superuser can't become another user here"))
    func unreadable() throws {
        let workspace = try TestWorkspace()
        try TestPack.makeSmall(workspace, forOthers: true)
        let site = try TestPack.sitePackages(workspace)
        try workspace.write("\(site)/secret.bin", "secret")
        try workspace.write("\(site)/closed/inside.txt", "inside")
        let binary = try OtherUser.binary(in: workspace)
        try OtherUser.own(workspace)
        try Local.chmod(workspace.path("\(site)/secret.bin"), 0)
        try Local.chmod(workspace.path("\(site)/closed"), 0)
        defer { try? Local.chmod(workspace.path("\(site)/closed"), 0o755) }
        let result = try workspace.pack("env", "e.tar.gz", through: OtherUser.prefix, binary: binary)
        #expect(result.status != 0 && result.signal == nil, "\(result)")
        #expect(result.stderr.contains("secret.bin") && result.stderr.contains("closed"), "\(result)")
        #expect(!Local.exists(workspace.path("e.tar.gz")))
        let excluded = try workspace.pack(
            "env", "e.tar.gz", "--exclude", "*/secret.bin", "--exclude", "*/closed*", through: OtherUser.prefix,
            binary: binary)
        #expect(excluded.status == 0, "\(excluded)")
        #expect(try PackedArchive(workspace.path("e.tar.gz")).has("tidy/data.txt"))
    }

    @Test("names may hold any byte but a zero", arguments: ["tar.gz", "tar", "zip"])
    func names(format: String) throws {
        let workspace = try TestWorkspace()
        try TestPack.makeSmall(workspace)
        let site = try workspace.path(TestPack.sitePackages(workspace))
        try Local.python(
            #"""
            import os, sys
            os.chdir(sys.argv[1])
            os.mkdir("odd")
            for number, name in enumerate([
                    b"line\nbreak.txt", b"tab\t.txt", b"-rf", b" ", b"trailing ", b"back\\slash", b"quote'\"", b"$(touch x)",
                    b"*?[a]", b"a" * 255, b"caf\xc3\xa9", b"cafe\xcc\x81", b"\xe2\x80\xae", b"..."]):
                with open(b"odd/" + name, "w") as file:
                    file.write(str(number))
            """#, [site])
        let archive = try workspace.packed("env", "e.\(format)")
        #expect(archive.untrue.isEmpty)
        try Self.expectUnpacked(workspace, "e.\(format)", site, "odd")

        // Bytes that are no text: in a tar as they are; a zip can't say them.
        try Local.python(
            #"import os, sys; open(os.fsencode(sys.argv[1]) + b"/odd/\xff\xfe.txt", "w").write("bytes")"#, [site])
        let result = try workspace.pack("env", "e.\(format)")
        if format == "zip", result.status != 0 {
            #expect(result.signal == nil && result.stderr.contains("odd/"), "\(result)")
        } else {
            #expect(result.status == 0, "\(result)")
            if format != "zip" { try Self.expectUnpacked(workspace, "e.\(format)", site, "odd") }
        }
    }

    /// Unpacks with other programs and compares a directory.
    private static func expectUnpacked(
        _ workspace: TestWorkspace, _ archive: String, _ site: String, _ directory: String
    ) throws {
        let target = workspace.path("unpacked-\(UUID().uuidString.prefix(8))")
        let end = try #require(site.range(of: "/env/")).upperBound
        if archive.hasSuffix(".zip") {
            try Local.python(
                "import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2])",
                [workspace.path(archive), target])
        } else {
            try Tool.shell("mkdir '\(target)' && tar -xf '\(workspace.path(archive))' -C '\(target)'")
        }
        try Tool.shell("diff -r '\(site)/\(directory)' '\(target)/\(site[end...])/\(directory)'")
    }

    @Test("hard links are files of their own, and it makes no difference that they are links")
    func hardLinks() throws {
        let workspace = try TestWorkspace()
        try TestPack.makeSmall(workspace)
        let site = try workspace.path(TestPack.sitePackages(workspace))
        try Tool.shell(
            "ln '\(site)/tidy/data.txt' '\(site)/tidy/again.txt' && ln '\(site)/tidy/data.txt' env/top.txt",
            directory: workspace.directory)
        let archive = try workspace.packed("env", "linked.tar.gz")
        for name in ["tidy/data.txt", "tidy/again.txt", "top.txt"] {
            let entry = try archive.entry(name)
            #expect(entry.type == "file" && entry.text == "data\n")
        }
        try Tool.shell(
            "cp '\(site)/tidy/data.txt' c && mv c '\(site)/tidy/again.txt' && cp '\(site)/tidy/data.txt' c && mv c env/top.txt",
            directory: workspace.directory)
        try workspace.packed("env", "copied.tar.gz")
        #expect(try workspace.sha256("linked.tar.gz") == workspace.sha256("copied.tar.gz"))
    }

    @Test("of permissions only the owner's right to execute is kept; set-user-id and the like never are")
    func permissions() throws {
        let workspace = try TestWorkspace()
        try TestPack.makeSmall(workspace)
        let site = try workspace.path(TestPack.sitePackages(workspace))
        let modes = [
            "04755": 0o755, "02755": 0o755, "06711": 0o755, "0666": 0o644, "0400": 0o644, "0700": 0o755, "0654": 0o644,
        ]
        for mode in modes.keys {
            try Tool.shell("echo x >'\(site)/tidy/m\(mode)' && chmod \(mode) '\(site)/tidy/m\(mode)'")
        }
        try Tool.shell("mkdir '\(site)/sticky' && touch '\(site)/sticky/file' && chmod 3777 '\(site)/sticky'")
        for format in ["tar.gz", "zip"] {
            let archive = try workspace.packed("env", "e.\(format)")
            for (mode, wanted) in modes {
                #expect(try archive.entry("tidy/m\(mode)").mode == wanted, "\(mode), \(format)")
            }
            let found = Set(archive.entries.values.filter { $0.type != "link" }.map(\.mode))
            #expect(found == [0o644, 0o755], "\(found), \(format)")
        }
    }

    @Test("paths longer than 255 bytes, and longer than the system takes in one piece")
    func longPaths() throws {
        let workspace = try TestWorkspace()
        try TestPack.makeSmall(workspace)
        let site = try workspace.path(TestPack.sitePackages(workspace))
        defer { _ = try? Tool.shell("rm -rf '\(site)/deep'") }
        func make(_ levels: Int, _ file: String) throws {
            try Local.python(
                """
                import os, sys
                os.chdir(sys.argv[1])
                for name in ["deep"] + ["d" * 100] * int(sys.argv[2]):
                    os.makedirs(name, exist_ok=True)
                    os.chdir(name)
                with open(sys.argv[3], "w") as file:
                    file.write(sys.argv[3])
                """, [site, String(levels), file])
        }
        try make(5, "far.txt")
        for format in ["tar.gz", "zip"] {
            let archive = try workspace.packed("env", "e.\(format)")
            let path = try #require(archive.order.first { $0.hasSuffix("far.txt") })
            #expect(path.utf8.count > 500 && archive.entries[path]?.text == "far.txt")
        }
        try Tool.shell(
            "mkdir x && tar -xzf e.tar.gz -C x && test -n \"$(find x -name far.txt -size 7c)\"",
            directory: workspace.directory)
        try make(45, "farther.txt")
        let result = try workspace.pack("env", "e.tar.gz")
        if result.status == 0 {
            let archive = try PackedArchive(workspace.path("e.tar.gz"))
            let path = try #require(archive.order.first { $0.hasSuffix("farther.txt") })
            #expect(path.utf8.count > 4500 && archive.entries[path]?.text == "farther.txt")
        } else {
            #expect(result.status > 0 && result.stderr.contains("deep/ddd"), "\(result)")
        }
    }

    @Test("a sparse file of 5 GB takes neither its size in memory nor for ever", arguments: ["tar.gz", "zip"])
    func sparse(format: String) throws {
        let size: Int64 = 5 << 30
        let workspace = try TestWorkspace()
        try TestPack.makeSmall(workspace)
        let site = try workspace.path(TestPack.sitePackages(workspace))
        try Local.sparseFile(site + "/tidy/huge.bin", size: size)
        let result = try workspace.begin(
            ["pack", "env", "-o", "e.\(format)", "--ignore", "interpreter"], through: Measured.prefix,
            environment: ["XDG_CACHE_HOME": workspace.path("cache")]
        ).wait(timeout: .seconds(120))
        #expect(result.status == 0, "\(result)")
        #expect(try Measured.peak(result) <= 200 << 20)
        if format == "zip" {
            let found = try Local.python(
                "import sys, zipfile; print([i.file_size for i in zipfile.ZipFile(sys.argv[1]).infolist() if 'huge' in i.filename])",
                [workspace.path("e.zip")])
            #expect(found == "[\(size)]\n")
        } else {
            let listing = try Tool.shell(
                "gzip -dc e.tar.gz | tar -tvf - | grep huge.bin", directory: workspace.directory)
            #expect(listing.contains(" \(size) 1980-01-01 "), "\(listing)")
        }
    }

    @Test("100,000 files")
    func manyFiles() throws {
        let workspace = try TestWorkspace()
        try TestPack.makeSmall(workspace)
        let site = try workspace.path(TestPack.sitePackages(workspace))
        try Local.python(
            """
            import os, sys
            for directory in range(100):
                os.makedirs(f"{sys.argv[1]}/many/{directory}")
                for number in range(1000):
                    with open(f"{sys.argv[1]}/many/{directory}/{number}.txt", "w") as file:
                        file.write(f"{directory} {number}")
            """, [site])
        for _ in 0..<2 {
            let result = try workspace.begin(
                ["pack", "env", "-o", "e.tar.gz"], through: Measured.prefix,
                environment: ["XDG_CACHE_HOME": workspace.path("cache")]
            ).wait(timeout: .seconds(120))
            #expect(result.status == 0, "\(result)")
            // Some 2 KB for each file that is looked at; contents are never held.
            #expect(try Measured.peak(result) <= 300 << 20)
        }
        let count = try Tool.shell("tar -tzf e.tar.gz | grep -c '/many/.*txt$'", directory: workspace.directory)
        #expect(count == "100000\n")
        let text = try Tool.shell("tar -xzOf e.tar.gz --wildcards '*/many/77/777.txt'", directory: workspace.directory)
        #expect(text == "77 777")
    }

    @Test("links that lead nowhere, in circles and out of the environment")
    func links() throws {
        let workspace = try TestWorkspace()
        try TestPack.makeSmall(workspace)
        try workspace.write("secrets/secret.txt", "the secret of this machine")
        let site = try workspace.path(TestPack.sitePackages(workspace))
        try Tool.shell(
            """
            ln -s self self; ln -s two one; ln -s one two; ln -s . here; ln -s .. up; ln -s nowhere dangling
            ln -s "$(printf 'line\\nbreak')" 'odd name'
            """, directory: site + "/tidy")
        let archive = try workspace.packed("env", "e.tar.gz", timeout: .seconds(30))
        for (name, target) in [("self", "self"), ("one", "two"), ("here", "."), ("up", ".."), ("dangling", "nowhere")] {
            #expect(try archive.entry("tidy/\(name)").link == target)
        }
        #expect(archive.order.filter { $0.hasSuffix("tidy/data.txt") }.count == 1)
        for (name, target) in [
            ("absolute", workspace.path("secrets/secret.txt")), ("directory", workspace.path("secrets")),
            ("relative", "../../../../../secrets/secret.txt"),
            ("far", String(repeating: "../", count: 40) + "etc/passwd"),
        ] {
            let link = "\(site)/tidy/\(name)"
            #expect(symlink(target, link) == 0)
            let result = try workspace.pack("env", "escaped.tar")
            #expect(result.status > 0 && result.stderr.contains("tidy/\(name)"), "\(name): \(result)")
            #expect(!Local.exists(workspace.path("escaped.tar")))
            unlink(link)
        }
        // Through another link, which alone stays inside.
        try Tool.shell("ln -s ../../../.. top && ln -s top/../secrets/secret.txt through", directory: site + "/tidy")
        let result = try workspace.pack("env", "escaped.tar")
        #expect(result.status > 0 && result.stderr.contains("tidy/through"), "\(result)")
    }

    @Test("a list of files that names others' files gets none of them")
    func hostileRecord() throws {
        let workspace = try TestWorkspace()
        try TestPack.makeSmall(workspace)
        try workspace.write("secrets/secret.txt", "the secret of this machine")
        let site = try TestPack.sitePackages(workspace)
        for rows in [
            "../../../../secrets/secret.txt,,", "\(workspace.path("secrets/secret.txt")),,", "/etc/passwd,sha256=x,1",
            "\"unclosed,,", "tidy/../../../../../secrets/secret.txt,,", String(repeating: "a/", count: 5000) + ",,",
            "\u{0},,", ",,", "tidy/data.txt,sha256=!!!!,-1", "tidy/data.txt,md5=,99999999999999999999999",
        ] {
            try workspace.write("\(site)/tidy-1.0.dist-info/RECORD", rows + "\ntidy/__init__.py,,\n")
            let result = try workspace.pack("env", "e.tar", "--no-cache", timeout: .seconds(30))
            #expect(result.signal == nil, "\(rows.prefix(50)): \(result)")
            if result.status == 0 {
                let text = try Tool.shell("grep -c 'the secret of' e.tar || true", directory: workspace.directory)
                #expect(text == "0\n")
            } else {
                #expect(result.stderr.contains("tidy"), "\(result)")
            }
        }
    }
}

/// Runs a program and tells its peak memory on the last line of standard error.
enum Measured {
    static let prefix = [
        "/usr/bin/env", "python3", "-c",
        """
        import os, resource, subprocess, sys
        status = subprocess.run(sys.argv[1:]).returncode
        print("peak", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024, file=sys.stderr)
        sys.exit(status if status >= 0 else 200)
        """,
    ]

    static func peak(_ result: CommandResult) throws -> Int {
        let line = try #require(result.stderr.split(separator: "\n").last { $0.hasPrefix("peak ") })
        return try #require(Int(line.dropFirst(5)))
    }
}
