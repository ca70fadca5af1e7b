import Foundation
import Testing

@Suite(
    "inspect: archives of venv-pack, conda-pack and envsync", .serialized, .tags(.pack, .local),
    .enabled(if: TestPack.areAvailable, "scripts/test installs them, for Python 3.11 on x86_64"))
struct PackInspectTests {
    private func inspect(_ workspace: TestWorkspace, _ name: String, _ more: String...) throws -> [String: Any] {
        let result = try workspace.run(["inspect", name, "--json"] + more)
        return try result.json()
    }

    private func told(_ document: [String: Any]) throws -> [String] {
        let findings = try #require(document["findings"] as? [[String: Any]])
        return findings.map { finding in
            let paths = (finding["paths"] as? [[String: Any]] ?? []).compactMap { $0["path"] as? String }
            return "\(finding["code"] ?? "") \(finding["subject"] ?? ""): \(paths.joined(separator: " "))"
        }
    }

    /// Names, versions and numbers of files of the packages.
    private func packages(_ document: [String: Any]) throws -> [String] {
        try #require(document["packages"] as? [[String: Any]]).map {
            "\($0["name"] ?? "") \($0["version"] ?? "") \($0["manager"] ?? "") \($0["files"] ?? "")"
        }
    }

    /// Changes a file, and packs the same again.
    private func change(_ workspace: TestWorkspace, _ name: String, file: String) throws {
        try Tool.shell(
            """
            rm -rf u && mkdir u && tar -xzf '\(name)' -C u && chmod u+w 'u/\(file)' && echo '#' >>'u/\(file)' &&
                tar -czf changed.tar.gz -C u .
            """, directory: workspace.directory)
    }

    @Test("both packers' archives of one virtual environment hold the same, and a changed file is found in either")
    func virtualEnvironment() throws {
        let workspace = try TestWorkspace()
        try TestPack.makeVenv(workspace.path("env"), packages: ["numpy", "requests", "six"])
        for format in TestPack.formats {
            try workspace.packed("env", "ours.\(format)")
            let ours = try inspect(workspace, "ours.\(format)")
            #expect(try told(ours) == [] && ours["maker"] as? String == "envsync")
        }
        try Tool.shell(
            "'\(TestPack.tools)/venv-pack' --quiet --prefix env --output theirs.tar.gz", directory: workspace.directory)
        let theirs = try inspect(workspace, "theirs.tar.gz")
        #expect(try told(theirs) == [] && theirs["maker"] as? String == "venv-pack")
        #expect(try packages(theirs) == packages(inspect(workspace, "ours.tar.gz")))
        #expect(theirs["comparedFiles"] as? Int ?? 0 > 500)
        for name in ["ours.tar.gz", "theirs.tar.gz"] {
            let module = try TestPack.sitePackages(workspace).dropFirst(4) + "/six.py"
            try change(workspace, name, file: String(module))
            #expect(try told(inspect(workspace, "changed.tar.gz")) == ["file-changed six 1.16.0: \(module)"])
        }
    }

    @Test("the same of a conda environment")
    func conda() throws {
        let workspace = try TestWorkspace()
        try TestPack.makeConda(
            workspace.path("env"), packages: ["numpy", "pyyaml", "idna"], cache: workspace.path("pkgs"))
        try workspace.packed("env", "ours.tar.gz")
        try workspace.packed("env", "there.zip", "--dest-prefix", "/opt/there")
        for name in ["ours.tar.gz", "there.zip"] { #expect(try told(inspect(workspace, name)) == [], "\(name)") }
        for (name, option) in [
            ("theirs.tar.gz", ""), ("theirs.zip", ""), ("their-place.tar.gz", "--dest-prefix /opt/x"),
        ] {
            try Tool.shell(
                "'\(TestPack.tools)/conda-pack' --quiet \(option) --prefix env --output \(name)",
                directory: workspace.directory)
            let theirs = try inspect(workspace, name)
            #expect(try told(theirs) == [] && theirs["kind"] as? String == "conda", "\(name)")
            #expect(theirs["maker"] as? String == "conda-pack")
        }
        #expect(
            try packages(inspect(workspace, "theirs.tar.gz")) == packages(inspect(workspace, "ours.tar.gz")))
        for name in ["ours.tar.gz", "theirs.tar.gz"] {
            let module = try TestPack.sitePackages(workspace).dropFirst(4) + "/idna/core.py"
            try change(workspace, name, file: String(module))
            #expect(try told(inspect(workspace, "changed.tar.gz")) == ["file-changed idna 3.7: \(module)"])
        }
    }
}
