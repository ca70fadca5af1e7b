/// A platform that wheels are made for, as its best platform tag names it (PEP 425, 600, 656).
struct TargetPlatform: Sendable {
    private enum System: Sendable {
        /// Linux with glibc 2 of this minor version.
        case glibc(minor: Int)
        /// Linux with musl 1 of this minor version.
        case musl(minor: Int)
        case macOS(major: Int, minor: Int)
        case windows
    }

    private let system: System
    /// As tags spell it: `x86_64`, `arm64`, …
    let architecture: String

    /// Architectures that PyPI takes Linux wheels for.
    private static let linuxArchitectures = [
        "x86_64", "aarch64", "i686", "armv7l", "ppc64le", "ppc64", "s390x", "riscv64", "loongarch64",
    ]
    private static let windowsArchitectures = ["win_amd64": "amd64", "win32": "x86", "win_arm64": "arm64"]
    /// The glibc minor versions that the older manylinux tags stand for (PEP 513, 571, 599).
    private static let legacyManylinux = [(5, "manylinux1"), (12, "manylinux2010"), (17, "manylinux2014")]

    /// Reads a platform tag.
    ///
    /// - Throws: ``LockfileError`` that says what a platform looks like.
    init(tag: String) throws(LockfileError) {
        if let architecture = Self.windowsArchitectures[tag] {
            system = .windows
            self.architecture = architecture
            return
        }
        let parts = tag.split(separator: "_", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
        if parts.count == 4, let major = Self.number(parts[1]), let minor = Self.number(parts[2]) {
            architecture = parts[3]
            switch parts[0] {
            case "manylinux": system = try Self.glibc(tag, major: major, minor: minor, architecture: parts[3])
            case "musllinux": system = try Self.musl(tag, major: major, minor: minor, architecture: parts[3])
            case "macosx": system = try Self.macOS(tag, major: major, minor: minor, architecture: parts[3])
            default: throw Self.unknown(tag)
            }
            return
        }
        for (minor, name) in Self.legacyManylinux where tag.hasPrefix(name + "_") {
            architecture = String(tag.dropFirst(name.utf8.count + 1))
            system = try Self.glibc(tag, major: 2, minor: minor, architecture: architecture)
            return
        }
        throw Self.unknown(tag)
    }

    /// A small number without leading zeros.
    private static func number(_ text: String) -> Int? {
        guard text.utf8.count <= 2, text == "0" || !text.hasPrefix("0"), text.utf8.allSatisfy(PythonNames.isDigit)
        else {
            return nil
        }
        return Int(text)
    }

    private static func unknown(_ tag: String) -> LockfileError {
        if tag.hasPrefix("linux_") {
            return LockfileError(
                "platform \(Excerpt(tag)) doesn't say which C library the cluster has; write for example "
                    + "\"manylinux_2_28_x86_64\" for glibc 2.28 (\"ldd --version\" tells it)")
        }
        return LockfileError(
            "\(Excerpt(tag)) is no platform; one looks like \"manylinux_2_28_x86_64\", \"musllinux_1_2_aarch64\", "
                + "\"macosx_14_0_arm64\" or \"win_amd64\"")
    }

    private static func glibc(
        _ tag: String, major: Int, minor: Int, architecture: String
    ) throws(LockfileError) -> System {
        try requireLinux(tag, architecture)
        let lowest = lowestGlibc(architecture)
        guard major == 2, minor >= lowest else {
            throw LockfileError(
                "platform \(Excerpt(tag)) has glibc \(major).\(minor); \(architecture) has wheels for glibc 2.\(lowest) "
                    + "and newer 2.x only")
        }
        return .glibc(minor: minor)
    }

    private static func musl(
        _ tag: String, major: Int, minor: Int, architecture: String
    ) throws(LockfileError) -> System {
        try requireLinux(tag, architecture)
        guard major == 1 else {
            throw LockfileError(
                "platform \(Excerpt(tag)) has musl \(major).\(minor); there are wheels for musl 1.x only")
        }
        return .musl(minor: minor)
    }

    private static func requireLinux(_ tag: String, _ architecture: String) throws(LockfileError) {
        guard linuxArchitectures.contains(architecture) else {
            throw LockfileError(
                "platform \(Excerpt(tag)) has no known architecture; known are "
                    + linuxArchitectures.joined(separator: ", "))
        }
    }

    private static func macOS(
        _ tag: String, major: Int, minor: Int, architecture: String
    ) throws(LockfileError) -> System {
        let isKnown: Bool =
            switch architecture {
            case "arm64": major >= 11
            case "x86_64": major >= 11 || major == 10 && (4...16).contains(minor)
            default: false
            }
        guard isKnown else {
            throw LockfileError(
                "platform \(Excerpt(tag)) is no Mac; one looks like \"macosx_14_0_arm64\" or \"macosx_10_13_x86_64\"")
        }
        return .macOS(major: major, minor: minor)
    }

    /// glibc 2.17 is the oldest one that wheels are made for, except on the architectures of manylinux1 (PEP 600).
    private static func lowestGlibc(_ architecture: String) -> Int {
        architecture == "x86_64" || architecture == "i686" ? 5 : 17
    }

    /// The tags of all platforms whose wheels run here, best first.
    ///
    /// The order is that of the packaging library 26.3: `linux_…` first, then from the newest C library down.
    var tags: [String] {
        switch system {
        case .glibc(let minor):
            var tags = ["linux_\(architecture)"]
            for minor in (Self.lowestGlibc(architecture)...minor).reversed() {
                tags.append("manylinux_2_\(minor)_\(architecture)")
                if let (_, name) = Self.legacyManylinux.first(where: { $0.0 == minor }) {
                    tags.append("\(name)_\(architecture)")
                }
            }
            return tags
        case .musl(let minor):
            return ["linux_\(architecture)"] + (0...minor).reversed().map { "musllinux_1_\($0)_\(architecture)" }
        case .macOS(let major, let minor):
            return macTags(major: major, minor: minor)
        case .windows:
            return Self.windowsArchitectures.filter { $0.value == architecture }.map(\.key)
        }
    }

    /// Until 10.16 each minor version was a release; since 11 each major one is. From 11 on, older binaries run if they
    /// hold x86_64 code, or are universal2 and so hold arm64 code as well.
    private func macTags(major: Int, minor: Int) -> [String] {
        let formats =
            architecture == "arm64"
            ? ["arm64", "universal2"] : ["x86_64", "intel", "fat64", "fat3", "universal2", "universal"]
        let legacyFormats = architecture == "arm64" ? ["universal2"] : formats
        var versions: [(String, [String])] = []
        if major >= 11 {
            versions += (11...major).reversed().map { ("\($0)_0", formats) }
            versions += (4...16).reversed().map { ("10_\($0)", legacyFormats) }
        } else {
            versions += (4...minor).reversed().map { ("10_\($0)", formats) }
        }
        return versions.flatMap { version, formats in formats.map { "macosx_\(version)_\($0)" } }
    }

    /// What `sys.platform`, `os.name`, `platform.system()` and `platform.machine()` are there.
    func markerValue(of variable: MarkerVariable) -> String {
        switch (system, variable) {
        case (.windows, .osName): "nt"
        case (_, .osName): "posix"
        case (.windows, .sysPlatform): "win32"
        case (.macOS, .sysPlatform): "darwin"
        case (_, .sysPlatform): "linux"
        case (.windows, .platformSystem): "Windows"
        case (.macOS, .platformSystem): "Darwin"
        case (_, .platformSystem): "Linux"
        case (.windows, .platformMachine): architecture == "x86" ? "x86" : architecture.uppercased()
        case (_, .platformMachine): architecture
        default: ""
        }
    }

    /// A newer system than the target's.
    struct Requirement {
        /// Higher for newer systems.
        let order: Int
        let text: String
    }

    /// Why code for another platform doesn't run here, if that can be said better than by both tags: an architecture that
    /// is the same but a C library or macOS that is newer.
    func requirement(ofTag tag: String) -> Requirement? {
        let parts = tag.split(separator: "_", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 4, let major = Self.number(parts[1]), let minor = Self.number(parts[2]) else { return nil }
        let version = "\(major).\(minor)"
        let order = major * 100 + minor
        switch (system, parts[0]) {
        case (.glibc(let own), "manylinux") where parts[3] == architecture && (major, minor) > (2, own):
            return Requirement(order: order, text: "needs glibc \(version), not 2.\(own)")
        case (.musl(let own), "musllinux") where parts[3] == architecture && (major, minor) > (1, own):
            return Requirement(order: order, text: "needs musl \(version), not 1.\(own)")
        case (.macOS(let ownMajor, let ownMinor), "macosx") where (major, minor) > (ownMajor, ownMinor):
            return Requirement(order: order, text: "needs macOS \(version), not \(ownMajor).\(ownMinor)")
        default:
            return nil
        }
    }
}
