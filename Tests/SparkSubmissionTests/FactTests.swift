import EnvSyncModel
import Testing

@testable import SparkSubmission

/// What is concluded from facts that come from outside. What isn't known is no finding.
struct FactTests {
    typealias Case = PreflightTests.Case

    static func plan(
        _ facts: PreflightFacts, _ master: String = "yarn", _ mode: Job.DeployMode = .client,
        conf: [String: String] = [:], store: String = "hdfs://ns1/apps/envsync"
    ) throws -> SubmissionPlan {
        try Fixture.plan(
            try Fixture.job(master, mode, conf: conf), [try Fixture.archive("env", "e.tar.gz")], store: store,
            facts: facts)
    }

    static let cases: [Case] = [
        Case(testDescription: "Python versions", code: .pythonVersion, names: ["Python 3.9", "Python 3.11"]) {
            try plan(PreflightFacts(driverPythonVersion: "3.9.2", executorPythonVersion: "3.11"))
        },
        Case(
            testDescription: "Python versions off YARN", code: .pythonVersion, names: ["Python 3.12", "Python 3.11"]
        ) {
            try plan(PreflightFacts(driverPythonVersion: "3.12.0", executorPythonVersion: "3.11.9"), "spark://m:1")
        },
        Case(
            testDescription: "no PySpark", code: .pysparkMissing, severity: .warning, names: ["no PySpark"]
        ) {
            try plan(PreflightFacts(driverHasPySpark: false, sparkVersion: "3.5.8"))
        },
        Case(
            testDescription: "other PySpark", code: .pysparkVersion, severity: .warning,
            names: ["PySpark 3.3", "Spark is 3.5"]
        ) {
            try plan(PreflightFacts(driverHasPySpark: true, driverPySparkVersion: "3.3.1", sparkVersion: "3.5.8"))
        },
        Case(
            testDescription: "linked interpreter", code: .interpreterLink, severity: .warning,
            names: ["e.tar.gz", "\"/usr/bin/python3\""]
        ) {
            try plan(PreflightFacts(interpreterLeavesArchive: "/usr/bin/python3"), "yarn", .cluster)
        },
        Case(
            testDescription: "linked interpreter that isn't here", code: .interpreterLink, severity: .warning,
            names: ["\"/opt/py/bin/python3\"", "this machine doesn't have it"]
        ) {
            var facts = PreflightFacts(interpreterLeavesArchive: "/opt/py/bin/python3")
            facts.interpreterIsMissingHere = true
            return try plan(facts, "yarn", .cluster)
        },
        Case(
            testDescription: "staging elsewhere", code: .otherFileSystem, severity: .warning,
            names: ["hdfs://ns1", "hdfs://nn:8020"]
        ) {
            try plan(PreflightFacts(stagingAuthority: "hdfs://nn:8020"))
        },
        Case(
            testDescription: "staging elsewhere, by the job", code: .otherFileSystem, severity: .warning,
            names: ["hdfs://ns1", "viewfs://c"]
        ) {
            try plan(
                PreflightFacts(stagingAuthority: "hdfs://ns1"), conf: ["spark.yarn.stagingDir": "viewfs://c/user/x"])
        },
        Case(
            testDescription: "closed directory", code: .privatePath, severity: .warning,
            names: ["\"/user/ana\"", "750"]
        ) {
            try plan(PreflightFacts(unreadableAncestor: .init(path: "/user/ana", mode: 0o750)))
        },
        Case(testDescription: "wrong wheel", code: .wrongPlatform, names: ["x-1-cp311-cp311-macosx_11_0_arm64.whl"]) {
            try plan(PreflightFacts(targetMismatches: ["x-1-cp311-cp311-macosx_11_0_arm64.whl: it is for macOS"]))
        },
    ]

    static let everything = PreflightFacts(
        driverPythonVersion: "3.9.2", driverHasPySpark: false, driverPySparkVersion: "3.3.1", sparkVersion: "3.5.8",
        executorPythonVersion: "3.11.2", stagingAuthority: "hdfs://other",
        unreadableAncestor: .init(path: "/x", mode: 0o700))

    /// A driver on the cluster is on the executors' Python; only YARN has a staging directory and caches by user.
    @Test(
        arguments: [
            ("yarn", .cluster, [.otherFileSystem, .privatePath]), ("k8s://h:1", .cluster, []),
            ("k8s://h:1", .client, [.pythonVersion, .pysparkMissing]),
            ("spark://h:1", .client, [.pythonVersion, .pysparkMissing]),
            ("yarn", .client, [.pythonVersion, .pysparkMissing, .otherFileSystem, .privatePath]),
        ] as [(String, Job.DeployMode, [PreflightFinding.Code])])
    func factsThatMatterInAMode(_ master: String, _ mode: Job.DeployMode, _ codes: [PreflightFinding.Code]) throws {
        #expect(try Self.plan(Self.everything, master, mode).findings.map(\.code) == codes)
    }

    @Test(
        arguments: [
            PreflightFacts(),
            PreflightFacts(driverPythonVersion: "3.11.2", executorPythonVersion: "3.11"),
            PreflightFacts(driverPythonVersion: "3.11.2"), PreflightFacts(executorPythonVersion: "3.11.2"),
            PreflightFacts(driverPythonVersion: "three", executorPythonVersion: "3.11"),
            PreflightFacts(driverPythonVersion: "3", executorPythonVersion: "3.11"),
            PreflightFacts(driverHasPySpark: true, driverPySparkVersion: "3.5.1", sparkVersion: "3.5.8"),
            PreflightFacts(driverPySparkVersion: "3.5.1"),
            PreflightFacts(stagingAuthority: "HDFS://NS1"), PreflightFacts(stagingAuthority: "nonsense"),
            PreflightFacts(targetMismatches: []),
        ])
    func nothingToSay(_ facts: PreflightFacts) throws {
        #expect(try Self.plan(facts).findings == [])
    }

    /// The link matters only if the job runs on it.
    @Test func anInterpreterThatIsNotUsed() throws {
        let plan = try Fixture.plan(
            try Fixture.job(python: "/usr/bin/python3"), [try Fixture.archive("env")],
            facts: PreflightFacts(interpreterLeavesArchive: "/usr/bin/python3"))
        #expect(plan.findings == [])
    }

    @Test func theStagingDirectoryThatTheJobNames() throws {
        let facts = PreflightFacts(stagingAuthority: "hdfs://other")
        #expect(try Self.plan(facts, conf: ["spark.yarn.stagingDir": "hdfs://NS1/staging"]).findings == [])
        #expect(try Self.plan(facts, conf: ["spark.hadoop.fs.defaultFS": "hdfs://ns1"]).findings == [])
        // A path alone is on fs.defaultFS.
        #expect(
            try Self.plan(facts, conf: ["spark.yarn.stagingDir": "/staging"]).findings.map(\.code) == [.otherFileSystem]
        )
    }
}
