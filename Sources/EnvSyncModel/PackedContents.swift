/// What an environment that envsync packed holds, as a lock records it: enough to tell, without the archive, whether an
/// environment is still the one that was packed, and which packages differ.
public struct PackedContents: Hashable, Sendable {
    /// The minor version of its Python, `3.11`.
    public var python: String
    /// The options that decide what is packed, other than the defaults, in a fixed order: `with-python`.
    public var options: [String]
    /// The digest of the files that belong to no package, hexadecimal; `nil` of an overlay, which has none.
    public var other: String?
    /// Sorted.
    public var packages: [PackedPackage]

    /// Makes contents; sorts the packages.
    public init(python: String, options: [String] = [], other: String? = nil, packages: [PackedPackage]) {
        self.python = python
        self.options = options
        self.other = other
        self.packages = packages.sorted()
    }

    /// `name==version` of each package, sorted: what Python sees; what only conda knows of under the names that nothing of
    /// Python has.
    public var requirements: [String] {
        var versions: [String: String] = [:]
        for package in packages where package.build == nil { versions[package.name] = package.version }
        for package in packages where package.build != nil && versions[package.name] == nil {
            versions[package.name] = package.version
        }
        return versions.map { "\($0.key)==\($0.value)" }.sorted()
    }

    /// These contents with the packages of others added, or in the place of those of the same name.
    public func overlaid(by overlay: PackedContents) -> PackedContents {
        let keys = Set(overlay.packages.map(\.key))
        var result = self
        result.packages = (packages.filter { !keys.contains($0.key) } + overlay.packages).sorted()
        return result
    }
}

/// A package of a packed environment.
public struct PackedPackage: Hashable, Sendable, Comparable {
    /// What makes two the same package.
    public struct Key: Hashable, Sendable {
        /// As its manager normalizes it.
        public let name: String
        /// Whether conda manages it.
        public let isConda: Bool

        /// Makes one from its parts.
        public init(name: String, isConda: Bool = false) {
            self.name = name
            self.isConda = isConda
        }
    }

    /// As its manager normalizes it.
    public var name: String
    /// As the package spells it.
    public var version: String
    /// conda: the build string; `nil` of a Python package.
    public var build: String?
    /// A digest of its files in the archive, hexadecimal.
    public var digest: String

    /// Makes one from its parts.
    public init(name: String, version: String, build: String? = nil, digest: String) {
        self.name = name
        self.version = version
        self.build = build
        self.digest = digest
    }

    /// What makes two the same package: conda and pip may know one by the same name.
    public var key: Key { Key(name: name, isConda: build != nil) }

    /// By name, version, build and digest, as UTF-8 bytes.
    public static func < (left: PackedPackage, right: PackedPackage) -> Bool {
        let pairs = [
            (left.name, right.name), (left.version, right.version), (left.build ?? "", right.build ?? ""),
            (left.digest, right.digest),
        ]
        guard let differing = pairs.first(where: { $0.0 != $0.1 }) else { return false }
        return differing.0.utf8.lexicographicallyPrecedes(differing.1.utf8)
    }

    /// One line of a lock: name, version, build if there is one, and digest, separated by spaces. What else than visible
    /// ASCII is in them is written as in a URI.
    public var line: String {
        [name, version, build, digest].compactMap { $0 }.map(Self.escaped).joined(separator: " ")
    }

    /// Reads a line that ``line`` wrote; `nil` for any other.
    public init?(line: String) {
        let words = line.split(separator: " ", omittingEmptySubsequences: false).map(Self.unescaped)
        let parts = words.compactMap { $0 }
        guard parts.count == words.count, (3...4).contains(parts.count), let digest = parts.last else { return nil }
        self.init(name: parts[0], version: parts[1], build: parts.count == 4 ? parts[2] : nil, digest: digest)
    }

    private static func escaped(_ word: String) -> String {
        // An empty word would be none at all.
        guard !word.isEmpty else { return "%" }
        var result = ""
        for byte in word.utf8 {
            if (0x21...0x7E).contains(byte), byte != UInt8(ascii: "%") {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                result += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
        return result
    }

    private static func unescaped(_ word: Substring) -> String? {
        if word == "%" { return "" }
        if word.isEmpty { return nil }
        var bytes: [UInt8] = []
        var rest = Array(word.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
                return nil
            }
            rest = rest.dropFirst(2)
            bytes.append(value)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
