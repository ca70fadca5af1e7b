/// Reads a conda `environment.yml`: names and pins, without files (docs.conda.io, "Managing environments"; conda,
/// "Package match specifications").
///
/// A version ends in `.*` if the pin means all versions that begin so, as conda's `numpy=1.26` does; what is not pinned
/// has none. Packages of the `pip:` list have the source `registry`, the others `conda`.
enum CondaEnvironmentReader {
    static func read(_ text: String) throws(LockfileError) -> PythonLockfile {
        let file = LockfileEntry(table: try YAMLSyntax.parse(text))
        var lockfile = PythonLockfile(format: .condaEnvironment)
        lockfile.environmentName = try file.string("name")
        for value in try file.list("dependencies") {
            switch value {
            case .string(let text), .plain(let text):
                lockfile.packages.append(try package(text, in: file))
            case .table(let table):
                for (key, value) in table.fields {
                    guard key == "pip" else {
                        throw LockfileError(
                            "dependencies has \(LockfileText.quoted(key)), where only pip is known", line: table.line)
                    }
                    let list = LockfileEntry(table: LockfileTable([("pip", value)], line: table.line))
                    for text in try list.strings("pip") {
                        if let package = try requirement(text, in: list) { lockfile.packages.append(package) }
                    }
                }
            default: throw file.error("dependencies must hold strings, not \(value.kind)")
            }
        }
        return lockfile
    }

    /// `[channel::]name[=version[=build]]`, `name version [build]`, `name[version='…']`.
    private static func package(_ text: String, in file: LockfileEntry) throws(LockfileError) -> LockedPackage {
        let entry = LockfileEntry(table: file.table, name: "dependency \(LockfileText.quoted(text))")
        var spec = RequirementsLines.trimmed(text[...])
        var channel: String?
        if let separator = spec.firstRange(of: "::") {
            channel = LockedURL.location(String(spec[..<separator.lowerBound]))
            spec = RequirementsLines.trimmed(spec[separator.upperBound...])
        }
        let name = spec.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
        guard !name.isEmpty else { throw entry.error("has no package name") }
        let rest = spec[name.endIndex...]
        guard let first = rest.first else {
            return LockedPackage(condaName: String(name), version: nil, channel: channel)
        }
        guard first.isWhitespace || "=<>!~[".contains(first) else { throw entry.error("can't be understood") }
        let version: String?
        if first == "[" {
            version = bracketVersion(rest)
        } else {
            version = pin(RequirementsLines.trimmed(rest))
        }
        return LockedPackage(condaName: String(name), version: version, channel: channel)
    }

    /// What a version specification pins to. `==1.2` and a version with a build string are exact, `=1.2` is a prefix.
    private static func pin(_ spec: Substring) -> String? {
        let exact = spec.hasPrefix("==")
        let fuzzy = !exact && spec.hasPrefix("=")
        let parts = spec.drop { $0 == "=" }.split { $0.isWhitespace || $0 == "=" }
        guard let version = parts.first,
            PythonVersion.isPlausible(version.hasSuffix(".*") ? version.dropLast(2) : version)
        else { return nil }
        if version.hasSuffix(".*") || exact || parts.count > 1 || !fuzzy { return String(version) }
        return version + ".*"
    }

    /// `[version='1.2', build=…]`.
    private static func bracketVersion(_ text: Substring) -> String? {
        for field in text.dropFirst().prefix(while: { $0 != "]" }).split(separator: ",") {
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, RequirementsLines.trimmed(parts[0]) == "version" else { continue }
            let value = RequirementsLines.trimmed(parts[1]).filter { $0 != "'" && $0 != "\"" }
            return pin(value[...])
        }
        return nil
    }

    /// One line of the `pip:` list; `nil` for an option such as an index.
    private static func requirement(_ text: String, in file: LockfileEntry) throws(LockfileError) -> LockedPackage? {
        let entry = LockfileEntry(table: file.table, name: "pip dependency \(LockfileText.quoted(text))")
        let text = RequirementsLines.options(of: text).requirement
        if text.isEmpty { return nil }
        if text.hasPrefix("-") {
            for option in ["-r", "-c", "-e"] where text.hasPrefix(option) {
                throw entry.error("list the requirements themselves; files and directories are not followed")
            }
            return nil
        }
        let requirement: Requirement
        do {
            requirement = try Requirement(text)
        } catch {
            throw entry.error(error.message)
        }
        return LockedPackage(
            name: requirement.name, version: requirement.specifiers?.pinnedVersion,
            source: requirement.url == nil ? .registry : .direct, location: requirement.url.map(LockedURL.location),
            marker: requirement.marker)
    }
}

extension LockedPackage {
    /// A package of conda, whose names are lower-case and otherwise as written.
    fileprivate init(condaName: String, version: String?, channel: String?) {
        self.init(name: condaName, version: version, source: .conda, location: channel)
        name = condaName.lowercased()
    }
}
