import Foundation
import Glibc
import Testing

@Suite("Faults of the store: full, forbidden, damaged", .tags(.local))
struct StoreFaultTests {
    /// A file system of its own can be made only where mounting is allowed; as the superuser or in a user namespace.
    static let namespace: String? = ["unshare -m", "unshare -rm"].first {
        Local.works("\($0) sh -c 'mount -t tmpfs -o size=1m none /mnt'")
    }

    @Test(
        "no space left: nothing is published, the message says so; after freeing some, the same command completes",
        .enabled(if: StoreFaultTests.namespace != nil, "mounting a small file system is not allowed here"),
        arguments: ["size=3m", "size=50m,nr_inodes=40"])
    func noSpace(limit: String) throws {
        let workspace = try TestWorkspace()
        try FileManager.default.createDirectory(atPath: workspace.path("small"), withIntermediateDirectories: true)
        var list: [String] = []
        for index in 0..<20 {
            try workspace.write("files/f\(index).dat", String(repeating: "\(index) ", count: 150_000))
            list.append("\"files/f\(index).dat\"")
        }
        try workspace.configure(
            "files = [\(list.joined(separator: ", "))]\n[jobs.j]\nmaster = \"local\"",
            store: "file://\(workspace.path("small/store"))")
        try workspace.succeed("lock")
        let result = try workspace.script(
            """
            exec \(Self.namespace ?? "") /bin/sh -c '
            mount -t tmpfs -o \(limit) none small || exit 99
            "$ENVSYNC" push > first.out 2> first.err; echo $? > first.status
            find small/store/environments small/store/staging -mindepth 1 > first.left
            "$ENVSYNC" check > check.out 2> check.err; echo $? > check.status
            mount -o remount,size=200m,nr_inodes=10000 none small || exit 99
            "$ENVSYNC" push > second.out 2> second.err; echo $? > second.status
            "$ENVSYNC" check --deep > deep.out 2>&1; echo $? > deep.status'
            """)
        #expect(result.status == 0, "\(result)")
        let error = try workspace.read("first.err")
        #expect(try workspace.read("first.status") == "2\n", "\(error)")
        #expect(error.contains("no space left") && error.contains("nothing was published"), "\(error)")
        #expect(try workspace.read("first.out").isEmpty)
        #expect(try workspace.read("first.left").isEmpty, "neither a generation nor staged files are left")
        #expect(try workspace.read("check.status") == "1\n")
        #expect(try workspace.read("check.out").contains("not-published"))
        #expect(try workspace.read("second.status") == "0\n")
        #expect(try workspace.read("deep.status") == "0\n")
    }

    @Test(
        "no space for the manifest or the ref: the published generation stays as it was",
        .enabled(if: StoreFaultTests.namespace != nil, "mounting a small file system is not allowed here"))
    func noSpaceForTheRef() throws {
        let workspace = try TestWorkspace()
        try FileManager.default.createDirectory(atPath: workspace.path("small"), withIntermediateDirectories: true)
        try workspace.write("a.txt", "one\n")
        try workspace.configure("files = [\"a.txt\"]", store: "file://\(workspace.path("small/store"))")
        try workspace.succeed("lock")
        let result = try workspace.script(
            """
            exec \(Self.namespace ?? "") /bin/sh -c '
            mount -t tmpfs -o size=1m none small || exit 99
            "$ENVSYNC" push > first.out 2>&1 || exit 98
            cp small/store/environments/etl/current.json before.json
            echo two > a.txt
            # All but a few pages are taken, in steps, so that pushes fail at each of their writes.
            for free in 0 4096 8192 12288 16384; do
                rm -f small/filler; head -c 2000000 /dev/zero > small/filler 2> /dev/null
                truncate -s -$free small/filler
                "$ENVSYNC" push --lock > push.out 2>&1; status=$?
                if [ $status = 0 ]; then break; fi
                [ $status = 2 ] || { echo "status $status"; cat push.out; exit 97; }
                grep -q "no space left" push.out || { cat push.out; exit 96; }
                cmp before.json small/store/environments/etl/current.json || exit 95
                rm small/filler
                "$ENVSYNC" status > status.out 2>&1 || exit 94
            done
            rm -f small/filler
            "$ENVSYNC" push >> push.out 2>&1 || exit 93
            "$ENVSYNC" check --deep || exit 92'
            """)
        #expect(result.status == 0, "\(result)")
    }

    @Test(
        "a store that may not be written: the path, the system's word and what to do",
        .enabled(if: OtherUser.isAvailable))
    func forbidden() throws {
        let workspace = try TestWorkspace.typical()
        _ = try OtherUser.binary(in: workspace)
        let outside = try TestWorkspace()
        try outside.write("store/keep", "")
        try Local.chmod(outside.path("store"), 0o555)
        defer { chmod(outside.path("store"), 0o755) }
        let text = try workspace.read("envsync.toml")
        try workspace.write("envsync.toml", "[store]\nurl = \"file://\(outside.path("store/s"))\"\n" + text)
        try OtherUser.own(workspace)
        #expect(try workspace.runAsOther("lock").status == 0)
        let push = try workspace.runAsOther("push")
        #expect(push.status == 2, "\(push)")
        #expect(push.stderr.contains("permission denied on file://\(outside.path("store/s"))"), "\(push)")
        #expect(push.stderr.contains("nothing was published"), "\(push)")
        let doctor = try workspace.runAsOther("doctor")
        #expect(doctor.status == 2, "\(doctor)")
        #expect(doctor.stdout.contains("permission denied"), "\(doctor)")
        // Where the store is, and who may go there, is the user's business; whoever may read it can check it.
        let check = try workspace.runAsOther("check")
        #expect(check.status == 1 && check.stdout.contains("not-published"), "\(check)")
    }

    @Test(
        "another user can read, check and submit from a store that only its owner writes",
        .enabled(if: geteuid() == 0 && OtherUser.isAvailable))
    func readByOthers() throws {
        let store = try TestWorkspace()
        try Local.chmod(store.directory, 0o755)
        let owner = try TestWorkspace.typical(store: "file://\(store.path("s"))")
        try owner.script("umask 077; \"$ENVSYNC\" push --lock").throwUnlessDone()
        let reader = try TestWorkspace.typical(store: "file://\(store.path("s"))")
        _ = try OtherUser.binary(in: reader)
        try reader.write("envsync.lock", try owner.read("envsync.lock"))
        try OtherUser.own(reader)
        #expect(try reader.runAsOther("check", "--deep").status == 0)
        #expect(try reader.runAsOther("args", "j").status == 0)
        let push = try reader.runAsOther("push")
        #expect(push.status == 0 && push.stdout.contains("up to date"), "\(push)")
    }

    @Test(
        "a store, or a part of it, that is a file is told of; nothing is removed",
        arguments: ["", "/objects", "/environments", "/staging", "/environments/etl"])
    func fileInPlaceOfDirectory(part: String) throws {
        let workspace = try TestWorkspace.typical()
        try workspace.write(".envsync/store\(part)", "mine\n")
        let push = try workspace.envsync("push", "--lock")
        #expect(push.status == 2, "\(push)")
        #expect(push.stderr.contains(".envsync/store\(part)"), "\(push)")
        #expect(try workspace.read(".envsync/store\(part)") == "mine\n")
        try workspace.script("rm '.envsync/store\(part)'").throwUnlessDone()
        try workspace.succeed("push")
        try workspace.succeed("check", "--deep")
    }

    struct Damage: Sendable, CustomTestStringConvertible {
        let name: String
        /// `$O` is the object of `helper.py`, `$E` the environment's directory.
        let script: String
        let code: String
        var needsDeep = false
        /// Whether a plain push notices: it believes what the published generation lists.
        var testDescription: String { name }
    }

    static let damages = [
        Damage(name: "an object is gone", script: "rm $O", code: "object-missing"),
        Damage(name: "an object's directory is gone", script: "rm -r $(dirname $O)", code: "object-missing"),
        Damage(name: "an object is cut short", script: "truncate -s -1 $O", code: "object-size"),
        Damage(name: "an object is empty", script: ": > $O", code: "object-size"),
        Damage(name: "an object has grown", script: "echo >> $O", code: "object-size"),
        Damage(
            name: "an object has other bytes of the same size and time",
            script: "touch -r $O ref; printf 'VALUE = 9\\n' > $O; touch -r ref $O; rm ref", code: "object-content",
            needsDeep: true),
        Damage(name: "an object is a directory", script: "rm $O; mkdir $O", code: "object-size"),
        Damage(name: "an object is a dangling link", script: "ln -sf nowhere $O", code: "object-missing"),
        Damage(name: "an object may not be read by others", script: "chmod 600 $O", code: "object-mode"),
        Damage(name: "an object's directory may not be passed", script: "chmod 700 $(dirname $O)", code: "object-mode"),
        Damage(name: "a shard may not be passed", script: "chmod 700 $(dirname $(dirname $O))", code: "object-mode"),
        Damage(name: "all objects are gone", script: "rm -r $E/../../objects", code: "object-missing"),
        Damage(name: "the ref is cut short", script: "truncate -s 20 $E/current.json", code: "publication-damaged"),
        Damage(name: "the ref is empty", script: ": > $E/current.json", code: "publication-damaged"),
        Damage(name: "the ref is gone", script: "rm $E/current.json", code: "not-published"),
        Damage(name: "the manifest is gone", script: "rm $E/1-*.json", code: "publication-damaged"),
        Damage(name: "the manifest is cut short", script: "truncate -s 100 $E/1-*.json", code: "publication-damaged"),
        Damage(
            name: "the manifest was edited", script: "sed -i 's/helper.py/helqer.py/' $E/1-*.json",
            code: "publication-damaged"),
        Damage(name: "the whole environment is gone", script: "rm -r $E", code: "not-published"),
    ]

    @Test("check finds it, push --repair heals it, and check is content again", arguments: damages)
    func damaged(damage: Damage) throws {
        let workspace = try TestWorkspace.typical()
        try workspace.succeed("push", "--lock")
        let object = try #require(Local.objects(workspace.store).first { $0.hasSuffix("/helper.py") })
        let environment = ["O": workspace.store + "/objects/" + object, "E": workspace.store + "/environments/etl"]
        try workspace.script(damage.script, environment: environment).throwUnlessDone()
        if damage.needsDeep {
            #expect(try workspace.envsync("check").status == 0, "size and presence are as they should be")
        }
        for words in [["check", "--deep", "--json"], ["check", "--read-back", "--json"]] {
            let check = try workspace.run(words)
            #expect(check.status == 1, "\(check)")
            let codes = try #require(try check.json()["findings"] as? [[String: Any]]).compactMap {
                $0["code"] as? String
            }
            #expect(codes.contains(damage.code), "\(check)")
        }
        let repair = try workspace.envsync("push", "--repair")
        #expect(repair.status == 0, "\(repair)")
        let after = try workspace.envsync("check", "--deep", "--read-back")
        #expect(after.status == 0, "\(repair)\n\(after)")
        #expect(try workspace.envsync("push").stdout.contains("up to date"))
        try StoreProbe(root: workspace.store).audit()
        #expect(Local.staging(workspace.store).isEmpty)
    }

    @Test("check --deep names the one object among many that has a flipped byte")
    func flippedByte() throws {
        let workspace = try TestWorkspace()
        for index in 0..<40 { try workspace.write("f/\(index).txt", "number \(index)\n") }
        try workspace.configure("files = [\((0..<40).map { "\"f/\($0).txt\"" }.joined(separator: ", "))]")
        try workspace.succeed("push", "--lock")
        let object = try #require(Local.objects(workspace.store).first { $0.hasSuffix("/17.txt") })
        try Local.flipByte(workspace.store + "/objects/" + object, at: 3)
        #expect(try workspace.envsync("check").status == 0)
        let deep = try workspace.envsync("check", "--deep", "--json")
        let findings = try #require(try deep.json()["findings"] as? [[String: Any]])
        #expect(deep.status == 1 && findings.count == 1)
        #expect(findings.first?["code"] as? String == "object-content")
        #expect(findings.first?["subject"] as? String == workspace.store + "/objects/" + object)
        let repair = try workspace.succeed("push", "--repair", "--json").json()
        #expect(repair["objectsSent"] as? Int == 1 && repair["objectsRepaired"] as? Int == 1, "\(repair)")
        try workspace.succeed("check", "--deep")
    }

    @Test(
        "what an unpublished object's place holds is believed only if it is the object",
        arguments: ["short", "other bytes", "directory", "right"])
    func inTheWay(kind: String) throws {
        let workspace = try TestWorkspace.typical()
        try workspace.succeed("lock")
        let digest = try Tool.shell("sha256sum helper.py | cut -c1-64", directory: workspace.directory)
            .trimmingCharacters(in: .newlines)
        let place = ".envsync/store/objects/\(digest.prefix(2))/\(digest)/helper.py"
        switch kind {
        case "short": try workspace.write(place, "VAL")
        case "other bytes": try workspace.write(place, "VALUE = 9\n")
        case "directory": try workspace.write(place + "/x", "")
        default: try workspace.write(place, "VALUE = 1\n")
        }
        let push = try workspace.envsync("push", "--json")
        #expect(push.status == 0, "\(push)")
        #expect(try push.json()["objectsSent"] as? Int == (kind == "right" ? 4 : 5))
        #expect(try workspace.read(place) == "VALUE = 1\n")
        try workspace.succeed("check", "--deep")
        try StoreProbe(root: workspace.store).audit()
    }

    @Test("truncated files at staging paths are in nobody's way, and a stranger's staging directory stays")
    func staging() throws {
        let workspace = try TestWorkspace.typical()
        try workspace.write(".envsync/store/staging/20200101T000000Z-stranger/1.part", "VAL")
        try workspace.write(".envsync/store/staging/1.part", "VAL")
        try workspace.succeed("push", "--lock")
        try workspace.succeed("check", "--deep")
        // It may belong to a push on another machine that is still going on.
        #expect(Local.staging(workspace.store).contains("20200101T000000Z-stranger/1.part"))
        try StoreProbe(root: workspace.store).audit()
    }

    @Test(
        "a built zip that was damaged or lost on this machine is not shipped",
        arguments: ["flip", "cut", "remove", "directory"])
    func damagedBuild(kind: String) throws {
        let workspace = try TestWorkspace.typical()
        try workspace.succeed("lock")
        // Old enough to be believed by fingerprint: nothing is read again.
        try workspace.script("sleep 2.1; touch -d yesterday src/own/*.py").throwUnlessDone()
        try workspace.script("sleep 2.1").throwUnlessDone()
        try workspace.succeed("lock")
        let name = try #require(Local.names(workspace.path(".envsync/build")).first { $0.hasSuffix(".zip") })
        let path = workspace.path(".envsync/build/\(name)")
        switch kind {
        case "flip": try Local.flipByte(path, at: 40)
        case "cut": truncate(path, 10)
        case "directory":
            unlink(path)
            mkdir(path, 0o755)
        default: unlink(path)
        }
        let push = try workspace.envsync("push")
        #expect(push.status == 0, "\(push)")
        try workspace.succeed("check", "--deep")
    }
}
