import Foundation
import Testing

/// Packed environments on the executors of the real Spark, from the real HDFS, where neither the environment nor the Python it
/// was made with is to be seen.
@Suite(
    "Packed environments on Spark", .serialized, .tags(.pack, .spark, .hdfs),
    .enabled(if: TestSpark.isAvailable && TestHDFS.isAvailable, "scripts/test prepares a Spark and an HDFS"),
    .enabled(if: TestPack.areAvailable, "scripts/test installs what makes environments, for Python 3.11 on x86_64"),
    .enabled(if: Hiding.isAvailable, "nothing can be mounted here"))
struct PackSparkTests {
    private static let packages = [
        "numpy", "pandas", "pyarrow", "python-dateutil", "pytz", "tzdata", "six", "idna", "pyyaml",
    ]

    /// A virtual environment with its Python; then a small package changes, and travels alone.
    @Test func aVirtualEnvironmentAndItsOverlay() throws {
        let workspace = try TestWorkspace()
        let root = try TestHDFS.makeRoot()
        let (base, prefix) = (workspace.path("base"), workspace.path("env"))
        try TestPack.copyBase(to: base)
        try TestPack.makeVenv(prefix, base: base, packages: Self.packages)
        try Self.configure(workspace, root, "prefix = \"env\"\nwith-python = true")
        try workspace.succeed("lock")
        try workspace.succeed("push")
        let plan = try JobPlan(workspace.succeed("args", "report", "--json"))
        #expect(plan.archives.count == 1)
        let archive = try #require(plan.archives.first)
        #expect(archive.uri.hasPrefix(TestHDFS.hdfs + root + "/store/objects/"))
        try Self.unpack(workspace, archive, root)
        let hidden = [base, prefix] + TestPack.baseDirectories
        let first = try Self.run(workspace, hiding: hidden)
        try Self.expectInside(first, hidden: hidden)
        for executor in first.executors {
            #expect(executor.versions["numpy"] == "1.26.4" && executor.versions["pandas"] == "2.2.2")
            #expect(executor.versions["pyarrow"] == "17.0.0" && executor.versions["idna"] == "3.7")
            #expect(executor.files["idna"]?.hasPrefix(executor.directory + "/environment/") == true)
        }

        try TestPack.upgradeIdna(workspace, "env")
        #expect(try workspace.envsync("lock", "--check").status == 1)
        let push = try workspace.succeed("push", "--lock", "--json").json()
        #expect(push["objectsSent"] as? Int == 1)
        let second = try JobPlan(workspace.succeed("args", "report", "--json"))
        #expect(second.archives.count == 2 && second.archives.contains { $0.uri == archive.uri })
        let sent = try #require(second.archives.first { $0.uri != archive.uri })
        let path = try #require(sent.uri.range(of: root)).lowerBound
        let status = try TestHDFS.request("GET", "\(sent.uri[path...])?op=GETFILESTATUS")
        let length = try #require(
            (JSONSerialization.jsonObject(with: Data(status.utf8)) as? [String: [String: Any]])?["FileStatus"]?[
                "length"] as? Int)
        #expect(length < 400_000, "the whole of idna is 70 kB compressed")
        let report = try Self.run(workspace, hiding: hidden)
        try Self.expectInside(report, hidden: hidden, alias: sent.name)
        for executor in report.executors {
            #expect(executor.versions["idna"] == "3.7.post1" && executor.versions["numpy"] == "1.26.4")
            #expect(executor.idna == "changed")
            #expect(executor.files["idna"]?.hasPrefix(executor.directory + "/environment/") == false)
            #expect(executor.files["numpy"]?.hasPrefix(executor.directory + "/environment/") == true)
        }
        let told = try workspace.succeed("explain").stdout
        #expect(told.contains("idna"), "\(told)")
    }

    @Test func aCondaEnvironment() throws {
        let workspace = try TestWorkspace()
        let root = try TestHDFS.makeRoot()
        try TestPack.makeConda(workspace.path("env"), packages: Self.packages)
        try Self.configure(workspace, root, "prefix = \"env\"")
        try workspace.succeed("push", "--lock")
        let plan = try JobPlan(workspace.succeed("args", "report", "--json"))
        try Self.unpack(workspace, #require(plan.archives.first), root)
        let hidden = [workspace.path("env")] + TestPack.baseDirectories
        let report = try Self.run(workspace, hiding: hidden)
        try Self.expectInside(report, hidden: hidden)
        for executor in report.executors {
            #expect(executor.versions["numpy"] == "1.26.4" && executor.versions["pandas"] == "2.2.2")
            #expect(executor.versions["pyarrow"] == "17.0.0")
        }
    }

    private static func configure(_ workspace: TestWorkspace, _ root: String, _ archive: String) throws {
        try workspace.write("job.py", job)
        try workspace.write(
            "envsync.toml",
            """
            [store]
            url = "\(TestHDFS.webhdfs)\(root)/store"
            [environment]
            name = "packed"
            [[archive]]
            alias = "environment"
            \(archive)
            [jobs.report]
            main = "job.py"
            master = "local-cluster[2,1,1024]"
            """)
    }

    /// The driver's Python, from the very bytes that the executors get.
    private static func unpack(_ workspace: TestWorkspace, _ archive: JobPlan.Entry, _ root: String) throws {
        let path = try #require(archive.uri.range(of: root)).lowerBound
        try Tool.shell(
            """
            mkdir driver && curl -sSfL '\(TestHDFS.rest)\(archive.uri[path...])?op=OPEN' -o driver.tar.gz
            echo '\(archive.sha256)  driver.tar.gz' | sha256sum --check --status && tar -xzf driver.tar.gz -C driver
            """, directory: workspace.directory)
    }

    /// Runs the job in a mount namespace in which the directories are empty, for the driver, the JVMs and the executors.
    private static func run(_ workspace: TestWorkspace, hiding hidden: [String]) throws -> Report {
        let words = try JobPlan(workspace.succeed("args", "report", "--json")).words
        try workspace.write("words", bytes: words.flatMap { Array($0.utf8) + [0] })
        let home = workspace.path("spark-\(UUID().uuidString.prefix(6))")
        // The cache that Spark lies in may be below a directory that is hidden; its own Python isn't used.
        try Tool.shell(
            "mkdir -p '\(home)/work' && for f in '\(TestSpark.home)'/*; do test \"${f##*/}\" = work || ln -s \"$(readlink -f \"$f\")\" '\(home)/'; done"
        )
        let prefix = Hiding.prefix(hidden).map { "'\($0.replacingOccurrences(of: "'", with: "'\\''"))'" }
        let command = """
            PYSPARK_DRIVER_PYTHON='\(workspace.path("driver"))/bin/python' HIDDEN='\(hidden.joined(separator: ":"))' \
            \(prefix.joined(separator: " ")) xargs -0 -a words spark-submit
            """
        let result = try TestSpark.run(command, in: workspace.directory, home: home)
        #expect(result.status == 0, "\(result)")
        do { return try JSONDecoder().decode(Report.self, from: Data(result.stdout.utf8)) } catch {
            throw ToolError(description: "the job printed no report (\(error)): \(result)")
        }
    }

    private static func expectInside(_ report: Report, hidden: [String], alias: String? = nil) throws {
        #expect(report.executors.map { ($0.directory as NSString).lastPathComponent }.sorted() == ["0", "1"])
        for executor in report.executors {
            let place = executor.directory + "/environment"
            #expect(executor.python == place + "/bin/python")
            #expect(executor.prefix == place && executor.basePrefix == place)
            #expect(executor.hidden == Dictionary(uniqueKeysWithValues: hidden.map { ($0, 0) }))
            // Spark's own Python files come from zips; all else is the archive's, programs and libraries included.
            #expect(executor.strangers.isEmpty, "\(executor.strangers)")
            #expect(executor.sum == 4950 && executor.table == "{\"a\":[1,2],\"b\":[\"x\",null]}")
        }
    }

    private struct Report: Decodable {
        struct Executor: Decodable {
            let directory: String
            let python: String
            let prefix: String
            let basePrefix: String
            /// Of each directory that should be empty, how many entries it has.
            let hidden: [String: Int]
            let versions: [String: String]
            let files: [String: String]
            let strangers: [String]
            let sum: Int
            let table: String
            let idna: String
        }
        let executors: [Executor]
    }

    private static let job = #"""
        import json, os, sys
        from pyspark import SparkConf, SparkContext

        HIDDEN = [path for path in os.environ["HIDDEN"].split(":") if path]


        def report(numbers):
            import importlib.metadata
            import numpy, pandas, pyarrow, yaml._yaml, ctypes, ssl, sqlite3
            try:
                import idna
            except ImportError:
                idna = None
            modules = {"numpy": numpy, "pandas": pandas, "pyarrow": pyarrow, "idna": idna, "yaml": yaml}
            here = os.getcwd()
            files = {module.__file__ for module in list(sys.modules.values()) if getattr(module, "__file__", None)}
            with open("/proc/self/maps") as maps:
                mapped = {line.split(None, 5)[5].strip() for line in maps if len(line.split(None, 5)) == 6}
            files |= {file for file in mapped if "python" in file or "site-packages" in file}
            table = pyarrow.table(pandas.DataFrame({"a": [1, 2], "b": ["x", None]}))
            yield {
                "directory": here, "python": sys.executable, "prefix": sys.prefix, "basePrefix": sys.base_prefix,
                "hidden": {path: len(os.listdir(path)) for path in HIDDEN},
                # The first on the path counts, as in importlib.metadata.version().
                "versions": {
                    each.metadata["Name"].lower(): each.version
                    for each in reversed(list(importlib.metadata.distributions()))
                },
                "files": {name: module.__file__ for name, module in modules.items() if module},
                "strangers": sorted(
                    file for file in files
                    if not os.path.abspath(file).startswith(here + "/") and ".zip/" not in file
                    and "/pyspark/" not in file),
                "sum": int(numpy.arange(100).sum()),
                "table": json.dumps(table.to_pydict(), separators=(",", ":")),
                "idna": getattr(idna, "CHANGED", "as it was"),
            }


        configuration = SparkConf().set("spark.scheduler.barrier.maxConcurrentTasksCheck.interval", "1s")
        context = SparkContext(appName="report", conf=configuration)
        executors = context.parallelize(range(2), 2).barrier().mapPartitions(report).collect()
        context.stop()
        print(json.dumps({"executors": executors}))
        """#
}

extension TestPack {
    /// Has pip replace idna by a version 3.7.post1, in which `idna.CHANGED` is "changed".
    static func upgradeIdna(_ workspace: TestWorkspace, _ environment: String) throws {
        let program = #"""
            import base64, glob, hashlib, os, sys, zipfile
            original, = glob.glob(sys.argv[1] + "/idna-3.7-*.whl")
            record = ""
            with zipfile.ZipFile(original) as old, zipfile.ZipFile(sys.argv[2], "w", zipfile.ZIP_DEFLATED) as new:
                for name in old.namelist():
                    data, target = old.read(name), name.replace("idna-3.7.dist-info", "idna-3.7.post1.dist-info")
                    if name.endswith("RECORD"):
                        continue
                    if name.endswith("METADATA"):
                        data = data.replace(b"\nVersion: 3.7\n", b"\nVersion: 3.7.post1\n")
                    if name == "idna/__init__.py":
                        data += b"\nCHANGED = 'changed'\n"
                    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
                    record += f"{target},sha256={digest},{len(data)}\n"
                    new.writestr(target, data)
                listing = "idna-3.7.post1.dist-info/RECORD"
                new.writestr(listing, record + f"{listing},,\n")
            """#
        let wheel = workspace.path("idna-3.7.post1-py3-none-any.whl")
        try Local.python(program, [wheels, wheel])
        try install(workspace.path(environment), ["--force-reinstall", wheel])
    }
}
