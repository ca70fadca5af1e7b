import Foundation
import Glibc
import Testing

/// Runs a command on a terminal of its own, types at it, and tells what it showed.
struct Terminal {
    /// What was seen on the terminal.
    var output: String
    /// The exit code, or minus the signal that ended it.
    var status: Int
    /// Whether the terminal's settings were the same before and after.
    var isRestored: Bool
    /// Whether it ended in time.
    var didEnd: Bool

    /// Runs envsync in a workspace, on a terminal of 100 columns.
    ///
    /// - Parameters:
    ///   - keys: typed when `pattern` was seen, for example `\u{3}` for Ctrl-C, that many times.
    ///   - redirect: what the shell does with the output, for example `> file`.
    static func run(
        _ workspace: TestWorkspace, _ arguments: String, typing keys: String = "", after pattern: String = "",
        environment: [String: String] = [:]
    ) throws -> Terminal {
        let text = try RunningCommand(
            "/usr/bin/env",
            [
                "python3", "-c",
                """
                import fcntl, json, os, pty, re, select, struct, sys, termios, time
                binary, arguments, keys, pattern = sys.argv[1:5]
                child, terminal = pty.fork()
                if child == 0:
                    # The shell waits for its terminal to be set up, then is replaced by envsync.
                    sys.stdin.readline()
                    os.execvp("/bin/sh", ["sh", "-c", f"exec '{binary}' {arguments}"])
                fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
                before = termios.tcgetattr(terminal)
                os.write(terminal, b"\\n")
                output, end, typed, after = b"", time.monotonic() + 60, False, None
                while time.monotonic() < end:
                    ready, _, _ = select.select([terminal], [], [], 0.02)
                    if ready:
                        try:
                            data = os.read(terminal, 65536)
                        except OSError:
                            data = b""
                        if not data:
                            break
                        output += data
                    try:
                        after = termios.tcgetattr(terminal)
                    except termios.error:
                        pass
                    if keys and not typed and re.search(pattern.encode(), output):
                        typed = True
                        for key in keys:
                            os.write(terminal, key.encode())
                            time.sleep(0.05)
                did_end = time.monotonic() < end
                if not did_end:
                    os.kill(child, 9)
                _, status = os.waitpid(child, 0)
                print(json.dumps({
                    "output": output.decode("utf-8", "replace"), "status": os.waitstatus_to_exitcode(status),
                    "restored": before == after, "end": did_end}))
                """, Tool.envsync, arguments, keys, pattern,
            ], environment: Local.environment(["TERM": "xterm"].merging(environment) { $1 }),
            directory: workspace.directory
        ).wait()
        guard text.status == 0 else { throw ToolError(description: "\(text)") }
        let document = try text.json()
        return Terminal(
            output: document["output"] as? String ?? "", status: document["status"] as? Int ?? -1,
            isRestored: document["restored"] as? Bool ?? false, didEnd: document["end"] as? Bool ?? false)
    }

    /// What the last line shows at the end, after all carriage returns and erasures of a line.
    var lastLine: String {
        let line =
            output.replacingOccurrences(of: "\r\n", with: "\n").split(separator: "\n", omittingEmptySubsequences: false)
            .last ?? ""
        return line.components(separatedBy: "\u{1B}[2K").last ?? ""
    }
}

extension RunningCommand {
    /// Whether the command catches the signal by now.
    func handles(_ signal: Int32) -> Bool {
        guard let status = try? String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("SigCgt:") }),
            let mask = UInt64(line.split(separator: "\t").last ?? "", radix: 16)
        else { return false }
        return mask & 1 << UInt64(signal - 1) != 0
    }
}

@Suite("Ctrl-C, SIGTERM, and readers that go away", .tags(.local), .serialized)
struct InterruptTests {
    /// A workspace whose push takes a while: many small files, each of which is synced to the disk, or one big one.
    private func makeWorkspace(isBig: Bool = false) throws -> TestWorkspace {
        let workspace = try TestWorkspace()
        if isBig {
            try Local.sparseFile(workspace.path("big.dat"), size: 400 << 20)
            try workspace.configure("files = [\"big.dat\"]")
        } else {
            let names = (0..<300).map { "\"f/\($0).dat\"" }.joined(separator: ", ")
            for index in 0..<300 { try workspace.write("f/\(index).dat", "\(index)\n") }
            try workspace.configure("files = [\(names)]")
        }
        try workspace.succeed("lock")
        return workspace
    }

    /// Nothing half done: no ref, nothing staged, whole objects only; and the next push completes.
    private func expectClean(_ workspace: TestWorkspace) throws {
        #expect(try StoreProbe(root: workspace.store).follow("etl") == nil)
        #expect(Local.staging(workspace.store).isEmpty)
        try workspace.succeed("push")
        try workspace.succeed("check", "--deep")
        #expect(Local.staging(workspace.store).isEmpty)
    }

    @Test(
        "Ctrl-C at a terminal: exit code 130, the bar is gone, the settings are as before, nothing is half done",
        arguments: [false, true])
    func controlC(isBig: Bool) throws {
        let workspace = try makeWorkspace(isBig: isBig)
        let terminal = try Terminal.run(workspace, "push --jobs 2", typing: "\u{3}", after: "objects")
        #expect(terminal.didEnd)
        #expect(terminal.status == 130, "\(terminal)")
        #expect(terminal.output.contains("█") || terminal.output.contains("░"), "there was a bar: \(terminal)")
        #expect(terminal.output.contains("interrupted"), "\(terminal)")
        #expect(terminal.isRestored)
        #expect(terminal.lastLine.isEmpty, "\(terminal.lastLine.debugDescription)")
        #expect(!terminal.output.contains("published generation"))
        try expectClean(workspace)
    }

    @Test("the bar of a push that succeeds is cleared, and the result follows on a line of its own")
    func barIsCleared() throws {
        let workspace = try makeWorkspace()
        let terminal = try Terminal.run(workspace, "push")
        #expect(terminal.status == 0 && terminal.isRestored)
        #expect(terminal.output.contains("\u{1B}[2Kpublished generation 1"), "\(terminal.output.suffix(300))")
        #expect(terminal.lastLine.isEmpty)
        for line in terminal.output.components(separatedBy: "\u{1B}[2K") {
            #expect(line.count <= 101 || line.contains("published"), "a bar never wraps: \(line)")
        }
    }

    @Test(
        "no bar and no escape sequence where they aren't wanted",
        arguments: [
            ("push", ["NO_COLOR": "1"]), ("push --quiet", [:]), ("push", ["TERM": "dumb"]), ("push 2> log", [:]),
        ])
    func plain(arguments: String, environment: [String: String]) throws {
        let workspace = try TestWorkspace.typical()
        try workspace.succeed("lock")
        let terminal = try Terminal.run(workspace, arguments, environment: environment)
        #expect(terminal.status == 0)
        #expect(!terminal.output.contains("\u{1B}") && !terminal.output.contains("█"), "\(terminal)")
        if arguments.contains("log") { #expect(!(try workspace.read("log").contains("\u{1B}"))) }
    }

    @Test("a second Ctrl-C ends at once; what it leaves, the next push removes")
    func twice() throws {
        let workspace = try makeWorkspace(isBig: true)
        let push = try workspace.start("push")
        while push.isRunning, !Local.staging(workspace.store).contains(where: { $0.hasSuffix(".part") }) { usleep(200) }
        push.send(SIGINT)
        usleep(3000)
        push.send(SIGINT)
        let result = try push.wait(timeout: .seconds(20))
        #expect(result.status == 130, "\(result)")
        #expect(try StoreProbe(root: workspace.store).follow("etl") == nil)
        try workspace.succeed("push")
        #expect(Local.staging(workspace.store).isEmpty)
        try workspace.succeed("check", "--deep")
    }

    @Test("SIGINT and SIGTERM at many moments", arguments: [SIGINT, SIGTERM])
    func signals(signal: Int32) throws {
        let code = 128 + signal
        let workspace = try makeWorkspace()
        var interrupted = 0
        for point in [-2, -1, 0, 1, 40, 120, 200, 260] {
            try workspace.script("rm -rf .envsync/store").throwUnlessDone()
            let push = try workspace.start("push", "--json")
            let objects = workspace.store + "/objects"
            while push.isRunning {
                if point == -2 { break }
                if point == -1, push.handles(signal) { break }
                if point == 0, !Local.staging(workspace.store).isEmpty { break }
                if point > 0, Local.names(objects).reduce(0, { $0 + Local.names("\(objects)/\($1)").count }) >= point {
                    break
                }
            }
            push.send(signal)
            let result = try push.wait(timeout: .seconds(40))
            // Before the handler is there, the signal has its default effect.
            if point == -2, result.signal == signal { continue }
            if result.status == code {
                interrupted += 1
                #expect(result.stderr.contains("interrupted"), "\(result)")
                let error = try #require(try result.json()["error"] as? [String: Any])
                #expect(error["code"] as? String == "interrupted")
                #expect(Local.staging(workspace.store).isEmpty, "after \(point) objects")
                #expect(try StoreProbe(root: workspace.store).follow("etl") == nil)
            } else {
                #expect(result.status == 0, "\(result)")
                #expect(try StoreProbe(root: workspace.store).follow("etl")?.objects == 300)
            }
        }
        #expect(interrupted >= 4, "\(interrupted)")
        try workspace.script("rm -rf .envsync/store").throwUnlessDone()
        try workspace.succeed("push")
        try workspace.succeed("check", "--deep")
    }

    @Test("lock and check are interrupted as well", arguments: [["lock"], ["check", "--deep"]])
    func others(words: [String]) throws {
        let workspace = try makeWorkspace(isBig: true)
        try workspace.succeed("push")
        try workspace.script("rm -f .envsync/state* envsync.lock.new* && touch big.dat").throwUnlessDone()
        let lock = try workspace.read("envsync.lock")
        let command = try workspace.begin(words)
        while command.isRunning, !command.handles(SIGINT) { usleep(500) }
        command.send(SIGINT)
        let result = try command.wait(timeout: .seconds(40))
        #expect(result.status == 130, "\(result)")
        #expect(try workspace.read("envsync.lock") == lock)
        #expect(!Local.names(workspace.directory).contains { $0.contains("new") })
    }

    @Test(
        "a reader that goes away ends nothing: the push completes, exit code 0",
        arguments: [
            "\"$ENVSYNC\" push", "\"$ENVSYNC\" push --json", "\"$ENVSYNC\" push -v 2>&1",
            "\"$ENVSYNC\" push 2>&1 >/dev/null",
        ])
    func closedPipe(command: String) throws {
        let workspace = try TestWorkspace.typical()
        try workspace.succeed("lock")
        let result = try workspace.script(
            "{ \(command); echo $? > status; } | head -0; while [ ! -s status ]; do sleep 0.01; done; cat status",
            shell: "/bin/bash")
        #expect(result.stdout == "0\n", "\(result)")
        #expect(try StoreProbe(root: workspace.store).follow("etl")?.number == 1)
        #expect(Local.staging(workspace.store).isEmpty)
    }

    @Test(
        "a result that can't be written is a failure",
        arguments: ["push", "push --json", "args j", "check --json", "status", "lock", "lock --check", "check"])
    func fullDevice(command: String) throws {
        guard Local.exists("/dev/full") else { return }
        let workspace = try TestWorkspace.typical()
        try workspace.succeed("push", "--lock")
        // With drift, too: a result that nobody got isn't "drift" either.
        for script in ["true", "echo 'VALUE = 2' > helper.py"] where script == "true" || !command.hasPrefix("push") {
            try workspace.script(script).throwUnlessDone()
            let result = try workspace.script("\"$ENVSYNC\" \(command) > /dev/full")
            #expect(result.status == 2, "\(result)")
            #expect(result.stderr.contains("error: the result could not be written"), "\(result)")
            #expect(!result.stderr.contains("unexpected"), "\(result)")
        }
    }

    @Test("without any standard streams nothing goes astray")
    func closedStreams() throws {
        let workspace = try TestWorkspace.typical()
        try workspace.succeed("lock")
        let result = try workspace.script("\"$ENVSYNC\" push <&- >&- 2>&-; echo $? > status")
        #expect(result.signal == nil)
        // Nothing of the output may have landed in a file that got the number of a closed stream.
        if let published = try StoreProbe(root: workspace.store).follow("etl") {
            #expect(published.number == 1)
            try StoreProbe(root: workspace.store).audit()
        }
        try workspace.succeed("push")
        try workspace.succeed("check", "--deep")
    }

    @Test("spark-submit gets the signals' default actions back")
    func submitResetsSignals() throws {
        let workspace = try TestWorkspace.typical()
        try workspace.write(
            "spark/bin/spark-submit",
            "#!/bin/sh\ngrep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status > signals\nprintf '%s\\0' \"$@\" > words\nexit 7\n"
        )
        try workspace.succeed("push", "--lock")
        try workspace.script("chmod 755 spark/bin/spark-submit").throwUnlessDone()
        let result = try workspace.run(
            ["submit", "j", "--", "--conf", "a=b c", "--", "$(x)", ""],
            environment: ["SPARK_HOME": workspace.path("spark")])
        #expect(result.status == 7, "\(result)")
        for line in try workspace.read("signals").split(separator: "\n")
        where line.hasPrefix("SigBlk") || line.hasPrefix("SigIgn") {
            let mask = try #require(UInt64(line.split(separator: "\t").last ?? "", radix: 16))
            for signal in [SIGINT, SIGTERM, SIGPIPE] {
                #expect(mask & 1 << UInt64(signal - 1) == 0, "\(line): \(signal)")
            }
        }
        let words = try workspace.read("words").split(separator: "\0", omittingEmptySubsequences: false).dropLast()
        #expect(words.suffix(2) == ["$(x)", ""])
        #expect(words.contains("a=b c") && words.contains { $0.hasSuffix("/main.py") })
    }
}
