/// A package of a conda environment, from `conda-meta/NAME-VERSION-BUILD.json` as conda, mamba and micromamba write it (conda:
/// `conda/models/records.py`, `PrefixRecord`).
struct CondaRecord: Sendable {
    /// How a file came to be in the environment (conda: `conda/models/enums.py`, `PathType`).
    enum Origin: Sendable, Equatable {
        /// It is in the package.
        case package
        /// A symbolic link that is in the package.
        case softlink
        case directory
        /// Compiled when it was installed, or `.pyc` of the package.
        case bytecode
        /// A command that was generated when it was installed.
        case entryPoint
    }
    /// Where the package spells the prefix of the machine that it was built on.
    struct Placeholder: Sendable, Hashable {
        enum Mode: String, Sendable { case text, binary }
        var text: [UInt8]
        var mode: Mode
    }
    struct File: Sendable {
        /// Relative to the environment.
        var path: [UInt8]
        var origin: Origin
        /// Of the file in the package.
        var packaged: [UInt8]?
        /// Of the file as it was installed.
        var installed: [UInt8]?
        /// Of the file in the package.
        var size: Int64?
        var placeholder: Placeholder?
    }

    var name: String
    var version: String
    var build: String?
    /// Whether its modules were put where this environment's Python looks for them.
    var isNoarchPython: Bool
    /// Whether its files are symbolic links to the package cache (`always_softlink`).
    var isSoftlinked: Bool
    var files: [File]

    /// A file of `conda-meta` that can't be used.
    struct Malformed: Error, Equatable {
        /// A clause about the file.
        var message: String
    }

    /// - Parameter sitePackages: where modules of `noarch: python` packages go, `lib/python3.11/site-packages`.
    init(_ json: CondaJSON, sitePackages: String) throws(Malformed) {
        guard case .object = json else { throw Malformed(message: "is not a JSON object") }
        guard let name = json["name"]?.string, let version = json["version"]?.string, !name.isEmpty, !version.isEmpty
        else {
            throw Malformed(message: "has no name and version")
        }
        self.name = name
        self.version = version
        build = json["build"]?.string ?? json["build_string"]?.string
        isNoarchPython = json["noarch"]?.string == "python" || json["noarch"]?["type"]?.string == "python"
        isSoftlinked = json["link"]?["type"]?.integer == 2
        files = []
        var listed: Set<[UInt8]> = []
        for entry in json["paths_data"]?["paths"]?.elements ?? [] {
            guard let spelled = entry["_path"]?.string else { throw Malformed(message: "lists a file without a path") }
            let path = try place(spelled, sitePackages: sitePackages)
            guard listed.insert(path).inserted else { continue }
            files.append(try File(entry, path: path))
        }
        for entry in json["files"]?.elements ?? [] {
            guard let spelled = entry.string else { throw Malformed(message: "lists a file without a path") }
            let path = try place(spelled, sitePackages: sitePackages)
            // conda's marker of who installed it is listed and never written (conda-pack skips it, too).
            guard spelled != ".nonadmin", listed.insert(path).inserted else { continue }
            files.append(File(path: path, origin: path.suffix(4) == Array(".pyc".utf8) ? .bytecode : .package))
        }
    }

    /// conda writes the package's path of a file, mamba the environment's: packages of `noarch: python` have `site-packages` and
    /// `python-scripts` at their top (conda: `conda/common/path`, `get_python_noarch_target_path`).
    private func place(_ spelled: String, sitePackages: String) throws(Malformed) -> [UInt8] {
        var path = spelled
        if isNoarchPython {
            if path.hasPrefix("site-packages/") {
                path = sitePackages + path.dropFirst("site-packages".count)
            } else if path.hasPrefix("python-scripts/") {
                path = "bin" + path.dropFirst("python-scripts".count)
            }
        }
        let bytes = Array(path.utf8)
        let isInside = Self.staysInside(bytes)
        guard isInside else {
            throw Malformed(message: "lists a file outside of the environment: \(spelled.debugDescription)")
        }
        return bytes
    }

    /// Whether every part of a path is a name.
    private static func staysInside(_ path: [UInt8]) -> Bool {
        var start = 0
        for index in 0...path.count where index == path.count || path[index] == UInt8(ascii: "/") {
            let part = path[start..<index]
            let isDots = part.count <= 2 && part.allSatisfy { $0 == UInt8(ascii: ".") }
            guard !isDots else { return false }
            start = index + 1
        }
        return !path.contains(0)
    }
}

extension CondaRecord.File {
    init(path: [UInt8], origin: CondaRecord.Origin) {
        self.path = path
        self.origin = origin
    }

    fileprivate init(_ entry: CondaJSON, path: [UInt8]) throws(CondaRecord.Malformed) {
        self.path = path
        switch entry["path_type"]?.string {
        case "softlink": origin = .softlink
        case "directory": origin = .directory
        case "pyc_file": origin = .bytecode
        case "unix_python_entry_point": origin = .entryPoint
        default: origin = path.suffix(4) == Array(".pyc".utf8) ? .bytecode : .package
        }
        guard origin == .package else { return }
        packaged = try Self.digest(entry["sha256"])
        installed = try Self.digest(entry["sha256_in_prefix"])
        size = entry["size_in_bytes"]?.integer
        // `no_link` (a file that is copied, not linked) needs nothing here.
        guard let text = entry["prefix_placeholder"]?.string, !text.isEmpty else { return }
        guard text.utf8.first == UInt8(ascii: "/"), text.utf8.count > 1, !text.utf8.contains(0) else {
            throw CondaRecord.Malformed(message: "has a placeholder that is no path: \(text.debugDescription)")
        }
        // Without a mode it is text, as in conda's `has_prefix` files.
        let mode = entry["file_mode"]?.string ?? "text"
        guard let mode = CondaRecord.Placeholder.Mode(rawValue: mode) else {
            throw CondaRecord.Malformed(message: "has a file of an unknown mode: \(mode.debugDescription)")
        }
        placeholder = CondaRecord.Placeholder(text: Array(text.utf8), mode: mode)
    }

    private static func digest(_ json: CondaJSON?) throws(CondaRecord.Malformed) -> [UInt8]? {
        guard let text = json?.string, !text.isEmpty else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        var high: UInt8?
        for digit in text.utf8 {
            guard let value = Self.value(ofDigit: digit) else { throw malformedDigest(text) }
            if let first = high { bytes.append(first << 4 | value) }
            high = high == nil ? value : nil
        }
        guard bytes.count == 32, high == nil else { throw malformedDigest(text) }
        return bytes
    }

    private static func malformedDigest(_ text: String) -> CondaRecord.Malformed {
        CondaRecord.Malformed(message: "has a SHA-256 that is none: \(text.debugDescription)")
    }

    private static func value(ofDigit digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
