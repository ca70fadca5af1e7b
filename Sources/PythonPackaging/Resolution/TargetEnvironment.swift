/// The Python environment that wheels are chosen for: the cluster's, not this machine's.
public struct TargetEnvironment: Sendable {
    /// `3.11`, or `3.11.9` where markers look at the patch release.
    public let python: String
    /// A platform tag: `manylinux_2_28_x86_64`, `musllinux_1_2_aarch64`, `macosx_14_0_arm64`, `win_amd64`, …
    public let platform: String
    /// `cp` or `pp`.
    public let implementation: String

    /// What the first two letters of an interpreter's tag stand for (PEP 425, "Python Tag").
    enum Implementation: String, CaseIterable, Sendable {
        case cpython = "cp"
        case pypy = "pp"
    }

    private let minor: Int
    private let patch: Int?
    private let kind: Implementation
    private let targetPlatform: TargetPlatform
    private let tags: CompatibleTags

    /// Makes a target.
    ///
    /// - Throws: ``LockfileError`` for a version or platform that isn't one.
    public init(python: String, platform: String, implementation: String = "cp") throws(LockfileError) {
        let numbers = python.split(separator: ".", omittingEmptySubsequences: false).map(Self.number)
        guard (2...3).contains(numbers.count), numbers.first == 3, let minor = numbers[1], minor < 100,
            numbers.count == 2 || numbers[2] != nil
        else {
            throw LockfileError("\(Excerpt(python)) is no Python version; one looks like \"3.11\" or \"3.11.9\"")
        }
        guard let kind = Implementation(rawValue: implementation) else {
            throw LockfileError(
                "\(Excerpt(implementation)) is no implementation of Python; known are \"cp\" (CPython) and \"pp\" (PyPy)"
            )
        }
        self.python = python
        self.platform = platform
        self.implementation = implementation
        self.minor = minor
        patch = numbers.count == 3 ? numbers[2] : nil
        self.kind = kind
        targetPlatform = try TargetPlatform(tag: platform)
        tags = CompatibleTags(minor: minor, implementation: kind, platforms: targetPlatform.tags)
    }

    /// A number of up to three digits without leading zeros.
    private static func number(_ text: Substring) -> Int? {
        guard (1...3).contains(text.utf8.count), text == "0" || !text.hasPrefix("0"),
            text.utf8.allSatisfy(PythonNames.isDigit)
        else { return nil }
        return Int(text)
    }

    /// The full version; the patch release is 0 where ``python`` doesn't say it.
    public var pythonVersion: PythonVersion { PythonVersion(fullVersion) }

    /// Whether ``python`` says the patch release.
    public var hasPatchRelease: Bool { patch != nil }

    /// The platform tags of wheels that can be installed, best first, without `any`.
    public var platformTags: [String] { tags.platforms }

    private var fullVersion: String { "3.\(minor).\(patch ?? 0)" }

    /// How well a wheel suits: 0 is best; `nil` if it can't be installed (PEP 425).
    ///
    /// - Parameter tags: as in file names, each possibly compressed: `py2.py3-none-any`.
    public func rank(ofTags tags: [String]) -> Int? {
        tags.compactMap { self.tags.rank(of: $0) }.min()
    }

    /// Why no wheel of these tags can be installed, for messages: `is for cp39, not cp311`; `nil` if one can be.
    public func mismatch(ofTags tags: [String]) -> String? { misfit(ofTags: tags)?.reason }

    /// Why a wheel can't be installed.
    struct Misfit: Error {
        /// What is wrong, the least first.
        enum Closeness: Int, Comparable {
            case newerSystem, otherPlatform, otherABI, otherPython, noWheel

            static func < (left: Closeness, right: Closeness) -> Bool { left.rawValue < right.rawValue }
        }

        let closeness: Closeness
        let reason: String
    }

    /// As ``mismatch(ofTags:)``. The tag that comes closest gives the reason.
    func misfit(ofTags tags: [String]) -> Misfit? {
        guard rank(ofTags: tags) == nil else { return nil }
        let sets = tags.prefix(1000).compactMap(TagSet.init)
        guard !sets.isEmpty else { return Misfit(closeness: .noWheel, reason: "has no tags that say what it is for") }
        let platforms = sets.filter(self.tags.acceptsInterpreter).flatMap(\.platforms)
        if !platforms.isEmpty {
            // Any of a wheel's platforms would do, so the oldest one tells what is needed.
            let requirements = platforms.compactMap(targetPlatform.requirement)
            if let least = requirements.min(by: { $0.order < $1.order }) {
                return Misfit(closeness: .newerSystem, reason: least.text)
            }
            return Misfit(closeness: .otherPlatform, reason: "is for \(Self.listed(platforms)), not \(platform)")
        }
        let abis = sets.filter { $0.interpreters.contains(where: self.tags.accepts) }.flatMap(\.abis)
        if !abis.isEmpty {
            return Misfit(closeness: .otherABI, reason: "is for the ABI \(Self.listed(abis)), not \(self.tags.abi)")
        }
        let interpreters = Self.listed(sets.flatMap(\.interpreters))
        return Misfit(closeness: .otherPython, reason: "is for \(interpreters), not \(self.tags.interpreter)")
    }

    /// Up to three different texts, shortened if they are long.
    private static func listed(_ texts: [String]) -> String {
        var seen: [String] = []
        for text in texts where !seen.contains(text) {
            guard seen.count < 3 else { return seen.joined(separator: ", ") + ", …" }
            seen.append(text)
        }
        return seen.map { $0.utf8.count > 60 ? String($0.prefix(59)) + "…" : $0 }.joined(separator: ", ")
    }

    /// The value of a marker's variable (dependency specifiers, "Environment Markers").
    ///
    /// The kernel's release and version are unknown and empty. PyPy's own version is unknown too; it is taken for the 7.3
    /// of the ABI that all its current wheels are for.
    func markerValue(of variable: MarkerVariable) -> String {
        switch variable {
        case .pythonVersion: "3.\(minor)"
        case .pythonFullVersion: fullVersion
        case .implementationName: kind == .cpython ? "cpython" : "pypy"
        case .platformPythonImplementation: kind == .cpython ? "CPython" : "PyPy"
        case .implementationVersion: kind == .cpython ? fullVersion : "7.3.0"
        case .osName, .sysPlatform, .platformSystem, .platformMachine: targetPlatform.markerValue(of: variable)
        case .platformRelease, .platformVersion, .extra, .extras, .dependencyGroups: ""
        }
    }
}

extension TargetEnvironment: Hashable {
    /// Whether both name the same target with the same words.
    public static func == (left: TargetEnvironment, right: TargetEnvironment) -> Bool {
        left.python == right.python && left.platform == right.platform && left.implementation == right.implementation
    }

    /// Feeds what the target was made from.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(python)
        hasher.combine(platform)
        hasher.combine(implementation)
    }
}
