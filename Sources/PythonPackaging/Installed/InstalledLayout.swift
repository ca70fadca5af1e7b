import Foundation
import Glibc

/// Where an environment keeps its modules, and for which Python.
///
/// A venv says its version in `pyvenv.cfg` (PEP 405), conda in the name of `conda-meta/python-….json`; else the one
/// directory `lib/pythonX.Y/site-packages` does.
package struct InstalledLayout {
    package let prefix: String
    package let python: String
    package let sitePackages: [String]
    /// The keys, in lower case, and values of `pyvenv.cfg`.
    package let settings: [String: String]
    package private(set) var notes: [String] = []

    package init(prefix given: String) throws {
        guard !given.utf8.contains(0), let prefix = LocalDirectory.real(given) else {
            let code = given.utf8.contains(0) ? EINVAL : errno
            throw InstalledEnvironmentError(path: given, message: String(cString: strerror(code)))
        }
        self.prefix = prefix
        let found = try Self.candidates(prefix, given)
        let configuration = Self.configuration(prefix)
        settings = configuration
        let stated = configuration["version"] ?? configuration["version_info"] ?? Self.condaVersion(prefix)
        let version = stated.flatMap(Self.minor)
        let versions = Set(found.map(\.version))
        guard !found.isEmpty else {
            throw InstalledEnvironmentError(
                path: given, message: "there is no Python environment: it has no lib/python*/site-packages")
        }
        if let version, versions.contains(version) {
            python = version
            let others = versions.subtracting([version]).sorted()
            if !others.isEmpty {
                notes.append(
                    "The environment is of Python \(version); what is there for \(others.joined(separator: ", ")) is not looked at."
                )
            }
        } else if let version {
            throw InstalledEnvironmentError(
                path: given,
                message:
                    "it is of Python \(version), but its modules are those of \(versions.sorted().joined(separator: ", "))"
            )
        } else if versions.count == 1, let version = versions.first {
            python = version
        } else {
            throw InstalledEnvironmentError(
                path: given,
                message: "it holds the modules of several Pythons (\(versions.sorted().joined(separator: ", "))), "
                    + "and neither pyvenv.cfg nor conda-meta tells which is meant")
        }
        let wanted = python
        var seen = Set<String>()
        // `lib64` is mostly a link to `lib`.
        sitePackages = found.filter { $0.version == wanted }.compactMap { LocalDirectory.real($0.path) }
            .filter { seen.insert($0).inserted && LocalDirectory.contains(prefix, $0) }
        guard !sitePackages.isEmpty else {
            throw InstalledEnvironmentError(path: given, message: "its site-packages are outside of it")
        }
        if configuration["include-system-site-packages"]?.lowercased() == "true" {
            notes.append("The environment also sees the packages of its base Python, which are not looked at.")
        }
    }

    private static func candidates(
        _ prefix: String, _ given: String
    ) throws -> [(version: String, path: String)] {
        var found: [(version: String, path: String)] = []
        for library in ["lib", "lib64"] {
            let directory = "\(prefix)/\(library)"
            guard LocalDirectory.isDirectory(directory) else { continue }
            for name in try LocalDirectory.names(directory) {
                let sitePackages = "\(directory)/\(name.text)/site-packages"
                guard let version = version(ofLibrary: name.text), LocalDirectory.isDirectory(sitePackages) else {
                    continue
                }
                found.append((version, sitePackages))
            }
        }
        return found
    }

    /// `3.11` of `python3.11`, `python3.13t` or `pypy3.10`.
    private static func version(ofLibrary name: String) -> String? {
        guard let prefix = ["python", "pypy"].first(where: name.hasPrefix) else { return nil }
        var rest = name.dropFirst(prefix.count)
        if rest.hasSuffix("t") { rest.removeLast() }
        let parts = rest.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(PythonNames.isDigit) }) else {
            return nil
        }
        return String(rest)
    }

    private static func minor(_ version: String) -> String? {
        let parts = version.split(separator: ".").prefix(2)
        return parts.count == 2 ? parts.joined(separator: ".") : nil
    }

    /// The keys and values of `pyvenv.cfg`.
    private static func configuration(_ prefix: String) -> [String: String] {
        guard let bytes = LocalDirectory.read("\(prefix)/pyvenv.cfg", limit: 1 << 16) else { return [:] }
        var values: [String: String] = [:]
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let parts = line.split(separator: UInt8(ascii: "="), maxSplits: 1)
            guard parts.count == 2 else { continue }
            let texts = parts.map {
                String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            }
            values[texts[0].lowercased()] = texts[1]
        }
        return values
    }

    /// The version of conda's `python` package: of `python-3.11.9-h955ad1f_0.json`.
    private static func condaVersion(_ prefix: String) -> String? {
        guard let names = try? LocalDirectory.names("\(prefix)/conda-meta") else { return nil }
        return names.lazy.compactMap { name -> String? in
            let parts = name.text.split(separator: "-")
            guard name.text.hasSuffix(".json"), parts.count == 3, parts[0] == "python" else { return nil }
            return String(parts[1])
        }.first
    }
}
