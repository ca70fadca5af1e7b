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

    @Test(
        "an overlay comes after layers, which may hold something newer still, and before what it overlays",
        arguments: [
            (nil, "./layer-numpy:./env-overlay:./packages"), (["env"], "./layer-numpy:./env-overlay"),
            (["packages"], "./layer-numpy:./packages"), ([], "./layer-numpy"),
        ] as [([String]?, String)])
    func overlays(_ aliases: [String]?, _ path: String) throws {
        let artifacts = [
            try Fixture.archive("env", "e.tar.gz"), try Fixture.overlay("env"),
            try Fixture.archive("packages", "p.tar.gz", interpreter: nil), try Fixture.layer("layer-numpy"),
        ]
        let plan = try Fixture.plan(try Fixture.job("yarn", .cluster, archives: aliases), artifacts)
        #expect(value(Self.executors, of: plan) == path)
        #expect(value(Self.appMaster, of: plan) == path)
        let hasOverlay = plan.submission.archives.contains { $0.alias?.text == "env-overlay" }
        #expect(hasOverlay == path.contains("env-overlay"))
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

    static let driverPod = "spark.kubernetes.driverEnv.PYTHONPATH"
    /// The archives by the seeds of their digests.
    static let unpacked = ["p.tar.gz": "/u/p", "d.tar.gz": "/u/d", "a.tar.gz": "/u/a"]

    /// Layers may hold newer versions of what other archives have.
    @Test(arguments: [("yarn", appMaster), ("k8s://api.example:6443", driverPod)])
    func layersComeFirst(_ master: String, _ driverKey: String) throws {
        let artifacts = try Self.archives() + [try Fixture.layer("layer-numpy"), try Fixture.layer("layer")]
        let plan = try Fixture.plan(try Fixture.job(master, .cluster), artifacts)
        #expect(value(Self.executors, of: plan) == "./layer-numpy:./layer:./packages:./data:./a")
        #expect(value(driverKey, of: plan) == "./layer-numpy:./layer:./packages:./data:./a")
        #expect(plan.submission.conf.filter { $0.key.hasSuffix("PYTHONPATH") }.count == 2)
        #expect(plan.findings == [])
        #expect(plan.driverPythonPath == [])
    }

    /// Local mode has neither `./alias` nor any other directory of an archive, but for those that are unpacked.
    @Test func unpackedCopiesServeLocalMode() throws {
        let plan = try Fixture.plan(
            try Fixture.job("local[2]", conf: [Self.executors: "/opt/own"]), try Self.archives(),
            unpacked: Self.unpacked)
        #expect(value(Self.executors, of: plan) == "/u/p:/u/d:/u/a:/opt/own")
        #expect(plan.driverPythonPath == ["/u/p", "/u/d", "/u/a"])
        #expect(plan.findings.map(\.code) == [.localPython, .driverPath])
        #expect(
            plan.findings.last?.suggestion == "export PYTHONPATH=/u/p:/u/d:/u/a${PYTHONPATH:+:$PYTHONPATH}",
            "\(plan.findings)")
    }

    @Test(arguments: ["yarn", "spark://m:7077", "local-cluster[2,1,1024]", "k8s://h:1"])
    func unpackedCopiesServeAClientModeDriver(_ master: String) throws {
        let unpacked = ["p.tar.gz": "/u/my p", "d.tar.gz": "relative", "a.tar.gz": "/u/a:b"]
        for isExported in [false, true] {
            let plan = try Fixture.plan(
                try Fixture.job(master), try Self.archives(), unpacked: unpacked, exportsDriverPath: isExported)
            #expect(value(Self.executors, of: plan) == "./packages:./data:./a")
            #expect(plan.driverPythonPath == ["/u/my p"])
            // What can't be on a path counts as not unpacked.
            let warnings = plan.findings.filter { $0.code == .driverPath }
            #expect(warnings.count == (isExported ? 1 : 2) && plan.findings.count == warnings.count)
            #expect(warnings.last?.message.contains("d.tar.gz") == true)
            #expect(warnings.last?.message.contains("a.tar.gz") == true)
            #expect(warnings.last?.message.contains("p.tar.gz") == false)
            if !isExported {
                #expect(warnings.first?.message.contains("p.tar.gz") == true)
                #expect(warnings.first?.suggestion == "export PYTHONPATH='/u/my p'${PYTHONPATH:+:$PYTHONPATH}")
            }
        }
    }

    /// The snippet looks for itself where archives are, so it has nothing to warn of.
    @Test(arguments: ["yarn", "local[2]"])
    func theSnippetNeedsNoExport(_ master: String) throws {
        let plan = try Fixture.plan(
            try Fixture.job(master), [try Fixture.layer("layer")], format: .python)
        #expect(plan.findings == [])
        #expect(plan.submission.pythonPath == [PythonPathEntry(name: "layer", unpacked: nil)])
    }

    @Test(
        arguments: [
            ("yarn", .cluster, [executors], 1), ("yarn", .cluster, [appMaster], 1),
            ("yarn", .cluster, [executors, appMaster], 2), ("yarn", .client, [executors], 1),
            ("yarn", .client, [appMaster], 0), ("local[1]", .client, [executors], 0),
            ("spark://m:7077", .client, [executors], 1), ("spark://m:7077", .client, [appMaster], 0),
            ("k8s://h:1", .cluster, [executors, driverPod], 2), ("k8s://h:1", .client, [driverPod], 0),
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
