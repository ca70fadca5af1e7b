import EnvSyncModel
import Testing

@testable import SyncEngine

@Suite("Configuration: archives that a command makes")
struct ArchiveConfigurationTests {
    private static func parse(_ archive: String) throws -> WorkspaceConfiguration {
        try ConfigurationReader.parse(
            text:
                "[environment]\nname = \"etl\"\n[[archive]]\nalias = \"environment\"\npath = \"e.tar.gz\"\n\(archive)\n"
        )
    }

    @Test func both() throws {
        let archive = try #require(
            try Self.parse(#"command = ["venv-pack", "-o", "e.tar.gz"]"# + "\n" + #"inputs = [".venv", "/opt/x"]"#)
                .archives.first)
        #expect(archive.command == ["venv-pack", "-o", "e.tar.gz"])
        #expect(archive.inputs == [".venv", "/opt/x"])
    }

    @Test func neither() throws {
        let archive = try #require(try Self.parse("").archives.first)
        #expect(archive.command.isEmpty && archive.inputs.isEmpty)
    }

    @Test(
        "what can't be meant is refused where it stands",
        arguments: [
            (#"command = ["x"]"#, "envsync.toml:6:1: command makes an archive of its inputs, but there are none"),
            (#"inputs = [".venv"]"#, "envsync.toml:6:1: inputs are what command makes an archive of"),
            ("command = []\ninputs = [\".venv\"]", "envsync.toml:6:1: command is empty"),
            ("command = [\"x\"]\ninputs = []", "envsync.toml:7:1: inputs is empty"),
            ("command = [\"x\", \"\"]\ninputs = [\".venv\"]", "command: element 2 is empty"),
            ("command = [\"x\", \"a\\nb\"]\ninputs = [\".venv\"]", "command: element 2 holds a control character"),
            ("command = \"x y\"\ninputs = [\".venv\"]", "command must be a list of strings"),
            ("command = [1]\ninputs = [\".venv\"]", "command must be a list of strings, but element 1"),
            ("command = [\"x\"]\ninputs = \".venv\"", "inputs must be a list of strings"),
            ("command = [\"x\"]\ninputs = [\"\"]", "inputs: a path is empty"),
            ("command = [\"x\"]\ninputs = [\"~/venv\"]", "inputs: a path begins with ~"),
            ("comand = [\"x\"]", "unknown key \"comand\" in [[archive]]"),
        ])
    func refused(text: String, message: String) throws {
        let error = #expect(throws: EnvSyncError.self) { try Self.parse(text) }
        #expect(error?.code == .configuration)
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }

    @Test("a command written as one string is taken apart in the advice")
    func advice() throws {
        let error = #expect(throws: EnvSyncError.self) {
            try Self.parse("command = \"venv-pack -p .venv\"\ninputs = [\".venv\"]")
        }
        #expect(error?.suggestion == #"write command = ["venv-pack", "-p", ".venv"]"#)
    }
}

@Suite("Configuration: archives that envsync packs")
struct PackConfigurationTests {
    private static func parse(_ archive: String) throws -> ArchiveConfiguration {
        let text = "[environment]\nname = \"etl\"\n[[archive]]\nalias = \"environment\"\n\(archive)\n"
        return try #require(try ConfigurationReader.parse(text: text).archives.first)
    }

    @Test func defaults() throws {
        let archive = try Self.parse(#"prefix = ".venv""#)
        #expect(archive.path == ".envsync/pack/environment.tar.gz")
        #expect(archive.pack == PackConfiguration(prefix: ".venv"))
        #expect(archive.pack?.overlayShare == 0.25)
        #expect(archive.command.isEmpty && archive.inputs.isEmpty)
    }

    @Test func everything() throws {
        let archive = try Self.parse(
            """
            prefix = "/opt/env"
            path = "dist/env.ZIP"
            with-python = true
            bytecode = "omit"
            editable = "include"
            exclude = ["*/tests/*"]
            include = ["*/numpy/tests/*"]
            dest-prefix = "/srv/env"
            ignore = ["missing-files", "escaping-link"]
            overlay = 0
            """)
        #expect(archive.path == "dist/env.ZIP")
        #expect(
            archive.pack
                == PackConfiguration(
                    prefix: "/opt/env", withPython: true, bytecode: .omit, editable: .include, exclude: ["*/tests/*"],
                    include: ["*/numpy/tests/*"], destination: "/srv/env",
                    tolerated: ["missing-files", "escaping-link"], overlayShare: 0))
    }

    @Test func inPyproject() throws {
        let text =
            "[tool.envsync.environment]\nname = \"e\"\n[[tool.envsync.archive]]\nalias = \"a\"\nprefix = \".venv\"\n"
        let configuration = try ConfigurationReader.parse(
            text: text, fileName: "pyproject.toml", table: ["tool", "envsync"])
        #expect(configuration.archives.first?.pack == PackConfiguration(prefix: ".venv"))
    }

    @Test(
        "what can't be meant is refused where it stands",
        arguments: [
            ("prefix = \".venv\"\ncommand = [\"x\"]", "envsync.toml:6:1: command and prefix exclude each other"),
            ("prefix = \".venv\"\ninputs = [\"x\"]", "envsync.toml:6:1: inputs and prefix exclude each other"),
            ("with-python = true\npath = \"e.zip\"", "envsync.toml:5:1: with-python says how envsync packs"),
            ("prefix = \"\"", "prefix is empty"),
            ("prefix = \".venv\"\npath = \"e.tar.zst\"", "envsync.toml:6:1: path \"e.tar.zst\" is not a name"),
            ("prefix = \".venv\"\nwith-python = \"true\"", "with-python must be true or false, not a string"),
            ("prefix = \".venv\"\nbytecode = \"keep\"", "bytecode must be \"compile\" or \"omit\""),
            ("prefix = \".venv\"\neditable = \"no\"", "editable must be \"workspace\" or \"include\" or \"refuse\""),
            ("prefix = \".venv\"\nexclude = [\"\"]", "envsync.toml:6:12: exclude: \"\" is not a pattern"),
            ("prefix = \".venv\"\nignore = [\"missing-file\"]", "ignore: there is no \"missing-file\""),
            ("prefix = \".venv\"\noverlay = 1.5", "overlay must be between 0 and 1, not 1.5"),
            ("prefix = \".venv\"\noverlay = nan", "overlay must be between 0 and 1, not nan"),
            ("prefix = \".venv\"\noverlay = \"a quarter\"", "overlay must be a number, not a string"),
            ("prefix = \".venv\"\ndest-prefix = \"env\"", "dest-prefix \"env\" is not an absolute path"),
            ("prefix = \".venv\"\ndest-prefix = \"/a/../b\"", "is not an absolute path"),
            ("with_python = true", "unknown key \"with_python\" in [[archive]]"),
        ])
    func refused(text: String, message: String) {
        let error = #expect(throws: EnvSyncError.self) { try Self.parse(text) }
        #expect(error?.code == .configuration)
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }

    @Test("a mistyped word of ignore is guessed")
    func advice() {
        let error = #expect(throws: EnvSyncError.self) {
            try Self.parse("prefix = \".venv\"\nignore = [\"missing-file\"]")
        }
        #expect(error?.suggestion == #"did you mean "missing-files"?"#)
    }
}
