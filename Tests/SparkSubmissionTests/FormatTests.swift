import EnvSyncModel
import Testing

@testable import SparkSubmission

/// What a format can't carry is refused before it is written.
struct FormatTests {
    typealias Case = PreflightTests.Case

    static let kubernetes = "k8s://https://api.example:6443"

    static let cases: [Case] = [
        Case(testDescription: "conf and a blank", code: .launcher, names: ["\"spark.x\"", "blank"]) {
            try Fixture.plan(try Fixture.job(conf: ["spark.x": "a "]), format: .conf)
        },
        Case(testDescription: "conf and an option", code: .launcher, names: ["conf", "\"--queue\""]) {
            try Fixture.plan(try Fixture.job(), extraOptions: ["--queue", "q"], format: .conf)
        },
        Case(testDescription: "livy without a main", code: .main, names: ["nightly", "livy"]) {
            try Fixture.plan(try Fixture.job(), format: .livy)
        },
        Case(testDescription: "airflow without a main", code: .main, names: ["nightly", "airflow"]) {
            try Fixture.plan(try Fixture.job(), format: .airflow)
        },
        Case(
            testDescription: "livy and a local master", code: .launcher, severity: .warning,
            names: ["local[1]", "livy.spark.master"]
        ) {
            try Fixture.plan(try Fixture.job("local[1]", main: "hdfs://ns1/m.py"), format: .livy)
        },
        Case(
            testDescription: "livy and a local store", code: .launcher, severity: .warning,
            names: ["file:///s", "livy.file.local-dir-whitelist"]
        ) {
            try Fixture.plan(try Fixture.job(main: "hdfs://ns1/m.py"), store: "file:///s", format: .livy)
        },
        Case(testDescription: "operator and YARN", code: .launcher, names: ["nightly", "yarn", "Kubernetes"]) {
            try Fixture.plan(try Fixture.job(main: "hdfs://ns1/m.py"), format: .sparkOperator)
        },
        Case(testDescription: "operator and client mode", code: .launcher, names: ["nightly", "client"]) {
            try Fixture.plan(try Fixture.job(kubernetes, main: "hdfs://ns1/m.py"), format: .sparkOperator)
        },
    ]

    @Test(arguments: [LaunchFormat.sparkSubmit, .shell, .json])
    func wordsCarryEverything(_ format: LaunchFormat) throws {
        let plan = try Fixture.plan(
            try Fixture.job(conf: ["spark.x": " a "]), extraOptions: ["--queue", "q"], format: format)
        #expect(plan.findings == [])
    }

    @Test(arguments: [LaunchFormat.conf, .python, .livy, .airflow, .sparkOperator])
    func othersCarryNoExtraOptions(_ format: LaunchFormat) throws {
        let plan = try Fixture.plan(
            try Fixture.job(Self.kubernetes, .cluster, main: "hdfs://ns1/m.py"), extraOptions: ["--queue", "q"],
            format: format)
        #expect(plan.findings.map(\.code) == [.launcher])
        #expect(plan.errors.first?.message.contains(format.rawValue) == true)
    }
}
