import EnvSyncModel
import Testing

@testable import SyncEngine

@Suite("Configuration: what is read")
struct ConfigurationReaderTests {
    private static let whole = """
        [store]
        url = "hdfs://ns1/apps/envsync"
        spark-url = "hdfs://ns1/"
        sharing = "group"
        replication = 10
        user = "etl_2$"
        ca-file = "/etc/ca.pem"

        [environment]
        name = "etl"
        wheelhouse = ["wheelhouse", "more wheels"]
        files = ["conf/app.yaml"]
        py-files = ["lib/a,b #1.py"]

        [[source]]
        path = "src/etl"
        [[source]]
        path = "src/other"
        name = "other"
        prefix = "a/./b/"
        exclude = ["tests/", "!keep"]

        [[archive]]
        alias = "environment"
        path = "environment.tar.gz"
        [[archive]]
        alias = "models"
        path = "/data/models.zip"

        [jobs.nightly]
        main = "jobs/nightly.py"
        args = ["--date", ""]
        master = "yarn"
        deploy-mode = "cluster"
        files = ["x"]
        py-files = ["y.py"]
        archives = ["models"]
        python = "./environment/bin/python"
        driver-python = "python3"
        [jobs.nightly.conf]
        spark.executor.memory = "4g"
        spark.executor.instances = 4
        "spark.speculation" = true

        [jobs."a.b"]
        """

    @Test func everyKey() throws {
        let configuration = try ConfigurationReader.parse(text: Self.whole)
        #expect(configuration.store.location == StoreLocation(scheme: .hdfs, authority: "ns1", path: "/apps/envsync"))
        #expect(configuration.store.sparkURL == "hdfs://ns1")
        #expect(configuration.store.sharing == .group)
        #expect(configuration.store.replication == 10)
        #expect(configuration.store.user == "etl_2$")
        #expect(configuration.store.certificateAuthorities == "/etc/ca.pem")
        #expect(configuration.environment.text == "etl")
        #expect(configuration.wheelhouses == ["wheelhouse", "more wheels"])
        #expect(configuration.files == ["conf/app.yaml"])
        #expect(configuration.pyFiles == ["lib/a,b #1.py"])
        #expect(
            configuration.sources == [
                SourceConfiguration(path: "src/etl"),
                SourceConfiguration(path: "src/other", name: "other", prefix: "a/b", exclude: ["tests/", "!keep"]),
            ])
        #expect(configuration.archives.map(\.alias.text) == ["environment", "models"])
        #expect(configuration.archives.map(\.path) == ["environment.tar.gz", "/data/models.zip"])
        #expect(configuration.jobs.map(\.name.text) == ["a.b", "nightly"])
        let job = try #require(configuration.job(JobName("nightly")))
        #expect(job.main == "jobs/nightly.py")
        #expect(job.arguments == ["--date", ""])
        #expect(job.master == .yarn)
        #expect(job.deployMode == .cluster)
        #expect(job.files == ["x"])
        #expect(job.pyFiles == ["y.py"])
        #expect(job.archives?.map(\.text) == ["models"])
        #expect(job.python == "./environment/bin/python")
        #expect(job.driverPython == "python3")
        #expect(
            job.conf == [
                "spark.executor.memory": "4g", "spark.executor.instances": "4", "spark.speculation": "true",
            ])
    }

    @Test func defaults() throws {
        let configuration = try ConfigurationReader.parse(text: "[environment]\nname = \"e\"\n[jobs.a]\n")
        #expect(configuration.store == StoreConfiguration())
        #expect(configuration.wheelhouses.isEmpty && configuration.sources.isEmpty && configuration.archives.isEmpty)
        #expect(configuration.jobs == [Job(name: try JobName("a"))])
    }

    @Test func oneWheelhouseNeedsNoList() throws {
        let text = "environment = { name = \"e\", wheelhouse = \"w\" }"
        #expect(try ConfigurationReader.parse(text: text).wheelhouses == ["w"])
    }

    @Test func aByteOrderMarkAndCarriageReturnsAreFine() throws {
        let text = "\u{FEFF}[environment]\r\nname = \"e\"\r\n"
        #expect(try ConfigurationReader.parse(text: text).environment.text == "e")
    }

    @Test func projectTable() throws {
        let text = """
            [project]
            name = "unrelated"
            [tool.envsync.environment]
            name = "etl"
            [[tool.envsync.source]]
            path = "src"
            """
        let configuration = try ConfigurationReader.parse(text: text, table: ["tool", "envsync"])
        #expect(configuration.environment.text == "etl")
        #expect(configuration.sources.map(\.path) == ["src"])
    }
}

@Suite("Configuration: the template")
struct ConfigurationTemplateTests {
    @Test func asWritten() throws {
        let text = ConfigurationTemplate.text(environmentName: try EnvironmentName("etl"))
        let configuration = try ConfigurationReader.parse(text: text)
        #expect(
            configuration
                == WorkspaceConfiguration(store: StoreConfiguration(), environment: try EnvironmentName("etl")))
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 120 })
    }

    @Test func withEveryKeyInUse() throws {
        let text = ConfigurationTemplate.text(environmentName: try EnvironmentName("etl"))
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.hasPrefix("#") && !line.hasPrefix("# ") ? line.dropFirst() : line
        }
        let configuration = try ConfigurationReader.parse(text: lines.joined(separator: "\n"))
        #expect(configuration.jobs.first?.conf == ["spark.executor.memory": "4g", "spark.executor.instances": "4"])
        let keys = Set(
            lines.compactMap { $0.contains(" = ") && !$0.hasPrefix("#") ? String($0.prefix { $0 != " " }) : nil })
        let known =
            ConfigurationKeys.store + ConfigurationKeys.environment + ConfigurationKeys.source
            + ConfigurationKeys.archive + ConfigurationKeys.job
        #expect(keys == Set(known))
    }

    @Test(arguments: [("my project", "my_project"), ("-x", "x"), ("été", "_t_"), ("..", "_")])
    func nameFromDirectory(directory: String, name: String) {
        #expect(ConfigurationTemplate.environmentName(forDirectory: directory)?.text == name)
    }
}
