import EnvSyncModel
import Testing

@testable import SparkSubmission

/// Properties, extra options and store addresses.
struct ConfigurationPreflightTests {
    typealias Code = PreflightFinding.Code

    static let properties: [(String, String, Code, PreflightFinding.Severity, [String])] = [
        ("spark.pyspark.python", "python3", .confConflict, .error, ["python"]),
        ("spark.pyspark.driver.python", "python3", .confConflict, .error, ["driver.python"]),
        ("spark.files", "x", .confConflict, .error, ["--files", "file app.yaml"]),
        ("spark.archives", "x", .confConflict, .error, ["--archives", "archive e.tar.gz"]),
        ("spark.submit.pyFiles", "x", .confConflict, .error, ["--py-files", "pyfile m.py"]),
        ("spark.yarn.dist.archives", "hdfs://x/y.tgz", .confHazard, .warning, ["spark.yarn.dist.archives"]),
        ("spark.yarn.dist.pyFiles", "hdfs://x/y.py", .confHazard, .warning, ["spark.yarn.dist.pyFiles"]),
        ("spark.files.overwrite", "true", .confHazard, .warning, ["hide"]),
        ("spark.master", "local", .confIgnored, .warning, ["--master"]),
        ("spark.submit.deployMode", "client", .confIgnored, .warning, ["--deploy-mode"]),
        ("dfs.replication", "3", .confIgnored, .warning, ["dfs.replication", "spark."]),
        ("spark.a b", "3", .confSyntax, .error, ["spark.a b"]),
        ("spark.a=b", "3", .confSyntax, .error, ["spark.a=b"]),
        ("spark.x", "a\nb", .confSyntax, .error, ["spark.x", "line break"]),
        ("spark.x", "a\0b", .confSyntax, .error, ["spark.x", "NUL"]),
    ]

    @Test(arguments: properties)
    func property(
        _ key: String, _ value: String, _ code: Code, _ severity: PreflightFinding.Severity, _ names: [String]
    ) throws {
        let artifacts = [
            try Fixture.archive("e", "e.tar.gz", interpreter: nil), try Fixture.artifact(.pyfile, "m.py"),
            try Fixture.artifact(.file, "app.yaml"),
        ]
        let plan = try Fixture.plan(try Fixture.job(conf: [key: value]), artifacts)
        let finding = try #require(plan.findings.first { $0.code == code })
        #expect(finding.severity == severity)
        for name in names { #expect(finding.message.contains(name), "\(finding)") }
        // The same said on the command line is no better, line breaks apart: those are the caller's own.
        if !value.contains("\n"), !key.contains("=") {
            let extra = try Fixture.plan(try Fixture.job(), artifacts, extraOptions: ["--conf", "\(key)=\(value)"])
            #expect(extra.findings.contains { $0.severity == severity }, "\(extra.findings)")
        }
    }

    @Test func harmlessPropertiesPass() throws {
        let conf = [
            "spark.files.overwrite": "false", "spark.executor.memory": "2g", "spark.x": "", "spark.hadoop.a": "b=c d",
        ]
        let plan = try Fixture.plan(try Fixture.job("yarn", .cluster, conf: conf))
        #expect(plan.findings == [])
        #expect(
            plan.submission.conf.map { "\($0.key)=\($0.value)" }
                == ["spark.executor.memory=2g", "spark.files.overwrite=false", "spark.hadoop.a=b=c d", "spark.x="])
    }

    @Test func listPropertiesWithoutAListOfOurs() throws {
        let conf = ["spark.archives": "x", "spark.files": "y", "spark.yarn.dist.files": "z"]
        let cluster = try Fixture.plan(try Fixture.job("yarn", .cluster, conf: conf))
        #expect(cluster.errors == [])
        // spark-submit reads spark.archives like --archives (3.5.8, seen in yarn cluster mode).
        #expect(cluster.warnings.map(\.code) == [.confHazard, .confHazard, .confHazard])
        let local = try Fixture.plan(try Fixture.job("local[1]", conf: conf))
        #expect(local.warnings.map(\.code) == [.confHazard, .confHazard, .confIgnored])
    }

    @Test(
        arguments: [
            (["--master", "yarn"], ["--master", "local[1]"]),
            (["--master=yarn"], ["--master", "yarn"]),
            (["--deploy-mode", "cluster"], ["--deploy-mode client"]),
            (["--verbose", "--py-files", "x.py"], ["--py-files", "x.py", "m.py"]),
            (["--files=x"], ["--files", "app.yaml"]),
            (["--archives", "x"], ["--archives", "e.tar.gz"]),
            (["--name", "n", "word"], ["\"word\"", "\"other.py\""]),
            (["--queue"], ["--queue", "no value"]),
        ])
    func extraOption(_ options: [String], _ names: [String]) throws {
        let artifacts = [
            try Fixture.archive("e", "e.tar.gz", interpreter: nil), try Fixture.artifact(.pyfile, "m.py"),
            try Fixture.artifact(.file, "app.yaml"),
        ]
        let plan = try Fixture.plan(
            try Fixture.job("local[1]"), artifacts, mainOverride: "other.py", extraOptions: options)
        #expect(plan.errors.map(\.code) == [.extraOption])
        for name in names { #expect(plan.errors.first?.message.contains(name) == true, "\(plan.findings)") }
    }

    @Test func extraOptionsThatReplaceNothing() throws {
        let plan = try Fixture.plan(
            try Fixture.job("local[1]"),
            extraOptions: ["--py-files", "x.py", "-v", "--driver-memory", "1g", "main.py", "-x"])
        #expect(plan.findings == [])
    }

    @Test(
        arguments: [
            ("hdfs://ns1/apps/envsync", "hdfs://ns1/apps/envsync"),
            ("hdfs://nn.example:8020/a+b", "hdfs://nn.example:8020/a+b"),
            ("viewfs://c/apps", "viewfs://c/apps"),
            ("file:///w/.envsync/store", "file:///w/.envsync/store"),
            ("file:///w/a b", "file:///w/a%20b"),
            ("file:///w/a+b", "file:///w/a+b"),
            ("file:///w/100%/%41", "file:///w/100%25/%2541"),
            // printf 'é' | xxd: c3 a9
            ("file:///w/\u{e9}", "file:///w/%C3%A9"),
            (
                "file:///w/it's \"$(x)\" `y` \\ | <>&;^!~@()",
                "file:///w/it%27s%20%22%24%28x%29%22%20%60y%60%20%5C%20%7C%20%3C%3E%26%3B%5E%21~@%28%29"
            ),
        ])
    func usableStores(_ address: String, _ uri: String) throws {
        let plan = try Fixture.plan(
            try Fixture.job("local[1]"), [try Fixture.artifact(.file, "c++.txt")], store: address)
        #expect(plan.findings == [])
        #expect(plan.submission.files[0].uri.hasPrefix(uri + "/objects/"))
        #expect(plan.submission.files[0].uri.hasSuffix("/c++.txt"))
    }

    @Test(
        arguments: [
            ("hdfs://ns1/a,b", "\",\""), ("file:///a,b", "\",\""), ("file:///a#b", "\"#\""), ("file:///a[b", "\"[\""),
            ("file:///a*b", "\"*\""), ("file:///a?b", "\"?\""), ("file:///a{b", "\"{\""), ("file:///a\nb", "\\n"),
            ("file:///a:b", "colon"), ("hdfs://ns1/a b", "\" \""), ("hdfs://ns1/a%20b", "\"%\""),
            ("hdfs://n s/a", "host"),
            ("file://host/a", "host"), ("hdfs:///a", "nameservice"), ("hdfs://ns1", "no directory"),
            ("hdfs://ns1/", "no directory"),
            ("hdfs://ns1/a/", "slash"), ("/a", "scheme"), ("://a/b", "scheme"), ("webhdfs://nn:9870/a", "WebHDFS"),
            ("SWEBHDFS://nn:9871/a", "WebHDFS"),
        ])
    func unusableStores(_ address: String, _ word: String) throws {
        let plan = try Fixture.plan(try Fixture.job("local[1]"), store: address)
        #expect(plan.findings.map(\.code) == [.storeAddress])
        #expect(plan.errors.first?.message.contains(word) == true, "\(plan.findings)")
        #expect(!plan.findings.contains { $0.message.contains("\n") })
    }
}
