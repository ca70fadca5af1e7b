import Foundation
import Glibc
import Testing

@Suite("Names, addresses and secrets on HDFS", .tags(.hdfs), .enabled(if: TestHDFS.isAvailable))
struct ConnectionTests {
    @Test("-v tells requests, but no redirect's query and no token")
    func verbose() throws {
        let hdfs = try HDFSInstance.shared
        let workspace = try TestWorkspace.random(on: hdfs, root: try hdfs.makeRoot(), sizes: [5000, 0])
        let push = try workspace.succeed("push", "--verbose")
        #expect(push.stderr.contains("op=CREATE"))
        let check = try workspace.succeed("check", "--deep", "--verbose")
        #expect(check.stderr.contains("op=GETFILECHECKSUM"))
        for text in [push.stderr, push.stdout, check.stderr] {
            for secret in ["delegation", "Location", "namenoderpcaddress", "user.name", "_="] {
                #expect(!text.contains(secret), "\(secret) in \(text)")
            }
        }
        let state = try Tool.shell("cat '\(workspace.path(".envsync"))'/*")
        #expect(!state.contains("namenoderpcaddress") && !state.contains("delegation="))
    }

    @Test("a `+` in the store's path and in a wheel's local version arrives as a `+`")
    func plus() throws {
        let hdfs = try HDFSInstance.shared
        let root = try hdfs.makeRoot(suffix: "-c++~x")
        let workspace = try TestWorkspace()
        try workspace.wheel("tool-1.0+local.7-py3-none-any.whl", ["tool.py": "V = 1\n"])
        try workspace.point(to: hdfs, root: root, files: [])
        try workspace.write(
            "envsync.toml",
            try workspace.read("envsync.toml").replacing("files = []", with: "wheelhouse = [\"wheelhouse\"]"))
        try workspace.succeed("push", "--lock")
        let path = try #require(
            try hdfs.objects(root).keys.first { $0.contains("/tool-1.0+local.7-") && $0.hasSuffix(".zip") })
        #expect(path.hasPrefix(root + "/objects/"))
        #expect(try workspace.succeed("args", "j").stdout.contains(hdfs.hdfs + path))
        #expect(try workspace.succeed("push", "--json").number("requests") <= 10)
        #expect(try workspace.succeed("check", "--deep", "--json").findings() == [])
        try FileManager.default.removeItem(atPath: workspace.path(".envsync"))
        #expect(try workspace.succeed("push", "--repair", "--json").number("objectsSent") == 0)
    }

    @Test("a user's name goes to the server as it is written", arguments: ["svc.etl-01_x", "Ana", "_x"])
    func userNames(user: String) throws {
        let hdfs = try HDFSInstance.shared
        let root = try hdfs.makeRoot(mode: "777")
        let workspace = try TestWorkspace.random(on: hdfs, root: root, sizes: [100])
        try workspace.succeed("push", environment: ["HADOOP_USER_NAME": user])
        #expect(Set(try hdfs.tree(root).values.map(\.owner)) == [user])
        #expect(try StoreReader(instance: hdfs, root: root, environment: "etl").readAll().publishedBy == user)
    }

    @Test(
        "a user's name can't become another parameter, and what the server doesn't take is said",
        arguments: ["ana&user.name=root", "ana b", "ü", "a+b", "a%62", "a/../b", "a#b", "a?b=c"])
    func hostileUserNames(user: String) throws {
        let hdfs = try HDFSInstance.shared
        let root = try hdfs.makeRoot(mode: "777")
        let workspace = try TestWorkspace.random(on: hdfs, root: root, sizes: [100])
        let push = try workspace.envsync("push", environment: ["HADOOP_USER_NAME": user])
        // The server's own pattern for names (dfs.webhdfs.user.provider.user.pattern) refuses them.
        #expect(push.status == 2, "\(push)")
        let says = user.contains("&") ? "userName is NULL, empty or contains a '&" : "\"\(user)\""
        #expect(push.stderr.contains(says), "\(push)")
        #expect(try hdfs.tree(root).isEmpty)
    }

    @Test("HADOOP_CONF_DIR leads from hdfs:// to WebHDFS, and its file system's name goes into the arguments")
    func hadoopConfiguration() throws {
        let hdfs = try HDFSInstance.shared
        let root = try hdfs.makeRoot()
        let configured = ["HADOOP_CONF_DIR": hdfs.directory + "/conf"]
        let workspace = try TestWorkspace.random(on: hdfs, root: root, sizes: [1000, 2000])
        try workspace.point(
            to: hdfs, root: root, files: ["data/f000.bin", "data/f001.bin"], url: hdfs.hdfs + root)
        let push = try workspace.succeed("push", "--json", environment: configured)
        #expect(try push.number("objectsSent") == 3)
        let path = try #require(try workspace.storePaths()["data/f000.bin"])
        #expect(try workspace.succeed("args", "j", environment: configured).stdout.contains(hdfs.hdfs + path))
        #expect(try workspace.succeed("check", "--json", environment: configured).findings() == [])
        let doctor = try workspace.succeed("doctor", environment: configured)
        #expect(doctor.stdout.contains("from HADOOP_CONF_DIR"), "\(doctor)")

        // The same store by its WebHDFS address; fs.defaultFS still names it for jobs, and spark-url wins over it.
        try workspace.point(to: hdfs, root: root, files: ["data/f000.bin", "data/f001.bin"])
        #expect(try workspace.succeed("args", "j", environment: configured).stdout.contains(hdfs.hdfs + path))
        try workspace.point(
            to: hdfs, root: root, files: ["data/f000.bin", "data/f001.bin"], settings: "spark-url = \"hdfs://ns1\"")
        for environment in [configured, [:]] {
            let words = try workspace.succeed("args", "j", environment: environment).stdout
            #expect(words.contains("hdfs://ns1" + path) && !words.contains(hdfs.hdfs), "\(words)")
        }
    }

    @Test("a fresh clone without any configuration learns the file system's name from the ref")
    func freshClone() throws {
        let hdfs = try HDFSInstance.shared
        let root = try hdfs.makeRoot()
        let workspace = try TestWorkspace.random(on: hdfs, root: root, sizes: [1000, 2000])
        try workspace.succeed("push")
        let words = try workspace.succeed("args", "j").stdout
        let clone = try TestWorkspace()
        for file in ["envsync.toml", "envsync.lock"] { try clone.write(file, try workspace.read(file)) }
        #expect(try clone.succeed("args", "j").stdout == words)
        #expect(words.contains(hdfs.hdfs))
        #expect(try clone.succeed("check", "--remote-only", "--json").findings() == [])
        #expect(try clone.succeed("check", "--remote-only", "--deep", "--json").findings() == [])
        // Nothing has to be sent, so nothing has to be here.
        #expect(try clone.succeed("push", "--json").number("objectsSent") == 0)
    }

    @Test("an address where nobody listens, a name that nobody knows, and a server that is something else")
    func wrongAddresses() throws {
        let hdfs = try HDFSInstance.shared
        let workspace = try TestWorkspace.random(on: hdfs, root: "/tmp/x", sizes: [10])
        for (url, says) in [
            ("webhdfs://127.0.0.1:1/tmp/x", "127.0.0.1:1 does not answer"),
            ("webhdfs://no-such-host.invalid:9870/tmp/x", "no-such-host.invalid"),
            ("hdfs://ns-without-configuration/tmp/x", "HADOOP_CONF_DIR"),
            // The RPC port speaks no HTTP worth the name.
            ("webhdfs://\(hdfs.hdfs.dropFirst("hdfs://".count))/tmp/x", String(hdfs.hdfs.dropFirst("hdfs://".count))),
        ] {
            try workspace.point(to: hdfs, root: "/tmp/x", files: ["data/f000.bin"], url: url)
            for command in ["push", "check"] {
                let result = try workspace.run([command], timeout: .seconds(40))
                #expect(result.status == 2, "\(url): \(result)")
                #expect(result.stderr.contains(says), "\(url): \(result)")
            }
        }
    }
}
