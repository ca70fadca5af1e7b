import Foundation
import Testing

/// Environments of all makers, unpacked elsewhere, while their own directory and the base interpreter's are hidden.
@Suite(
    "Unpacked environments run", .serialized, .tags(.pack, .local),
    .enabled(if: TestPack.areAvailable, "scripts/test installs what makes environments, for Python 3.11 on x86_64"),
    .enabled(if: Hiding.isAvailable, "nothing can be mounted here"))
struct PackKindsTests {
    private static let packages = "pyyaml requests urllib3 idna certifi charset-normalizer"

    /// What an unpacked Python says of itself.
    private struct Answer: Decodable {
        let executable: String
        let prefix: String
        let files: [String: String]
        let strangers: [String]
        let foreign: [String]
    }

    private static let question = """
        import json, os, sys
        import ctypes, ssl, sqlite3, requests, yaml._yaml, charset_normalizer
        root = os.path.dirname(os.path.dirname(os.path.abspath(sys.executable)))
        files = {name: module.__file__ for name, module in sys.modules.items() if getattr(module, "__file__", None)}
        with open("/proc/self/maps") as maps:
            mapped = {line.split(None, 5)[5].strip() for line in maps if len(line.split(None, 5)) == 6}
        print(json.dumps({
            "executable": sys.executable, "prefix": sys.prefix,
            "files": {name: files[name] for name in ("yaml._yaml", "os")},
            "strangers": sorted(file for file in files.values() if not file.startswith(root + "/")),
            "foreign": sorted(file for file in mapped if "python" in file and not file.startswith(root + "/")),
        }))
        """

    @Test(arguments: ["venv", "venv --copies", "virtualenv", "uv"])
    func withPython(maker: String) throws {
        let workspace = try TestWorkspace()
        let base = workspace.path("base")
        let prefix = workspace.path("env")
        try TestPack.copyBase(to: base)
        switch maker {
        case "venv":
            try TestPack.makeVenv(prefix, base: base, packages: Self.packages.split(separator: " ").map(String.init))
        case "venv --copies":
            try TestPack.makeVenv(
                prefix, base: base, packages: Self.packages.split(separator: " ").map(String.init), options: "--copies")
        case "virtualenv":
            try Tool.shell(
                "'\(TestPack.tools)/virtualenv' --quiet --no-download --app-data '\(workspace.path("data"))' --python '\(base)/bin/python3' '\(prefix)'"
            )
            try Tool.shell(
                "'\(prefix)/bin/pip' --quiet --disable-pip-version-check install --no-index --no-deps --find-links '\(TestPack.wheels)' \(Self.packages)"
            )
        default:
            let uv = "'\(TestPack.tools)/uv' --quiet --offline --no-config --cache-dir '\(workspace.path("uv-cache"))'"
            try Tool.shell("\(uv) venv --python '\(base)/bin/python3' '\(prefix)'")
            try Tool.shell(
                "\(uv) pip install --python '\(prefix)/bin/python' --no-index --no-deps --find-links '\(TestPack.wheels)' \(Self.packages)"
            )
        }
        let archive = try workspace.packed("env", "e.tar.gz", "--with-python")
        #expect(archive.untrue.isEmpty, "\(archive.untrue.prefix(10))")
        #expect(archive.owners == [[0, 0]] && archive.times == [315_532_800])
        let hasConfiguration = archive.has("pyvenv.cfg")
        #expect(!hasConfiguration)
        let hidden = [base, prefix] + TestPack.baseDirectories
        try Self.expectRuns(workspace, "e.tar.gz", hiding: hidden)
        // Scripts run the Python beside them, wherever they are, from any directory, and through a link.
        let unpacked = workspace.path("un packed/environment")
        try Tool.shell("ln -s '\(unpacked)/bin/normalizer' '\(workspace.path("link"))'")
        for script in ["\(unpacked)/bin/normalizer", workspace.path("link")] {
            let result = try Hiding.run(["env", "-i", "PATH=/usr/bin:/bin", script, "--version"], hiding: hidden)
            #expect(result.status == 0 && result.stdout.contains("3.3.2"), "\(maker), \(script): \(result)")
        }
    }

    @Test(arguments: [[], ["--dest-prefix"]])
    func conda(options: [String]) throws {
        let workspace = try TestWorkspace()
        try TestPack.makeConda(workspace.path("env"))
        let unpacked = workspace.path("un packed/environment")
        try workspace.packed("env", "e.tar.gz")
        try Self.expectRuns(
            workspace, "e.tar.gz", hiding: [workspace.path("env")] + TestPack.baseDirectories,
            asking: TestPack.condaQuestion)
        if !options.isEmpty {
            let result = try workspace.beginPack("env", "there.tar.gz", ["--dest-prefix", unpacked]).wait()
            #expect(result.status == 0, "\(result)")
            let archive = try PackedArchive(workspace.path("there.tar.gz"))
            let naming = archive.entries.filter { $0.value.text?.contains(workspace.path("env")) == true }.keys.sorted()
            #expect(naming.isEmpty)
        }
    }

    /// Unpacks into a directory whose name has a space in it and runs the Python there, with nothing on its PATH.
    private static func expectRuns(
        _ workspace: TestWorkspace, _ archive: String, hiding hidden: [String], asking question: String = question
    ) throws {
        let unpacked = workspace.path("un packed/environment")
        try Tool.shell("mkdir -p '\(unpacked)' && tar -xzf '\(workspace.path(archive))' -C '\(unpacked)'")
        let result = try Hiding.run(["env", "-i", "\(unpacked)/bin/python", "-c", question], hiding: hidden)
        try #require(result.status == 0, "\(result)")
        let answer = try JSONDecoder().decode(Answer.self, from: Data(result.stdout.utf8))
        let place = URL(fileURLWithPath: unpacked).resolvingSymlinksInPath().path
        #expect([unpacked, place].contains(answer.prefix))
        #expect(answer.strangers.isEmpty && answer.foreign.isEmpty, "\(answer)")
    }
}

/// Running something where some directories are empty.
enum Hiding {
    private static let namespace = geteuid() == 0 ? "unshare --mount" : "unshare --mount --map-root-user"

    static let isAvailable = Local.works(
        "d=$(mktemp -d) && \(namespace) mount -t tmpfs none \"$d\"; s=$?; rmdir \"$d\"; exit $s")

    /// A command that runs the words after it where the directories are empty.
    static func prefix(_ directories: [String]) -> [String] {
        let mounts = directories.map { "mount -t tmpfs -o size=4k none '\($0)'" }.joined(separator: " && ")
        return ["/usr/bin/env"] + namespace.split(separator: " ").map(String.init)
            + ["/bin/sh", "-c", "\(mounts) && exec \"$@\"", "sh"]
    }

    static func run(_ words: [String], hiding directories: [String]) throws -> CommandResult {
        let all = prefix(directories) + words
        return try Tool.run(all[0], Array(all.dropFirst()))
    }
}

extension TestPack {
    /// The directories of the Python that the test environments are copies of: its prefix, or where that is the system's,
    /// only its modules.
    static let baseDirectories: [String] = {
        let question = """
            import os, sys
            library = "%s/lib/python%d.%d" % (sys.base_prefix, *sys.version_info[:2])
            print(library if sys.base_prefix in ("/usr", "/usr/local") else sys.base_prefix)
            """
        let result = try? Tool.run("\(tools)/python", ["-I", "-c", question])
        return result.map { [$0.stdout.trimmingCharacters(in: .newlines)] } ?? []
    }()
}
