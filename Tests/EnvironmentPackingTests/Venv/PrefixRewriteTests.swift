import Testing

@testable import EnvironmentPacking

@Suite struct PrefixRewriteTests {
    static let cases: [(String, String)] = [
        ("x = '/opt/env'", "x = '/opt/environment'"),
        ("-L/opt/env/lib -I/opt/env/include", "-L/opt/environment/lib -I/opt/environment/include"),
        ("file:///opt/env/x", "file:///opt/environment/x"),
        ("In /opt/env.", "In /opt/environment."),
        ("/opt/env:/opt/env", "/opt/environment:/opt/environment"),
        ("/opt/env2 /opt/env-x /opt/env.bak /opt/env_ /data/opt/env ./opt/env ${x}/opt/env", ""),
        ("/OPT/ENV", ""),
        ("/opt/link/x /opt/env/x", "/opt/environment/x /opt/environment/x"),
    ]

    @Test(arguments: cases.indices) func replacesPathsOnly(_ index: Int) {
        let (old, new) = Self.cases[index]
        let context = PrefixContext(PrefixSpellings(["/opt/env/", "/opt/link"]), destination: nil, python: "python")
        let rewrite = PrefixRewrite(context, path: Array("share/x".utf8))
        let bytes = Array(old.utf8)
        #expect(rewrite.rewritten(bytes).applied(to: bytes) == Array((new.isEmpty ? old : new).utf8))
    }

    @Test func leavesBinaries() {
        let context = PrefixContext(PrefixSpellings(["/opt/env"]), destination: nil, python: "python")
        let bytes = Array("x\0/opt/env".utf8)
        #expect(PrefixRewrite(context, path: Array("x".utf8)).rewritten(bytes).applied(to: bytes) == bytes)
    }

    @Test func usesTheDestination() {
        let context = PrefixContext(PrefixSpellings(["/opt/env"]), destination: "/srv/e", python: "python")
        let bytes = Array("/opt/env/etc".utf8)
        #expect(
            PrefixRewrite(context, path: Array("x".utf8)).rewritten(bytes).applied(to: bytes)
                == Array("/srv/e/etc".utf8))
    }

    /// The longer of two spellings that begin alike is the one that is meant.
    @Test func prefersTheLongerSpelling() {
        let context = PrefixContext(PrefixSpellings(["/opt/env", "/opt/env/v"]), destination: "/d", python: "python")
        let bytes = Array("/opt/env/v/x /opt/env/w".utf8)
        #expect(
            PrefixRewrite(context, path: Array("x".utf8)).rewritten(bytes).applied(to: bytes) == Array("/d/x /d/w".utf8)
        )
    }

    @Test func ignoresDirectoriesThatOthersUse() {
        #expect(PrefixSpellings(["/", "/usr", "/usr/local/", "relative", "/a\nb"]).spellings.isEmpty)
    }

    /// As `python -m ipykernel install --sys-prefix` (ipykernel 6.29) writes it.
    @Test func startsKernelsFromThePath() {
        let old = """
            {
             "argv": [
              "/opt/env/bin/python3",
              "-m",
              "ipykernel_launcher",
              "-f",
              "{connection_file}"
             ],
             "env": {"X": "/opt/env/share"}
            }
            """
        let context = PrefixContext(PrefixSpellings(["/opt/env"]), destination: nil, python: "python")
        let rewrite = KernelSpecRewrite(
            prefix: PrefixRewrite(context, path: Array("share/jupyter/kernels/p/kernel.json".utf8)))
        let new = old.replacing("/opt/env/bin/python3", with: "python").replacing(
            "/opt/env/share", with: "/opt/environment/share")
        #expect(rewrite.rewritten(Array(old.utf8)).applied(to: Array(old.utf8)) == Array(new.utf8))
    }

    @Test func makesPathFilesRelative() {
        let context = PrefixContext(PrefixSpellings(["/opt/env"]), destination: nil, python: "python")
        let rewrite = PathFileRewrite(
            prefix: PrefixRewrite(context, path: Array("lib/python3.11/site-packages/x.pth".utf8)))
        let old = Array("/opt/env/src/x\nimport x; x.y('/opt/env')\n".utf8)
        let new = "../../../src/x\nimport x; x.y('/opt/environment')\n"
        #expect(rewrite.rewritten(old).applied(to: old) == Array(new.utf8))
    }
}
