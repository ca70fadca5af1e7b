import Foundation
import Testing

/// Each workspace of `manifests/lockfiles` is locked from a real index, pushed to the real HDFS, and run on the real Spark.
@Suite(
    .serialized, .tags(.spark, .hdfs, .index),
    .enabled(if: TestSpark.isAvailable && TestHDFS.isAvailable, "scripts/test prepares a Spark and an HDFS"),
    .enabled(if: TestPackages.suitThisMachine, "the manifests are locked for Python 3.11 on x86_64"),
    .enabled(if: TestPackages.indexIsReachable, "no package index can be reached"))
struct LockfileJobTests {
    struct Example: Sendable, CustomTestStringConvertible {
        let folder: String
        /// Of each distribution, its version.
        let versions: [String: String]
        /// The modules that come from a layer; the others come from zips.
        let layered: Set<String>
        /// What the lockfile has, but not for this target, or not in what is wanted.
        var absent: [String] = []
        /// What the job computes with the packages, as JSON.
        let answer: String
        /// Conda's records in the packed environment; empty without one.
        var conda: [String] = []
        var testDescription: String { folder }
    }

    static let examples = [
        Example(
            folder: "pylock", versions: ["more-itertools": "11.2.1", "msgpack": "1.2.4"],
            layered: ["msgpack._cmsgpack"], absent: ["colorama"], answer: "[[0, 1], [2, 3], [4]]"),
        Example(
            folder: "uv",
            versions: ["attrs": "26.1.0", "inflection": "0.5.1", "markupsafe": "3.0.4", "pyyaml": "6.0.3"],
            layered: ["markupsafe._speedups", "yaml._yaml"], absent: ["colorama", "iniconfig"],
            answer: "{\"station_name\": \"north &amp; south\"}"),
        Example(
            folder: "poetry", versions: ["click": "8.5.1", "tabulate": "0.10.0", "ujson": "6.1.0"], layered: ["ujson"],
            absent: ["colorama", "iniconfig"], answer: "\"north  11.5\""),
        Example(
            folder: "pdm", versions: ["frozenlist": "1.8.0", "python-dateutil": "4.0.0", "tzdata": "2026.6"],
            layered: ["frozenlist._frozenlist", "tzdata"], absent: ["iniconfig", "colorama"], answer: "[28, 29, 1]"),
        Example(
            folder: "pipenv", versions: ["inflection": "0.5.1", "wrapt": "2.5.2"], layered: ["wrapt._wrappers"],
            absent: ["colorama", "iniconfig"], answer: "[\"octopi\", \"octopi\"]"),
        Example(
            folder: "pip-tools", versions: ["jinja2": "3.1.6", "markupsafe": "3.0.4", "sortedcontainers": "2.4.0"],
            layered: ["markupsafe._speedups"], absent: ["colorama"], answer: "\"&lt;north&gt; &lt;south&gt; \""),
        Example(
            folder: "conda-lock", versions: ["pyyaml": "6.0.3", "six": "1.17.0"], layered: ["yaml._yaml"],
            absent: ["colorama"], answer: "\"north\"", conda: ["python-3.11.9-hb806964_0_cpython"]),
        Example(
            folder: "conda-environment", versions: ["markupsafe": "3.0.2"], layered: [], absent: ["six"],
            answer: "\"&lt;north&gt;\"", conda: ["python-3.11.9-hb806964_0_cpython"]),
    ]

    @Test(arguments: examples)
    func jobsRunOnWhatARealLockfileSays(example: Example) throws {
        let root = try TestHDFS.makeRoot()
        let workspace = try TestWorkspace.example("lockfiles/\(example.folder)", store: TestHDFS.webhdfs + root)
        if !example.conda.isEmpty { try Self.packedEnvironment(example.conda, in: workspace) }
        let lock = try TestSpark.run("envsync lock", in: workspace.directory)
        #expect(lock.status == 0, "\(lock)")
        let push = try TestSpark.run("envsync push", in: workspace.directory)
        #expect(push.status == 0, "\(push)")
        let plan = try JobPlan(TestSpark.run("envsync args report --json", in: workspace.directory))
        for entry in plan.pyFiles + plan.archives {
            #expect(entry.uri.hasPrefix(TestHDFS.hdfs + root + "/objects/"))
        }
        // Nothing needs a network to be locked again.
        #expect(try TestSpark.run("envsync lock --check", in: workspace.directory).status == 0)

        let result = try TestSpark.run("envsync submit report", in: workspace.directory)
        #expect(result.status == 0, "\(result)")
        let report = try ImportReport(result)
        try report.expectTwoExecutors()
        for executor in report.executors {
            #expect(executor.versions == example.versions)
            #expect(executor.answer == example.answer)
            for name in example.absent { #expect(executor.installed?.contains(name) == false, "\(name)") }
            for (module, file) in executor.files {
                let place = try #require(executor.place(of: file), "\(module) is of the machine: \(file)")
                if example.layered.contains(module) {
                    #expect(place == "layer-shared", "\(file)")
                } else if example.folder == "conda-environment" {
                    #expect(place == "environment", "\(file)")
                } else {
                    #expect(plan.pyFiles.contains { $0.leaf == place }, "\(file)")
                }
            }
            if !example.conda.isEmpty {
                #expect(executor.python == executor.directory + "/environment/bin/python")
            }
        }
    }

    /// The lockfile of a conda environment that nobody packed, or packed otherwise, is refused.
    @Test(arguments: ["conda-lock", "conda-environment"])
    func condaPackagesMustBeInAnArchive(folder: String) throws {
        let workspace = try TestWorkspace.example("lockfiles/\(folder)")
        try Self.packedEnvironment(["python-3.10.14-hd12c33a_0_cpython"], in: workspace)
        let result = try TestSpark.run("envsync lock", in: workspace.directory)
        #expect(result.status == 2, "\(result)")
        #expect(result.stderr.contains("python") && result.stderr.contains("3.10"), "\(result)")
        #expect(workspace.isUntouched)
    }

    /// The packed environment of the tests, which venv-pack made, with what conda-pack would add: conda's records.
    private static func packedEnvironment(_ records: [String], in workspace: TestWorkspace) throws {
        try Local.python(
            """
            import io, shutil, sys, tarfile
            with tarfile.open(sys.argv[1]) as old, tarfile.open(sys.argv[2], "w:gz", compresslevel=1) as new:
                for member in old:
                    new.addfile(member, old.extractfile(member) if member.isreg() else None)
                for record in sys.argv[3:]:
                    entry = tarfile.TarInfo(f"conda-meta/{record}.json")
                    entry.size = 2
                    new.addfile(entry, io.BytesIO(b"{}"))
            """, [TestSpark.archive, workspace.path("environment.tar.gz")] + records)
    }
}
