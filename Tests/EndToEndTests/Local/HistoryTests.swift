import Foundation
import Glibc
import Testing

@Suite("History, comparison and rollback in a directory", .tags(.local))
struct HistoryTests {
    /// A workspace with three generations: six is added and a file changes; then the source changes and the file goes back.
    private func published() throws -> TestWorkspace {
        let workspace = try TestWorkspace.typical()
        try workspace.succeed("push", "--lock")
        try workspace.wheel("attrs-24.1-py3-none-any.whl", ["attrs.py": "A = 1\n"])
        try workspace.write("conf/app.yaml", "a: 2\n")
        try workspace.succeed("push", "--lock")
        try workspace.write("src/own/__init__.py", "VERSION = '8'\n")
        try workspace.write("conf/app.yaml", "a: 1\n")
        try workspace.succeed("push", "--lock")
        return workspace
    }

    private func generations(_ result: CommandResult) throws -> [[String: Any]] {
        try #require(try result.json()["generations"] as? [[String: Any]])
    }

    /// `kind name` of each change.
    private func changes(_ document: [String: Any]) throws -> [String] {
        try #require(document["changes"] as? [[String: Any]]).map {
            "\($0["kind"] as? String ?? "") \($0["name"] as? String ?? "")"
        }
    }

    private func manifests(_ workspace: TestWorkspace) -> [String] {
        Local.names(workspace.store + "/environments/etl").filter { $0 != "current.json" }
    }

    private func object(_ workspace: TestWorkspace, holding text: String) throws -> String {
        let paths = Local.objects(workspace.store).map { "\(workspace.store)/objects/\($0)" }
        return try #require(paths.first { (try? String(contentsOfFile: $0, encoding: .utf8)) == text })
    }

    // MARK: - log

    @Test("log tells number, id, user, sizes and changes, newest first, and marks what is published and what is locked")
    func log() throws {
        let workspace = try published()
        let entries = try generations(workspace.succeed("log", "--json"))
        #expect(entries.map { $0["generation"] as? Int } == [3, 2, 1])
        #expect(try changes(entries[0]) == ["content own", "content app.yaml"])
        #expect(try changes(entries[1]) == ["added attrs", "content app.yaml"])
        #expect(try changes(entries[2]).count == 5)
        #expect(entries.map { $0["published"] as? Bool } == [true, false, false])
        #expect(entries.map { $0["locked"] as? Bool } == [true, false, false])
        #expect(
            entries.allSatisfy { $0["origin"] as? String == "push" && $0["publishedBy"] as? String == NSUserName() })
        let total = try StoreProbe(root: workspace.store).follow("etl")?.objects
        #expect(entries[0]["objects"] as? Int == total)
        let text = try workspace.succeed("log").stdout
        #expect(
            text.contains("(published, locked)") && text.contains("~2: own (content), app.yaml (content)"), "\(text)")
        #expect(text.contains("+1 ~1: +attrs 24.1, app.yaml (content)"), "\(text)")
        let short = try workspace.succeed("log", "-n", "2", "--oneline").stdout.split(separator: "\n")
        #expect(short.count == 3 && short[1].hasPrefix("3 ") && short[2].hasPrefix("2 "), "\(short)")
        // Another workspace of the same store knows of no push of its own.
        let other = try TestWorkspace()
        try other.configure(store: "file://\(workspace.store)")
        let theirs = try generations(other.succeed("log", "--json"))
        #expect(theirs.count == 3 && theirs.allSatisfy { $0["origin"] == nil && $0["locked"] as? Bool == false })
        let never = try TestWorkspace.typical()
        #expect(try generations(never.succeed("log", "--json")).isEmpty)
        #expect(try never.succeed("log").stdout.contains("was never published"))
        #expect(try workspace.envsync("log", "-n", "0").status == 64)
    }

    @Test("damaged and missing manifests are shown as such; what others put into them steers no terminal")
    func damage() throws {
        let workspace = try published()
        let folder = workspace.store + "/environments/etl"
        let names = manifests(workspace)
        let third = "\(folder)/\(try #require(names.first { $0.hasPrefix("3-") }))"
        let second = "\(folder)/\(try #require(names.first { $0.hasPrefix("2-") }))"
        let text = try String(contentsOfFile: third, encoding: .utf8)
        let hostile = text.replacing(
            "\"publishedBy\":\"\(NSUserName())\"", with: "\"publishedBy\":\"\\u001b[2Jmallory\"")
        #expect(hostile != text)
        try hostile.write(toFile: third, atomically: true, encoding: .utf8)
        #expect(truncate(second, 100) == 0)
        let entries = try generations(workspace.succeed("log", "--json"))
        #expect(entries.map { $0["generation"] as? Int } == [3, 2, 1])
        #expect(entries[0]["problem"] == nil && entries[0]["changes"] == nil, "the one before can't be read")
        #expect(entries[1]["problem"] as? String != nil && entries[1]["objects"] == nil)
        #expect(try changes(entries[2]).count == 5)
        for words in [["log"], ["log", "--oneline"], ["diff", "1", "3"]] {
            let result = try workspace.run(words)
            #expect(result.status <= 1 && !(result.stdout + result.stderr).contains("\u{1B}"), "\(words): \(result)")
        }
        #expect(try workspace.succeed("log").stdout.contains("what changed is not known: generation 2 can't be read"))
        for words in [["diff", "2"], ["rollback", "2"], ["args", "j", "--at", "2"]] {
            let result = try workspace.run(words)
            #expect(result.status == 2 && result.stderr.contains("its manifest is damaged"), "\(words): \(result)")
        }
        // The ref names a manifest that is gone.
        unlink(third)
        let missing = try generations(workspace.succeed("log", "--json"))
        #expect(missing.map { $0["generation"] as? Int } == [3, 2, 1])
        #expect(
            missing[0]["problem"] as? String == "its manifest is missing" && missing[0]["published"] as? Bool == true)
        // A rollback doesn't need it.
        let rollback = try workspace.succeed("rollback", "1", "--json").json()
        #expect((rollback["published"] as? [String: Any])?["generation"] as? Int == 4 && rollback["changes"] == nil)
        try Data("{".utf8).write(to: URL(fileURLWithPath: folder + "/current.json"))
        let unnamed = try workspace.succeed("log", "--json")
        #expect(unnamed.stderr.contains("the ref of \"etl\" can't be read"), "\(unnamed)")
        #expect(try generations(unnamed)[0]["published"] as? Bool == true)
    }

    @Test("two generations with one number are both shown, and have to be named by their ids")
    func twins() throws {
        let workspace = try published()
        let other = try TestWorkspace.typical()
        try other.succeed("push", "--lock")
        try other.write("helper.py", "VALUE = 'other'\n")
        try other.succeed("push", "--lock")
        let theirs = try #require(manifests(other).first { $0.hasPrefix("2-") })
        try workspace.script(
            "cp -r '\(other.store)/objects/.' .envsync/store/objects/ && "
                + "cp '\(other.store)/environments/etl/\(theirs)' .envsync/store/environments/etl/"
        ).throwUnlessDone()
        let entries = try generations(workspace.succeed("log", "--json"))
        #expect(entries.map { $0["generation"] as? Int } == [3, 2, 2, 1])
        #expect(entries[1]["previous"] as? Int == 1 && entries[2]["previous"] as? Int == 1)
        #expect(Set(entries[1...2].compactMap { $0["origin"] as? String }).count <= 1)
        for words in [["diff", "2"], ["rollback", "2"]] {
            let result = try workspace.run(words)
            #expect(result.status == 2 && result.stderr.contains("2 generations"), "\(words): \(result)")
            #expect(result.stderr.contains("name one by its id"), "\(result)")
        }
        let id = String(theirs.dropFirst(2).prefix(12))
        try workspace.succeed("rollback", id)
        #expect(try StoreProbe(root: workspace.store).follow("etl")?.number == 4)
        try StoreProbe(root: workspace.store).audit()
        let arguments = try workspace.succeed("args", "j", "--at", "2")
        #expect(arguments.stderr.contains("2 generations have the number 2"), "\(arguments)")
    }

    // MARK: - diff

    @Test("diff compares what is published with the local files, or whatever two things are named; 0, 1 and 2 tell")
    func diff() throws {
        let workspace = try TestWorkspace.typical()
        let first = try workspace.envsync("diff", "--json")
        #expect(first.status == 1 && first.stderr.contains("was never published"), "\(first)")
        let from = try #require(try first.json()["from"] as? [String: Any])
        #expect(from["kind"] as? String == "nothing" && from["id"] == nil)
        #expect(!Local.exists(workspace.path("envsync.lock")), "nothing is locked by looking")
        #expect(try workspace.envsync("diff", "lock").status == 2)
        try workspace.succeed("push", "--lock")
        #expect(try workspace.succeed("diff").stdout.contains("no difference"))
        try workspace.write("helper.py", "VALUE = 22\n")
        let local = try workspace.envsync("diff", "--json")
        #expect(local.status == 1)
        let document = try local.json()
        #expect(document["schemaVersion"] as? Int == 1 && document["equal"] as? Bool == false)
        #expect(try changes(document) == ["content helper.py"])
        let change = try #require((document["changes"] as? [[String: Any]])?.first)
        #expect(change["bytesBefore"] as? Int == 10 && change["bytesAfter"] as? Int == 11)
        let new = try #require(document["newObjects"] as? [String: Any])
        #expect(new["count"] as? Int == 1 && new["bytes"] as? Int == 11)
        #expect(try workspace.envsync("diff").stdout.contains("a push sends 11 B at most"))
        try workspace.succeed("diff", "published", "lock")
        #expect(try workspace.envsync("diff", "lock").status == 1)
        #expect(try workspace.envsync("diff", "lock", "local").status == 1)
        try workspace.succeed("push", "--lock")
        #expect(try changes(workspace.envsync("diff", "1", "2", "--json").json()) == ["content helper.py"])
        #expect(
            try changes(workspace.envsync("diff", "published~1", "local", "--json").json()) == ["content helper.py"])
        let id = try #require(try workspace.envsync("diff", "1", "2", "--json").json()["from"] as? [String: Any])["id"]
        try workspace.succeed("diff", "@1", String((id as? String ?? "").prefix(6)))
        let unknown = try workspace.envsync("diff", "9")
        #expect(unknown.status == 2 && unknown.stderr.contains("the newest is 2"), "\(unknown)")
        #expect(try workspace.envsync("diff", "main").status == 64)
        #expect(try workspace.envsync("diff", "1", "2", "3").status == 64)
    }

    @Test("files that aren't on this machine, as in CI, count as they were locked")
    func withoutWheels() throws {
        let workspace = try published()
        try FileManager.default.removeItem(atPath: workspace.path("wheelhouse"))
        let same = try workspace.succeed("diff")
        #expect(same.stderr.contains("2 artifacts count as they were locked"), "\(same)")
        try workspace.write("helper.py", "VALUE = 3\n")
        #expect(try changes(workspace.envsync("diff", "--json").json()) == ["content helper.py"])
        try workspace.write("wheelhouse/broken-1-py3-none-any.whl", "no zip")
        let broken = try workspace.envsync("diff")
        #expect(broken.status == 2 && broken.stderr.contains("broken-1"), "\(broken)")
    }

    @Test("an installed environment is compared by names and versions")
    func installed() throws {
        let workspace = try published()
        let site = "venv/lib/python3.11/site-packages"
        try workspace.write("venv/pyvenv.cfg", "version = 3.11.2\n")
        func install(_ name: String, _ version: String) throws {
            try workspace.write(
                "\(site)/\(name)-\(version).dist-info/METADATA",
                "Metadata-Version: 2.1\nName: \(name)\nVersion: \(version)\n")
        }
        try install("six", "1.17.0")
        try install("attrs", "24.1")
        try install("pip", "24.0")
        let same = try workspace.succeed("diff", "lock", "env=venv")
        #expect(same.stdout.contains("no difference (names and versions only)"), "\(same)")
        try FileManager.default.removeItem(atPath: workspace.path("\(site)/six-1.17.0.dist-info"))
        try install("six", "1.16.0")
        try install("numpy", "2.0")
        let other = try workspace.envsync("diff", "published", "env=venv", "--json").json()
        #expect(other["versionsOnly"] as? Bool == true)
        #expect(try changes(other) == ["added numpy", "version six"])
        // The active environment is the one that is meant without a prefix.
        let active = try workspace.envsync("diff", "lock", "env", environment: ["VIRTUAL_ENV": workspace.path("venv")])
        #expect(active.status == 1 && active.stdout.contains("numpy"), "\(active)")
        let none = try workspace.envsync("diff", "lock", "env=nowhere")
        #expect(none.status == 2 && none.stderr.contains("nowhere"), "\(none)")
    }

    // MARK: - rollback

    @Test("a rollback publishes the old content as a new generation, leaves lock and files alone, and args tells of it")
    func rollback() throws {
        let workspace = try published()
        let lock = try workspace.read("envsync.lock")
        let before = Local.tree(workspace.store)
        let dry = try workspace.succeed("rollback", "1", "--dry-run", "--json").json()
        #expect(dry["needed"] as? Bool == true && dry["published"] == nil)
        #expect(Local.tree(workspace.store) == before, "a dry run changes nothing")
        let result = try workspace.succeed("rollback", "1")
        #expect(result.stdout.contains("published generation 4 of \"etl\": the content of generation 1"), "\(result)")
        #expect(result.stdout.contains("envsync.lock here is still generation 3's"), "\(result)")
        #expect(result.stdout.contains("--at 4"), "\(result)")
        #expect(try workspace.read("envsync.lock") == lock)
        #expect(Set(Local.tree(workspace.store)).isSuperset(of: before), "history is not rewritten")
        #expect(try StoreProbe(root: workspace.store).follow("etl")?.number == 4)
        #expect(Local.staging(workspace.store).isEmpty)
        let entries = try generations(workspace.succeed("log", "--json"))
        #expect(entries[0]["origin"] as? String == "rollback" && entries[0]["sameContentAs"] as? Int == 1)
        #expect(entries[0]["id"] as? String == entries[3]["id"] as? String)
        #expect(entries.map { $0["locked"] as? Bool } == [false, true, false, false])
        #expect(
            try workspace.succeed("log").stdout.contains("the content of generation 1 again; −1 ~1: −attrs 24.1, own"))
        let check = try workspace.envsync("check", "--json")
        #expect(try check.status == 1 && check.findings().map(\.code) == ["superseded"], "\(check)")
        // What was locked stays what args gives, and it says so; what is published is to be had.
        let locked = try workspace.succeed("args", "j")
        #expect(locked.stderr.contains("was rolled back by generation 4"), "\(locked)")
        let current = try workspace.succeed("args", "j", "--at", "current")
        let first = try workspace.succeed("args", "j", "--at", "1")
        #expect(current.stdout == first.stdout && current.stdout != locked.stdout)
        #expect(!current.stderr.contains("rolled back"), "\(current)")
        #expect(try workspace.envsync("args", "j", "--at", "head").status == 64)
        // A push brings back what is locked, as a further generation, and sends nothing for it.
        let push = try workspace.succeed("push", "--json").json()
        #expect(push["generation"] as? Int == 5 && push["objectsSent"] as? Int == 0)
        #expect(try !workspace.succeed("args", "j").stderr.contains("rolled back"))
        try StoreProbe(root: workspace.store).audit()
    }

    @Test(
        "rolling back to what is published is nothing to do; a rollback to what is locked here leaves nothing to warn of"
    )
    func nothingToDo() throws {
        let workspace = try published()
        for name in ["3", "@3", "published"] {
            let result = try workspace.succeed("rollback", name)
            #expect(result.stdout.contains("nothing to do"), "\(result)")
        }
        #expect(manifests(workspace).count == 3)
        try workspace.succeed("rollback", "1")
        let back = try workspace.succeed("rollback", "3")
        #expect(back.stdout.contains("envsync.lock here is this content already"), "\(back)")
        #expect(try !workspace.succeed("args", "j").stderr.contains("rolled back"))
        try workspace.succeed("check", "--deep")
        #expect(
            try workspace.succeed("rollback", "2", "--json").json()["notCompared"] as? Int == 0,
            "hashed as they are read")
        #expect(try workspace.envsync("rollback").status == 64)
        #expect(try workspace.envsync("rollback", "lock").status == 64)
        let never = try TestWorkspace.typical().envsync("rollback", "1")
        #expect(never.status == 2 && never.stderr.contains("none was published"), "\(never)")
    }

    @Test(
        "an object that is gone or damaged is sent again if its bytes are here; else nothing is published",
        arguments: ["missing", "damaged", "longer"])
    func lost(harm: String) throws {
        let workspace = try published()
        let path = try object(workspace, holding: "a: 2\n")
        switch harm {
        case "missing": unlink(path)
        case "damaged": try Local.flipByte(path, at: 1)
        default: try Data("a: 2\n\n".utf8).write(to: URL(fileURLWithPath: path))
        }
        let before = Local.tree(workspace.store)
        for words in [["rollback", "2"], ["rollback", "2", "--dry-run"]] {
            let refused = try workspace.run(words)
            #expect(refused.status == 2 && refused.stderr.contains("app.yaml"), "\(refused)")
            #expect(refused.stderr.contains("neither whole in the store nor here"), "\(refused)")
            #expect(refused.stderr.contains("nothing was published"), "\(refused)")
        }
        #expect(Local.tree(workspace.store) == before)
        // The file as it was then, as git brings it back; the lock is still another generation's.
        try workspace.write("conf/app.yaml", "a: 2\n")
        let result = try workspace.succeed("rollback", "2", "--json").json()
        #expect(result["objectsSent"] as? Int == 1 && result["bytesSent"] as? Int == 5)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "a: 2\n")
        #expect(Local.staging(workspace.store).isEmpty)
        try StoreProbe(root: workspace.store).audit()
    }

    @Test("the zip of a source that has changed since is sent again while it is still kept")
    func keptBuild() throws {
        let workspace = try published()
        let names = Local.objects(workspace.store).filter { $0.contains("/own-") }
        #expect(names.count == 2)
        let first = try workspace.succeed("args", "j", "--at", "1").stdout
        let gone = try #require(names.first { first.contains($0) })
        unlink("\(workspace.store)/objects/\(gone)")
        #expect(try workspace.succeed("rollback", "1", "--json").json()["objectsSent"] as? Int == 1)
        try StoreProbe(root: workspace.store).audit()
    }

    @Test("a rollback waits for a push from the same workspace")
    func waits() throws {
        let workspace = try published()
        let result = try workspace.script(
            """
            flock .envsync/push.lock sleep 2 & sleep 0.5
            "$ENVSYNC" rollback 1
            """)
        #expect(result.status == 0 && result.stderr.contains("waiting for"), "\(result)")
        #expect(try StoreProbe(root: workspace.store).follow("etl")?.number == 4)
    }

    @Test("a rollback and pushes of others at the same time all succeed, and each says what is published in the end")
    func races() throws {
        let place = try TestWorkspace()
        let store = place.path("store")
        let workspaces = try (0..<2).map { _ in try TestWorkspace.typical(store: "file://\(store)") }
        try workspaces[0].succeed("push", "--lock")
        let first = try #require(try StoreProbe(root: store).follow("etl"))
        for round in 0..<8 {
            try workspaces[1].write("helper.py", "VALUE = 'round \(round)'\n")
            try workspaces[1].succeed("lock")
            // The first content isn't published now, so there is something to roll back.
            try workspaces[0].write("helper.py", "VALUE = 'between \(round)'\n")
            try workspaces[0].succeed("push", "--lock")
            let watcher = StoreWatcher(StoreProbe(root: store), environment: "etl", isMonotonic: false)
            let count = Local.names(store + "/environments/etl").count
            let running = [
                try workspaces[0].begin(["rollback", "@1", "--json"]), try workspaces[1].begin(["push", "--json"]),
            ]
            let results = try running.map { try $0.wait() }
            #expect(watcher.stop().violations.isEmpty)
            for result in results { #expect(result.status == 0, "\(result)") }
            let rollback = try results[0].json()
            let push = try results[1].json()
            let rolledBack = try #require(rollback["published"] as? [String: Any])
            #expect(rolledBack["id"] as? String == first.id)
            #expect(Local.names(store + "/environments/etl").count >= count + 2, "neither is lost")
            let end = try #require(try StoreProbe(root: store).follow("etl"))
            let number = try #require(rolledBack["generation"] as? Int)
            if end.id == first.id {
                #expect(end.number == number && rollback["supersededBy"] == nil)
            } else {
                #expect(end.id == push["id"] as? String && end.number >= number)
            }
            if let superseded = rollback["supersededBy"] as? [String: Any] {
                #expect(superseded["id"] as? String == push["id"] as? String)
            }
            #expect(Local.staging(store).isEmpty)
        }
        try StoreProbe(root: store).audit()
    }
}
