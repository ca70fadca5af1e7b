import Foundation
import Testing

/// An environment that `lock` packs, and what is told when it is changed afterwards.
@Suite(
    "Drift of packed environments", .serialized, .tags(.pack, .local),
    .enabled(if: TestPack.areAvailable, "scripts/test installs what makes environments, for Python 3.11 on x86_64"))
struct PackDriftTests {
    /// One difference, as `--json` and the table have it.
    private func drift(_ workspace: TestWorkspace, _ words: String...) throws -> [String] {
        let result = try workspace.run(["check", "--json"] + words)
        let report = try #require(
            try JSONSerialization.jsonObject(with: Data(result.stdout.utf8)) as? [String: Any], "\(result)")
        let findings = try #require(report["findings"] as? [[String: Any]], "\(result)")
        #expect(result.status == (findings.isEmpty ? 0 : 1), "\(result)")
        return findings.map { "\($0["code"] ?? "?") \($0["subject"] ?? "?"): \($0["message"] ?? "?")" }.sorted()
    }

    private func publish(_ prefix: String, _ workspace: TestWorkspace) throws {
        try workspace.configure(
            "[[archive]]\nprefix = \"\(prefix)\"\n", store: "file://" + workspace.path("store"))
        try workspace.succeed("lock")
        try workspace.succeed("push")
        #expect(try drift(workspace, "--env", prefix) == [])
    }

    @Test("of a virtual environment: what pip does after `lock` is told, and `push --lock` ends it")
    func virtualEnvironment() throws {
        let workspace = try TestWorkspace()
        try TestPack.makeSmall(workspace)
        try TestPack.addPackage(workspace, "env", "other", ["other.py": "X = 1\n"])
        try publish("env", workspace)
        let site = try TestPack.sitePackages(workspace)

        try TestPack.addPackage(workspace, "env", "added", version: "2.5", ["added.py": "A = 1\n"])
        try Tool.shell("rm -r \(site)/other.py \(site)/other-1.0.dist-info", directory: workspace.directory)
        try workspace.write("\(site)/tidy/__init__.py", "VALUE = 8\n")
        let told = try drift(workspace, "--env", "env")
        #expect(told.count == 4, "\(told)")
        #expect(told.contains { $0.hasPrefix("environment-extra added: 2.5") }, "\(told)")
        #expect(told.contains { $0.hasPrefix("environment-missing other: 1.0") }, "\(told)")
        #expect(told.contains { $0.hasPrefix("environment-changed tidy: ") && $0.contains("__init__.py") }, "\(told)")
        // Without --env, from the prefix of the archive itself.
        let plain = try drift(workspace)
        #expect(plain.count == 1 && plain[0].hasPrefix("stale-lock "), "\(plain)")
        for name in ["added", "other", "tidy"] { #expect(plain[0].contains(name), "\(plain)") }
        let status = try workspace.run(["status"])
        #expect(status.stdout.contains("added"), "\(status)")
        #expect(try workspace.run(["lock", "--check"]).status == 1)
        // What the store holds needs neither the environment nor the archive.
        try Tool.shell("mv env env.away && mv .envsync/pack pack.away", directory: workspace.directory)
        #expect(try drift(workspace, "--remote-only") == [])
        try Tool.shell("mv env.away env", directory: workspace.directory)
        // Without the archive the lock still knows what is in it.
        #expect(try drift(workspace, "--env", "env", "--only", "environment-extra,environment-missing").count == 2)
        try Tool.shell("mv pack.away .envsync/pack", directory: workspace.directory)

        try workspace.write("\(site)/tidy/__init__.py", "VALUE = 7\n")
        try workspace.succeed("push", "--lock")
        #expect(try drift(workspace, "--env", "env") == [])
        // What was removed makes a new archive, which has the rest.
        #expect(try workspace.succeed("explain", "Added").stdout.hasPrefix("added 2.5: in archive environment\n"))
        #expect(try workspace.run(["explain", "other"]).status == 2)
    }

    @Test("of a conda environment: its own packages, by what conda-meta says")
    func conda() throws {
        let workspace = try TestWorkspace()
        try TestPack.makeConda(workspace.path("conda"), packages: ["idna", "pyyaml"])
        try publish("conda", workspace)
        let site = try TestPack.sitePackages(workspace, "conda")
        let library = (site as NSString).deletingLastPathComponent
        let metadata = Local.names(workspace.path("conda/conda-meta"))
        let demo = try #require(metadata.first { $0.hasPrefix("libdemo-") })

        // A module of Python, a file of Python itself, a library of no Python package, a package that is gone, one that is new.
        try Tool.shell(
            """
            printf 'x = 1\\n' >> \(site)/idna/core.py
            rm \(library)/this.py
            sed 's/"libdemo"/"libnew"/; s/1\\.2\\.3/4.5/' conda/conda-meta/\(demo) > conda/conda-meta/libnew-4.5-0.json
            rm conda/conda-meta/\(demo)
            """, directory: workspace.directory)
        let told = try drift(workspace, "--env", "conda", "--ignore", "local-changed")
        #expect(told.count == 4, "\(told)")
        #expect(told[0].hasPrefix("environment-changed idna: ") && told[0].contains("than conda-meta says"), "\(told)")
        #expect(told[1].hasPrefix("environment-changed python: ") && told[1].contains("this.py is missing"), "\(told)")
        #expect(told[2].hasPrefix("environment-extra libnew: 4.5 is installed"), "\(told)")
        #expect(told[3].hasPrefix("environment-missing libdemo: 1.2.3 is locked"), "\(told)")
        // The whole environment can't be packed as it is, which is told by the packing's own words.
        let plain = try drift(workspace)
        #expect(plain.count == 1 && plain[0].hasPrefix("local-changed "), "\(plain)")

        // Another version, another build, and metadata that is none.
        try Tool.shell(
            """
            rm conda/conda-meta/libnew-4.5-0.json
            sed -i 's/"version": "[^"]*"/"version": "9.9"/' conda/conda-meta/idna-*.json
            sed -i 's/"build": "[^"]*"/"build": "other_7"/' conda/conda-meta/pyyaml-*.json
            printf '{' > conda/conda-meta/broken-1-0.json
            """, directory: workspace.directory)
        let second = try drift(workspace, "--env", "conda", "--ignore", "local-changed,environment-missing")
        #expect(second.contains { $0.hasPrefix("environment-changed broken-1-0.json: is not valid JSON") }, "\(second)")
        #expect(second.contains { $0.hasPrefix("environment-version pyyaml: ") && $0.contains("other_7") }, "\(second)")
    }

    @Test("of a Python that can be moved: as of any other")
    func tree() throws {
        let workspace = try TestWorkspace()
        try TestPack.copyBase(to: workspace.path("python"))
        try TestPack.addPackage(workspace, "python", "tidy", ["tidy.py": "VALUE = 7\n"])
        try publish("python", workspace)
        let site = try TestPack.sitePackages(workspace, "python")
        try workspace.write("\(site)/tidy.py", "VALUE = 9\n")
        try TestPack.addPackage(workspace, "python", "added", ["added.py": "A = 1\n"])
        let told = try drift(workspace, "--env", "python", "--ignore", "stale-lock")
        #expect(told.count == 2, "\(told)")
        #expect(
            told[0].hasPrefix("environment-changed tidy: ") && told[1].hasPrefix("environment-extra added: "), "\(told)"
        )

        try workspace.succeed("push", "--lock")
        for (name, told) in [
            ("added", "added 1.0: in the overlay of archive environment\n  because  it came after"),
            ("tidy", "tidy 1.0: in the overlay of archive environment\n  because  the archive has 1.0,"),
        ] {
            let explained = try workspace.succeed("explain", name).stdout
            #expect(explained.hasPrefix(told), "\(explained)")
        }
    }
}
