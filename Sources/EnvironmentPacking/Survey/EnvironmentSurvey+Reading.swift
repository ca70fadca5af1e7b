import Crypto
import Glibc
import PythonPackaging

extension EnvironmentSurvey {
    /// Lists an environment.
    ///
    /// - Parameters:
    ///   - prefix: its directory; may be relative, and lead over symbolic links.
    ///   - skipping: absolute paths of files that are taken for not there: archives that envsync itself wrote.
    /// - Throws: ``PackError`` if it isn't an environment, or one that should not be packed whole.
    init(prefix given: String, skipping: Set<[UInt8]> = []) throws(PackError) {
        let place = try EnvironmentPlace(given)
        let walk = DirectoryWalk(root: place.real, skipping: skipping)
        let files: [SurveyedFile]
        do { files = try walk.run() } catch {
            throw PackError(path: given, message: "can't be listed: \(error.message)", advice: nil)
        }
        let layout: InstalledLayout
        do { layout = try InstalledLayout(prefix: place.real) } catch let error as InstalledEnvironmentError {
            throw PackError(path: given, message: error.message, advice: Self.whatIsLookedFor)
        } catch {
            throw PackError(path: given, message: "\(error)", advice: Self.whatIsLookedFor)
        }
        guard let kind = Self.kind(files, python: layout.python) else {
            throw PackError(
                path: given, message: "is no Python environment that can be packed", advice: Self.whatIsLookedFor)
        }
        self.init(
            kind: kind, prefix: place.real, givenPrefix: place.given, python: layout.python,
            sitePackages: layout.sitePackages.map { String($0.dropFirst(place.real.count + 1)) },
            configuration: layout.settings, files: files, digest: Self.digest(files), notes: layout.notes)
    }

    private static let whatIsLookedFor =
        "an environment has conda-meta (conda), pyvenv.cfg (venv, virtualenv, uv) "
        + "or bin/python and lib/pythonX.Y/os.py (a Python installation that can be moved)"

    private static func kind(_ files: [SurveyedFile], python: String) -> PackPlan.Kind? {
        func has(_ path: String, _ isWanted: (SurveyedFile.Kind) -> Bool) -> Bool {
            let wanted = Array(path.utf8)
            let index = files.firstIndex(atOrAfter: wanted)
            return index < files.count && files[index].path == wanted && isWanted(files[index].kind)
        }
        let anything: (SurveyedFile.Kind) -> Bool = { _ in true }
        if has("conda-meta", { $0 == .directory }) { return .conda }
        if has("pyvenv.cfg", { $0 == .regular }) { return .venv }
        let hasInterpreter = has("bin/python", anything) || has("bin/python3", anything)
        return hasInterpreter && has("lib/python\(python)/os.py", anything) ? .tree : nil
    }

    /// Directories' own times say nothing that their entries don't.
    private static func digest(_ files: [SurveyedFile]) -> [UInt8] {
        var hash = SHA256()
        var buffer: [UInt8] = []
        buffer.reserveCapacity(1 << 16)
        for file in files {
            buffer.append(contentsOf: file.path)
            buffer.append(0)
            switch file.kind {
            case .regular: buffer.append(UInt8(ascii: "f"))
            case .directory: buffer.append(UInt8(ascii: "d"))
            case .symlink(let target):
                buffer.append(UInt8(ascii: "l"))
                buffer.append(contentsOf: target)
                buffer.append(0)
            case .special(let what), .unreadable(let what):
                buffer.append(UInt8(ascii: "?"))
                buffer.append(contentsOf: what.utf8)
                buffer.append(0)
            }
            buffer.append(integer: UInt64(file.mode))
            if file.kind == .regular { buffer.append(fingerprint: file.source.fingerprint) }
            if buffer.count > 60_000 {
                hash.update(data: buffer)
                buffer.removeAll(keepingCapacity: true)
            }
        }
        hash.update(data: buffer)
        return Array(hash.finalize())
    }
}

extension [SurveyedFile] {
    /// The first that isn't before a path; they are sorted.
    func firstIndex(atOrAfter path: [UInt8]) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if self[middle].path.isBefore(path) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// Where an environment is, under both of its names.
struct EnvironmentPlace {
    /// Made absolute, not resolved.
    let given: String
    /// Without symbolic links.
    let real: String

    /// - Throws: ``PackError`` for a directory that isn't there, or that holds much more than an environment.
    init(_ path: String) throws(PackError) {
        guard !path.isEmpty, !path.utf8.contains(0), let resolved = realpath(path, nil) else {
            let reason = path.isEmpty || path.utf8.contains(0) ? "is no path" : String(cString: strerror(errno))
            throw PackError(path: path, message: "there is no environment: \(reason)")
        }
        defer { free(resolved) }
        guard let real = String(validatingCString: resolved) else {
            throw PackError(
                path: path, message: "its path is not UTF-8", advice: "move the environment to a path that is")
        }
        self.real = real
        given = Self.absolute(path)
        var info = stat()
        guard stat(real, &info) == 0, info.st_mode & S_IFMT == S_IFDIR else {
            throw PackError(path: path, message: "is not a directory", advice: "give the environment's own directory")
        }
        let home = getenv("HOME").flatMap { realpath($0, nil) }
        defer { free(home) }
        let isHome = home.map { strcmp($0, resolved) == 0 } ?? false
        guard !isHome, !["/", "/usr", "/usr/local", "/home", "/root", "/tmp", "/opt", "/var"].contains(real) else {
            throw PackError(
                path: path, message: isHome ? "is your home directory" : "is a directory of the system",
                advice: "give an environment's own directory, such as .venv")
        }
    }

    /// - Throws: if the environment's directory holds the workspace, whose files would all be shipped.
    func check(workspace: String?) throws(PackError) {
        guard let workspace, let resolved = realpath(workspace, nil) else { return }
        defer { free(resolved) }
        guard real != String(cString: resolved), !String(cString: resolved).hasPrefix(real + "/") else {
            throw PackError(
                path: given, message: "holds the workspace \(workspace)",
                advice: "give an environment's own directory, such as .venv; all that is in it would be packed")
        }
    }

    /// Without `.`, `//` and `..`, which is taken literally.
    static func absolute(_ path: String) -> String {
        var full = path
        if !path.hasPrefix("/"), let directory = getcwd(nil, 0) {
            full = String(cString: directory) + "/" + path
            free(directory)
        }
        var parts: [Substring] = []
        for part in full.split(separator: "/") where part != "." {
            if part == ".." { parts = parts.dropLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }
}
