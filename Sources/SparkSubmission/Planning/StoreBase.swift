import EnvSyncModel

/// The store's root as a URI that Spark's comma-separated, glob-expanded lists can carry.
struct StoreBase {
    /// Lower case, without the colon.
    let scheme: String
    /// The root as a URI, percent-encoded where that is allowed, without a trailing slash.
    let uri: String
    /// What makes it unusable, as an English clause.
    let problem: String?

    /// Turns a store's address into a URI.
    ///
    /// Spark makes a `java.net.URI` of each entry and a Hadoop `Path` of that, which decodes `%XX` but never `+` (Spark
    /// `Utils.resolveURI`, Hadoop `Path(URI)`). So in a `file` address a blank must be, and other bytes may be,
    /// percent-encoded; with Spark 3.5.8 in local mode `--py-files`, `--files`, `--archives` and the main program were
    /// all found that way. A colon can't be saved: the glob expansion makes a `Path` of a single component, which takes
    /// what is before the colon for a scheme. Decoded glob characters are expanded.
    init(_ address: String) {
        let scalars = address.unicodeScalars
        guard let separator = address.range(of: "://") else {
            (scheme, uri, problem) = ("", address, "has no scheme")
            return
        }
        let scheme = String(address[..<separator.lowerBound])
        let rest = address[separator.upperBound...]
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let (authority, path) = (rest[..<slash], rest[slash...])
        self.scheme = scheme.lowercased()
        let encodes = self.scheme == "file"
        uri = "\(scheme)://\(authority)" + (encodes ? Self.percentEncoded(path) : String(path))
        if let bad = scalars.first(where: {
            $0.value < 0x20 || $0.value == 0x7F || ",#[]{}*?".unicodeScalars.contains($0)
        }) {
            problem = "contains \(QuotedText.visible(String(bad))), which Spark's lists can't carry"
        } else if path.contains(":") {
            problem = "has a colon in its path, which Hadoop takes for the end of a scheme"
        } else if scheme.isEmpty || !scheme.utf8.allSatisfy(Self.isSchemeByte) {
            problem = "has no valid scheme"
        } else if self.scheme == "webhdfs" || self.scheme == "swebhdfs" {
            problem = "is a WebHDFS address; YARN would copy every object at every submit"
        } else if path.utf8.count < 2 || path.hasSuffix("/") {
            problem = path.utf8.count < 2 ? "has no directory" : "ends in a slash"
        } else if encodes != authority.isEmpty {
            problem = encodes ? "names a host" : "has no host or nameservice"
        } else if let bad = authority.utf8.first(where: { $0 != UInt8(ascii: ":") && !Self.isPlain($0) }) {
            problem = "contains \(QuotedText.visible(String(Unicode.Scalar(bad)))) in its host"
        } else if let bad = (encodes ? "" : path).utf8.first(where: { !Self.isPlain($0) }) {
            problem = "contains \(QuotedText.visible(String(Unicode.Scalar(bad)))), which can't be told to Spark safely"
        } else {
            problem = nil
        }
    }

    private static func isSchemeByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "-"): true
        default: false
        }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "+"): true
        case UInt8(ascii: "="), UInt8(ascii: "@"), UInt8(ascii: "~"): true
        default: false
        }
    }

    /// RFC 3986, section 2.1.
    private static func percentEncoded(_ path: Substring) -> String {
        var result = ""
        for byte in path.utf8 {
            if isPlain(byte) {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                result += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
        return result
    }
}
