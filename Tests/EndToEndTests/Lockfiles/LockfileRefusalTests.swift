import Foundation
import Testing

/// Wheels that a cluster can't use are refused before anything is locked or sent.
@Suite("Wheels that are not for the target", .tags(.local))
struct LockfileRefusalTests {
    struct Misfit: Sendable, CustomTestStringConvertible {
        let tag: String
        var requiresPython: String?
        var testDescription: String { tag + (requiresPython.map { ", Python \($0)" } ?? "") }

        var wheel: TestWheel {
            TestWheel(
                name: "speedy", version: "2.5", tag: tag, files: ["speedy/__init__.py": "FAST = True\n"],
                isPurelib: tag.hasSuffix("any"), requiresPython: requiresPython)
        }
    }

    static let misfits = [
        Misfit(tag: "cp311-cp311-macosx_11_0_arm64"),
        Misfit(tag: "cp311-cp311-win_amd64"),
        Misfit(tag: "cp311-cp311-manylinux_2_17_aarch64.manylinux2014_aarch64"),
        Misfit(tag: "cp311-cp311-manylinux_2_35_x86_64"),
        Misfit(tag: "cp311-cp311-musllinux_1_2_x86_64"),
        Misfit(tag: "cp39-cp39-manylinux_2_17_x86_64.manylinux2014_x86_64"),
        Misfit(tag: "cp312-abi3-manylinux_2_17_x86_64"),
        Misfit(tag: "py2-none-any"),
        Misfit(tag: "py3-none-any", requiresPython: ">=3.12"),
    ]

    @Test("in a wheelhouse whose wheels are all shipped", arguments: misfits)
    func wheelhouse(misfit: Misfit) throws {
        let workspace = try TestWorkspace.typical()
        try workspace.configure(
            """
            wheelhouse = ["wheelhouse"]
            target = { python = "3.11", platform = "manylinux_2_28_x86_64" }
            """)
        try misfit.wheel.write(workspace)
        try expectRefusal(workspace, naming: misfit.wheel.fileName)
        // Without it, all is well.
        try FileManager.default.removeItem(atPath: workspace.path("wheelhouse/\(misfit.wheel.fileName)"))
        try workspace.succeed("push", "--lock")
    }

    @Test("as the only one that a pylock.toml lists", arguments: misfits)
    func lockfile(misfit: Misfit) throws {
        let workspace = try TestWorkspace.locked(by: "pylock.toml", "", "wheelhouse = [\"wheelhouse\"]")
        let digest = try misfit.wheel.write(workspace)
        let python = misfit.requiresPython.map { "requires-python = \"\($0)\"\n" } ?? ""
        try workspace.write(
            "pylock.toml",
            """
            lock-version = "1.0"
            created-by = "test"
            [[packages]]
            name = "speedy"
            version = "2.5"
            \(python)[[packages.wheels]]
            name = "\(misfit.wheel.fileName)"
            url = "https://index.example/\(misfit.wheel.fileName)"
            hashes = { sha256 = "\(digest)" }
            """)
        let result = try expectRefusal(workspace, naming: "speedy 2.5")
        // Why: the tag, or the Python, that doesn't fit.
        let reasons = misfit.requiresPython.map { [$0] } ?? misfit.tag.split(separator: "-").map(String.init)
        #expect(reasons.contains { result.stderr.contains($0) }, "\(result)")
    }

    @Test("as the only one with the hash of a requirements.txt", arguments: misfits)
    func hashes(misfit: Misfit) throws {
        let workspace = try TestWorkspace.locked(by: "requirements.txt", "", "wheelhouse = [\"wheelhouse\"]")
        let digest = try misfit.wheel.write(workspace)
        try workspace.write("requirements.txt", "speedy==2.5 --hash=sha256:\(digest)\n")
        try expectRefusal(workspace, naming: "speedy")
    }

    @Test("a source distribution is no wheel: what to build is told")
    func sourceDistribution() throws {
        let workspace = try TestWorkspace.locked(
            by: "pylock.toml",
            """
            lock-version = "1.0"
            created-by = "test"
            [[packages]]
            name = "speedy"
            version = "2.5"
            [packages.sdist]
            name = "speedy-2.5.tar.gz"
            url = "https://index.example/speedy-2.5.tar.gz"
            hashes = { sha256 = "\(String(repeating: "a", count: 64))" }
            """)
        let result = try expectRefusal(workspace, naming: "speedy 2.5")
        #expect(result.stderr.contains("pip wheel --no-deps speedy==2.5 -w wheelhouse"), "\(result)")

        // Done as told, it is accepted.
        try workspace.write(
            "envsync.toml",
            workspace.read("envsync.toml").replacingOccurrences(
                of: "[jobs.j]", with: "wheelhouse = [\"wheelhouse\"]\n[jobs.j]"))
        try TestWheel(name: "speedy", version: "2.5", files: ["speedy.py": ""]).write(workspace)
        try workspace.succeed("lock", "--offline")
    }

    /// `lock`, and `push` that locks, tell which wheel and what to do, call no tool and leave nothing.
    @discardableResult
    private func expectRefusal(_ workspace: TestWorkspace, naming name: String) throws -> CommandResult {
        try workspace.fakeTool("pip")
        let path = ["PATH": TestPackages.path(workspace.path("bin"))]
        let lock = try workspace.envsync("lock", "--offline", environment: path)
        for result in [lock, try workspace.envsync("push", "--lock", "--offline", environment: path)] {
            #expect(result.status == 2, "\(result)")
            #expect(result.stderr.contains(name), "\(result)")
            #expect(result.stderr.contains("try: "), "\(result)")
        }
        #expect(workspace.isUntouched && workspace.calls == 0)
        return lock
    }
}
