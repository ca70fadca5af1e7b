/// A file that a lockfile lists, before it is known to be a wheel or not.
struct LockedFile {
    /// A plain name without directories; `nil` if neither the entry nor its URL or path has one.
    var name: String?
    var sha256: String?
    var size: Int64?
    var url: String?
    var path: String?

    /// - Parameters:
    ///   - name: as the entry says; otherwise from the path or the URL.
    ///   - entry: named in what is thrown.
    init(
        name: String? = nil, url: String? = nil, path: String? = nil, sha256: String? = nil, size: Int64? = nil,
        in entry: LockfileEntry
    ) throws(LockfileError) {
        if let name {
            guard Self.isLeaf(name) else {
                throw entry.error("\(LockfileText.quoted(name)) is not a plain file name")
            }
            self.name = name
        } else if let place = path ?? url {
            let name = path != nil ? Self.leaf(ofPath: place) : Self.leaf(ofURL: place)
            if let name, !Self.isLeaf(name) {
                throw entry.error("\(LockfileText.quoted(name)), from its URL or path, is not a plain file name")
            }
            self.name = name
        }
        if let size, size < 0 { throw entry.error("a size is negative") }
        self.sha256 = sha256
        self.size = size
        self.url = url.map(LockedURL.clean)
        self.path = path
    }

    /// Whether it is a wheel, by its name.
    var isWheel: Bool { name?.hasSuffix(".whl") ?? false }

    /// Adds it to what a package has.
    func add(to package: inout LockedPackage) {
        if let name, isWheel {
            package.wheels.append(LockedWheel(fileName: name, sha256: sha256, size: size, url: url, path: path))
        } else {
            package.hasSourceDistribution = true
        }
    }

    // MARK: - Names

    /// Whether a name is one component of a path on every system.
    static func isLeaf(_ name: String) -> Bool {
        !name.isEmpty && name != "." && name != ".." && name.utf8.count <= 255
            && name.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "\\") }
    }

    /// The last component of a path of either kind of system; `nil` if it ends with a separator.
    static func leaf(ofPath path: String) -> String? {
        let bytes = path.utf8
        let start = bytes.lastIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }
        let leaf = start.map { bytes[bytes.index(after: $0)...] } ?? bytes[...]
        return leaf.isEmpty ? nil : String(leaf)
    }

    /// The last component of a URL's path, percent-decoded; `nil` if there is none, or none that is text.
    static func leaf(ofURL url: String) -> String? {
        let whole = url.utf8.prefix { $0 != UInt8(ascii: "#") && $0 != UInt8(ascii: "?") }
        guard let slash = whole.lastIndex(of: UInt8(ascii: "/")) else { return nil }
        let leaf = whole[whole.index(after: slash)...]
        return leaf.isEmpty ? nil : LockedURL.percentDecoded(leaf)
    }
}

/// URLs of lockfiles, which are kept as text.
enum LockedURL {
    /// Without user name, password and fragment. The query is kept, as a file may not be had without.
    static func clean(_ url: String) -> String {
        let url = url.prefix { $0 != "#" }
        let authority: Substring.Index
        if let scheme = url.firstRange(of: "://") {
            authority = scheme.upperBound
        } else if url.hasPrefix("//") {
            authority = url.index(url.startIndex, offsetBy: 2)
        } else {
            // `user@host:path`, as ssh and git write it.
            guard let at = url.firstIndex(of: "@"), let colon = url.firstIndex(of: ":"),
                url[..<at].firstIndex(of: "/") == nil, at < colon || url[..<colon].firstIndex(of: "/") == nil
            else { return String(url) }
            return String(url[url.index(after: at)...])
        }
        let end = url[authority...].firstIndex { $0 == "/" || $0 == "?" } ?? url.endIndex
        guard let at = url[authority..<end].lastIndex(of: "@") else { return String(url) }
        return String(url[..<authority] + url[url.index(after: at)...])
    }

    /// For messages: also without the query, which may hold a key.
    static func location(_ url: String) -> String {
        String(clean(url).prefix { $0 != "?" })
    }

    /// `nil` if what comes out is not UTF-8; a `%` without two hexadecimal digits stands for itself.
    static func percentDecoded(_ text: Substring.UTF8View) -> String? {
        var bytes: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2).compactMap(LockedHash.hexadecimal)
            if byte == UInt8(ascii: "%"), digits.count == 2 {
                bytes.append(digits[0] << 4 | digits[1])
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

/// Hashes of lockfiles: `sha256:…` or `sha256=…`.
enum LockedHash {
    /// The SHA-256, 64 lower-case hexadecimal digits; `nil` if the hash is one of another algorithm.
    ///
    /// - Parameter entry: named in what is thrown.
    static func sha256(_ text: String, in entry: LockfileEntry) throws(LockfileError) -> String? {
        let bytes = text.utf8
        guard let separator = bytes.firstIndex(where: { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "=") }),
            let algorithm = String(bytes[..<separator]), !algorithm.isEmpty
        else { throw entry.error("\(LockfileText.quoted(text)) is no hash: sha256: and 64 hexadecimal digits") }
        guard algorithm.lowercased() == "sha256" else { return nil }
        guard let digest = String(bytes[bytes.index(after: separator)...]) else { return nil }
        return try sha256(digits: digest, in: entry)
    }

    /// Checks 64 hexadecimal digits and makes them lower-case.
    static func sha256(digits: String, in entry: LockfileEntry) throws(LockfileError) -> String {
        guard digits.utf8.count == 64, digits.utf8.allSatisfy({ hexadecimal($0) != nil }) else {
            throw entry.error("\(LockfileText.quoted(digits)) is no SHA-256, which has 64 hexadecimal digits")
        }
        return digits.lowercased()
    }

    static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - 0x30
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - 0x61 + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - 0x41 + 10
        default: nil
        }
    }
}
