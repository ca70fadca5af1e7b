import Foundation
import Glibc
import Testing

@Suite("Pushes that are killed, and pushes at once", .tags(.local), .serialized)
struct PushRaceTests {
    private static let count = 64

    /// Gives all files of the workspace new contents.
    private func rewrite(_ workspace: TestWorkspace, round: Int) throws {
        for index in 0..<Self.count {
            let size = 2000 * (1 + index % 8)
            try workspace.write("files/f\(index).dat", "\(round) \(index) " + String(repeating: "x", count: size))
        }
    }

    private func makeWorkspace() throws -> TestWorkspace {
        let workspace = try TestWorkspace()
        let list = (0..<Self.count).map { "\"files/f\($0).dat\"" }.joined(separator: ", ")
        try workspace.configure("files = [\(list)]\n[jobs.j]\nmaster = \"local\"")
        return workspace
    }

    /// The number of objects in a store, counted as cheaply as can be.
    private func objects(_ store: String) -> Int {
        Local.names(store + "/objects").reduce(0) { $0 + Local.names("\(store)/objects/\($1)").count }
    }

    @Test(
        "kill -9 at more than 30 points of a push of 64 files: the ref is whole at each moment, and a later push completes"
    )
    func killed() throws {
        let workspace = try makeWorkspace()
        let store = workspace.store
        let probe = StoreProbe(root: store)
        try rewrite(workspace, round: 0)
        try workspace.succeed("push", "--lock")
        let watcher = StoreWatcher(probe, environment: "etl")
        var killed: Set<Int> = []
        var left = 0
        // A point is a number of objects in place; then the staging of the generation, its manifest, and its ref.
        let points = Array(stride(from: 0, to: Self.count, by: 2)) + [64, 65, 66, 67, 64, 65, 66]
        for (round, point) in points.enumerated() {
            try rewrite(workspace, round: round + 1)
            try workspace.succeed("lock")
            let before = objects(store)
            let newest = Local.names(store + "/environments/etl").count
            let push = try workspace.start("push")
            while push.isRunning {
                if point <= 64 {
                    if objects(store) - before >= point { break }
                } else if Local.names(store + "/environments/etl").count > newest {
                    usleep(UInt32(point - 65) * 300)
                    break
                }
            }
            push.send(SIGKILL)
            let result = try push.wait()
            if result.signal == SIGKILL { killed.insert(round) } else { #expect(result.status == 0, "\(result)") }
            let published = try #require(try probe.follow("etl"))
            #expect(published.objects == Self.count)
            left = max(left, Local.staging(store).count)
        }
        #expect(killed.count >= 30, "\(killed.count) pushes were killed")
        #expect(left > 0, "a killed push leaves its staging directory")
        // The last killed push is taken up: what it put in place is not sent again.
        let present = objects(store)
        let final = try workspace.succeed("push", "--json").json()
        let sent = try #require(final["objectsSent"] as? Int)
        #expect(objects(store) - present <= Self.count && sent <= Self.count)
        let outcome = watcher.stop()
        #expect(outcome.violations.isEmpty, "\(outcome.violations.prefix(3))")
        #expect(outcome.readings > points.count)
        #expect(Local.staging(store).isEmpty, "the next push removes what dead ones of this workspace staged")
        try workspace.succeed("check", "--deep")
        try probe.audit()
    }

    @Test("what a killed push put in place is not sent again")
    func resumed() throws {
        let workspace = try makeWorkspace()
        try rewrite(workspace, round: 0)
        try workspace.succeed("lock")
        let push = try workspace.start("push", "--jobs", "1")
        while push.isRunning, objects(workspace.store) < 20 { usleep(200) }
        push.send(SIGKILL)
        let result = try push.wait()
        #expect(result.signal == SIGKILL, "\(result)")
        let document = try workspace.succeed("push", "--json").json()
        let sent = try #require(document["objectsSent"] as? Int)
        #expect(sent < Self.count - 15, "\(sent) of 64 were sent again")
        #expect(Local.staging(workspace.store).isEmpty)
        try workspace.succeed("check", "--deep")
    }

    @Test(
        "pushes of overlapping environments at the same time all succeed, and the ref ends at the newest generation",
        arguments: [2, 8], [true, false])
    func together(count: Int, sameName: Bool) throws {
        let place = try TestWorkspace()
        let store = place.path("store")
        let probe = StoreProbe(root: store)
        let workspaces = try (0..<count).map { index in
            let workspace = try TestWorkspace()
            for shared in 0..<12 { try workspace.write("s\(shared).txt", "shared \(shared)\n") }
            for own in 0..<3 { try workspace.write("o\(own).txt", "own \(own) of \(index)\n") }
            let names = (0..<12).map { "\"s\($0).txt\"" } + (0..<3).map { "\"o\($0).txt\"" }
            try workspace.configure(
                "files = [\(names.joined(separator: ", "))]\n[jobs.j]\nmaster = \"local\"", store: "file://\(store)",
                name: sameName ? "etl" : "etl\(index)")
            try workspace.succeed("lock")
            return workspace
        }
        for round in 0..<3 {
            if round > 0 {
                for (index, workspace) in workspaces.enumerated() {
                    try workspace.write("o0.txt", "round \(round) of \(index)\n")
                    try workspace.write("s\(round).txt", "shared in round \(round)\n")
                }
            }
            let watcher = StoreWatcher(probe, environment: sameName ? "etl" : "etl0", isMonotonic: !sameName)
            let running = try workspaces.map { try $0.begin(["push", "--lock", "--json"]) }
            var ids: [String: Int] = [:]
            for command in running {
                let result = try command.wait()
                #expect(result.status == 0, "\(result)")
                let document = try result.json()
                let id = try #require(document["id"] as? String)
                ids[id] = try #require(document["generation"] as? Int)
                #expect(document["published"] as? Bool == true)
            }
            let outcome = watcher.stop()
            #expect(outcome.violations.isEmpty, "\(outcome.violations.prefix(3))")
            #expect(ids.count == count)
            let counts = try probe.audit()
            #expect(Set(counts.keys) == (sameName ? ["etl"] : Set((0..<count).map { "etl\($0)" })))
            if sameName {
                // Two that chose one number at the same time are told apart by their ids.
                let names = Set(Local.names("\(store)/environments/etl"))
                for (id, number) in ids { #expect(names.contains("\(number)-\(id).json")) }
                let published = try #require(try probe.follow("etl"))
                #expect(published.number == ids.values.max() && ids[published.id] == published.number)
            }
            #expect(Local.staging(store).isEmpty)
            // Each of them is published, so each workspace gets its arguments, newest or not.
            for workspace in workspaces { try workspace.succeed("args", "j") }
        }
    }

    @Test("eight pushes of the very same environment at once: one generation's worth of objects, all succeed")
    func identical() throws {
        let workspace = try makeWorkspace()
        try rewrite(workspace, round: 0)
        try workspace.succeed("lock")
        let results = try (0..<8).map { _ in try workspace.begin(["push", "--json"]) }.map { try $0.wait() }
        for result in results { #expect(result.status == 0, "\(result)") }
        #expect(objects(workspace.store) == Self.count)
        let counts = try StoreProbe(root: workspace.store).audit()
        #expect(counts["etl"] ?? 0 >= 1)
        #expect(Local.staging(workspace.store).isEmpty)
        try workspace.succeed("check", "--deep")
    }

    @Test(
        "a big file that is written to while it is sent is refused, with size and time as they were, and nothing is published"
    )
    func changing() throws {
        let workspace = try TestWorkspace()
        let size: Int64 = 300 << 20
        try Local.sparseFile(workspace.path("big.dat"), size: size)
        try workspace.write("small.txt", "small\n")
        try workspace.configure("files = [\"big.dat\", \"small.txt\"]\n[jobs.j]\nmaster = \"local\"")
        try workspace.succeed("lock")
        // The push may be done with the file before it is changed; then it is tried once more.
        for _ in 0..<5 {
            try workspace.script("rm -rf .envsync/store").throwUnlessDone()
            let push = try workspace.start("push", "--json")
            while push.isRunning, !Local.staging(workspace.store).contains(where: { $0.hasSuffix(".part") }) {
                usleep(100)
            }
            try Local.flipByte(workspace.path("big.dat"), at: size - 1)
            let result = try push.wait()
            if result.status == 0 {
                try workspace.succeed("lock")
                continue
            }
            #expect(result.status == 2)
            let error = try #require(try result.json()["error"] as? [String: Any])
            #expect(error["code"] as? String == "changed-while-reading", "\(result)")
            #expect(
                result.stderr.contains("big.dat") && result.stderr.contains("changed while it was being sent"),
                "\(result)")
            #expect(result.stderr.contains("nothing was published"), "\(result)")
            #expect(try StoreProbe(root: workspace.store).follow("etl") == nil)
            #expect(!Local.objects(workspace.store).contains { $0.hasSuffix("big.dat") })
            #expect(Local.staging(workspace.store).isEmpty)
            // The change is found for itself, and a new lock makes it right.
            #expect(try workspace.envsync("push").status == 2)
            try workspace.succeed("push", "--lock")
            try workspace.succeed("check", "--deep")
            return
        }
        Issue.record("the push was always faster than the change")
    }

    @Test(
        "a file that grows, shrinks or vanishes while it is sent is refused too",
        arguments: ["grow", "shrink", "replace", "remove"])
    func replaced(how: String) throws {
        let workspace = try TestWorkspace()
        let size: Int64 = 200 << 20
        try Local.sparseFile(workspace.path("big.dat"), size: size)
        try workspace.configure("files = [\"big.dat\"]\n[jobs.j]\nmaster = \"local\"")
        try workspace.succeed("lock")
        for _ in 0..<5 {
            try workspace.script("rm -rf .envsync/store").throwUnlessDone()
            let push = try workspace.start("push")
            while push.isRunning, !Local.staging(workspace.store).contains(where: { $0.hasSuffix(".part") }) {
                usleep(100)
            }
            switch how {
            case "grow": truncate(workspace.path("big.dat"), off_t(size + 1))
            case "shrink": truncate(workspace.path("big.dat"), off_t(size - 1))
            case "replace":
                try Local.sparseFile(workspace.path("new.dat"), size: 10)
                rename(workspace.path("new.dat"), workspace.path("big.dat"))
            default: unlink(workspace.path("big.dat"))
            }
            let result = try push.wait()
            if ["replace", "remove"].contains(how), result.status == 0 {
                // The bytes that were locked are what was open, and were sent: that is right as well.
                try StoreProbe(root: workspace.store).audit()
                return
            }
            if result.status == 0 {
                try Local.sparseFile(workspace.path("big.dat"), size: size)
                try workspace.succeed("lock")
                continue
            }
            #expect(result.status == 2 && result.stderr.contains("big.dat"), "\(result)")
            #expect(try StoreProbe(root: workspace.store).follow("etl") == nil)
            #expect(Local.objects(workspace.store).isEmpty && Local.staging(workspace.store).isEmpty)
            return
        }
        Issue.record("the push was always faster than the change")
    }
}
