import Foundation
import Glibc
import Testing

@Suite("The state database is a cache: without it, the outcomes are the same", .tags(.local))
struct StateFaultTests {
    struct Fault: Sendable, CustomTestStringConvertible {
        let name: String
        let script: String
        var testDescription: String { name }
    }

    static let faults = [
        Fault(name: "intact", script: "true"),
        Fault(name: "deleted", script: "rm .envsync/state*"),
        Fault(name: "deleted, log left", script: "rm .envsync/state.sqlite"),
        Fault(name: "empty", script: ": > .envsync/state.sqlite"),
        Fault(
            name: "no database",
            script:
                "echo 'no database at all, but more than a hundred bytes of text. ' > .envsync/state.sqlite; cat envsync.lock >> .envsync/state.sqlite"
        ),
        Fault(name: "cut short", script: "truncate -s 5000 .envsync/state.sqlite"),
        Fault(
            name: "overwritten inside",
            script: "dd if=/dev/urandom of=.envsync/state.sqlite bs=1 seek=4096 count=8000 conv=notrunc 2>/dev/null"),
        Fault(
            name: "overwritten at its head",
            script: "dd if=/dev/urandom of=.envsync/state.sqlite bs=1 count=200 conv=notrunc 2>/dev/null"),
        Fault(
            name: "somebody else's database",
            script:
                "rm .envsync/state*; python3 -c \"import sqlite3; c = sqlite3.connect('.envsync/state.sqlite'); c.execute('create table t(x)'); c.commit()\""
        ),
        Fault(
            name: "of a newer envsync",
            script:
                "python3 -c \"import sqlite3; c = sqlite3.connect('.envsync/state.sqlite'); c.execute('pragma user_version = 9999'); c.commit()\""
        ),
        Fault(name: "a directory", script: "rm .envsync/state*; mkdir .envsync/state.sqlite"),
        Fault(name: "a FIFO", script: "rm .envsync/state*; mkfifo .envsync/state.sqlite"),
        Fault(name: "a dangling link", script: "rm .envsync/state*; ln -s /nowhere/at/all .envsync/state.sqlite"),
    ]

    /// What matters of a run: exit code, standard output (without durations), and warnings at most on stderr.
    private func outcome(_ workspace: TestWorkspace, _ words: [String]) throws -> String {
        let result = try workspace.run(words, timeout: .seconds(40))
        #expect(!result.stderr.contains("error:"), "\(words): \(result)")
        for line in result.stderr.split(separator: "\n") {
            #expect(line.hasPrefix("warning:") || line.hasPrefix("sending "), "\(words): \(result)")
        }
        let text = result.stdout.replacing(/"seconds" : [0-9.e-]+/, with: "").replacing(/in [0-9.]+ s/, with: "")
        return "\(result.status)\n\(text)"
    }

    private static let commands = [
        ["check"], ["check", "--deep"], ["push"], ["args", "j"], ["args", "j", "--format", "shell"],
        ["lock", "--check"], ["push", "--repair"],
    ]

    @Test("a state that can't be used changes no outcome", arguments: faults)
    func fault(fault: Fault) throws {
        let workspace = try TestWorkspace.typical()
        try workspace.succeed("push", "--lock")
        let expected = try Self.commands.map { try outcome(workspace, $0) }
        for (index, words) in Self.commands.enumerated() {
            try workspace.script("rm -rf .envsync/state*").throwUnlessDone()
            try workspace.succeed("push")
            try workspace.script(fault.script).throwUnlessDone()
            let now = try outcome(workspace, words)
            #expect(now == expected[index], "\(words)")
        }
        // A change is published all the same, and only it is sent.
        try workspace.write("helper.py", "VALUE = 2\n")
        let push = try workspace.envsync("push", "--lock", "--json")
        #expect(push.status == 0, "\(push)")
        let document = try push.json()
        #expect(document["objectsSent"] as? Int == 1 && document["generation"] as? Int == 2, "\(push)")
        try workspace.succeed("check", "--deep")
    }

    @Test("a process that holds the state's lock for good keeps nobody from working")
    func heldLock() throws {
        let workspace = try TestWorkspace.typical()
        try workspace.succeed("lock")
        try workspace.script("rm .envsync/state.sqlite*").throwUnlessDone()
        let holder = try RunningCommand(
            "/usr/bin/env",
            [
                "python3", "-c",
                "import fcntl, time; f = open('.envsync/state.lock', 'w'); fcntl.lockf(f, fcntl.LOCK_EX); "
                    + "fcntl.flock(f, fcntl.LOCK_EX); open('held', 'w'); time.sleep(100)",
            ], environment: Local.environment(), directory: workspace.directory)
        defer { holder.send(SIGKILL) }
        while holder.isRunning, !Local.exists(workspace.path("held")) { usleep(1000) }
        let push = try workspace.run(["push"], timeout: .seconds(60))
        #expect(push.status == 0, "\(push)")
        #expect(push.stderr.contains("warning: the state in .envsync can't be used"), "\(push)")
        #expect(try StoreProbe(root: workspace.store).follow("etl")?.number == 1)
    }

    @Test(
        "a workspace that may not be written: what only reads works, with a warning at most",
        .enabled(if: OtherUser.isAvailable), arguments: [true, false])
    func readOnly(hasState: Bool) throws {
        let workspace = try TestWorkspace.typical()
        _ = try OtherUser.binary(in: workspace)
        try workspace.succeed("push", "--lock")
        let arguments = try workspace.succeed("args", "j").stdout
        if !hasState {
            try workspace.script("mv .envsync/store s; rm -r .envsync; mkdir .envsync; mv s .envsync/store")
                .throwUnlessDone()
        }
        try workspace.script("chmod -R a-w,a+rX .").throwUnlessDone()
        defer { _ = try? workspace.script("chmod -R u+w .") }
        for words in [["check", "--deep"], ["args", "j"], ["lock", "--check"], ["push"], ["status"]] {
            let result = try workspace.run(
                words, through: OtherUser.prefix, binary: OtherUser.binary(in: workspace),
                environment: ["HOME": "/nonexistent"])
            #expect(result.status == 0, "\(words): \(result)")
            #expect(!result.stderr.contains("error:"), "\(result)")
            if words == ["args", "j"] { #expect(result.stdout == arguments) }
        }
        #expect(try workspace.runAsOther("lock").status == 0, "nothing has to be written")
    }

    @Test("eight commands at once on a fresh workspace don't trip over the making of the database")
    func together() throws {
        let workspace = try TestWorkspace.typical()
        try workspace.succeed("push", "--lock")
        for _ in 0..<3 {
            try workspace.script("rm -f .envsync/state*").throwUnlessDone()
            let running = try (0..<8).map { try workspace.begin($0 % 2 == 0 ? ["check"] : ["args", "j"]) }
            for command in running {
                let result = try command.wait(timeout: .seconds(60))
                #expect(result.status == 0 && result.stderr.isEmpty, "\(result)")
            }
        }
    }
}
