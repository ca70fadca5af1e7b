import EnvSyncModel
import Testing

@testable import SparkSubmission

/// Archives of packages, put on the Python path of those who find them.
struct PythonPathTests {
    static let executors = "spark.executorEnv.PYTHONPATH"
    static let appMaster = "spark.yarn.appMasterEnv.PYTHONPATH"

    private func value(_ key: String, of plan: SubmissionPlan) -> String? {
        let values = plan.submission.conf.filter { $0.key == key }.map(\.value)
        #expect(values.count <= 1)
        return values.first
    }

    static func archives() throws -> [PublishedArtifact] {
        [
            try Fixture.archive("packages", "p.tar.gz", interpreter: nil), try Fixture.archive("env", "e.tar.gz"),
            try Fixture.archive("data", "d.tar.gz", interpreter: nil),
            try Fixture.archive("a", "a.tar.gz", interpreter: nil),
        ]
    }

    @Test(
        arguments: [
            (nil, "./packages:./data:./a"), (["a", "packages"], "./packages:./a"), (["env"], nil), ([], nil),
            (["a", "env"], "./a"),
        ] as [([String]?, String?)])
    func inTheLocksOrderAndOnlyTheJobs(_ aliases: [String]?, _ path: String?) throws {
        let plan = try Fixture.plan(try Fixture.job("yarn", .cluster, archives: aliases), try Self.archives())
        #expect(value(Self.executors, of: plan) == path)
        #expect(value(Self.appMaster, of: plan) == path)
        #expect(plan.findings == [])
    }

    @Test(arguments: ["yarn", "spark://m:7077", "local-cluster[2,1,1024]"])
    func aClientModeDriverIsWarned(_ master: String) throws {
        let plan = try Fixture.plan(try Fixture.job(master), try Self.archives())
        #expect(value(Self.executors, of: plan) == "./packages:./data:./a")
        #expect(value(Self.appMaster, of: plan) == nil)
        #expect(plan.findings.map(\.code) == [.driverPath])
        for name in ["p.tar.gz", "d.tar.gz", "a.tar.gz", "PYTHONPATH"] {
            #expect(plan.warnings.first?.message.contains(name) == true, "\(plan.findings)")
        }
        #expect(plan.warnings.first?.message.contains("e.tar.gz") == false)
    }

    @Test func localModeIsWarned() throws {
        let plan = try Fixture.plan(
            try Fixture.job("local[2]"), [try Fixture.archive("packages", "p.tar.gz", interpreter: nil)])
        #expect(plan.submission.conf == [])
        #expect(plan.findings.map(\.code) == [.localPath])
        #expect(plan.warnings.first?.message.contains("p.tar.gz") == true)
        #expect(plan.warnings.first?.suggestion.contains("SparkFiles.get(\"packages\")") == true)
    }

    @Test(
        arguments: [
            ("yarn", .cluster, [executors], 1), ("yarn", .cluster, [appMaster], 1),
            ("yarn", .cluster, [executors, appMaster], 2), ("yarn", .client, [executors], 1),
            ("yarn", .client, [appMaster], 0), ("local[1]", .client, [executors], 0),
            ("spark://m:7077", .client, [executors], 1), ("spark://m:7077", .client, [appMaster], 0),
        ] as [(String, Job.DeployMode, [String], Int)])
    func anExtraOptionWouldReplaceIt(
        _ master: String, _ mode: Job.DeployMode, _ keys: [String], _ errors: Int
    ) throws {
        // The job's own values don't change what is ours.
        for conf in [[:], Dictionary(uniqueKeysWithValues: keys.map { ($0, "/opt/own") })] {
            for spelling in [["--conf", "KEY=/opt/x"], ["-c", "KEY=/opt/x"], ["--conf=KEY=/opt/x"]] {
                let extra = keys.flatMap { key in spelling.map { $0.replacing("KEY", with: key) } }
                let plan = try Fixture.plan(
                    try Fixture.job(master, mode, conf: conf),
                    [try Fixture.archive("packages", "p.tar.gz", interpreter: nil)], extraOptions: extra)
                #expect(plan.errors.map(\.code) == Array(repeating: .extraOption, count: errors), "\(plan.findings)")
                for (key, finding) in zip(keys, plan.errors) {
                    for name in [key + "=/opt/x", key + "=./packages", "p.tar.gz"] {
                        #expect(finding.message.contains(name), "\(finding)")
                    }
                }
            }
        }
    }

    @Test func withoutPackagesTheCallerMaySetIt() throws {
        let plan = try Fixture.plan(
            try Fixture.job("yarn", .cluster, conf: [Self.executors: "/a"]), [try Fixture.archive("env")],
            extraOptions: ["--conf", "\(Self.executors)=/b"])
        #expect(plan.findings == [])
        #expect(value(Self.executors, of: plan) == "/a")
    }
}
