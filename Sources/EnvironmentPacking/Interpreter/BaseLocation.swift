import Glibc

/// Where the interpreter is that an environment was made from.
struct BaseLocation {
    /// The program, absolute, without symbolic links.
    var executable: String
    /// The directory that its `bin` and `lib` are in, likewise.
    var prefix: String
    /// The standard library's directory, absolute, without symbolic links.
    var library: String
    /// Whether the program looks for it in `lib64`.
    var isLib64: Bool

    /// Why there is none; a clause about the interpreter.
    struct NotFound: Error { var message: String }

    /// - Parameters:
    ///   - candidates: paths of interpreters; the first that exists is taken.
    ///   - python: its version, `3.11`.
    init(_ candidates: [String], python: String) throws(NotFound) {
        guard var path = candidates.lazy.compactMap({ Self.real($0) }).first else {
            throw NotFound(message: "can't be found: there is no \(candidates.joined(separator: ", no "))")
        }
        // An interpreter that is itself one of a virtual environment, copied.
        for _ in 0..<8 {
            guard let home = Self.home(of: path) else { break }
            let next = ["python" + python, "python3", "python"].lazy.compactMap { Self.real(home + "/" + $0) }.first
            guard let next, next != path else { break }
            path = next
        }
        executable = path
        // As the interpreter itself does it (Modules/getpath.py): upwards from its own place.
        var directory = Self.parent(path)
        while true {
            for library in ["lib", "lib64"] {
                let candidate = (directory == "/" ? "" : directory) + "/\(library)/python\(python)"
                if Self.real(candidate + "/os.py") != nil, let real = Self.real(candidate) {
                    self.prefix = directory
                    self.library = real
                    isLib64 = library == "lib64"
                    return
                }
            }
            guard directory != "/" else { break }
            directory = Self.parent(directory)
        }
        throw NotFound(message: "\(path) has no standard library (lib/python\(python)/os.py) above it")
    }

    /// Whether it belongs to the system: its directories then hold much else.
    var isSystem: Bool { ["/", "/usr", "/usr/local"].contains(prefix) }

    static func parent(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }

    static func real(_ path: String) -> String? {
        guard !path.utf8.contains(0), let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(validatingCString: resolved)
    }

    /// A regular file, as it is now.
    static func source(_ path: String) -> (file: SourceFile, mode: UInt32)? {
        var info = stat()
        guard lstat(path, &info) == 0, info.st_mode & S_IFMT == S_IFREG else { return nil }
        return (SourceFile(path: Array(path.utf8), fingerprint: .init(info)), UInt32(info.st_mode))
    }

    private static func home(of executable: String) -> String? {
        let place = parent(parent(executable)) + "/pyvenv.cfg"
        guard let source = source(place), let text = try? OpenSource(source.file).bytes(limit: 64 << 10) else {
            return nil
        }
        for line in String(decoding: text, as: UTF8.self).split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: "=", maxSplits: 1).map { $0.drop { $0 == " " } }
            guard parts.count == 2, parts[0].prefix(while: { $0 != " " }) == "home" else { continue }
            return String(parts[1])
        }
        return nil
    }
}
