import EnvSyncModel
import Testing

@testable import SparkSubmission

/// Each finding caused on purpose; where two things don't go together, the message must name both.
struct PreflightTests {
    typealias Code = PreflightFinding.Code

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: Code
        var severity = PreflightFinding.Severity.error
        /// All of these must be in the message.
        let names: [String]
        let plan: @Sendable () throws -> SubmissionPlan
    }

    static func local(_ artifacts: [PublishedArtifact]) throws -> SubmissionPlan {
        try Fixture.plan(try Fixture.job("local[1]"), artifacts)
    }

    static let collisions: [Case] = [
        Case(testDescription: "two files", code: .duplicateLeaf, names: ["\"conf/a\"", "\"conf/b\"", "app.yaml"]) {
            try local([
                try Fixture.artifact(.file, "app.yaml", seed: "1", name: "conf/a"),
                try Fixture.artifact(.file, "app.yaml", seed: "2", name: "conf/b"),
            ])
        },
        Case(
            testDescription: "py-file and file, same object", code: .duplicateLeaf, names: ["pyfile x.py", "file x.py"]
        ) {
            try local([try Fixture.artifact(.pyfile, "x.py"), try Fixture.artifact(.file, "x.py")])
        },
        Case(testDescription: "two py-files", code: .duplicateLeaf, names: ["\"six 1\"", "\"six 2\""]) {
            try local([
                try Fixture.artifact(.pyfile, "six.zip", seed: "1", name: "six", version: "1"),
                try Fixture.artifact(.pyfile, "six.zip", seed: "2", name: "six", version: "2"),
            ])
        },
        Case(testDescription: "one archive, two aliases", code: .duplicateLeaf, names: ["archive e.tar.gz"]) {
            try local([
                try Fixture.archive("a", "e.tar.gz", interpreter: nil),
                try Fixture.archive("b", "e.tar.gz", interpreter: nil),
            ])
        },
        Case(testDescription: "main and file", code: .duplicateLeaf, names: ["file run.py", "main run.py"]) {
            try Fixture.plan(
                try Fixture.job(main: "run.py"),
                [try Fixture.artifact(.file, "run.py"), try Fixture.artifact(.main, "run.py", seed: "2")])
        },
        Case(testDescription: "overriding main and file", code: .duplicateLeaf, names: ["file run.py", "/tmp/run.py"]) {
            try Fixture.plan(try Fixture.job(), [try Fixture.artifact(.file, "run.py")], mainOverride: "/tmp/run.py")
        },
        Case(
            testDescription: "file and spark.yarn.dist.files", code: .duplicateLeaf,
            names: ["file app.yaml", "\"hdfs://x/app.yaml#b\"", "spark.yarn.dist.files"]
        ) {
            try Fixture.plan(
                try Fixture.job(conf: ["spark.yarn.dist.files": "hdfs://x/a.txt, hdfs://x/app.yaml#b"]),
                [try Fixture.artifact(.file, "app.yaml")])
        },
        Case(
            testDescription: "two archives, one alias", code: .duplicateAlias,
            names: ["a.tar.gz", "b.tar.gz", "\"env\""]
        ) {
            try local([
                try Fixture.archive("env", "a.tar.gz", interpreter: nil),
                try Fixture.archive("env", "b.tar.gz", interpreter: nil),
            ])
        },
        Case(testDescription: "alias and file", code: .duplicateAlias, names: ["archive a.tar.gz", "file data"]) {
            try local([try Fixture.archive("data", "a.tar.gz", interpreter: nil), try Fixture.artifact(.file, "data")])
        },
        Case(
            testDescription: "alias and another's leaf", code: .duplicateAlias,
            names: ["archive a.tar.gz", "archive b.tgz"]
        ) {
            try local([
                try Fixture.archive("b.tgz", "a.tar.gz", interpreter: nil),
                try Fixture.archive(nil, "b.tgz", interpreter: nil),
            ])
        },
        Case(testDescription: "reserved alias", code: .reservedName, names: ["a.tar.gz", "__spark_libs__"]) {
            try local([try Fixture.archive("__spark_libs__", "a.tar.gz", interpreter: nil)])
        },
        Case(testDescription: "reserved leaf", code: .reservedName, names: ["py4j-0.10.9.7-src.zip"]) {
            try local([try Fixture.artifact(.pyfile, "py4j-0.10.9.7-src.zip")])
        },
        Case(testDescription: "unknown alias", code: .unknownAlias, names: ["\"nope\"", "etl", "it has: none"]) {
            try Fixture.plan(try Fixture.job(archives: ["nope"]), [try Fixture.archive("env")])
        },
    ]

    static let leaves: [Case] = [
        Case(testDescription: "wheel", code: .pyFileSuffix, names: ["six-1.whl", "driver alone"]) {
            try local([try Fixture.artifact(.pyfile, "six-1.whl")])
        },
        Case(testDescription: "text on the path", code: .pyFileSuffix, names: ["notes.txt"]) {
            try local([try Fixture.artifact(.pyfile, "notes.txt")])
        },
        Case(testDescription: "bz2", code: .archiveSuffix, names: ["e.tar.bz2"]) {
            try local([try Fixture.archive("e", "e.tar.bz2", interpreter: nil)])
        },
        Case(testDescription: "zip", code: .archiveFormat, severity: .warning, names: ["e.zip", "symbolic links"]) {
            try local([try Fixture.archive("e", "e.zip", interpreter: nil)])
        },
        Case(testDescription: "tar", code: .archiveFormat, severity: .warning, names: ["e.tar", "modes"]) {
            try local([try Fixture.archive("e", "e.tar", interpreter: nil)])
        },
    ]

    static let modes: [Case] = [
        Case(testDescription: "local cluster mode", code: .deployMode, names: ["cluster", "local[1]"]) {
            try Fixture.plan(try Fixture.job("local[1]", .cluster))
        },
        Case(testDescription: "standalone cluster mode", code: .deployMode, names: ["cluster", "spark://m:1"]) {
            try Fixture.plan(try Fixture.job("spark://m:1", .cluster))
        },
        Case(
            testDescription: "local-cluster cluster mode", code: .deployMode,
            names: ["cluster", "local-cluster[1,1,64]"]
        ) {
            try Fixture.plan(try Fixture.job("local-cluster[1,1,64]", .cluster))
        },
        Case(testDescription: "yarn, local store", code: .localStore, severity: .warning, names: ["file:///s", "yarn"])
        {
            try Fixture.plan(try Fixture.job("yarn"), store: "file:///s")
        },
        Case(
            testDescription: "standalone, local store", code: .localStore, severity: .warning,
            names: ["file:///s", "spark://m:1"]
        ) {
            try Fixture.plan(try Fixture.job("spark://m:1"), store: "file:///s")
        },
        Case(
            testDescription: "k8s cluster, local store", code: .localStore,
            names: ["file:///s", "k8s://h:6443", "spark.kubernetes.file.upload.path"]
        ) {
            try Fixture.plan(try Fixture.job("k8s://h:6443", .cluster), store: "file:///s")
        },
        Case(
            testDescription: "k8s cluster, uploaded store", code: .localStore, severity: .warning,
            names: ["file:///s", "\"s3a://b/up\""]
        ) {
            try Fixture.plan(
                try Fixture.job("k8s://h:6443", .cluster), store: "file:///s",
                extraOptions: ["--conf", "spark.kubernetes.file.upload.path=s3a://b/up"])
        },
        Case(
            testDescription: "k8s client, local store", code: .localStore, severity: .warning,
            names: ["file:///s", "k8s://h:6443", "from the driver"]
        ) {
            try Fixture.plan(try Fixture.job("k8s://h:6443"), store: "file:///s")
        },
    ]

    static let pythons: [Case] = [
        Case(
            testDescription: "two interpreters", code: .severalInterpreters,
            names: ["archive a.tar.gz", "archive b.tar.gz", "nightly"]
        ) {
            try Fixture.plan(
                try Fixture.job(), [try Fixture.archive("a", "a.tar.gz"), try Fixture.archive("b", "b.tar.gz")])
        },
        Case(testDescription: "unknown archive", code: .python, names: ["\"./other/bin/python\"", "\"other\"", "env"]) {
            try Fixture.plan(try Fixture.job(python: "./other/bin/python"), [try Fixture.archive("env")])
        },
        Case(testDescription: "leaves the archive", code: .python, names: ["\"env/../bin/python\"", "leaves"]) {
            try Fixture.plan(try Fixture.job(python: "env/../bin/python"), [try Fixture.archive("env")])
        },
        Case(testDescription: "relative in local mode", code: .python, names: ["\"./env/bin/python\"", "local[2]"]) {
            try Fixture.plan(try Fixture.job("local[2]", python: "./env/bin/python"), [try Fixture.archive("env")])
        },
        Case(testDescription: "empty", code: .python, names: ["empty"]) {
            try Fixture.plan(try Fixture.job(python: ""))
        },
        Case(testDescription: "interpreter outside", code: .python, names: ["\"../python\"", "a.tar.gz"]) {
            try Fixture.plan(try Fixture.job(), [try Fixture.archive("a", "a.tar.gz", interpreter: "../python")])
        },
        Case(
            testDescription: "local", code: .localPython, severity: .warning,
            names: ["local[1]", "a.tar.gz", "bin/python"]
        ) {
            try local([try Fixture.archive("a", "a.tar.gz")])
        },
        Case(testDescription: "driver in archive", code: .driverPython, names: ["\"./env/bin/python\"", "e.tar.gz"]) {
            try Fixture.plan(
                try Fixture.job(driverPython: "./env/bin/python"), [try Fixture.archive("env", "e.tar.gz")])
        },
        Case(testDescription: "empty driver", code: .driverPython, names: ["empty"]) {
            try Fixture.plan(try Fixture.job(driverPython: ""))
        },
        Case(
            testDescription: "driver in cluster mode", code: .driverPython, severity: .warning,
            names: ["\"python3\"", "cluster"]
        ) {
            try Fixture.plan(try Fixture.job("yarn", .cluster, driverPython: "python3"))
        },
    ]

    static let paths: [Case] = [
        Case(
            testDescription: "packages in client mode", code: .driverPath, severity: .warning,
            names: ["p.tar.gz", "PYTHONPATH"]
        ) {
            try Fixture.plan(try Fixture.job(), [try Fixture.archive("p", "p.tar.gz", interpreter: nil)])
        },
        Case(
            testDescription: "packages in local mode", code: .localPath, severity: .warning,
            names: ["p.tar.gz", "local[1]"]
        ) {
            try local([try Fixture.archive("p", "p.tar.gz", interpreter: nil)])
        },
    ]

    static let addresses: [Case] = [
        Case(testDescription: "WebHDFS", code: .storeAddress, names: ["webhdfs://nn:9870/a"]) {
            try Fixture.plan(try Fixture.job(), store: "webhdfs://nn:9870/a")
        },
        Case(testDescription: "an option that replaces ours", code: .extraOption, names: ["--master", "yarn"]) {
            try Fixture.plan(try Fixture.job("local[1]"), extraOptions: ["--master", "yarn"])
        },
    ]

    static let mains: [Case] = [
        Case(testDescription: "not published", code: .main, names: ["\"jobs/run.py\"", "nightly"]) {
            try Fixture.plan(try Fixture.job(main: "jobs/run.py"))
        },
        Case(testDescription: "two", code: .main, names: ["main a.py", "main b.py"]) {
            try Fixture.plan(
                try Fixture.job(main: "a.py"),
                [try Fixture.artifact(.main, "a.py"), try Fixture.artifact(.main, "b.py")])
        },
        Case(testDescription: "not Python", code: .main, names: ["run.sh"]) {
            try Fixture.plan(try Fixture.job(), mainOverride: "run.sh")
        },
        Case(testDescription: "an option", code: .main, names: ["--help.py"]) {
            try Fixture.plan(try Fixture.job(), mainOverride: "--help.py")
        },
        Case(testDescription: "arguments without main", code: .main, names: ["nightly", "arguments"]) {
            try Fixture.plan(try Fixture.job(arguments: ["x"]))
        },
        Case(testDescription: "NUL", code: .argument, names: ["NUL", "a\\u{0}b"]) {
            try Fixture.plan(try Fixture.job(main: "local:/m.py", arguments: ["a\0b"]))
        },
        Case(testDescription: "long argument", code: .argument, names: ["131071", "xxxxx"]) {
            let long = String(repeating: "x", count: 131_072)
            return try Fixture.plan(try Fixture.job(main: "local:/m.py", arguments: [String(long.dropLast()), long]))
        },
        Case(testDescription: "too long", code: .argument, names: ["131071", "package-0-", "package-999-"]) {
            try Fixture.plan(
                try Fixture.job(),
                try (0..<1000).map { try Fixture.artifact(.pyfile, "package-\($0)-1.0-abcdefabcdef.zip") })
        },
    ]

    /// Every case of this suite and its neighbours.
    static let all =
        collisions + leaves + modes + pythons + paths + addresses + mains + FactTests.cases + FormatTests.cases

    @Test(arguments: all)
    func finding(_ test: Case) throws {
        let plan = try test.plan()
        let matching = plan.findings.filter { $0.code == test.code && $0.severity == test.severity }
        #expect(matching.count == 1, "\(plan.findings)")
        #expect(plan.findings.count == 1 || matching.count == 1 && plan.errors.count <= 1, "\(plan.findings)")
        for name in test.names { #expect(matching.first?.message.contains(name) == true, "\(name): \(plan.findings)") }
        #expect(matching.first?.suggestion.isEmpty == false)
        #expect(!plan.findings.contains { $0.message.contains("\n") })
    }

    @Test func aJobThatChoosesArchivesGetsAllLayers() throws {
        let plan = try Fixture.plan(
            try Fixture.job("yarn", .cluster, archives: ["environment"]),
            [try Fixture.archive("environment"), try Fixture.archive("other"), try Fixture.layer("layer-numpy")])
        #expect(plan.submission.archives.compactMap(\.alias?.text).sorted() == ["environment", "layer-numpy"])
        #expect(
            plan.submission.conf.contains { $0.key == "spark.executorEnv.PYTHONPATH" && $0.value == "./layer-numpy" })
    }

    @Test func errorsComeFirstAndAreNotRepeated() throws {
        let plan = try Fixture.plan(
            try Fixture.job("local[1]", python: "./a/b", conf: ["x": "1"]), [try Fixture.archive("e", "e.zip")])
        #expect(plan.findings.map(\.severity) == [.error, .warning, .warning])
        #expect(Set(plan.findings).count == plan.findings.count)
        #expect(plan.findings[0].description.hasPrefix("error: "))
    }
}
