import Foundation
import Testing

/// `manifests/sixty`: more than 60 real wheels, native ones among them, with nothing but a lockfile and a target.
@Suite(
    .serialized, .tags(.spark, .hdfs),
    .enabled(if: TestSpark.isAvailable && TestHDFS.isAvailable, "scripts/test prepares a Spark and an HDFS"),
    .enabled(if: TestPackages.areAvailable, "scripts/test fetches the wheels"),
    .enabled(if: TestPackages.suitThisMachine, "the wheels are for Python 3.11 on x86_64"))
struct SixtyWheelsTests {
    /// Wheels that are made here, for what the real ones don't have: a namespace in two wheels, one of which is large
    /// enough for a layer of its own; modules in `.data/purelib`; entry points.
    private static let own = [
        TestWheel(name: "acme-core", files: ["acme/core/__init__.py": "NAME = 'core'\n"]),
        TestWheel(
            name: "acme-geo",
            files: ["acme/geo/__init__.py": "import os\nSIZE = os.path.getsize(__path__[0] + '/elevation.bin')\n"],
            bulk: ("acme/geo/elevation.bin", 9 << 20)),
        TestWheel(
            name: "acme-lib", files: ["acme_lib-1.0.data/purelib/acme_lib/__init__.py": "HERE = True\n"],
            isPurelib: false),
        TestWheel(
            name: "acme-plugins",
            files: [
                "acme_plugins.py":
                    "def namespace():\n    import acme.core\n    import acme.geo\n    return f'{acme.core.NAME} {acme.geo.SIZE}'\n",
                "acme_plugins-1.0.dist-info/entry_points.txt":
                    "[acme.plugins]\nnamespace = acme_plugins:namespace\n[console_scripts]\nacme = acme_plugins:namespace\n",
            ]),
    ]

    @Test func lockPushAndSubmitAndThenAChange() throws {
        // Each executor unpacks more than a GB.
        defer {
            for name in Local.names(TestSpark.home + "/work") {
                try? FileManager.default.removeItem(atPath: "\(TestSpark.home)/work/\(name)")
            }
        }
        let root = try TestHDFS.makeRoot()
        defer {
            _ = try? TestHDFS.request("DELETE", "\(root)?op=DELETE&recursive=true&user.name=\(TestHDFS.superuser)")
        }
        let workspace = try TestWorkspace.example("sixty", store: TestHDFS.webhdfs + root)
        var pins = try workspace.read("requirements.txt")
        for wheel in Self.own { pins += "\(wheel.name)==1.0 --hash=sha256:\(try wheel.write(workspace, "index"))\n" }
        try workspace.write("requirements.txt", pins)
        let versions = Self.versions(pins)
        #expect(versions.count == 80)

        // pip's index is the two directories that hold the wheels.
        let index = "PIP_NO_INDEX=1 PIP_FIND_LINKS='\(TestPackages.wheels) \(workspace.path("index"))'"
        let lock = try TestSpark.run("\(index) envsync lock", in: workspace.directory)
        #expect(lock.status == 0 && lock.stderr.contains("+ pip download"), "\(lock)")
        let push = try TestSpark.run("envsync push --json", in: workspace.directory)
        #expect(push.status == 0, "\(push)")
        let plan = try JobPlan(TestSpark.run("envsync args report --json", in: workspace.directory))
        // Besides what Spark gets, the main program.
        #expect(try push.number("objectsSent") == plan.pyFiles.count + plan.archives.count + 1)
        let layers = Set(plan.archives.map(\.name))
        for name in ["numpy", "pandas", "pyarrow", "botocore", "acme-geo", "shared"] {
            #expect(layers.contains("layer-\(name)"), "\(layers)")
        }

        let first = try Self.submit(workspace)
        try Self.expect(first, versions, plan)

        // One pure package: its object, and nothing else.
        try Self.update(workspace, "six")
        let pure = try TestSpark.run("\(index) envsync push --lock --json", in: workspace.directory)
        #expect(pure.status == 0, "\(pure)")
        #expect(try pure.number("objectsSent") == 1)
        // The size of six-1.17.0-py2.py3-none-any.whl.
        #expect(try pure.number("bytesSent") == 11_050)

        // One small native package: the layer that it shares.
        try Self.update(workspace, "markupsafe")
        let native = try TestSpark.run("\(index) envsync push --lock --json", in: workspace.directory)
        #expect(native.status == 0, "\(native)")
        #expect(try native.number("objectsSent") == 1)
        let newPlan = try JobPlan(TestSpark.run("envsync args report --json", in: workspace.directory))
        let changed = Set(newPlan.archives.map(\.uri)).subtracting(plan.archives.map(\.uri))
        #expect(changed.count == 1 && changed.allSatisfy { $0.contains("/layer-shared-") }, "\(changed)")
        print("changing markupsafe sent \(try native.number("bytesSent")) of \(try push.number("bytesSent")) bytes")

        let second = try Self.submit(workspace)
        try Self.expect(second, Self.versions(try workspace.read("requirements.txt")), newPlan)
        #expect(second.executors.first?.versions["six"] == "1.17.0")
        #expect(second.executors.first?.versions["markupsafe"] == "3.0.2")

        // The first run can be repeated exactly.
        let old = try JobPlan(TestSpark.run("envsync args report --at 1 --json", in: workspace.directory))
        #expect(old.words == plan.words)
    }

    private static func submit(_ workspace: TestWorkspace) throws -> ImportReport {
        let words = "acme-core=acme.core acme-geo=acme.geo --entry-points acme.plugins"
        let result = try TestSpark.run(
            "envsync submit report -- -- \(words)", in: workspace.directory, timeout: .seconds(600))
        #expect(result.status == 0, "\(result)")
        return try ImportReport(result)
    }

    /// Both executors imported everything from what was pushed, and it works.
    private static func expect(_ report: ImportReport, _ versions: [String: String], _ plan: JobPlan) throws {
        try report.expectTwoExecutors()
        let places = Set(plan.pyFiles.map(\.leaf) + plan.archives.map(\.name))
        for executor in report.executors {
            #expect(executor.versions == versions)
            #expect(Set(executor.files.keys) == Set(versions.keys))
            for (name, file) in executor.files {
                let place = try #require(executor.place(of: file), "\(name) is of the machine: \(file)")
                #expect(places.contains(place), "\(file)")
            }
            for name in ["numpy", "pandas", "pyarrow", "botocore", "acme-geo"] {
                #expect(executor.files[name]?.hasPrefix(executor.directory + "/layer-\(name)/") == true)
            }
            for name in ["certifi", "markupsafe", "acme-lib"] {
                #expect(executor.files[name]?.hasPrefix(executor.directory + "/layer-shared/") == true)
            }
            let six = try plan.entry("six").leaf
            #expect(executor.files["six"] == "./\(six)/six.py")
            #expect(executor.entryPoints == ["namespace": "core \(9 << 20)"])
            #expect(
                executor.answer
                    == "{\"botocore\": true, \"certifi\": true, \"numpy\": -2.0, \"pyarrow\": {\"celsius\": [13.0, 24.0], "
                    + "\"station\": [\"north\", \"south\"]}, \"pydantic\": [1, 2], \"sqlalchemy\": 42}")
        }
    }

    /// The pinned versions of a requirements file.
    private static func versions(_ requirements: String) -> [String: String] {
        let pins = requirements.split(separator: "\n").filter { !$0.hasPrefix("#") }
            .map { $0.split(separator: " ")[0].split(separator: "=", omittingEmptySubsequences: true) }
        return Dictionary(
            pins.map { (String($0[0]), String($0[1])) }, uniquingKeysWith: { first, _ in first })
    }

    /// Replaces a pin by the one in `update.txt`.
    private static func update(_ workspace: TestWorkspace, _ name: String) throws {
        let new = try workspace.pin(name, in: "update.txt").dropLast()
        let lines = try workspace.read("requirements.txt").split(separator: "\n").map { line in
            line.hasPrefix(name + "==") ? new : line
        }
        try workspace.write("requirements.txt", lines.joined(separator: "\n") + "\n")
    }
}
