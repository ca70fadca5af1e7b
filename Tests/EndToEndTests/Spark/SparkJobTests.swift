import Foundation
import Glibc
import Testing

/// Real Spark jobs, started only with what envsync prints or passes on.
@Suite(.serialized, .tags(.spark), .enabled(if: TestSpark.isAvailable, "scripts/test prepares a Spark"))
struct SparkJobTests {
    /// Every wheel of `manifests/demo`, by the module that is imported of it, as its requirements.txt pins them.
    private static let versions = [
        "attrs": "25.3.0", "inflection": "0.5.1", "more_itertools": "10.7.0", "six": "1.17.0",
        "sortedcontainers": "2.4.0", "tabulate": "0.9.0",
    ]

    /// Of two executors, each reports what it imported, from which bytes, and on which Python. Then a change of the own
    /// package reaches the next job, while what the first one used stays where it is.
    @Test(.tags(.hdfs), .enabled(if: TestHDFS.isAvailable, "scripts/test starts an HDFS"))
    func jobsOnTwoExecutorsRunWhatWasPushed() throws {
        let workspace = try TestWorkspace()
        let root = try TestHDFS.makeRoot()
        try TestSpark.fill(
            workspace,
            configuration: """
                [store]
                url = "\(TestHDFS.webhdfs)\(root)/store"
                [environment]
                name = "demo"
                wheelhouse = ["wheelhouse"]
                files = ["conf/app.yaml"]
                [[source]]
                path = "src/stations"
                [[archive]]
                alias = "environment"
                path = "environment.tar.gz"
                [jobs.nightly]
                main = "jobs/report.py"
                master = "local-cluster[2,1,1024]"
                """)
        try workspace.succeed("lock")
        try workspace.succeed("push")
        let firstPlan = try JobPlan(workspace.succeed("args", "nightly", "--json"))
        for entry in firstPlan.pyFiles + firstPlan.files + firstPlan.archives {
            #expect(entry.uri.hasPrefix(TestHDFS.hdfs + root + "/store/objects/"))
        }

        let first = try TestSpark.run("spark-submit $(envsync args nightly)", in: workspace.directory)
        #expect(first.status == 0, "\(first)")
        let firstReport = try JobReport(first)
        try expectTwoExecutors(firstReport)
        for executor in firstReport.executors {
            try expectPushedBytes(executor, firstPlan, ownVersion: "1.0.0")
            #expect(executor.configuration == (try workspace.read("conf/app.yaml")))
        }

        let oldObject = try #require(
            firstPlan.entry("stations").uri.split(separator: root, maxSplits: 1).last.map { root + $0 })
        let oldStatus = try TestHDFS.request("GET", "\(oldObject)?op=GETFILESTATUS")
        try workspace.write(
            "src/stations/__init__.py",
            workspace.read("src/stations/__init__.py").replacingOccurrences(of: "1.0.0", with: "1.1.0"))
        let push = try workspace.succeed("push", "--lock", "--json").json()
        #expect(push["objectsSent"] as? Int == 1)
        let secondPlan = try JobPlan(workspace.succeed("args", "nightly", "--json"))
        #expect(try secondPlan.entry("stations").uri != firstPlan.entry("stations").uri)

        let second = try TestSpark.run(
            """
            envsync submit nightly -- --conf spark.demo.word=x=y \
                -- --exit-code 7 'two words' "it's" '$(touch injected)' '*' ''
            """, in: workspace.directory)
        #expect(second.status == 7, "\(second)")
        let secondReport = try JobReport(second)
        #expect(secondReport.arguments == ["two words", "it's", "$(touch injected)", "*", ""])
        #expect(secondReport.properties == ["spark.demo.word": "x=y"])
        try expectTwoExecutors(secondReport)
        for executor in secondReport.executors { try expectPushedBytes(executor, secondPlan, ownVersion: "1.1.0") }
        #expect(!FileManager.default.fileExists(atPath: workspace.path("injected")))
        // YARN keys its cache by the path and the modification time: neither may change under a running job.
        #expect(try TestHDFS.request("GET", "\(oldObject)?op=GETFILESTATUS") == oldStatus)
    }

    /// The embedded store, also below a directory whose name has to be encoded in URIs; the Python is that of an unpacked
    /// archive, since local mode doesn't unpack it where a relative path would find it.
    @Test(arguments: ["plain", "with space+plus"])
    func localJobsRunOnAnUnpackedArchive(directory: String) throws {
        let workspace = try TestWorkspace()
        let unpacked = (workspace.path("unpacked") as NSString).standardizingPath
        try Tool.shell("mkdir '\(unpacked)' && tar -xzf '\(TestSpark.archive)' -C '\(unpacked)'")
        try TestSpark.fill(
            workspace, directory,
            configuration: """
                [environment]
                name = "demo"
                wheelhouse = ["wheelhouse"]
                files = ["conf/app.yaml"]
                [[source]]
                path = "src/stations"
                [[archive]]
                alias = "environment"
                path = "environment.tar.gz"
                [jobs.local]
                main = "jobs/report.py"
                master = "local[2]"
                python = "\(unpacked)/bin/python"
                """)
        try workspace.succeed("push", "--lock", "-C", directory)
        let plan = try JobPlan(workspace.succeed("args", "local", "--json", "-C", directory))
        let result = try TestSpark.run(
            "spark-submit $(envsync args local -C '\(directory)')", in: workspace.directory)
        #expect(result.status == 0, "\(result)")
        let report = try JobReport(result)
        #expect(report.driver.python == "\(unpacked)/bin/python")
        #expect(report.executors.count == 2)
        for executor in report.executors {
            #expect(executor.python == "\(unpacked)/bin/python")
            #expect(executor.prefix == unpacked)
            #expect(executor.modules["markupsafe._speedups"]?.file.hasPrefix(unpacked + "/lib/") == true)
            try expectPushedBytes(executor, plan, ownVersion: "1.0.0")
            #expect(executor.configuration == (try workspace.read("\(directory)/conf/app.yaml")))
        }
    }

    /// Ctrl-C in the terminal that runs `envsync submit` must end the job, the JVM and the driver's Python.
    @Test func anInterruptReachesTheJVM() throws {
        let workspace = try TestWorkspace()
        try TestSpark.fill(
            workspace,
            configuration: """
                [environment]
                name = "demo"
                [jobs.wait]
                main = "jobs/wait.py"
                master = "local[1]"
                """)
        try workspace.write(
            "jobs/wait.py",
            """
            import os, time
            from pyspark import SparkContext
            SparkContext()
            with open("pid.new", "w") as file:
                file.write(str(os.getpid()))
            os.rename("pid.new", "pid")
            time.sleep(600)
            """)
        try workspace.succeed("push", "--lock")
        // exec: what is signalled is envsync, and whatever it turns into.
        let command = try TestSpark.start("exec envsync submit wait", in: workspace.directory)
        defer { if command.isRunning { command.send(SIGKILL) } }
        let driver = try #require(try waitForProcessID(workspace.path("pid"), while: command))
        let name = try String(contentsOfFile: "/proc/\(command.id)/comm", encoding: .utf8)
        #expect(name == "java\n")
        // A terminal signals the whole foreground group.
        kill(getpgid(command.id) == command.id ? -command.id : command.id, SIGINT)
        let result = try command.wait(timeout: .seconds(60))
        #expect(result.status == 130 || result.signal == SIGINT, "\(result)")
        if kill(driver, 0) == 0 {
            // Reparented, it may need a moment to notice that the JVM is gone.
            for _ in 0..<100 where kill(driver, 0) == 0 { usleep(100_000) }
        }
        #expect(kill(driver, 0) == -1)
    }

    private func waitForProcessID(_ file: String, while command: RunningCommand) throws -> Int32? {
        for _ in 0..<1200 {
            if let text = try? String(contentsOfFile: file, encoding: .utf8), let id = Int32(text) { return id }
            guard command.isRunning else { throw ToolError(description: "it ended early: \(try command.wait())") }
            usleep(100_000)
        }
        return nil
    }

    private func expectTwoExecutors(_ report: JobReport) throws {
        // The standalone worker gives each executor a directory that ends in the executor's number.
        let numbers = report.executors.map { ($0.directory as NSString).lastPathComponent }
        #expect(numbers.sorted() == ["0", "1"])
        #expect(Set(report.executors.map(\.pid)).count == 2)
        for executor in report.executors {
            #expect(executor.python == executor.directory + "/environment/bin/python")
            #expect(executor.prefix == executor.directory + "/environment")
            let native = try #require(executor.modules["markupsafe._speedups"])
            #expect(native.file.hasPrefix(executor.directory + "/environment/lib/"))
        }
    }

    private func expectPushedBytes(_ executor: JobReport.Executor, _ plan: JobPlan, ownVersion: String) throws {
        #expect(plan.pyFiles.count == Self.versions.count + 1)
        for entry in plan.pyFiles {
            let name = entry.name.replacingOccurrences(of: "-", with: "_")
            let module = try #require(executor.modules[name])
            #expect(module.file.contains("/\(entry.leaf)/\(name)"))
            #expect(module.archiveSHA256 == entry.sha256)
            #expect(module.version == Self.versions[name] ?? ownVersion)
        }
        #expect(executor.warmest == ["north": 13.0, "south": 24.0])
    }
}
