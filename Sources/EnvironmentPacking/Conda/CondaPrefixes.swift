/// Finds out what an environment's prefix was when conda rewrote its files.
enum CondaPrefixes {
    /// Commands that are looked at; those of one installation all say the same.
    static let samples = 64

    /// Where the environment is, as the user spells it, and, if it is a copy, where its commands say that it was.
    static func all(_ survey: EnvironmentSurvey) -> [[UInt8]] {
        var all = [Array(survey.prefix.utf8)]
        func add(_ prefix: [UInt8]) {
            // The root directory as a prefix would be found in every path.
            if prefix.count > 1, !all.contains(prefix) { all.append(prefix) }
        }
        add(Array(survey.givenPrefix.utf8))
        let commands = survey.files.lazy.filter {
            $0.kind == .regular && $0.path.starts(with: CondaPaths.bin) && $0.mode & 0o100 != 0
                && $0.source.fingerprint.size < 1 << 16
        }
        for command in commands.prefix(samples) {
            guard let source = try? OpenSource(command.source), let start = try? beginning(source) else { continue }
            if let prefix = named(in: start) { add(prefix) }
        }
        return all
    }

    private static func beginning(_ source: OpenSource) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: 1024) { buffer, count in
            count = try source.read(into: UnsafeMutableRawBufferPointer(buffer), at: 0)
        }
    }

    /// The prefix in `#!PREFIX/bin/python3.11` or `'''exec' "PREFIX/bin/python3.11" "$0" "$@"`.
    static func named(in script: [UInt8]) -> [UInt8]? {
        let lines = script.split(separator: UInt8(ascii: "\n"), maxSplits: 2, omittingEmptySubsequences: false)
        guard let first = lines.first, first.starts(with: Array("#!".utf8)) else { return nil }
        var command = first.dropFirst(2).drop { $0 == UInt8(ascii: " ") }
        if command.elementsEqual("/bin/sh".utf8), lines.count > 1 {
            let quoted = lines[1].split(separator: UInt8(ascii: "\""), maxSplits: 2, omittingEmptySubsequences: false)
            guard lines[1].starts(with: Array("'''exec' \"".utf8)), quoted.count > 1 else { return nil }
            command = quoted[1]
        }
        let path = command.prefix { $0 != UInt8(ascii: " ") || !first.elementsEqual(command) }
        guard path.first == UInt8(ascii: "/"), let slash = path.lastIndex(of: UInt8(ascii: "/")) else { return nil }
        let name = path[(slash + 1)...].prefix { $0 != UInt8(ascii: " ") }
        let directory = path[..<slash]
        guard name.starts(with: Array("python".utf8)), directory.suffix(4) == Array("/bin".utf8) else { return nil }
        let prefix = Array(directory.dropLast(4))
        // `#!/usr/bin/python3` is the system's.
        return [Array("/usr".utf8), Array("/usr/local".utf8), []].contains(prefix) ? nil : prefix
    }
}

/// The environment's interpreter.
struct CondaInterpreter {
    /// Relative to the environment.
    var path: String
    /// The file's own name, if there is one.
    var name: String?
    var problem: PackProblem?

    init(_ survey: EnvironmentSurvey) {
        let names = ["python", "python3", "python\(survey.python)"]
        let paths = Set(
            survey.files.filter {
                $0.path.starts(with: Array("bin/python".utf8)) && $0.kind != .directory
            }.map(\.path))
        name = names.first { paths.contains(Array("bin/\($0)".utf8)) }
        path = "bin/\(name ?? "python")"
        guard name == nil else { return }
        problem = PackProblem(
            code: .interpreter, paths: [Array("bin/python".utf8)], count: 1,
            message: "isn't there: the environment holds no Python",
            advice: "add one: conda install python=\(survey.python.isEmpty ? "3" : survey.python)")
    }
}
