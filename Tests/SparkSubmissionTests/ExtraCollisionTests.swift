import EnvSyncModel
import Testing

@testable import SparkSubmission

/// What extra options and properties name collides with our lists and among itself.
struct ExtraCollisionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var extra: [String] = []
        var conf: [String: String] = [:]
        var master = "yarn"
        var code: PreflightFinding.Code? = .duplicateLeaf
        var names: [String] = []

        var testDescription: String { "\(master) \(extra) \(conf)" }
    }

    static let cases: [Case] = [
        // Every option against a list of ours, in both spellings.
        Case(extra: ["--files", "/x/m.py"], names: ["pyfile m.py", "\"/x/m.py\" of the extra option --files"]),
        Case(extra: ["--files=/x/a.txt,/x/m.py"], names: ["pyfile m.py", "\"/x/m.py\" of the extra option --files"]),
        Case(extra: ["--jars", "hdfs:///x/m.py#y"], names: ["pyfile m.py", "extra option --jars"]),
        Case(extra: ["--archives=/x/m.py#y"], names: ["pyfile m.py", "extra option --archives"]),
        Case(extra: ["--files", " /x/%6d.py"], code: nil),
        Case(extra: ["--files", "hdfs:///x/%6d.py"], names: ["pyfile m.py", "%6d.py"]),
        Case(extra: ["--files", "/x/m.py"], master: "local[1]", names: ["pyfile m.py", "extra option --files"]),
        // Among themselves.
        Case(
            extra: ["--archives", "/x/e.tar.gz#environment,/y/e.tar.gz#environment"],
            names: ["\"/x/e.tar.gz#environment\"", "\"/y/e.tar.gz#environment\"", "extra option --archives"]),
        Case(
            extra: ["--jars", "/x/a.jar", "--conf", "spark.yarn.dist.jars=/y/a.jar"],
            names: ["extra option --jars", "extra property spark.yarn.dist.jars"]),
        Case(
            extra: ["--archives", "/x/e.tar.gz#env,/y/f.tar.gz#env"], code: .duplicateAlias,
            names: ["\"/x/e.tar.gz#env\"", "\"/y/f.tar.gz#env\"", "\"env\""]),
        Case(
            extra: ["--archives", "/x/e.tar.gz#m.py"], code: .duplicateAlias,
            names: ["pyfile m.py", "\"/x/e.tar.gz#m.py\" of the extra option --archives"]),
        Case(
            extra: ["--files", "/x/a.txt#m.py"], code: .duplicateAlias, names: ["pyfile m.py", "\"/x/a.txt#m.py\""]),
        Case(extra: ["--files", "/x/a.txt#m.py"], master: "spark://m:1", code: nil),
        Case(
            extra: ["--archives", "/x/e.tgz#__spark_conf__"], code: .reservedName, names: ["extra option --archives"]),
        // Properties on the command line, in each spelling.
        Case(
            extra: ["--conf", "spark.yarn.dist.files=hdfs:///x/m.py"],
            names: ["pyfile m.py", "\"hdfs:///x/m.py\" of the extra property spark.yarn.dist.files"]),
        Case(extra: ["--conf=spark.yarn.dist.archives=/x/m.py"], names: ["extra property spark.yarn.dist.archives"]),
        Case(extra: ["-c", "spark.yarn.dist.pyFiles=/x/m.py"], names: ["extra property spark.yarn.dist.pyFiles"]),
        Case(extra: ["-c", "spark.yarn.dist.jars=/x/m.py"], names: ["extra property spark.yarn.dist.jars"]),
        Case(extra: ["-c", "spark.files=/x/m.py"], names: ["extra property spark.files"]),
        Case(extra: ["-c", "spark.archives=/x/m.py#z"], names: ["extra property spark.archives"]),
        Case(extra: ["-c", "spark.jars=/x/m.py"], names: ["extra property spark.jars"]),
        Case(extra: ["-c", "spark.yarn.dist.files=/x/m.py"], master: "local[1]", code: nil),
        // The job's own.
        Case(conf: ["spark.files": "/x/m.py"], names: ["pyfile m.py", "\"/x/m.py\" of the property spark.files"]),
        Case(conf: ["spark.archives": "/x/m.py"], master: "local[1]", names: ["the property spark.archives"]),
        Case(conf: ["spark.jars": "/x/m.py"], names: ["pyfile m.py", "the property spark.jars"]),
        Case(conf: ["spark.yarn.dist.jars": "/x/m.py"], names: ["pyfile m.py", "the property spark.yarn.dist.jars"]),
        Case(
            extra: ["--archives", "/x/a.tgz#d"], conf: ["spark.yarn.dist.archives": "/x/b.tgz#d"],
            code: .duplicateAlias,
            names: ["extra option --archives", "the property spark.yarn.dist.archives"]),
        // The last one said is the one that counts; an option hides its property.
        Case(extra: ["--files", "/x/m.py", "--files", "/x/a.txt"], code: nil),
        Case(extra: ["-c", "spark.files=/x/a.txt"], conf: ["spark.files": "/x/m.py"], code: nil),
        Case(extra: ["--jars", "/x/a.jar"], conf: ["spark.jars": "/x/m.py"], code: nil),
        // Nothing is distributed, or nobody knows what.
        Case(extra: ["--jars", "local:/x/a.jar,local:/y/a.jar,/x/*.jar,/y/*.jar,,"], code: nil),
    ]

    @Test(arguments: cases)
    func collision(_ test: Case) throws {
        let plan = try Fixture.plan(
            try Fixture.job(test.master, conf: test.conf), [try Fixture.artifact(.pyfile, "m.py")],
            extraOptions: test.extra)
        #expect(plan.errors.map(\.code) == (test.code.map { [$0] } ?? []), "\(plan.findings)")
        for name in test.names { #expect(plan.errors.first?.message.contains(name) == true, "\(plan.findings)") }
    }

    /// Without a list of ours, the `--py-files` of the caller takes part as the others do.
    @Test(arguments: [["--py-files", "/x/u.py"], ["-c", "spark.submit.pyFiles=/x/u.py"]])
    func pyFiles(_ extra: [String]) throws {
        let plan = try Fixture.plan(
            try Fixture.job("local[1]"), [try Fixture.artifact(.file, "u.py")], extraOptions: extra)
        #expect(plan.errors.map(\.code) == [.duplicateLeaf])
        for name in ["file u.py", "\"/x/u.py\""] { #expect(plan.errors.first?.message.contains(name) == true) }
    }

    @Test func anExtraOptionHidesAProperty() throws {
        let plan = try Fixture.plan(
            try Fixture.job("local[1]", conf: ["spark.jars": "/x/a.jar"]), extraOptions: ["--jars", "/x/b.jar"])
        #expect(plan.findings.map(\.code) == [.confIgnored])
        for name in ["spark.jars", "--jars"] { #expect(plan.findings.first?.message.contains(name) == true) }
    }
}
