import Foundation
import Testing

/// Wheels beside a packed environment that has some of them already.
@Suite(
    .serialized, .tags(.spark, .hdfs),
    .enabled(if: TestSpark.isAvailable && TestHDFS.isAvailable, "scripts/test prepares a Spark and an HDFS"),
    .enabled(if: TestPackages.areAvailable, "scripts/test fetches the wheels"),
    .enabled(if: TestPackages.suitThisMachine, "the wheels are for Python 3.11 on x86_64"))
struct ArchiveOverlayTests {
    /// The packed environment of the tests holds markupsafe 3.0.2. In that version it isn't sent again; in another one it
    /// is, and wins on the executors, while the archive stays the object that it was.
    @Test func whatAnArchiveHoldsIsNotSentAndAnotherVersionWins() throws {
        let root = try TestHDFS.makeRoot()
        let workspace = try TestWorkspace.example("lockfiles/conda-environment", store: TestHDFS.webhdfs + root)
        try FileManager.default.copyItem(atPath: TestSpark.archive, toPath: workspace.path("environment.tar.gz"))
        try workspace.write(
            "envsync.toml",
            workspace.read("envsync.toml").replacingOccurrences(
                of: "lockfile = \"environment.yml\"",
                with: "lockfile = \"requirements.txt\"\nwheelhouse = [\"\(TestPackages.wheels)\"]"))
        let update = try workspace.pin("markupsafe", in: "update.txt")
        try workspace.write("requirements.txt", update)
        try workspace.succeed("lock", "--offline")
        let held = try Self.explain(workspace)
        #expect(held["travelsAs"] as? String == "provided" && held["archive"] as? String == "environment", "\(held)")
        try workspace.succeed("push")
        let plan = try JobPlan(workspace.succeed("args", "report", "--json"))
        #expect(plan.pyFiles.isEmpty && plan.archives.map(\.name) == ["environment"])
        let first = try Self.submit(workspace)
        for executor in first.executors {
            #expect(executor.versions == ["markupsafe": "3.0.2"])
            #expect(executor.place(of: executor.files["markupsafe._speedups"] ?? "") == "environment")
        }

        try workspace.write("requirements.txt", workspace.pin("markupsafe", in: "requirements.txt"))
        let push = try workspace.succeed("push", "--lock", "--offline", "--json")
        #expect(try push.number("objectsSent") == 1)
        let over = try Self.explain(workspace)
        #expect(over["travelsAs"] as? String == "layer" && over["overlays"] as? String == "3.0.2", "\(over)")
        let overPlan = try JobPlan(workspace.succeed("args", "report", "--json"))
        #expect(Set(overPlan.archives.map(\.name)) == ["environment", "layer-shared"])
        #expect(overPlan.archives.first { $0.name == "environment" }?.uri == plan.archives.first?.uri)
        let second = try Self.submit(workspace)
        for executor in second.executors {
            #expect(executor.python == executor.directory + "/environment/bin/python")
            #expect(executor.versions == ["markupsafe": "2.1.5"])
            #expect(executor.place(of: executor.files["markupsafe._speedups"] ?? "") == "layer-shared")
        }

        // What the first run was submitted with can be had again.
        let old = try JobPlan(workspace.succeed("args", "report", "--at", "1", "--json"))
        #expect(old.words == plan.words && old.words != overPlan.words)
    }

    private static func explain(_ workspace: TestWorkspace) throws -> [String: Any] {
        let packages = try workspace.succeed("explain", "markupsafe", "--json").json()["packages"] as? [[String: Any]]
        return try #require(packages?.first)
    }

    private static func submit(_ workspace: TestWorkspace) throws -> ImportReport {
        let result = try TestSpark.run("envsync submit report", in: workspace.directory)
        #expect(result.status == 0, "\(result)")
        let report = try ImportReport(result)
        try report.expectTwoExecutors()
        return report
    }
}
