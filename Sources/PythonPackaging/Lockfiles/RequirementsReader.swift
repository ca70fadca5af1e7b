/// Reads `requirements.txt` with hashes, as pip-tools and `uv pip compile` write it and pip reads it ("Requirements File
/// Format"; "Secure installs").
///
/// Every requirement must be pinned to one version and have a SHA-256. Options for the whole file are ignored: where
/// files come from is the business of who fetches them, and URLs of indexes may hold passwords.
enum RequirementsReader {
    /// Files may include files this deep.
    private static let maximumDepth = 8
    /// Files that may be included altogether.
    private static let maximumFiles = 64

    static func read(
        _ text: String, fileName: String, companion: (String) -> [UInt8]?
    ) throws(LockfileError) -> PythonLockfile {
        var reading = Reading()
        try reading.read(text, file: fileName, within: [], asConstraints: false, companion)
        var lockfile = PythonLockfile(format: .requirements)
        for pin in reading.requirements { lockfile.packages.append(try reading.package(pin)) }
        return lockfile
    }

    /// A requirement and where it stands.
    private struct Pin {
        var requirement: Requirement
        var version: String?
        var hashes: [String]
        var otherHashes: Bool
        var entry: LockfileEntry
    }

    private struct Reading {
        var requirements: [Pin] = []
        /// What constraint files pin, by name.
        var constraints: [String: [Pin]] = [:]
        var files = 0

        mutating func read(
            _ text: String, file: String, within outer: [String], asConstraints: Bool,
            _ companion: (String) -> [UInt8]?
        ) throws(LockfileError) {
            files += 1
            for line in RequirementsLines.split(text) {
                var entry = LockfileEntry(table: LockfileTable(line: line.number))
                if !outer.isEmpty { entry.name = file }
                if line.text.hasPrefix("-") {
                    try option(line.text, file: file, within: outer, asConstraints: asConstraints, entry, companion)
                    continue
                }
                let pin = try Self.pin(line.text, entry)
                if asConstraints {
                    constraints[PythonNames.normalize(pin.requirement.name), default: []].append(pin)
                } else {
                    requirements.append(pin)
                }
            }
        }

        private mutating func option(
            _ line: String, file: String, within outer: [String], asConstraints: Bool, _ entry: LockfileEntry,
            _ companion: (String) -> [UInt8]?
        ) throws(LockfileError) {
            for (option, constrains) in [
                ("--requirement", false), ("-r", false), ("--constraint", true), ("-c", true),
            ] {
                guard let name = Self.argument(of: option, in: line) else { continue }
                guard LockedFile.isLeaf(name) else {
                    throw entry.error(
                        "\(option) \(LockfileText.quoted(name)): only files of the same directory can be included")
                }
                guard !outer.contains(name), name != file else {
                    throw entry.error("\(LockfileText.quoted(name)) includes itself")
                }
                guard outer.count < maximumDepth, files < maximumFiles else {
                    throw entry.error("files include each other more than \(maximumDepth) deep, or too many of them")
                }
                guard let content = companion(name) else {
                    throw entry.error("\(LockfileText.quoted(name)) can't be read")
                }
                let text: String
                do {
                    text = try LockfileText.decode(content)
                } catch {
                    throw entry.error("\(LockfileText.quoted(name)): \(error)")
                }
                try read(
                    text, file: name, within: outer + [file], asConstraints: asConstraints || constrains, companion)
                return
            }
            if Self.argument(of: "--editable", in: line) != nil || Self.argument(of: "-e", in: line) != nil {
                throw entry.error(
                    "an editable requirement has no wheel; leave it out, for example by "
                        + "`uv export --no-emit-project`, or give a wheel of it by `NAME @ URL --hash=…`")
            }
        }

        /// The argument of an option at the beginning of a line: `-r FILE`, `-rFILE`, `--requirement=FILE`.
        private static func argument(of option: String, in line: String) -> String? {
            guard line.hasPrefix(option) else { return nil }
            let rest = line.dropFirst(option.count)
            if option.hasPrefix("--"), let first = rest.first, first != "=", !first.isWhitespace { return nil }
            let argument = RequirementsLines.trimmed(rest.first == "=" ? rest.dropFirst() : rest)
            return String(argument)
        }

        private static func pin(_ line: String, _ unnamed: LockfileEntry) throws(LockfileError) -> Pin {
            var entry = unnamed
            let (text, options) = RequirementsLines.options(of: line)
            let requirement: Requirement
            do {
                requirement = try Requirement(text)
            } catch {
                throw entry.error("\(LockfileText.quoted(text)): \(error.message)")
            }
            entry.name = [unnamed.name, String(requirement.name.prefix(120))].compactMap { $0 }.joined(separator: ": ")
            var pin = Pin(
                requirement: requirement, version: requirement.specifiers?.pinnedVersion, hashes: [],
                otherHashes: false,
                entry: entry)
            var written: [String] = []
            var index = 0
            while index < options.count {
                let option = options[index]
                index += 1
                if option.hasPrefix("--hash=") {
                    written.append(String(option.dropFirst("--hash=".count)))
                } else if option == "--hash", index < options.count {
                    written.append(options[index])
                    index += 1
                }
            }
            // pip takes the hash of a direct reference from its URL too.
            if let url = requirement.url, let fragment = url.split(separator: "#", maxSplits: 1).dropFirst().first {
                written += fragment.split(separator: "&").filter { $0.hasPrefix("sha256=") }.map(String.init)
            }
            for hash in written {
                if let sha256 = try LockedHash.sha256(hash, in: entry) {
                    if !pin.hashes.contains(sha256) { pin.hashes.append(sha256) }
                } else {
                    pin.otherHashes = true
                }
            }
            return pin
        }

        func package(_ pin: Pin) throws(LockfileError) -> LockedPackage {
            let requirement = pin.requirement
            // As in pip, a constraint may pin what a requirement leaves open, and bring the hashes.
            let constraint = constraints[PythonNames.normalize(requirement.name)]?.first { constraint in
                pin.version == nil || constraint.version == nil || constraint.version == pin.version
            }
            let version = pin.version ?? constraint?.version
            let hashes = pin.hashes.isEmpty ? constraint?.hashes ?? [] : pin.hashes
            guard version != nil || requirement.url != nil else {
                throw pin.entry.error("is not pinned by == to one version; \(Self.advice)")
            }
            guard !hashes.isEmpty else {
                throw pin.entry.error(
                    pin.otherHashes
                        ? "has no SHA-256 among its hashes; \(Self.advice)" : "has no --hash; \(Self.advice)")
            }
            var package = LockedPackage(name: requirement.name, version: version, marker: requirement.marker)
            guard let url = requirement.url else {
                package.hashes = hashes
                return package
            }
            package.location = LockedURL.location(url)
            package.source = url.prefix(8).contains("+") ? .vcs : .direct
            let file = try LockedFile(url: url, sha256: hashes.count == 1 ? hashes.first : nil, in: pin.entry)
            file.add(to: &package)
            if file.isWheel, package.version == nil, let name = file.name.flatMap(WheelFileName.init) {
                package.version = name.version
            }
            if hashes.count > 1 { package.hashes = hashes }
            return package
        }

        private static let advice =
            "write the file by `uv pip compile --generate-hashes` or `pip-compile --generate-hashes`"
    }
}
