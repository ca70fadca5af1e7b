import Foundation
import Testing

@Suite(
    "Archives beside those of venv-pack and conda-pack", .serialized, .tags(.pack, .local),
    .enabled(if: TestPack.areAvailable, "scripts/test installs them, for Python 3.11 on x86_64"))
struct PackComparisonTests {
    /// The same files with the same contents, but for the differences that `manifests/packing/differences.toml` explains; and
    /// nothing is explained that isn't so.
    @Test func venvPack() throws {
        let workspace = try TestWorkspace()
        let prefix = workspace.path("environment")
        try Tool.shell("'\(TestPack.tools)/python' -m venv '\(prefix)'")
        try Tool.shell(
            """
            '\(prefix)/bin/python' -m pip install --quiet --disable-pip-version-check --no-index --no-deps \
                --find-links '\(TestPack.wheels)' numpy requests urllib3 idna certifi charset-normalizer pyyaml six
            """)
        try Self.addOddities(workspace, "environment")
        try Tool.shell("ln run linked", directory: prefix + "/share/notes")
        try Tool.shell(
            "'\(TestPack.tools)/venv-pack' --quiet --prefix '\(prefix)' --output theirs.tar.gz",
            directory: workspace.directory)
        try workspace.packed("environment", "ours.tar.gz")
        try Self.compare(workspace, peer: "venv-pack")
    }

    /// Without a destination, what names the prefix is left to a script; with one, both write the destination into it, and have
    /// nothing to say about it but the same bytes.
    @Test(arguments: [nil, "/opt/environments/there"])
    func condaPack(destination: String?) throws {
        let workspace = try TestWorkspace()
        let prefix = workspace.path("environment")
        // No hard links among what no package owns: conda-pack 0.9.2 writes the second as a link with data, and what reads its
        // archive then misses its end.
        try TestPack.makeConda(
            prefix, packages: ["numpy", "pyyaml", "idna", "requests", "charset-normalizer"],
            cache: workspace.path("pkgs"))
        try Self.addOddities(workspace, "environment")
        let option = destination.map { "--dest-prefix '\($0)'" } ?? ""
        try Tool.shell(
            "'\(TestPack.tools)/conda-pack' --quiet \(option) --prefix '\(prefix)' --output theirs.tar.gz",
            directory: workspace.directory)
        let result = try workspace.beginPack(
            "environment", "ours.tar.gz", destination.map { ["--dest-prefix", $0] } ?? []
        ).wait()
        #expect(result.status == 0, "\(result)")
        try Self.compare(workspace, peer: destination == nil ? "conda-pack" : "conda-pack --dest-prefix")
    }

    /// What is in many environments, and is treated in different ways.
    private static func addOddities(_ workspace: TestWorkspace, _ name: String) throws {
        let site = try workspace.path(TestPack.sitePackages(workspace, name))
        try Tool.shell(
            """
            mkdir -p empty share/notes
            echo private >share/notes/private.txt && chmod 0640 share/notes/private.txt
            echo run >share/notes/run && chmod 0700 share/notes/run
            ln -s private.txt share/notes/link
            echo 'VALUE = 1' >'\(site)/gone.py' && echo 'VALUE = 1' >'\(site)/bare.py'
            bin/python -m compileall -q '\(site)/gone.py' && rm '\(site)/gone.py'
            bin/python -O -m compileall -q '\(site)/bare.py'
            """, directory: workspace.path(name))
    }

    private static func compare(_ workspace: TestWorkspace, peer: String) throws {
        let result = try Tool.run(
            "\(TestPack.tools)/python",
            [
                "\(Tool.repository)/scripts/lib/compare-archives.py", workspace.path("ours.tar.gz"),
                workspace.path("theirs.tar.gz"), "--peer", peer, "--explained",
                "\(Tool.repository)/manifests/packing/differences.toml",
            ])
        #expect(result.status == 0, "\(result)")
        #expect(result.stdout.contains("entries are the same"))
    }
}
