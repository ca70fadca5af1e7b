import Foundation
import Glibc
import Testing

/// What happens to an environment, its archive and the cache while they are in use.
@Suite(
    "Packing at bad times", .serialized, .tags(.pack, .local),
    .enabled(if: TestPack.areAvailable, "scripts/test installs what makes environments, for Python 3.11 on x86_64"))
struct PackHostileTimeTests {
    @Test(
        "a file that shrinks, grows or is replaced while it is read: an archive of one of its states, or an error",
        arguments: ["grow", "shrink", "replace"])
    func changing(how: String) throws {
        let workspace = try TestWorkspace()
        try TestPack.makeSmall(workspace)
        let site = try workspace.path(TestPack.sitePackages(workspace))
        // Whatever the moment, all bytes of the file are the same.
        let writer = try RunningCommand(
            "/usr/bin/env",
            [
                "python3", "-c",
                """
                import os, sys, time
                path, how = sys.argv[1:]
                end, number = time.monotonic() + 100, 0
                while time.monotonic() < end and os.getppid() != 1:
                    number += 1
                    piece = bytes([number % 256]) * 500_000
                    target = path + ".new" if how == "replace" else path
                    with open(target, "wb", buffering=0) as file:
                        for _ in range(number % 7 + 6):
                            file.write(piece)
                            time.sleep(0.001)
                    if how == "shrink":
                        for size in range(5, -1, -1):
                            os.truncate(path, size * 500_000)
                            time.sleep(0.001)
                    if how == "replace":
                        os.rename(target, path)
                    time.sleep(0.03 * (number % 3))
                """, site + "/tidy/changing.bin", how,
            ], environment: Local.environment(), directory: workspace.directory)
        defer {
            writer.send(SIGKILL)
            _ = try? writer.wait()
        }
        while !Local.exists(site + "/tidy/changing.bin") { usleep(1000) }
        var packed = 0
        for turn in 0..<14 {
            let result = try workspace.pack(
                "env", "e.tar", turn % 2 == 0 ? "--no-cache" : "--json", timeout: .seconds(60))
            #expect(result.signal == nil, "\(result)")
            if result.status == 0 {
                packed += 1
                let archive = try PackedArchive(workspace.path("e.tar"))
                #expect(archive.untrue.isEmpty)
                let mixed = try Local.python(
                    """
                    import sys, tarfile
                    with tarfile.open(sys.argv[1]) as tar:
                        for name in tar.getnames():
                            if name.endswith("changing.bin"):
                                print(len(set(tar.extractfile(name).read())) > 1)
                    """, [workspace.path("e.tar")])
                #expect(!mixed.contains("True"))
            } else {
                #expect((result.stderr + result.stdout).contains("changing.bin"), "\(result)")
            }
        }
        #expect(writer.isRunning)
        writer.send(SIGKILL)
        _ = try writer.wait()
        try? FileManager.default.removeItem(atPath: site + "/tidy/changing.bin.new")
        try workspace.packed("env", "after.tar")
        try workspace.packed("env", "cold.tar", "--no-cache")
        #expect(try workspace.sha256("after.tar") == workspace.sha256("cold.tar"))
        #expect(Self.leftovers(workspace).isEmpty, "\(Self.leftovers(workspace))")
    }

    @Test("a directory that is replaced by a link, or a file by a FIFO, while packing: nothing from outside gets in")
    func swapped() throws {
        let workspace = try TestWorkspace()
        try TestPack.makeSmall(workspace)
        let site = try workspace.path(TestPack.sitePackages(workspace))
        try Local.python(
            """
            import os, sys
            site, outside = sys.argv[1:]
            for root, word in ((site + "/swapped", "inside"), (outside, "OUTSIDE-SECRET")):
                os.makedirs(root)
                for number in range(300):
                    with open(f"{root}/{number}.txt", "w") as file:
                        file.write(word * 20)
            """, [site, workspace.path("outside")])
        let swapper = try RunningCommand(
            "/usr/bin/env",
            [
                "python3", "-c",
                """
                import os, sys, time
                site, outside = sys.argv[1:]
                os.symlink(outside, site + "/../link")
                os.mkfifo(site + "/../fifo")
                end = time.monotonic() + 100
                while time.monotonic() < end and os.getppid() != 1:
                    for name, other in (("swapped", "link"), ("tidy/data.txt", "fifo")):
                        os.rename(f"{site}/{name}", site + "/../aside")
                        os.rename(f"{site}/../{other}", f"{site}/{name}")
                        time.sleep(0.0005)
                        os.rename(f"{site}/{name}", f"{site}/../{other}")
                        os.rename(site + "/../aside", f"{site}/{name}")
                    time.sleep(0.001)
                """, site, workspace.path("outside"),
            ], environment: Local.environment(), directory: workspace.directory)
        defer {
            swapper.send(SIGKILL)
            _ = try? swapper.wait()
        }
        for _ in 0..<40 {
            let result = try workspace.pack(
                "env", "e.tar", "--no-cache", "--exclude", "*/link", "--exclude", "*/aside*", timeout: .seconds(30))
            #expect(result.signal == nil, "\(result)")
            guard result.status == 0 else { continue }
            let found = try Tool.shell("grep -c OUTSIDE-SECRET e.tar || true", directory: workspace.directory)
            #expect(found == "0\n")
        }
        #expect(swapper.isRunning)
    }

    @Test("an interrupt leaves nothing, and the former archive", arguments: [SIGINT, SIGTERM, SIGKILL])
    func interrupted(signal: Int32) throws {
        let workspace = try TestWorkspace()
        try TestPack.makeSmall(workspace)
        let site = try workspace.path(TestPack.sitePackages(workspace))
        try workspace.packed("env", "e.tar.gz")
        let former = try workspace.sha256("e.tar.gz")
        try Local.sparseFile(site + "/tidy/huge.bin", size: 20 << 30)
        let seen = Local.tree(workspace.path("cache"))
        for (turn, delay) in [UInt32(150_000), 400_000, 900_000].enumerated() {
            let command = try workspace.beginPack("env", "e.tar.gz")
            usleep(delay)
            #expect(command.isRunning)
            command.send(signal)
            let result = try command.wait(timeout: .seconds(10))
            if signal == SIGKILL {
                #expect(result.signal == SIGKILL)
            } else {
                #expect(result.status == 128 + signal, "\(result)")
            }
            #expect(try workspace.sha256("e.tar.gz") == former)
            if signal != SIGKILL { #expect(Self.leftovers(workspace).isEmpty, "\(turn): \(Self.leftovers(workspace))") }
        }
        unlink(site + "/tidy/huge.bin")
        try workspace.write("env/other.txt", "other")
        try workspace.packed("env", "e.tar.gz")
        try workspace.packed("env", "cold.tar.gz", "--no-cache")
        #expect(try workspace.sha256("e.tar.gz") == workspace.sha256("cold.tar.gz"))
        #expect(Self.leftovers(workspace).isEmpty, "\(Self.leftovers(workspace))")
        #expect(Local.tree(workspace.path("cache")).count <= seen.count + 20)
    }

    @Test("four packs at once, of one environment with one cache, to one archive and to their own")
    func atOnce() throws {
        let workspace = try TestWorkspace()
        try TestPack.makeVenv(workspace.path("env"), packages: ["numpy", "pyyaml", "idna"])
        try workspace.packed("env", "alone.tar.gz", "--no-cache")
        let alone = try workspace.sha256("alone.tar.gz")
        for round in 0..<3 {
            if round > 0 { try Tool.shell("rm -rf cache e.tar.gz", directory: workspace.directory) }
            let commands = try (0..<4).map { try workspace.beginPack("env", $0 < 2 ? "e.tar.gz" : "e\($0).tar.gz") }
            for command in commands {
                let result = try command.wait()
                #expect(result.status == 0, "\(result)")
            }
            for name in ["e.tar.gz", "e2.tar.gz", "e3.tar.gz"] { #expect(try workspace.sha256(name) == alone) }
        }
        #expect(Self.leftovers(workspace).isEmpty, "\(Self.leftovers(workspace))")
    }

    @Test("whatever happened to the cache, the archive is the same")
    func damagedCache() throws {
        let workspace = try TestWorkspace()
        try TestPack.makeVenv(workspace.path("env"), packages: ["pyyaml", "idna", "requests"])
        try workspace.packed("env", "cold.tar.gz", "--no-cache")
        let wanted = try workspace.sha256("cold.tar.gz")
        for damage in [
            "truncate -s -1 \"$f\"", "truncate -s 0 \"$f\"", "head -c 3000 /dev/urandom >\"$f\"", "rm \"$f\"",
            "rm \"$f\" && mkdir \"$f\"", "rm \"$f\" && ln -s /etc/passwd \"$f\"", "rm \"$f\" && mkfifo \"$f\"",
            "chmod 0 \"$f\"", "printf x | dd of=\"$f\" bs=1 seek=200 conv=notrunc status=none",
        ] {
            // All of them, then each second one.
            for pattern in ["cat", "awk 'NR % 2'"] {
                try Tool.shell("rm -rf cache e.tar.gz", directory: workspace.directory)
                try workspace.packed("env", "e.tar.gz")
                try #require(try workspace.sha256("e.tar.gz") == wanted)
                let files = try Tool.shell("find cache -type f | wc -l", directory: workspace.directory)
                try #require(files != "0\n")
                try Tool.shell(
                    "find cache -type f | sort | \(pattern) | while read -r f; do \(damage); done",
                    directory: workspace.directory)
                for output in ["e.tar.gz", "again.tar.gz", "again.tar.gz"] {
                    let result = try workspace.pack("env", output, timeout: .seconds(60))
                    #expect(result.status == 0, "\(damage): \(result)")
                    #expect(try workspace.sha256(output) == wanted, "\(damage)")
                }
                unlink(workspace.path("again.tar.gz"))
            }
        }
        #expect(try Tool.shell("cat /etc/passwd").contains("root"))
    }

    @Test(
        "a cache that can't be written is done without",
        .enabled(if: OtherUser.isAvailable, "the superuser can't become another user here"))
    func unwritableCache() throws {
        let workspace = try TestWorkspace()
        try TestPack.makeSmall(workspace, forOthers: true)
        try workspace.packed("env", "cold.tar.gz", "--no-cache")
        let wanted = try workspace.sha256("cold.tar.gz")
        let binary = try OtherUser.binary(in: workspace)
        try Tool.shell("mkdir closed filled && : >file && mkdir -p filled/envsync/pack", directory: workspace.directory)
        try workspace.packed("env", "filled.tar.gz", cache: "filled")
        try OtherUser.own(workspace)
        try Local.chmod(workspace.path("closed"), 0o555)
        try Tool.shell("chmod -R a-w filled", directory: workspace.directory)
        for cache in ["closed", "filled", "file"] {
            let result = try workspace.pack(
                "env", "\(cache)-e.tar.gz", through: OtherUser.prefix, binary: binary, cache: cache)
            #expect(result.status == 0, "\(cache): \(result)")
            #expect(try workspace.sha256("\(cache)-e.tar.gz") == wanted)
        }
        try Tool.shell("chmod -R u+w filled closed", directory: workspace.directory)
    }

    @Test(
        "a full disk is an error that says so; a full cache is none",
        .enabled(if: Hiding.isAvailable, "nothing can be mounted here"), arguments: ["tar.gz", "tar", "zip"])
    func fullDisk(format: String) throws {
        let workspace = try TestWorkspace()
        try TestPack.makeSmall(workspace)
        let site = try workspace.path(TestPack.sitePackages(workspace))
        try Tool.shell("head -c 5000000 /dev/urandom >'\(site)/tidy/noise.bin'")
        try Tool.shell("mkdir small cache", directory: workspace.directory)
        try workspace.packed("env", "e.\(format)", "--no-cache", cache: "elsewhere")
        let script = """
            mount -t tmpfs -o size=1m none small && echo former >small/e.\(format) || exit 99
            "$ENVSYNC" pack --ignore interpreter -f env -o small/e.\(format); echo "status $?"; ls -A small; cat small/e.\(format)
            rm small/* && "$ENVSYNC" pack --ignore interpreter env -o small/e.\(format); echo "status $?"; ls -A small
            mount -t tmpfs -o size=1m none cache && "$ENVSYNC" pack --ignore interpreter env -o full.\(format) >/dev/null; echo "status $?"
            """
        let all = Array(Hiding.prefix([]).prefix { $0 != "/bin/sh" }) + ["/bin/sh", "-c", script]
        let result = try RunningCommand(
            all[0], Array(all.dropFirst()),
            environment: Local.environment(["ENVSYNC": Tool.envsync, "XDG_CACHE_HOME": workspace.path("cache")]),
            directory: workspace.directory
        ).wait()
        #expect(result.stdout.contains("status 2\ne.\(format)\nformer\nstatus 2\nstatus 0\n"), "\(result)")
        #expect(result.stderr.contains("No space left on device") || result.stderr.contains("space"), "\(result)")
        #expect(try workspace.sha256("full.\(format)") == workspace.sha256("e.\(format)"))
    }

    @Test("an archive inside the environment is refused: it would be packed the next time")
    func archiveInside() throws {
        let workspace = try TestWorkspace()
        try TestPack.makeSmall(workspace)
        try workspace.packed("env", "outside.tar.gz")
        let result = try workspace.envsync("pack", "env", "-o", "env/inside.tar.gz")
        #expect(result.status == 2)
        #expect(result.stderr.contains("would be inside of the environment that it is made of"), "\(result)")
        #expect(Local.names(workspace.path("env")).allSatisfy { !$0.hasPrefix("inside") && !$0.hasPrefix(".envsync") })
    }

    /// Files in the workspace, and in the cache, that aren't archives or what the tests put there.
    private static func leftovers(_ workspace: TestWorkspace) -> [String] {
        // pip's look for a Rust leaves something in its home directory.
        let known = ["env", "base", "cache", "outside", ".bin", ".rustup", ".cache", ".config", ".local"]
        let here = Local.names(workspace.directory).filter {
            !known.contains($0) && ($0.hasPrefix(".") || !$0.contains(".tar"))
        }
        let temporary = Local.tree(workspace.path("cache")).filter { path in
            ["tmp", "temp", "partial", ".new", "staging/"].contains { path.lowercased().contains($0) }
                && !path.hasSuffix("/")
        }
        return here + temporary
    }
}
