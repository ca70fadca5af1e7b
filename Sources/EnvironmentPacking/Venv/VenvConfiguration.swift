/// `pyvenv.cfg` (PEP 405) with what the interpreter reads of it, and nothing of when, where and by what it was made.
struct VenvConfiguration {
    /// Keys in lower case.
    let settings: [String: String]

    /// The directory of the base interpreter.
    var home: String? { settings["home"].flatMap { $0.isEmpty ? nil : $0 } }

    /// Whether the base interpreter's packages are visible.
    var hasSystemPackages: Bool { settings["include-system-site-packages"]?.lowercased() == "true" }

    /// `3.11.7`. venv writes `version`, uv `version_info`, virtualenv both, one with a release level: `3.11.7.final.0`.
    var version: String? {
        for key in ["version", "version_info"] {
            guard let value = settings[key] else { continue }
            let numbers = value.split(separator: ".").prefix { $0.allSatisfy { $0.isASCII && $0.isNumber } }.prefix(3)
            if numbers.count >= 2 { return numbers.joined(separator: ".") }
        }
        return nil
    }

    /// The file, as it goes into an archive.
    var canonical: [UInt8] {
        var lines: [String] = []
        if let home { lines.append("home = \(home)") }
        lines.append("include-system-site-packages = \(hasSystemPackages)")
        if let version { lines.append("version = \(version)") }
        // Chosen by the user; activation scripts show it.
        if let prompt = settings["prompt"] { lines.append("prompt = \(prompt)") }
        return Array((lines.joined(separator: "\n") + "\n").utf8)
    }
}
