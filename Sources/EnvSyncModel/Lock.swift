/// `envsync.lock`: every artifact of an environment, in a stable order.
public struct Lock: Hashable, Sendable {
    /// The environment's name.
    public let environment: EnvironmentName
    /// The artifacts: by delivery, then name, version, leaf, digest, origin, alias and jobs.
    public let artifacts: [Artifact]
    /// `environment.lockfile` and `environment.target` as they were when it was locked; `nil` without a lockfile.
    public let basis: LockBasis?
    /// Packages that are not sent because an archive holds them, by name.
    public let provided: [ProvidedPackage]

    /// Makes a lock; sorts the artifacts.
    public init(
        environment: EnvironmentName, artifacts: [Artifact], basis: LockBasis? = nil, provided: [ProvidedPackage] = []
    ) {
        self.environment = environment
        self.basis = basis
        self.provided = provided.sorted { ($0.name, $0.archive.text) < ($1.name, $1.archive.text) }
        // A lock that was just read is in order already, and looking is much cheaper than sorting.
        let isSorted = zip(artifacts, artifacts.dropFirst()).allSatisfy { !Lock.precedes($1, $0) }
        self.artifacts = isSorted ? artifacts : artifacts.sorted(by: Lock.precedes)
    }

    /// The environment that workers get: the lock without anything local.
    public var manifest: EnvironmentManifest { EnvironmentManifest(name: environment, artifacts: artifacts) }

    private static func precedes(_ left: Artifact, _ right: Artifact) -> Bool {
        if left.delivery != right.delivery { return left.delivery < right.delivery }
        if let decided = decide(left.name, right.name) { return decided }
        if let decided = decide(left.version ?? "", right.version ?? "") { return decided }
        if let decided = decide(left.leaf.text, right.leaf.text) { return decided }
        if left.digest != right.digest { return left.digest.hex < right.digest.hex }
        if let decided = decide(left.origin.section.rawValue, right.origin.section.rawValue) { return decided }
        if let decided = decide(left.origin.path, right.origin.path) { return decided }
        if let decided = decide(left.alias?.text ?? "", right.alias?.text ?? "") { return decided }
        return left.jobs.lexicographicallyPrecedes(right.jobs)
    }

    /// Whether the one comes first, by UTF-8 bytes; `nil` if they are the same bytes.
    private static func decide(_ one: String, _ other: String) -> Bool? {
        let (left, right) = (one.utf8Span.span, other.utf8Span.span)
        for index in 0..<min(left.count, right.count) where left[index] != right[index] {
            return left[index] < right[index]
        }
        return left.count == right.count ? nil : left.count < right.count
    }
}

/// What wheels were chosen by.
public struct LockBasis: Hashable, Sendable {
    /// The Python lockfile, as `envsync.toml` names it; for an absolute path, its last component.
    public var lockfile: String
    /// The target: Python version, implementation and platform, for example `3.11 cp manylinux_2_28_x86_64`.
    public var target: String

    /// Makes one from its parts.
    public init(lockfile: String, target: String) {
        self.lockfile = lockfile
        self.target = target
    }
}

/// A lock file that cannot be used.
public struct LockFormatError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Counted from 1.
    public let line: Int
    /// What is wrong there.
    public let message: String

    /// Both, in one line.
    public var description: String { "line \(line): \(message)" }
}

extension Lock {
    /// The format version that this code writes and the only one it reads.
    public static let formatVersion = 1

    /// The text of the lock file: TOML, one key a line, one blank line between artifacts, sorted.
    public var text: String {
        var text = """
            # Written by `envsync lock`: what this environment is made of. Commit it; do not edit it by hand.
            version = \(Lock.formatVersion)
            environment = "\(environment)"

            """
        if let basis {
            text += "lockfile = \(Self.quote(basis.lockfile))\n"
            text += "target = \(Self.quote(basis.target))\n"
        }
        for artifact in artifacts {
            text += "\n[[artifact]]\n"
            text += "name = \(Self.quote(artifact.name))\n"
            if let version = artifact.version { text += "version = \(Self.quote(version))\n" }
            text += "kind = \"\(artifact.kind.rawValue)\"\n"
            text += "delivery = \"\(artifact.delivery.rawValue)\"\n"
            if let alias = artifact.alias { text += "alias = \"\(alias)\"\n" }
            if let base = artifact.base { text += "base = \"\(base)\"\n" }
            if let interpreter = artifact.interpreter { text += "interpreter = \(Self.quote(interpreter))\n" }
            text += "leaf = \"\(artifact.leaf)\"\n"
            text += "size = \(artifact.size)\n"
            text += "sha256 = \"\(artifact.digest.hex)\"\n"
            if let checksum = artifact.hdfsChecksum { text += "hdfs-checksum = \"\(checksum)\"\n" }
            if !artifact.jobs.isEmpty {
                text += "jobs = [" + artifact.jobs.map { "\"\($0)\"" }.joined(separator: ", ") + "]\n"
            }
            text += "\(artifact.origin.section.rawValue) = \(Self.quote(artifact.origin.path))\n"
        }
        for artifact in artifacts {
            for wheel in artifact.wheels {
                text += "\n[[wheel]]\n"
                text += "name = \(Self.quote(wheel.name))\n"
                text += "version = \(Self.quote(wheel.version))\n"
                text += "layer = \(Self.quote(artifact.origin.path))\n"
                text += "file = \(Self.quote(wheel.fileName))\n"
                text += "sha256 = \"\(wheel.digest.hex)\"\n"
            }
        }
        for artifact in artifacts {
            guard let contents = artifact.contents else { continue }
            text += "\n[[packed]]\n"
            text += "\(artifact.origin.section.rawValue) = \(Self.quote(artifact.origin.path))\n"
            text += "python = \(Self.quote(contents.python))\n"
            if !contents.options.isEmpty { text += "options = \(Self.list(contents.options))\n" }
            if let other = contents.other { text += "other = \(Self.quote(other))\n" }
            text += "packages = \(Self.list(contents.packages.map(\.line)))\n"
        }
        for package in provided {
            text += "\n[[provided]]\n"
            text += "name = \(Self.quote(package.name))\n"
            text += "version = \(Self.quote(package.version))\n"
            text += "archive = \"\(package.archive)\"\n"
        }
        return text
    }

    /// A TOML array, one string a line.
    private static func list(_ strings: [String]) -> String {
        "[\n" + strings.map { "    \(quote($0)),\n" }.joined() + "]"
    }

    /// A TOML basic string (TOML 1.0.0, "String").
    private static func quote(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            default:
                if scalar.value < 0x20 || scalar.value == 0x7F {
                    let hex = String(scalar.value, radix: 16, uppercase: true)
                    result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result + "\""
    }
}
