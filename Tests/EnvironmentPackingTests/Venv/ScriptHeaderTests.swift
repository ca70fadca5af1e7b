import Foundation
import Testing

@testable import EnvironmentPacking

@Suite struct ScriptHeaderTests {
    static let body = "import sys\nprint(sys.argv[1:], __name__)\n"

    /// First lines as pip 23.2 (plain, and with its form for long paths), distlib, setuptools and uv 0.13 write them.
    static let forms: [(old: String, isRewritten: Bool)] = [
        ("#!PREFIX/bin/python3\n", true),
        ("#!PREFIX/bin/python\n# -*- coding: utf-8 -*-\n", true),
        ("#! PREFIX/bin/python3.11 -E\n", true),
        ("#!PREFIX/bin/python3 -X utf8\n", true),
        ("#!PREFIX/bin/pythonw\n", true),
        ("#!\"PREFIX/bin/python\"\n", true),
        ("#!PREFIX/bin/python3\r\n", true),
        ("#!/bin/sh\n'''exec' \"PREFIX/bin/python3\" \"$0\" \"$@\"\n' '''\n# -*- coding: utf-8 -*-\n", true),
        ("#!/bin/sh\n'''exec' PREFIX/bin/python -E \"$0\" \"$@\"\n' '''\n", true),
        ("#!/bin/sh\n'''exec' 'PREFIX/bin/python' \"$0\" \"$@\"\n' '''\n", true),
        ("#!/bin/sh\n'''exec' \"$(dirname -- \"$(realpath -- \"$0\")\")\"/'python' \"$0\" \"$@\"\n' '''\n", true),
        ("#!PREFIX/bin/python3\n\"\"\"What it does.\"\"\"\nfrom __future__ import annotations\n", true),
        ("#!PREFIX/bin/python3\n# a\n\n  # b\nr'''What it\n does.'''\nfrom __future__ import annotations\n", true),
        ("#!PREFIX/bin/python3\n# -*- coding: latin-1 -*-\nassert len('\u{E4}') == 2\n", true),
        ("#!/usr/bin/env python3\n", false),
        ("#!PREFIX2/bin/python3\n", false),
        ("#!/bin/sh\nexec true\n", false),
        ("", false),
    ]

    @Test(arguments: forms.indices) func runsFromAnywhere(_ index: Int) throws {
        let (old, isRewritten) = Self.forms[index]
        let scratch = try VenvScratch()
        let spelling = old.contains("\"PREFIX") || old.contains("'PREFIX") ? "/home/ana/my env" : "/home/ana/env"
        let text = old.replacing("PREFIX", with: spelling)
        let rewrite = PrefixRewrite(
            PrefixContext(PrefixSpellings(["/home/ana/env", "/home/ana/my env"]), destination: nil, python: "python"),
            path: Array("bin/tool".utf8))
        let source = Array((text + Self.body).utf8)
        let new = try #require(rewrite.rewritten(source).applied(to: source))
        guard isRewritten else {
            #expect(new == source)
            return
        }
        #expect(!String(decoding: new, as: UTF8.self).contains("/home/ana"))
        #expect(rewrite.rewritten(new).applied(to: new) == new)

        try scratch.write("a b/bin/tool", new, executable: true)
        try scratch.link("a b/bin/python", to: try realPython())
        try scratch.link("elsewhere/linked tool", to: "../a b/bin/tool")
        let words = ["two words", "*", "$HOME", "", "--", "-x", "\u{E9}\n"]
        let expected = try venvRun([try realPython(), "-c", Self.body] + words).output
        for program in ["a b/bin/tool", "elsewhere/linked tool"] {
            let run = try venvRun([scratch.path + "/" + program] + words, in: scratch.path)
            #expect(run.output == expected, "\(run.errors)")
            #expect(run.status == 0)
            for shell in [["/bin/dash"], ["/bin/bash"], ["/bin/busybox", "sh"]] where access(shell[0], X_OK) == 0 {
                let run = try venvRun(shell + [program] + words, in: scratch.path)
                #expect(run.output == expected, "\(shell): \(run.errors)")
            }
        }
        // And it is Python.
        let direct = try venvRun([try realPython(), scratch.path + "/a b/bin/tool"] + words)
        #expect(direct.output == expected, "\(direct.errors)")
    }

    @Test func keepsArguments() throws {
        let header = try #require(
            ScriptHeader(
                Array("#!/e/v/bin/python3 -E -s\n".utf8), spellings: PrefixSpellings(["/e/v"]), directory: "../bin",
                isInBin: true,
                python: "python"))
        let text = header.patches.map { String(decoding: $0.bytes, as: UTF8.self) }.joined()
        #expect(
            text
                == "#!/bin/sh\n'''exec' \"$(dirname -- \"$(readlink -f -- \"$0\")\")/python\" -E -s \"$0\" \"$@\"\n' '''\n"
        )
    }

    @Test(arguments: [
        "#!/e/v/bin/python3 -c 'x;$(y)'\n", "#!/e/v/bin/py\"thon\n", "#!/e/v/bin/\n", "#!/e/v/lib/python\n", "#!",
    ])
    func leavesWhatItCannotQuote(_ line: String) {
        #expect(
            ScriptHeader(
                Array(line.utf8), spellings: PrefixSpellings(["/e/v"]), directory: "../bin", isInBin: true,
                python: "python") == nil)
    }

    @Test func findsOtherProgramsOnThePath() throws {
        let rewrite = PrefixRewrite(
            PrefixContext(PrefixSpellings(["/e/v"]), destination: nil, python: "python"), path: Array("bin/x".utf8))
        let text = Array("#!/e/v/bin/node\nconsole.log(1)\n".utf8)
        #expect(rewrite.rewritten(text).applied(to: text) == Array("#!/usr/bin/env node\nconsole.log(1)\n".utf8))
    }

    @Test func runsAnArchiveWithPrograms() throws {
        let scratch = try VenvScratch()
        let archive = try venvRun([
            try realPython(), "-c",
            """
            import sys, io, zipfile
            data = io.BytesIO()
            with zipfile.ZipFile(data, "w") as archive: archive.writestr("__main__.py", "import sys; print(sys.argv[1:])")
            open(sys.argv[1], "wb").write(b"#!/e/v/bin/python3\\n" + data.getvalue())
            """, scratch.path + "/tool",
        ])
        #expect(archive.status == 0)
        let bytes = Array(try Data(contentsOf: URL(filePath: scratch.path + "/tool")))
        let rewrite = PrefixRewrite(
            PrefixContext(PrefixSpellings(["/e/v"]), destination: nil, python: "python"), path: Array("bin/tool".utf8))
        try scratch.write("bin/tool", try #require(rewrite.rewritten(bytes).applied(to: bytes)), executable: true)
        try scratch.link("bin/python", to: try realPython())
        let run = try venvRun([scratch.path + "/bin/tool", "a b"])
        #expect(run.output == "['a b']\n", "\(run.errors)")
    }

    @Test func worksOutsideOfBin() throws {
        let scratch = try VenvScratch()
        let rewrite = PrefixRewrite(
            PrefixContext(PrefixSpellings(["/e/v"]), destination: nil, python: "python"),
            path: Array("share/x/tool".utf8))
        let text = Array("#!/e/v/bin/python3\nprint('here')\n".utf8)
        try scratch.write("share/x/tool", try #require(rewrite.rewritten(text).applied(to: text)), executable: true)
        try scratch.link("bin/python", to: try realPython())
        #expect(try venvRun([scratch.path + "/share/x/tool"]).output == "here\n")
    }
}
