import Foundation
import Glibc
import Testing

extension Tag {
    /// Packs environments.
    @Tag static var pack: Self
}

/// What `scripts/test` prepared for tests that pack environments.
enum TestPack {
    private static let variables = ProcessInfo.processInfo.environment

    /// A directory of programs: conda-pack, venv-pack, virtualenv, uv and a python.
    static let tools = variables["ENVSYNC_TEST_PACKING_TOOLS"] ?? ""
    /// The wheels of `manifests/packing/environment.txt`.
    static let wheels = variables["ENVSYNC_TEST_PACKING_WHEELS"] ?? ""
    static let areAvailable = !tools.isEmpty && !wheels.isEmpty && TestPackages.suitThisMachine
    static let zstd = Local.works("command -v zstd")

    /// The formats that archives can have, as the ends of their names.
    static let formats = ["tar.gz", "tar", "zip", "tar.zst"]

    /// Copies the Python that the environments are made with, without its packages and its own tests, to a directory. The
    /// copy doesn't need the original.
    static func copyBase(to directory: String) throws {
        let result = try Tool.run("\(tools)/python", ["-I", "-c", copyProgram, directory])
        guard result.status == 0 else { throw ToolError(description: "copying a Python to \(directory): \(result)") }
    }

    private static let copyProgram = #"""
        import glob, os, re, shutil, subprocess, sys

        target, source = sys.argv[1], sys.base_prefix
        python = "python%d.%d" % sys.version_info[:2]
        left_out = shutil.ignore_patterns("site-packages", "dist-packages", "test", "*.a", "idlelib", "turtledemo")
        shutil.copytree(f"{source}/lib/{python}", f"{target}/lib/{python}", symlinks=True, ignore=left_out)
        os.makedirs(f"{target}/lib/{python}/site-packages")
        os.makedirs(f"{target}/bin")
        shutil.copy2(f"{source}/bin/{python}", f"{target}/bin/{python}")
        os.symlink(python, f"{target}/bin/python3")
        os.symlink("python3", f"{target}/bin/python")
        for library in glob.glob(f"{source}/lib/libpython*.so*"):
            shutil.copy2(library, f"{target}/lib/", follow_symlinks=False)
        # The directory of the shared library, if it is an absolute one, gives way to one beside the program.
        dynamic = subprocess.run(["readelf", "-d", f"{target}/bin/{python}"], capture_output=True, text=True).stdout
        for path in re.findall(r"\(R(?:UN)?PATH\).*\[(/[^\]]*)\]", dynamic):
            relative = b"$ORIGIN/../lib".ljust(len(path), b"\0")
            assert len(relative) == len(path), path
            with open(f"{target}/bin/{python}", "r+b") as file:
                data = file.read().replace(path.encode() + b"\0", relative + b"\0")
                file.seek(0)
                file.write(data)
        subprocess.run(["chmod", "-R", "go+rX", target], check=True)
        subprocess.run([f"{target}/bin/{python}", "-I", "-c", "import ssl, sqlite3, ctypes"], check=True)
        """#

    /// Makes a virtual environment with some of the wheels.
    ///
    /// - Parameters:
    ///   - base: the interpreter's prefix; that of the tools if not given.
    ///   - packages: names as in `manifests/packing`, or paths of wheels.
    ///   - prefix: a command to run things with, for example `setpriv … --`.
    ///   - wheels: where pip finds them.
    static func makeVenv(
        _ directory: String, base: String? = nil, packages: [String] = [], options: String = "", compile: Bool = true,
        through prefix: [String] = [], umask: String = "022", wheels: String = wheels
    ) throws {
        let python = base.map { "\($0)/bin/python3" } ?? "\(tools)/python"
        var script = "umask \(umask); '\(python)' -m venv --without-pip \(options) '\(directory)'"
        if !packages.isEmpty {
            script +=
                " && PYTHONDONTWRITEBYTECODE=1 '\(directory)/bin/python' " + pipWords
                + (compile ? " " : " --no-compile ") + packages.map { "'\($0)'" }.joined(separator: " ")
        }
        let words = prefix + ["/bin/sh", "-c", script]
        let result = try Tool.run(
            words[0], Array(words.dropFirst()),
            environment: [
                "PIP": pip(base), "WHEELS": wheels, "HOME": (directory as NSString).deletingLastPathComponent,
            ],
            timeout: .seconds(240))
        guard result.status == 0 else { throw ToolError(description: "making \(directory): \(result)") }
    }

    private static let pipWords = """
        "$PIP" --quiet --disable-pip-version-check --no-cache-dir install --no-index --no-deps --find-links "$WHEELS"
        """

    /// Has pip install something into an environment.
    static func install(_ directory: String, _ words: [String]) throws {
        try Tool.shell(
            "'\(directory)/bin/python' " + pipWords + " " + words.map { "'\($0)'" }.joined(separator: " "),
            environment: ["PIP": pip(), "WHEELS": wheels])
    }

    /// The wheel of pip that every Python carries; it can be run as it is.
    static func pip(_ base: String? = nil) throws -> String {
        let question = "import ensurepip; print(ensurepip.__path__[0])"
        let python = base.map { "\($0)/bin/python3" } ?? "\(tools)/python"
        let directory = try Tool.shell("'\(python)' -I -c '\(question)'").trimmingCharacters(in: .newlines)
        let wheel = try #require(Local.names(directory + "/_bundled").first { $0.hasPrefix("pip-") })
        return "\(directory)/_bundled/\(wheel)/pip"
    }

    /// Makes the small environment that hostile things are put into: a virtual environment with a package of its own.
    ///
    /// - Parameter forOthers: whether other users than the one of the tests pack it: they may not reach the tools' Python.
    static func makeSmall(_ workspace: TestWorkspace, _ name: String = "env", forOthers: Bool = false) throws {
        if forOthers { try copyBase(to: workspace.path("base")) }
        try makeVenv(workspace.path(name), base: forOthers ? workspace.path("base") : nil)
        try addPackage(workspace, name, "tidy", ["tidy/__init__.py": "VALUE = 7\n", "tidy/data.txt": "data\n"])
    }

    /// Installs a package as pip would, with a RECORD that is true.
    static func addPackage(
        _ workspace: TestWorkspace, _ environment: String, _ name: String, version: String = "1.0",
        _ files: [String: String]
    ) throws {
        let job: [String: Any] = [
            "prefix": workspace.path(environment), "name": name, "version": version, "files": files,
        ]
        try Local.python(
            """
            import base64, glob, hashlib, json, os, sys
            job = json.loads(sys.argv[1])
            site, = glob.glob(job["prefix"] + "/lib/python3*/site-packages")
            info = f"{job['name']}-{job['version']}.dist-info"
            files = dict(job["files"])
            files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\\nName: {job['name']}\\nVersion: {job['version']}\\n"
            files[f"{info}/INSTALLER"] = "pip\\n"
            files[f"{info}/WHEEL"] = "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
            record = ""
            for name, text in sorted(files.items()):
                data = text.encode()
                os.makedirs(os.path.dirname(f"{site}/{name}"), exist_ok=True)
                with open(f"{site}/{name}", "wb") as file:
                    file.write(data)
                digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
                record += f"{name},sha256={digest},{len(data)}\\n"
            with open(f"{site}/{info}/RECORD", "w") as file:
                file.write(record + f"{info}/RECORD,,\\n")
            """, [String(decoding: try JSONSerialization.data(withJSONObject: job), as: UTF8.self)])
    }

    /// `env/lib/python3.11/site-packages`
    static func sitePackages(_ workspace: TestWorkspace, _ name: String = "env") throws -> String {
        let python = try #require(Local.names(workspace.path("\(name)/lib")).first { $0.hasPrefix("python3") })
        return "\(name)/lib/\(python)/site-packages"
    }
}

extension TestWorkspace {
    /// Runs `envsync pack`, with a cache in the workspace.
    func pack(
        _ prefix: String, _ output: String, _ more: String..., through: [String] = [], binary: String = Tool.envsync,
        cache: String = "cache", timeout: Duration = .seconds(120)
    ) throws -> CommandResult {
        try beginPack(prefix, output, more, through: through, binary: binary, cache: cache).wait(timeout: timeout)
    }

    /// Starts `envsync pack`.
    func beginPack(
        _ prefix: String, _ output: String, _ more: [String] = [], through: [String] = [],
        binary: String = Tool.envsync, cache: String = "cache"
    ) throws -> RunningCommand {
        // A zip can't hold the links that are all that a virtual environment has of Python.
        let isWithout = output.hasSuffix(".zip") && !more.contains("--with-python")
        return try begin(
            ["pack", prefix, "-o", output] + more + (isWithout ? ["--ignore", "interpreter"] : []), through: through,
            binary: binary,
            environment: ["XDG_CACHE_HOME": path(cache), "HOME": directory])
    }

    /// Packs and throws unless that succeeds; the archive.
    @discardableResult
    func packed(
        _ prefix: String, _ output: String, _ more: String..., cache: String = "cache",
        timeout: Duration = .seconds(120)
    ) throws -> PackedArchive {
        let result = try beginPack(prefix, output, more, cache: cache).wait(timeout: timeout)
        guard result.status == 0 else { throw ToolError(description: "pack \(prefix) \(more): \(result)") }
        return try PackedArchive(path(output))
    }

    func sha256(_ name: String) throws -> String {
        try String(Tool.shell("sha256sum '\(path(name))'").prefix(64))
    }
}

/// An archive as Python's modules for tar and zip read it, to its end, with its checksums.
struct PackedArchive: Decodable {
    struct Entry: Decodable {
        /// `file`, `link`, `directory` or another word.
        let type: String
        let mode: Int
        let size: Int64
        let link: String?
        let sha256: String?
        let text: String?
    }

    /// By path; bytes that are no UTF-8 are written as `\udcXX`.
    let entries: [String: Entry]
    /// In the order of the archive.
    let order: [String]
    /// Rows of RECORD files that aren't true of the archive.
    let untrue: [String]
    let owners: [[Int]]
    let times: [Int]

    init(_ path: String, timeout: Duration = .seconds(120)) throws {
        let result = try Tool.run("/usr/bin/env", ["python3", "-c", Self.program, path], timeout: timeout)
        guard result.status == 0 else { throw ToolError(description: "\(path) can't be read: \(result)") }
        self = try JSONDecoder().decode(PackedArchive.self, from: Data(result.stdout.utf8))
    }

    /// The entry whose path ends so.
    func entry(_ end: String) throws -> Entry {
        try #require(entries.first { $0.key == end || $0.key.hasSuffix("/" + end) }?.value, "no \(end)")
    }

    func has(_ end: String) -> Bool { entries.contains { $0.key == end || $0.key.hasSuffix("/" + end) } }

    private static let program = #"""
        import base64, csv, hashlib, io, json, os, stat, subprocess, sys, tarfile, zipfile

        path = sys.argv[1]
        entries, order, digests, owners, times = {}, [], {}, set(), set()

        def escaped(name):
            return name.encode("utf-8", "backslashreplace").decode() if isinstance(name, str) else name

        def add(name, kind, mode, size, link, file):
            sha256 = text = None
            if file is not None:
                digest, head, total = hashlib.sha256(), b"", 0
                while piece := file.read(1 << 20):
                    digest.update(piece)
                    head = head or piece
                    total += len(piece)
                assert total == size, (name, total, size)
                sha256 = digest.hexdigest()
                if size < 200_000:
                    text = head.decode("utf-8", "replace")
                    if name.endswith(".dist-info/RECORD"):
                        records.append((name, head.decode()))
            name = escaped(name)
            assert name not in entries, name
            order.append(name)
            entries[name] = {
                "type": kind, "mode": mode, "size": size, "link": link and escaped(link), "sha256": sha256, "text": text}

        records = []
        if path.endswith(".zip"):
            with zipfile.ZipFile(path) as archive:
                for info in archive.infolist():
                    mode = info.external_attr >> 16
                    kind = {stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "link"}[stat.S_IFMT(mode)]
                    link = archive.read(info).decode() if kind == "link" else None
                    file = archive.open(info) if kind == "file" else None
                    add(info.filename.rstrip("/"), kind, stat.S_IMODE(mode), info.file_size, link, file)
        else:
            source = None
            if path.endswith(".zst"):
                process = subprocess.Popen(["zstd", "-dcq", path], stdout=subprocess.PIPE)
                source = process.stdout
            elif path.endswith(".gz"):
                process = subprocess.Popen(["gzip", "-dcq", path], stdout=subprocess.PIPE)
                source = process.stdout
            else:
                process, source = None, open(path, "rb")
            with tarfile.open(fileobj=source, mode="r|", errors="surrogateescape") as archive:
                for member in archive:
                    kind = (
                        "link" if member.issym() else "directory" if member.isdir() else
                        "file" if member.isreg() else "hard link" if member.islnk() else "special")
                    owners.add((member.uid, member.gid))
                    times.add(int(member.mtime))
                    add(member.name.rstrip("/"), kind, member.mode, member.size, member.linkname if kind == "link" else None,
                        archive.extractfile(member) if kind == "file" else None)
            source.read()
            if process is not None and process.wait() != 0:
                sys.exit("the compressed stream is damaged")
        untrue = []
        for record, text in records:
            base = os.path.dirname(os.path.dirname(record))
            # Packages that others have vendored into themselves don't come with all that they list.
            if os.path.basename(base) != "site-packages":
                continue
            for name, checksum, size in csv.reader(io.StringIO(text)):
                entry = entries.get(os.path.normpath(os.path.join(base, name)))
                if entry is None:
                    untrue.append(f"{record}: {name} isn't there")
                elif checksum:
                    wanted = base64.urlsafe_b64decode(checksum.partition("=")[2] + "==").hex()
                    if entry["sha256"] != wanted or int(size) != entry["size"]:
                        untrue.append(f"{record}: {name} is another")
        json.dump({
            "entries": entries, "order": order, "untrue": untrue, "owners": sorted(owners), "times": sorted(times),
        }, sys.stdout)
        """#
}

/// The differences between two listings, shortened.
func differences(_ one: PackedArchive, _ other: PackedArchive) -> [String] {
    let names = Set(one.entries.keys).union(other.entries.keys)
    return names.filter {
        let (mine, theirs) = (one.entries[$0], other.entries[$0])
        return mine?.sha256 != theirs?.sha256 || mine?.type != theirs?.type || mine?.mode != theirs?.mode
            || mine?.link != theirs?.link
    }.sorted().prefix(20).map { name in
        "\(name): \(one.entries[name].map { "\($0.type) \($0.size)" } ?? "none") / "
            + "\(other.entries[name].map { "\($0.type) \($0.size)" } ?? "none")"
    }
}

extension TestPack {
    /// Makes a conda-style environment of the base Python and some of the wheels; see the script.
    static func makeConda(
        _ directory: String, packages: [String] = ["numpy", "pyyaml", "idna"], cache: String? = nil
    ) throws {
        let options = ["--wheels", wheels] + (cache.map { ["--packages", $0] } ?? [])
        let result = try Tool.run(
            "\(tools)/python",
            ["\(Tool.repository)/scripts/lib/conda-environment.py"] + options + [directory] + packages,
            timeout: .seconds(240))
        guard result.status == 0 else { throw ToolError(description: "making \(directory): \(result)") }
    }

    /// What a conda-style environment is asked; as that of virtual environments, without what isn't in it.
    static let condaQuestion = """
        import json, os, sys
        import ctypes, ssl, sqlite3, numpy, yaml, idna
        numpy.linalg.inv(numpy.eye(3))
        root = os.path.dirname(os.path.dirname(os.path.abspath(sys.executable)))
        files = {name: module.__file__ for name, module in sys.modules.items() if getattr(module, "__file__", None)}
        with open("/proc/self/maps") as maps:
            mapped = {line.split(None, 5)[5].strip() for line in maps if len(line.split(None, 5)) == 6}
        print(json.dumps({
            "executable": sys.executable, "prefix": sys.prefix,
            "files": {name: files[name] for name in ("numpy", "os")},
            "strangers": sorted(file for file in files.values() if not file.startswith(root + "/")),
            "foreign": sorted(file for file in mapped if "python" in file and not file.startswith(root + "/")),
        }))
        """
}
