import Foundation
import Testing

@Suite("A workspace that ships itself")
struct OwnFilesTests {
    @Test(
        "[[source]] path = \".\": nothing that envsync writes is in it, and the lock is stable",
        arguments: ["", "__init__.py"])
    func wholeWorkspace(extra: String) throws {
        let workspace = try TestWorkspace()
        try workspace.write(
            "envsync.toml", "[environment]\nname = \"e\"\n[[source]]\npath = \".\"\n[jobs.j]\nmaster = \"local[1]\"\n")
        try workspace.write("module.py", "x = 1\n")
        if !extra.isEmpty { try workspace.write(extra, "") }
        try workspace.succeed("lock")
        let lock = try workspace.read("envsync.lock")
        for _ in 0..<2 {
            try workspace.succeed("push")
            try workspace.succeed("lock", "--check")
            #expect(try workspace.read("envsync.lock") == lock)
        }
        try workspace.succeed("check")
        let names = try Tool.shell(
            "python3 -c 'import sys, zipfile; print(*zipfile.ZipFile(sys.argv[1]).namelist())' .envsync/build/*.zip",
            directory: workspace.directory)
        #expect(names.contains("module.py") && !names.contains(".envsync") && !names.contains("envsync.lock"))
    }

    @Test("what a program is given on the command line is not remembered")
    func secrets() throws {
        let workspace = try TestWorkspace()
        try workspace.write(
            "envsync.toml",
            """
            [environment]
            name = "e"
            [jobs.j]
            main = "m.py"
            master = "local[1]"
            args = ["--password", "hunter1"]

            """)
        try workspace.write("m.py", "pass\n")
        try workspace.write("bin/spark-submit", "#!/bin/sh\necho \"$@\"\n")
        try Tool.shell("chmod +x bin/spark-submit", directory: workspace.directory)
        try workspace.succeed("push", "--lock")
        let submit = try workspace.succeed(
            "submit", "j", "--", "--conf", "spark.x.secret=hunter2", "--", "--password", "hunter3",
            environment: ["SPARK_HOME": workspace.directory])
        #expect(submit.stdout.contains("hunter1 --password hunter3"))
        #expect(try Tool.run("/bin/grep", ["-rlaE", "hunter[123]", workspace.path(".envsync")]).status == 1)
    }
}
