import Foundation
import Glibc
import Testing

@Suite("The git hooks of manifests/ci, with a real git and the real envsync", .tags(.local))
struct GitHookTests {
    /// A git repository that is a workspace, with the hooks.
    struct Repository {
        let workspace: TestWorkspace

        init(hooks: Bool = true) throws {
            workspace = try TestWorkspace.typical()
            try workspace.write(".gitignore", ".envsync/\nwheelhouse/\n.home/\nremote.git/\n")
            try git("init", "--quiet", "--initial-branch=main").throwUnlessDone()
            try git("init", "--quiet", "--bare", "remote.git").throwUnlessDone()
            try git("remote", "add", "origin", workspace.path("remote.git")).throwUnlessDone()
            guard hooks else { return }
            for name in ["pre-commit", "pre-push"] {
                try FileManager.default.copyItem(
                    atPath: "\(CIManifest.folder)/git-hooks/\(name)", toPath: workspace.path(".git/hooks/\(name)"))
            }
        }

        /// Runs git with a PATH that has envsync on it, and nothing of this user's configuration.
        func git(_ words: String..., path: [String] = [], withEnvsync: Bool = true) throws -> CommandResult {
            var all = Local.environment([
                "HOME": workspace.path(".home"), "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "Ana",
                "GIT_AUTHOR_EMAIL": "ana@example.org", "GIT_COMMITTER_NAME": "Ana",
                "GIT_COMMITTER_EMAIL": "ana@example.org", "PRE_COMMIT_HOME": workspace.path(".home/pre-commit"),
            ])
            let own = withEnvsync ? [(Tool.envsync as NSString).deletingLastPathComponent] : []
            all["PATH"] = (path + own + ["/usr/bin", "/bin"]).joined(separator: ":")
            for name in all.keys where name.hasPrefix("GIT_DIR") || name.hasPrefix("GIT_INDEX") { all[name] = nil }
            return try RunningCommand(
                "/usr/bin/env", ["git"] + words, environment: all, directory: workspace.directory
            ).wait()
        }

        var commits: Int {
            get throws {
                let result = try git("rev-list", "--count", "HEAD")
                return Int(result.stdout.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
            }
        }
    }

    @Test("a commit whose lock fits its sources is made; one whose lock is older is refused, and says what to do")
    func commit() throws {
        let repository = try Repository()
        try repository.workspace.succeed("lock")
        try repository.git("add", "-A").throwUnlessDone()
        try repository.git("commit", "-m", "fits").throwUnlessDone()
        #expect(try repository.commits == 1)

        try repository.workspace.write("helper.py", "VALUE = 2\n")
        let refused = try repository.git("commit", "-a", "-m", "stale")
        #expect(refused.status == 1 && refused.stderr.contains("envsync lock"), "\(refused)")
        #expect(try repository.commits == 1)

        // Locked, but the lock isn't part of the commit.
        try repository.workspace.succeed("lock")
        try repository.git("add", "helper.py").throwUnlessDone()
        let half = try repository.git("commit", "-m", "half")
        #expect(half.status == 1 && half.stderr.contains("not staged"), "\(half)")
        try repository.git("commit", "-a", "-m", "whole").throwUnlessDone()
        #expect(try repository.commits == 2)
    }

    @Test(
        "workspaces in folders are found by their locks, hostile names included; a repository without any is left alone"
    )
    func folders() throws {
        let repository = try Repository()
        let workspace = repository.workspace
        try FileManager.default.removeItem(atPath: workspace.path("envsync.toml"))
        try repository.git("add", "-A").throwUnlessDone()
        try repository.git("commit", "-m", "no workspace").throwUnlessDone()
        let folders = ["plain", "two words/$(touch owned)", "-n", "ünï", "a\nb \"c\" \\d"]
        for folder in folders {
            try workspace.write("\(folder)/a.py", "A = 1\n")
            try workspace.write("\(folder)/envsync.toml", "[environment]\nname = \"x\"\npy-files = [\"a.py\"]\n")
            let result = try workspace.run(["lock", "--directory", "./" + folder])
            #expect(result.status == 0, "\(result)")
        }
        try repository.git("add", "-A").throwUnlessDone()
        try repository.git("commit", "-m", "five").throwUnlessDone()
        for folder in folders { try workspace.write("\(folder)/a.py", "A = 2\n") }
        let refused = try repository.git("commit", "-a", "-m", "stale")
        #expect(refused.status == 1, "\(refused)")
        for folder in folders { #expect(refused.stderr.contains("\(folder): run 'envsync lock'"), "\(refused)") }
        #expect(!Local.exists(workspace.path("owned")))
    }

    @Test("hooks work from a directory that is committed, and wherever in the checkout git is called")
    func hooksPath() throws {
        let repository = try Repository(hooks: false)
        let workspace = repository.workspace
        for name in ["pre-commit", "pre-push"] {
            try workspace.write("ci/hooks/\(name)", CIManifest.text("git-hooks/\(name)"))
            try Local.chmod(workspace.path("ci/hooks/\(name)"), 0o755)
        }
        try workspace.succeed("lock")
        try repository.git("config", "core.hooksPath", "ci/hooks").throwUnlessDone()
        try repository.git("add", "-A").throwUnlessDone()
        try repository.git("-C", "conf", "commit", "-m", "fits").throwUnlessDone()
        try workspace.write("helper.py", "VALUE = 2\n")
        let refused = try repository.git("-C", "conf", "commit", "-a", "-m", "stale")
        #expect(refused.status == 1 && refused.stderr.contains("run 'envsync lock' there"), "\(refused)")
        #expect(try repository.commits == 1)
    }

    @Test("commits get out only when the store has what their lock says")
    func push() throws {
        let repository = try Repository()
        try repository.workspace.succeed("lock")
        try repository.git("add", "-A").throwUnlessDone()
        try repository.git("commit", "-m", "locked").throwUnlessDone()
        let refused = try repository.git("push", "origin", "main")
        #expect(refused.status != 0 && refused.stderr.contains("run 'envsync push' there first"), "\(refused)")
        #expect(refused.stdout.contains("not-published"), "\(refused)")
        try repository.workspace.succeed("push")
        try repository.git("push", "origin", "main").throwUnlessDone()
        try repository.git("push", "--no-verify", "origin", "main:other").throwUnlessDone()
    }

    @Test("without envsync nothing is committed unchecked")
    func withoutEnvsync() throws {
        let repository = try Repository()
        try repository.workspace.succeed("lock")
        try repository.git("add", "-A").throwUnlessDone()
        let refused = try repository.git("commit", "-m", "unchecked", withEnvsync: false)
        #expect(refused.status == 1 && refused.stderr.contains("not on PATH"), "\(refused)")
        try repository.git("commit", "--no-verify", "-m", "on purpose", withEnvsync: false).throwUnlessDone()
    }

    @Test(
        "the real pre-commit runs the hooks of its configuration, without a network",
        .enabled(if: TestReportTools.areAvailable, TestReportTools.missing))
    func preCommit() throws {
        #expect(try CIManifest.preCommitEntries("pre-commit") == ["envsync lock --check --offline"])
        #expect(try CIManifest.preCommitEntries("pre-push") == ["envsync check --remote-only"])
        let repository = try Repository(hooks: false)
        let workspace = repository.workspace
        let path = [TestReportTools.directory + "/bin"]
        try workspace.write(".pre-commit-config.yaml", CIManifest.text("pre-commit-config.yaml"))
        try workspace.succeed("lock")
        try repository.git("add", "-A").throwUnlessDone()
        let install = [
            TestReportTools.directory + "/bin/pre-commit", "install", "--hook-type", "pre-commit", "--hook-type",
            "pre-push",
        ]
        let environment = ["HOME": workspace.path(".home"), "PRE_COMMIT_HOME": workspace.path(".home/pre-commit")]
        try Tool.run(install[0], Array(install.dropFirst()), environment: environment, directory: workspace.directory)
            .throwUnlessDone()

        let first = try repository.git("commit", "-m", "fits", path: path)
        #expect(first.status == 0 && first.stderr.contains("envsync.lock fits its sources"), "\(first)")
        try workspace.write("helper.py", "VALUE = 2\n")
        let refused = try repository.git("commit", "-a", "-m", "stale", path: path)
        #expect(refused.status == 1 && refused.stderr.contains("helper.py"), "\(refused)")
        #expect(try repository.commits == 1)
        try repository.git("checkout", "--quiet", ".").throwUnlessDone()

        let unpublished = try repository.git("push", "origin", "main", path: path)
        #expect(unpublished.status != 0, "\(unpublished)")
        try workspace.succeed("push")
        try repository.git("push", "origin", "main", path: path).throwUnlessDone()
    }
}
