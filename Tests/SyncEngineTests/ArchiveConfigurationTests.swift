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
