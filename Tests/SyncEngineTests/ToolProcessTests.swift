import EnvSyncModel
import Foundation
import Glibc
import Testing

@testable import SyncEngine

@Suite("Programs of the user's", .timeLimit(.minutes(10)))
struct ToolProcessTests {
    private func run(_ script: String, directory: String? = nil) async throws -> ToolProcess.Ending {
        try await ToolProcess(command: ["sh", "-c", script], directory: directory, keepsLastWords: true).run()
    }

    @Test("exit code and last words, of both streams")
    func words() async throws {
        let ending = try await run("echo one; echo two >&2; exit 3")
        #expect(ending == .init(status: 3, signal: nil, lastWords: "one\ntwo"))
        #expect(ending.description == "exit code 3")
        let long = try await run("seq 100000")
        #expect(long.status == 0 && long.lastWords == "99996\n99997\n99998\n99999\n100000")
    }

    @Test("a signal is told as such")
    func signalled() async throws {
        let ending = try await run("kill -9 $$")
        #expect(ending.status == 137 && ending.signal == SIGKILL && ending.description == "signal 9")
    }

    @Test("it runs where it is told, with nothing to read, no blocked or ignored signal, and no descriptor of ours")
    func surroundings() async throws {
        signal(SIGPIPE, SIG_IGN)
        let leak = open("/dev/null", O_RDONLY)
        defer { close(leak) }
        let workspace = try EngineWorkspace()
        let ending = try await run(
            "pwd; cat; grep -E '^Sig(Blk|Ign)' /proc/self/status | cut -f 2; ls -l /proc/$$/fd | grep -c ' [3-9] -> '",
            directory: workspace.directory)
        let lines = ending.lastWords.split(separator: "\n").map(String.init)
        #expect(
            lines.first.map { URL(fileURLWithPath: $0).resolvingSymlinksInPath().path }
                == URL(fileURLWithPath: workspace.directory).resolvingSymlinksInPath().path)
        #expect(lines.count == 4 && lines.last == "0")
        // glibc keeps two signals to itself, 32 and 33.
        for mask in lines.dropFirst().prefix(2) {
            #expect(UInt64(mask, radix: 16).map { $0 & 0x7FFF_FFFF } == 0, "\(mask)")
        }
    }

    @Test("a relative program begins at the directory that it runs in")
    func relative() async throws {
        let workspace = try EngineWorkspace()
        // Not written here: a program that is open for writing, be it in a child of another test, can't be run.
        #expect(symlink("/bin/echo", workspace.path("tool")) == 0)
        let tool = ToolProcess(command: ["./tool", "here"], directory: workspace.directory, keepsLastWords: true)
        #expect(try await tool.run().lastWords == "here")
    }

    @Test("a program that isn't there is named")
    func absent() async throws {
        let error = await #expect(throws: EnvSyncError.self) {
            try await ToolProcess(command: ["no-such-packer"]).run()
        }
        #expect(error?.message == "there is no \"no-such-packer\" on PATH")
        let relative = await #expect(throws: EnvSyncError.self) { try await ToolProcess(command: ["./none"]).run() }
        #expect(relative?.message == "there is no \"./none\"")
        let refused = await #expect(throws: EnvSyncError.self) { try await ToolProcess(command: ["/etc/passwd"]).run() }
        #expect(refused?.reason == "Permission denied")
    }

    @Test("cancelled: the whole process group ends, also what ignores SIGTERM")
    func cancelled() async throws {
        let workspace = try EngineWorkspace()
        let script = """
            trap '' TERM
            sh -c 'trap "" TERM; echo $$ > child; exec sleep 60' &
            wait
            """
        let directory = workspace.directory
        let task = Task {
            try await ToolProcess(command: ["sh", "-c", script], directory: directory, keepsLastWords: true).run()
        }
        var child: pid_t?
        while child == nil {
            child = (try? workspace.read(workspace.path("child"))).flatMap {
                pid_t($0.trimmingCharacters(in: .newlines))
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        let id = try #require(child)
        for _ in 0..<100 where kill(id, 0) == 0 && !Self.isZombie(id) { try await Task.sleep(for: .milliseconds(20)) }
        #expect(kill(id, 0) != 0 || Self.isZombie(id))
    }

    /// Nobody may be there to reap what lost its parent.
    private static func isZombie(_ id: pid_t) -> Bool {
        ((try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8)) ?? "").contains(") Z ")
    }

    @Test("what it leaves running is not waited for")
    func left() async throws {
        let ending = try await run("sleep 30 & echo $!")
        #expect(ending.status == 0)
        if let id = pid_t(ending.lastWords) { kill(id, SIGKILL) }
    }
}
