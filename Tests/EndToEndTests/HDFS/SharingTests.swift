import Foundation
import Glibc
import Testing

/// Permissions are on, and none of these users is the superuser: ana and bob share the group etl, carol doesn't.
@Suite("Several users of one HDFS", .tags(.hdfs), .enabled(if: TestHDFS.isAvailable))
struct SharingTests {
    /// Workspaces of ana and of bob, which have five files in common.
    private func workspaces(
        _ hdfs: HDFSInstance, _ root: String, sharing: String, names: (String, String)
    ) throws -> (ana: TestWorkspace, bob: TestWorkspace) {
        let settings = "user = \"ana\"\nsharing = \"\(sharing)\""
        let ana = try TestWorkspace.random(
            on: hdfs, root: root, sizes: [3000, 0, 40_000, 100_000, 7, 512], name: names.0, settings: settings)
        let bob = try TestWorkspace.random(
            on: hdfs, root: root, sizes: [2000, 600], name: names.1, settings: settings.replacing("ana", with: "bob"),
            sharing: (ana, 5))
        return (ana, bob)
    }

    @Test(
        "ana and bob push overlapping environments to one store, by turns and at once",
        arguments: [("group", true), ("group", false), ("world", true), ("world", false)])
    func together(sharing: String, sameName: Bool) throws {
        let hdfs = try HDFSInstance.shared
        let isGroup = sharing == "group"
        let root = try hdfs.makeRoot(
            owner: isGroup ? "ana" : nil, group: isGroup ? "etl" : nil, mode: isGroup ? "775" : "1777")
        let (ana, bob) = try workspaces(hdfs, root, sharing: sharing, names: ("etl", sameName ? "etl" : "other"))
        #expect(try ana.succeed("push", "--json").number("objectsSent") == 7)
        #expect(try bob.succeed("push", "--json").number("objectsSent") == 2)
        try ana.freshen(["data/f000.bin"])
        #expect(try ana.succeed("push", "--lock", "--json").number("objectsSent") == 1)
        for round in 0..<3 {
            try ana.freshen(["data/f002.bin"])
            try bob.write("data/f002.bin", bytes: [UInt8](try ana.data("data/f002.bin")))
            // Both bring the same new object, and one of their own, at the same time.
            try bob.freshen(["data/f003.bin"])
            let running = try [ana, bob].map { try $0.start("push", "--lock", "--json") }
            for result in try running.map({ try $0.wait() }) {
                #expect(result.status == 0, "round \(round): \(result)")
            }
        }
        let mode = isGroup ? "775" : "1777"
        for (path, entry) in try hdfs.tree(root) {
            let isEnvironment = path.hasPrefix(root + "/environments/")
            let wanted = entry.isDirectory ? (isEnvironment && !isGroup ? "777" : mode) : "644"
            #expect(entry.permission == wanted, "\(path)")
            if isGroup { #expect(entry.group == "etl", "\(path)") }
        }
        #expect(Set(try hdfs.objects(root).values.map(\.owner)) == ["ana", "bob"])
        #expect(try hdfs.staging(root) == [])
        for name in sameName ? ["etl"] : ["etl", "other"] {
            let reader = StoreReader(instance: hdfs, root: root, environment: name)
            for generation in try reader.generations() { try reader.readGeneration(generation) }
            #expect(try reader.readAll().manifest == reader.generations().last)
        }
        for workspace in [ana, bob] {
            try workspace.succeed("push")
            #expect(try workspace.succeed("check", "--deep", "--json").findings() == [])
        }
    }

    @Test("carol, who isn't in the group, is refused in the server's words, and told what to do")
    func outsider() throws {
        let hdfs = try HDFSInstance.shared
        let root = try hdfs.makeRoot(owner: "ana", group: "etl", mode: "775")
        let (ana, bob) = try workspaces(hdfs, root, sharing: "group", names: ("etl", "etl"))
        try ana.succeed("push")
        let before = try hdfs.tree(root)
        try bob.point(
            to: hdfs, root: root, files: ["data/f000.bin", "main.py"], settings: "sharing = \"group\"\nuser = \"carol\""
        )
        let push = try bob.envsync("push", "--lock")
        #expect(push.status == 2)
        #expect(push.stderr.contains("permission denied on \(hdfs.webhdfs)\(root)/"), "\(push)")
        #expect(push.stderr.contains("AccessControlException: Permission denied: user=carol"), "\(push)")
        #expect(push.stderr.contains("ask for write access for \"carol\""), "\(push)")
        #expect(push.stderr.contains("nothing was published"), "\(push)")
        let doctor = try bob.envsync("doctor")
        #expect(doctor.status == 2 && doctor.stdout.contains("AccessControlException"), "\(doctor)")
        #expect(try hdfs.tree(root) == before)
        // Reading is for all.
        try bob.succeed("status")
        // HADOOP_USER_NAME says the same as store.user, which wins.
        try bob.point(to: hdfs, root: root, files: ["data/f000.bin", "main.py"], settings: "sharing = \"group\"")
        let byName = try bob.envsync("push", environment: ["HADOOP_USER_NAME": "carol"])
        #expect(byName.status == 2 && byName.stderr.contains("user=carol"), "\(byName)")
        try bob.succeed("push", environment: ["HADOOP_USER_NAME": "bob"])
        try bob.point(
            to: hdfs, root: root, files: ["data/f000.bin", "main.py"], settings: "sharing = \"group\"\nuser = \"bob\"")
        try bob.freshen(["data/f000.bin"])
        try bob.succeed("push", "--lock", environment: ["HADOOP_USER_NAME": "carol"])
    }

    @Test("in a private store nobody but its owner can write")
    func privateStore() throws {
        let hdfs = try HDFSInstance.shared
        let root = try hdfs.makeRoot(owner: "ana")
        let (ana, bob) = try workspaces(hdfs, root, sharing: "private", names: ("etl", "other"))
        try ana.succeed("push")
        let push = try bob.envsync("push")
        #expect(push.status == 2 && push.stderr.contains("user=bob, access=WRITE"), "\(push)")
        for (path, entry) in try hdfs.tree(root) {
            #expect(entry.permission == (entry.isDirectory ? "755" : "644"), "\(path)")
            #expect(entry.owner == "ana")
        }
    }

    @Test("in a world store nobody can remove, overwrite, re-time or move what is somebody else's")
    func sticky() throws {
        let hdfs = try HDFSInstance.shared
        let root = try hdfs.makeRoot(mode: "1777")
        let (ana, bob) = try workspaces(hdfs, root, sharing: "world", names: ("etl", "other"))
        try bob.succeed("push")
        let path = try #require(try bob.storePaths()["data/f002.bin"])
        let shard = (((path as NSString).deletingLastPathComponent) as NSString).deletingLastPathComponent
        let file = ana.path("data/f000.bin")
        let before = try hdfs.status(path)
        let attacks: [(method: String, path: String, query: String, upload: String?)] = [
            ("DELETE", path, "op=DELETE", nil),
            ("DELETE", (path as NSString).deletingLastPathComponent, "op=DELETE&recursive=true", nil),
            ("DELETE", shard, "op=DELETE&recursive=true", nil),
            ("DELETE", root + "/objects", "op=DELETE&recursive=true", nil),
            ("PUT", path, "op=CREATE&overwrite=true", file),
            ("POST", path, "op=APPEND", file),
            ("PUT", path, "op=SETTIMES&modificationtime=1000", nil),
            ("PUT", path, "op=SETPERMISSION&permission=600", nil),
            ("PUT", path, "op=RENAME&destination=\(root)/staging/stolen", nil),
            ("PUT", (path as NSString).deletingLastPathComponent, "op=RENAME&destination=\(root)/staging/stolen", nil),
        ]
        for attack in attacks {
            let answer = try hdfs.call(attack.method, attack.path, attack.query, user: "ana", upload: attack.upload)
            #expect(answer.status == 403, "\(attack): \(answer)")
            #expect(answer.body.contains("AccessControlException"), "\(attack): \(answer)")
        }
        #expect(try hdfs.status(path) == before)
        #expect(try bob.succeed("check", "--deep", "--json").findings() == [])
    }

    @Test(
        "in a world store, forged bytes of the right size are neither trusted nor left in place",
        arguments: [true, false])
    func forged(isForgedByOverwriting: Bool) throws {
        let hdfs = try HDFSInstance.shared
        let root = try hdfs.makeRoot(mode: "1777")
        let (ana, _) = try workspaces(hdfs, root, sharing: "world", names: ("etl", "other"))
        let path = try #require(try ana.storePaths()["data/f002.bin"])
        let forgery = randomBytes(40_000)
        if isForgedByOverwriting {
            // HDFS looks at the sticky bit when something is removed or moved away, but not when a rename with the
            // option OVERWRITE replaces it (FSDirRenameOp.renameTo asks for WRITE on the destination's parent only).
            try ana.succeed("push")
            try hdfs.put(forgery, to: root + "/staging/forgery", user: "carol")
            try hdfs.must(
                "PUT", root + "/staging/forgery", "op=RENAME&destination=\(path)&renameoptions=OVERWRITE", user: "carol"
            )
            let check = try ana.envsync("check", "--deep", "--json")
            #expect(check.status == 1)
            #expect(try check.findings() == [.init(code: "object-content", subject: path)])
            #expect(try ana.succeed("push", "--repair", "--json").number("objectsRepaired") == 1)
        } else {
            let directory = (path as NSString).deletingLastPathComponent
            let shard = (directory as NSString).deletingLastPathComponent
            for directory in [root + "/objects", shard, directory] {
                try hdfs.must("PUT", directory, "op=MKDIRS&permission=1777", user: "carol")
            }
            try hdfs.put(forgery, to: path, user: "carol")
            #expect(try ana.succeed("push", "--json").number("objectsRepaired") == 1)
        }
        #expect(try hdfs.status(path)?.owner == "ana")
        #expect(try ana.succeed("check", "--deep", "--json").findings() == [])
    }

    @Test(
        "a forgery that can't be replaced stops the push: whose it is, where, and what to do",
        arguments: [40_000, 39_999])
    func occupied(size: Int) throws {
        let hdfs = try HDFSInstance.shared
        let root = try hdfs.makeRoot(mode: "1777")
        let (ana, _) = try workspaces(hdfs, root, sharing: "world", names: ("etl", "other"))
        let path = try #require(try ana.storePaths()["data/f002.bin"])
        let directory = (path as NSString).deletingLastPathComponent
        for open in [root + "/objects", (directory as NSString).deletingLastPathComponent] {
            try hdfs.must("PUT", open, "op=MKDIRS&permission=1777", user: "carol")
        }
        try hdfs.must("PUT", directory, "op=MKDIRS&permission=755", user: "carol")
        try hdfs.put(randomBytes(size), to: path, user: "carol")
        for command in [["push"], ["push", "--repair"]] {
            let push = try ana.run(command)
            #expect(push.status == 2)
            #expect(push.stderr.contains("\(hdfs.webhdfs)\(path) does not hold what its name says"), "\(push)")
            #expect(push.stderr.contains("it is carol's"), "\(push)")
            #expect(push.stderr.contains("AccessControlException"), "\(push)")
            #expect(push.stderr.contains("ask its owner to remove it"), "\(push)")
            #expect(push.stderr.contains("nothing was published"), "\(push)")
        }
        #expect(try hdfs.status("\(root)/environments/etl/current.json") == nil)
        try hdfs.must("DELETE", directory, "op=DELETE&recursive=true", user: "carol")
        try ana.succeed("push")
        #expect(try ana.succeed("check", "--deep", "--json").findings() == [])
    }

    @Test("two who bring one object to a world store: the second reads the first one's bytes before relying on them")
    func sameObject() throws {
        let hdfs = try HDFSInstance.shared
        let root = try hdfs.makeRoot(mode: "1777")
        let (ana, bob) = try workspaces(hdfs, root, sharing: "world", names: ("etl", "other"))
        try ana.succeed("push")
        let before = try hdfs.objects(root)
        try bob.succeed("push")
        let after = try hdfs.objects(root)
        for (path, entry) in before { #expect(after[path] == entry, "was touched: \(path)") }
        let rows = try bob.succeed("status", "--json").json()["artifacts"] as? [[String: Any]] ?? []
        let verified = Dictionary(
            rows.map { ($0["origin"] as? String ?? "", $0["verification"] as? String ?? "") },
            uniquingKeysWith: { first, _ in first })
        #expect(verified["data/f002.bin"] == "readback")
        #expect(verified.values.contains("checksum"), "his own are not read back")
    }
}
