import EnvSyncModel
import Testing

@testable import SyncEngine

@Suite("Configuration: what is refused")
struct ConfigurationErrorTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let text: String
        /// The message begins with this.
        let start: String
        /// The message or the suggestion contains this.
        let words: String

        init(_ text: String, _ start: String, _ words: String) {
            self.text = text
            self.start = start
            self.words = words
        }

        var testDescription: String { text }
    }

    private static let head = "[environment]\nname = \"e\"\n"

    static let cases: [Case] = [
        // Syntax.
        Case("[environment\nname = 1", "envsync.toml:1:13: not valid TOML", ""),
        Case("[environment]\nname = etl\n", "envsync.toml:2:8: not valid TOML", "put text in quotes: name = \"…\""),
        Case("\u{FEFF}name = etl\r\n", "envsync.toml:1:8: not valid TOML", "put text in quotes: name = \"…\""),
        Case(
            "x = [1]\r\n\r\njob1.py = /a\r\n", "envsync.toml:3:11: not valid TOML",
            "put text in quotes: job1.py = \"…\""),
        Case("e = { \"a b\" = ~/x }", "envsync.toml:1:15: not valid TOML", "put text in quotes: \"…\""),
        Case(
            "[environment]\nname = \"e\"\nname = \"f\"\n", "envsync.toml:3:1: not valid TOML",
            "\"name\" is there twice"),
        Case(
            head + "[jobs.a]\n[jobs.b]\n[jobs.a]\n", "envsync.toml:5:7: not valid TOML", "\"a\" is there twice"),
        Case("a\u{0}b", "envsync.toml:1:2: ", "NUL"),
        Case(head + "files = [\"a\\u0000b\"]\n", "envsync.toml:3:12: ", "NUL"),
        // Malformed keys; toml++ ends the process for some.
        Case(head + "a.\"\\u0000\"=", "envsync.toml:3:12: not valid TOML", "expected a value"),
        Case(head + "a.\"b = 1\n", "envsync.toml:3:3: not valid TOML", "no end"),
        Case(head + "\"\\xZZ\" = 1\n", "envsync.toml:3:2: not valid TOML", "escape"),
        Case(head + "[jobs.\"a\n", "envsync.toml:3:7: not valid TOML", "no end"),
        Case(head + "\u{85}.é = 1\n", "envsync.toml:3:1: not valid TOML", "expected a key"),
        Case(head + String(repeating: "a.", count: 40) + "a = 1\n", "envsync.toml:3:65: not valid TOML", "parts"),
        // Unknown keys.
        Case(
            head + "[store]\nurll = \"x\"\n", "envsync.toml:4:1: unknown key \"urll\" in [store]",
            "did you mean \"url\"?"),
        Case(head + "[stores]\n", "envsync.toml:3:2: unknown key \"stores\" in the file", "did you mean \"store\"?"),
        Case(head + "  pyfiles = []\n", "envsync.toml:3:3: unknown key \"pyfiles\"", "did you mean \"py-files\"?"),
        Case(head + "py_files = []\n", "envsync.toml:3:1: unknown key \"py_files\"", "did you mean \"py-files\"?"),
        Case(head + "store.ulr = \"x\"\n", "envsync.toml:3:1: unknown key \"store\"", "the keys known here are name"),
        Case("environment = { name = \"e\", \"é\" = 1, fiels = [] }", "envsync.toml:1:38: unknown key \"fiels\"", ""),
        Case("environment = { name = \"e\", fiels = [] }", "envsync.toml:1:29: unknown key \"fiels\"", "\"files\"?"),
        Case("wheelhouse = \"w\"\n" + head, "envsync.toml:1:1: unknown key", "wheelhouse belongs in [environment]"),
        Case(
            head + "lockfile = \"uv.lock\"\n", "envsync.toml:1:2: [environment] has no target",
            "target = { python = \"3.11\""),
        Case(
            head + "[[source]]\npath = \"a\"\n[[source]]\npath = \"b\"\nexcludes = []\n",
            "envsync.toml:7:1: unknown key \"excludes\" in [[source]]", "\"exclude\"?"),
        Case(
            head + "[jobs.\"a.b\"]\n\"deploy.mode\" = 1\n",
            "envsync.toml:4:1: unknown key \"deploy.mode\" in [jobs.\"a.b\"]",
            "\"deploy-mode\"?"),
        Case(head + "[jobs]\nx.mian = \"m.py\"\n", "envsync.toml:4:3: unknown key \"mian\" in [jobs.x]", "\"main\"?"),
        Case(
            "doc = \"\"\"\n[store]\nurll = 1\\\"\"\"\"\"\n" + head, "envsync.toml:1:1: unknown key \"doc\"", ""),
        // Types.
        Case("[environment]\nname = 3\n", "envsync.toml:2:1: name must be a string, not an integer", ""),
        Case(
            head + "files = \"a\"\n", "envsync.toml:3:1: files must be a list of strings, not a string",
            "files = [\"a\"]"),
        Case(head + "files = [\n  \"a\",\n  2,\n]\n", "envsync.toml:5:3: files must be", "element 2 is an integer"),
        Case(head + "wheelhouse = 1.5\n", "envsync.toml:3:1: wheelhouse must be a string or a list", "floating-point"),
        Case(head + "[source]\npath = \"a\"\n", "envsync.toml:3:2: source must be a list of tables", "[[source]]"),
        Case(head + "[[store]]\n", "envsync.toml:3:3: store must be a table, not a list", ""),
        Case("environment = \"e\"\n", "envsync.toml:1:1: environment must be a table", "[environment]"),
        Case(head + "[store]\nreplication = \"3\"\n", "envsync.toml:4:1: replication must be an integer", "a string"),
        Case(head + "[jobs.a.conf]\nspark.x = 0.5\n", "envsync.toml:4:7: \"spark.x\" must be", "in quotes"),
        Case(head + "[jobs.a.conf]\nspark.x = []\n", "envsync.toml:4:7: \"spark.x\" must be", "not a list"),
        Case("jobs = { a = 2001-01-01 }\n", "envsync.toml: [environment] is missing", ""),
        Case("jobs = { a = 2001-01-01 }\n" + head, "envsync.toml:1:10: a must be a table, not a date", "[jobs.a]"),
        // Values.
        Case("[environment]\nname = \"a b\"\n", "envsync.toml:2:1: environment name \"a b\" contains \" \"", ""),
        Case("[environment]\nname = \"../x\"\n", "envsync.toml:2:1: environment name", "contains \"/\""),
        Case(head + "[jobs.\"a b\"]\n", "envsync.toml:3:7: job name \"a b\"", ""),
        Case(head + "[store]\nurl = \"ftp://x/y\"\n", "envsync.toml:4:1: store.url", "unknown scheme"),
        Case(head + "[store]\nurl = \"hdfs://u:pw@h/y\"\n", "envsync.toml:4:1: store.url", "credentials"),
        Case(head + "[store]\nurl = \"~/store\"\n", "envsync.toml:4:1: store.url", "no scheme"),
        Case(head + "[store]\nspark-url = \"hdfs://ns1/x\"\n", "envsync.toml:4:1: spark-url", "has a path"),
        Case(head + "[store]\nspark-url = \"ns1\"\n", "envsync.toml:4:1: spark-url", "not a URL"),
        Case(head + "[store]\nspark-url = \"hdfs://\"\n", "envsync.toml:4:1: spark-url", "no valid host"),
        Case(
            head + "[store]\nspark-url = \"hdfs://u:secret@h\"\n", "envsync.toml:4:1: spark-url holds credentials", ""),
        Case(head + "[store]\nsharing = \"groups\"\n", "envsync.toml:4:1: sharing must be", "did you mean \"group\"?"),
        Case(head + "[store]\nreplication = 0\n", "envsync.toml:4:1: replication must be between 1 and 512", "not 0"),
        Case(head + "[store]\nreplication = 513\n", "envsync.toml:4:1: replication must be between 1 and 512", ""),
        Case(head + "[store]\nuser = \"ana,x\"\n", "envsync.toml:4:1: user \"ana,x\"", ""),
        Case(head + "[store]\nuser = \"\"\n", "envsync.toml:4:1: user", ""),
        Case(head + "files = [\"\"]\n", "envsync.toml:3:10: files: a path is empty", ""),
        Case(
            head + "files = [\"ok\", \"a\\nb\"]\n", "envsync.toml:3:16: files: a path holds a control character",
            "a\\nb"),
        Case(head + "files = [\"~/x\"]\n", "envsync.toml:3:10: files: a path begins with ~", "not expanded"),
        Case(head + "files = [\"hdfs://h/x\"]\n", "envsync.toml:3:10: files: a path is a URL", ""),
        Case(head + "[[source]]\nname = \"x\"\n", "envsync.toml:3:3: [[source]] has no path", ""),
        Case(head + "[[source]]\npath = \"x\"\nprefix = \"../y\"\n", "envsync.toml:5:1: prefix", "inside the zip"),
        Case(head + "[[source]]\npath = \"x\"\nprefix = \"/y\"\n", "envsync.toml:5:1: prefix", "inside the zip"),
        Case(head + "[[source]]\npath = \"x\"\nexclude = [\"\"]\n", "envsync.toml:5:12: exclude", "not a pattern"),
        Case(head + "[[archive]]\npath = \"x\"\n", "envsync.toml:3:3: [[archive]] has no alias", ""),
        Case(head + "[[archive]]\nalias = \"x\"\n", "envsync.toml:3:3: [[archive]] has no path", ""),
        Case(head + "[[archive]]\nalias = \"a#b\"\npath = \"x\"\n", "envsync.toml:4:1: archive alias \"a#b\"", ""),
        Case(
            head + "[[archive]]\nalias = \"a\"\npath = \"x\"\n[[archive]]\nalias = \"a\"\npath = \"y\"\n",
            "envsync.toml:7:1: two archives have the alias \"a\"", ""),
        Case(
            head + "[[archive]]\nalias = \"a\"\nprefix = \"x\"\n[[archive]]\nalias = \"a-overlay\"\npath = \"y.zip\"\n",
            "envsync.toml:7:1: the alias \"a-overlay\" is that of \"a\"'s overlay", "another alias"),
        Case(
            head + "[[archive]]\nalias = \"environment-overlay\"\npath = \"y.zip\"\n[[archive]]\nprefix = \"x\"\n",
            "envsync.toml:6:3: the alias \"environment-overlay\"", ""),
        Case(head + "[jobs.a]\nmaster = \"mesos://x\"\n", "envsync.toml:4:1: master \"mesos://x\"", "local[4]"),
        Case(head + "[jobs.a]\ndeploy-mode = \"Cluster\"\n", "envsync.toml:4:1: deploy-mode must be", "\"cluster\"?"),
        Case(
            head + "[jobs.a]\narchives = [\"x\"]\n", "envsync.toml:4:13: archives: no archive has the alias \"x\"", ""),
        Case(
            head + "[jobs.a]\narchives = [\"e\", \"e\"]\n[[archive]]\nalias = \"e\"\npath = \"p\"\n",
            "envsync.toml:4:18: archives lists \"e\" twice", ""),
        Case(
            head + "[jobs.a.conf]\nspark.x.y = 1\n\"spark.x.y\" = 2\n", "envsync.toml:5:1: \"spark.x.y\" is set twice",
            ""),
        Case(head + "[jobs.a]\nconf = { \"a b\" = 1 }\n", "envsync.toml:4:1: \"a b\" is not the name", ""),
        // Missing.
        Case("", "envsync.toml: [environment] is missing", "add [environment]"),
        Case("[environment]\n", "envsync.toml:1:2: [environment] has no name", "add name"),
    ]

    @Test(arguments: cases)
    func refused(_ example: Case) throws {
        let error = try #require(throws: EnvSyncError.self) { try ConfigurationReader.parse(text: example.text) }
        #expect(error.code == .configuration)
        #expect(error.message.hasPrefix(example.start), "\(error)")
        #expect(example.words.isEmpty || "\(error)".contains(example.words), "\(error)")
        #expect(!"\(error)".contains("pw@") && !"\(error)".contains("secret@"))
        #expect(!error.message.contains("\n"))
    }

    @Test func projectErrorsNameTheWholeTable() throws {
        let text = "[tool.envsync.environment]\nname = \"e\"\nnaem = 1\n"
        let error = try #require(throws: EnvSyncError.self) {
            try ConfigurationReader.parse(text: text, fileName: "pyproject.toml", table: ["tool", "envsync"])
        }
        #expect(error.message == "pyproject.toml:3:1: unknown key \"naem\" in [tool.envsync.environment]")
    }

    @Test func deepNestingIsRefusedAndNotFatal() throws {
        for text in [
            "x = " + String(repeating: "[", count: 100_000), "x = " + String(repeating: "{a = ", count: 100_000),
            String(repeating: "x.", count: 100_000) + "x = 1", "[" + String(repeating: "x.", count: 100_000) + "x]",
        ] {
            let error = try #require(throws: EnvSyncError.self) { _ = try ConfigurationReader.parse(text: text) }
            #expect(error.message.contains("not valid TOML"))
        }
    }
}

@Suite("Configuration: the nearest word")
struct NearestWordTests {
    @Test(arguments: [
        ("urll", "url"), ("uRl", "url"), ("ulr", "url"), ("repliction", "replication"), ("ca_file", "ca-file"),
    ])
    func near(word: String, nearest: String) {
        #expect(NearestWord.of(word, among: ConfigurationKeys.store) == nearest)
    }

    @Test(arguments: ["", "requirements", "x", "packages"])
    func farFromAll(word: String) {
        #expect(NearestWord.of(word, among: ConfigurationKeys.environment) == nil)
    }
}
