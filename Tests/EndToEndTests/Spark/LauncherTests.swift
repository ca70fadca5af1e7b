import Foundation
import Testing

/// The formats that a machine with Spark can run, each run on the real Spark.
@Suite(.serialized, .tags(.spark), .enabled(if: TestSpark.isAvailable, "scripts/test prepares a Spark"))
struct LauncherTests {
    /// A format and what it is used with. `ARGS` is `envsync args JOB --format FORMAT`.
    struct Launch: Sendable, CustomTestStringConvertible {
        let format: String
        let command: String
        /// Whether the packages of an archive reach the driver and, in local mode, anything at all.
        var findsPackages = false

        var testDescription: String { format }
    }

    static let launches = [
        Launch(format: "spark-submit", command: "spark-submit $(ARGS)"),
        Launch(format: "shell", command: "eval \"spark-submit $(ARGS)\""),
        Launch(
            format: "conf", command: "ARGS >job.conf && spark-submit --properties-file job.conf \"$MAIN\" 'two words'"),
        Launch(
            format: "python", command: "ARGS >snippet.py && spark-submit --master \"$MASTER\" session.py 'two words'",
            findsPackages: true),
    ]

    /// What driver and executors import and open, and from where.
    private struct Report: Decodable {
        struct Place: Decodable {
            let directory: String
            let six: String?
            let layered: String?
            let data: String?
            let file: String?
        }

        let arguments: [String]
        let driver: Place
        let executors: [Place]
        /// After the snippet has run once and twice.
        let paths: [[String]]?
        /// What the snippet says of other bytes under the same alias.
        let refused: String?

        init(_ result: CommandResult) throws {
            guard let line = result.stdout.split(separator: "\n").last(where: { $0.hasPrefix("{") }) else {
                throw ToolError(description: "no report: \(result)")
            }
            self = try JSONDecoder().decode(Report.self, from: Data(line.utf8))
        }
    }

    private static let probe = """
        import json, os, sys
        from pyspark import SparkConf, SparkContext, SparkFiles

        def look(_):
            import importlib, os
            from pyspark import SparkFiles
            place = {"directory": os.getcwd()}
            for name in ["six", "layered"]:
                try:
                    place[name] = os.path.abspath(importlib.import_module(name).__file__)
                except ModuleNotFoundError:
                    pass
            if "layered" in place:
                place["data"] = importlib.import_module("layered").data()
            try:
                with open(SparkFiles.get("app.yaml"), encoding="utf-8") as file:
                    place["file"] = file.read()
            except FileNotFoundError:
                pass
            yield place

        def report(context, **more):
            # A barrier stage runs its two tasks at the same time, so that each executor gets one.
            numbers = context.parallelize(range(2), 2).barrier()
            print(json.dumps(dict(
                more, arguments=sys.argv[1:], driver=next(look(None)),
                executors=numbers.mapPartitions(look).collect())))

        """
    private static let main = """
        if __name__ == "__main__":
            report(SparkContext(conf=SparkConf().set("spark.scheduler.barrier.maxConcurrentTasksCheck.interval", "1s")))

        """
    /// A notebook: a session that knows nothing of envsync, and the snippet pasted twice.
    private static let session = """
        if __name__ == "__main__":
            conf = SparkConf().set("spark.scheduler.barrier.maxConcurrentTasksCheck.interval", "1s")
            sc = SparkContext(conf=conf)
            paths = []
            for _ in range(2):
                with open("snippet.py", encoding="utf-8") as file:
                    exec(compile(file.read(), "snippet.py", "exec"), globals())
                paths.append(sys.path[1:] + [sc.environment["PYTHONPATH"]] + sc._python_includes)
            with open("snippet.py", encoding="utf-8") as file:
                changed = file.read().replace("/packages-", "/other-")
            try:
                exec(compile(changed, "snippet.py", "exec"), globals())
            except RuntimeError as error:
                report(sc, paths=paths, refused=str(error))

        """

    private func workspace(store: String, job: String) throws -> TestWorkspace {
        let workspace = try TestWorkspace()
        try workspace.write(
            "envsync.toml",
            """
            [store]
            \(store)
            [environment]
            name = "launchers"
            wheelhouse = ["wheels"]
            files = ["app.yaml"]
            [[archive]]
            alias = "packages"
            path = "packages.tar.gz"
            [jobs.job]
            main = "job.py"
            args = ["two words"]
            \(job)
            """)
        try workspace.write("app.yaml", "limit: 3\n")
        try workspace.write("job.py", Self.probe + Self.main)
        try workspace.write("session.py", Self.probe + Self.session)
        try workspace.write("packages/layered/words.txt", "package data")
        try workspace.write(
            "packages/layered/__init__.py",
            """
            import os
            def data():
                with open(os.path.join(os.path.dirname(__file__), "words.txt"), encoding="utf-8") as file:
                    return file.read()

            """)
        try Tool.shell(
            "tar -C packages -czf packages.tar.gz layered && mkdir wheels && cp '\(TestSpark.wheelhouse)'/six-*.whl wheels/",
            directory: workspace.directory)
        return workspace
    }

    private func run(_ launch: Launch, _ master: String, in workspace: TestWorkspace) throws -> Report {
        let plan = try workspace.succeed("args", "job", "--json").json()
        let main = try #require(plan["main"] as? String)
        let command = launch.command.replacing("ARGS", with: "envsync args job --format \(launch.format)")
        let result = try TestSpark.run("MAIN='\(main)' MASTER='\(master)'; \(command)", in: workspace.directory)
        try #require(result.status == 0, "\(result)")
        let report = try Report(result)
        // The unquoted words of spark-submit can't hold a blank; the others must bring it through.
        if launch.format != "spark-submit" { #expect(report.arguments == ["two words"]) }
        if let paths = report.paths { #expect(paths.count == 2 && paths[0] == paths[1]) }
        #expect((report.refused?.contains("another packages") ?? false) == (launch.format == "python"))
        return report
    }

    @Test(.tags(.hdfs), .enabled(if: TestHDFS.isAvailable, "scripts/test starts an HDFS"), arguments: launches)
    func onTwoExecutors(_ launch: Launch) throws {
        let root = try TestHDFS.makeRoot()
        let master = "local-cluster[2,1,1024]"
        let workspace = try workspace(
            store: "url = \"\(TestHDFS.webhdfs)\(root)/store\"", job: "master = \"\(master)\"\npython = \"python3\"")
        if launch.format == "spark-submit" { try dropArguments(workspace) }
        try workspace.succeed("push", "--lock")
        let report = try run(launch, master, in: workspace)
        #expect(Set(report.executors.map(\.directory)).count == 2)
        for executor in report.executors {
            #expect(executor.six?.hasPrefix(executor.directory + "/six-") == true, "\(executor)")
            #expect(executor.layered == executor.directory + "/packages/layered/__init__.py")
            #expect(executor.data == "package data")
            #expect(executor.file == "limit: 3\n")
        }
        #expect(report.driver.six?.contains("/six-") == true)
        #expect(report.driver.file == "limit: 3\n")
        #expect((report.driver.layered != nil) == launch.findsPackages)
    }

    /// In local mode the workers find unpacked packages by the property alone.
    @Test(arguments: launches)
    func onThisMachine(_ launch: Launch) throws {
        let unpacked = try TestWorkspace()
        let workspace = try workspace(
            store: "url = \"file://\(unpacked.directory)/my+store\"",
            job: """
                master = "local[2]"
                conf = { "spark.executorEnv.PYTHONPATH" = "\(unpacked.directory)" }
                """)
        if launch.format == "spark-submit" { try dropArguments(workspace) }
        if !launch.findsPackages {
            try Tool.shell("tar -C '\(unpacked.directory)' -xzf packages.tar.gz", directory: workspace.directory)
        }
        try workspace.succeed("push", "--lock")
        let report = try run(launch, "local[2]", in: workspace)
        #expect(report.executors.count == 2)
        for executor in report.executors {
            #expect(executor.six?.contains("/six-") == true)
            #expect(executor.data == "package data")
            #expect(executor.layered?.hasPrefix(unpacked.directory) == !launch.findsPackages)
            #expect(executor.file == "limit: 3\n")
        }
        #expect((report.driver.layered != nil) == launch.findsPackages)
    }

    private func dropArguments(_ workspace: TestWorkspace) throws {
        let configuration = try workspace.read("envsync.toml")
        try workspace.write("envsync.toml", configuration.replacing("args = [\"two words\"]\n", with: ""))
    }

    /// Where there is no cluster, Spark still says what it would submit: the same from the properties as from the options.
    @Test(
        arguments: [
            ("yarn", "client"), ("yarn", "cluster"), ("k8s://https://127.0.0.1:1", "client"),
            ("k8s://https://127.0.0.1:1", "cluster"),
        ])
    func propertiesMeanWhatTheOptionsMean(_ master: String, _ mode: String) throws {
        let stores = try TestWorkspace()
        let workspace = try workspace(
            store: "url = \"file://\(stores.directory)/store\"",
            job: """
                master = "\(master)"
                deploy-mode = "\(mode)"
                conf = { "spark.kubernetes.file.upload.path" = "file:///nonexistent", "spark.x" = "= a:b #c\\\\ü" }
                """)
        try workspace.write("job.py", "pass\n")
        // Nobody answers there.
        let resourceManager = """
            <configuration>
            <property><name>yarn.resourcemanager.address</name><value>127.0.0.1:1</value></property>
            <property><name>yarn.resourcemanager.connect.max-wait.ms</name><value>10</value></property>
            <property><name>yarn.resourcemanager.connect.retry-interval.ms</name><value>5</value></property>
            <property><name>ipc.client.connect.max.retries</name><value>0</value></property>
            </configuration>
            """
        try workspace.write("hadoop/yarn-site.xml", resourceManager)
        try workspace.succeed("push", "--lock")
        let main = try #require(try workspace.succeed("args", "job", "--json").json()["main"] as? String)
        func configuration(_ command: String) throws -> [String] {
            let result = try TestSpark.run(
                "export HADOOP_CONF_DIR=\"$PWD/hadoop\"; \(command)", in: workspace.directory)
            #expect((result.status == 0) == (mode == "client"), "\(result)")
            // `spark-submit --verbose`, between two of its titles.
            let lines = (result.stdout + result.stderr).split(separator: "\n").map(String.init)
            let shown = lines.drop { $0 != "Spark config:" }.dropFirst().prefix { $0 != "Classpath elements:" }
            return shown.filter { !$0.hasPrefix("(spark.app.submitTime,") }.sorted()
        }
        let byOptions = try configuration("eval \"spark-submit --verbose $(envsync args job --format shell)\"")
        let byProperties = try configuration(
            "envsync args job --format conf >job.conf && spark-submit --verbose --properties-file job.conf '\(main)'")
        #expect(byOptions == byProperties)
        let archives = master == "yarn" ? "(spark.yarn.dist.archives,file:" : "(spark.archives,file:"
        #expect(byOptions.contains { $0.hasPrefix(archives) && $0.hasSuffix("#packages)") }, "\(byOptions)")
        #expect(byOptions.contains("(spark.x,= a:b #c\\ü)"), "\(byOptions)")
    }
}
