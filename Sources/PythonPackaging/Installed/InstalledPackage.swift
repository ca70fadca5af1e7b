import Foundation
import Glibc

/// A package in an environment, as its metadata says.
public struct InstalledPackage: Sendable, Hashable {
    /// In which form its metadata is.
    public enum Form: Sendable, Hashable {
        /// `*.dist-info`, with a list of all files.
        case distInfo
        /// `*.egg-info` or `*.egg` of old tools: name and version only.
        case eggInfo
    }

    /// Where a package was installed from, if not from an index (PEP 610).
    public struct Source: Sendable, Hashable {
        /// The URL, for example `file:///home/ana/project`.
        public let url: String
        /// Whether the directory itself is on the path, rather than a copy.
        public let isEditable: Bool
        /// Whether it is a directory of this machine.
        public let isDirectory: Bool

        /// The path of a `file` URL of this machine; `nil` for any other.
        public var localPath: String? {
            guard url.hasPrefix("file://") else { return nil }
            let rest = url.dropFirst(7)
            let path = rest.hasPrefix("localhost/") ? rest.dropFirst(9) : rest
            return path.hasPrefix("/") ? String(path).removingPercentEncoding : nil
        }
    }

    /// The normalized name (PEP 503).
    public let name: String
    /// The version as the package spells it; `nil` if it can't be told.
    public let version: String?
    /// The path of the metadata.
    public let path: String
    /// The directory of modules that it is in.
    public let sitePackages: String
    /// In which form its metadata is.
    public let form: Form
    /// What installed it, for example `pip`, `uv` or `conda`; `nil` if it doesn't say.
    public let installer: String?
    /// Where it was installed from, if not from an index.
    public let source: Source?
    /// What is wrong with its metadata, as a clause; `nil` if nothing is.
    public let problem: String?

    /// The last component of ``path``.
    public var fileName: String { String(path[path.index(after: path.lastIndex(of: "/") ?? path.startIndex)...]) }

    package static func isMetadata(_ name: String) -> Bool {
        [".dist-info", ".egg-info", ".egg", ".egg-link"].contains {
            name.hasSuffix($0) && name.utf8.count > $0.utf8.count
        }
    }

    /// Name and version come first in METADATA, long descriptions last.
    private static let metadataLimit = 16 << 20

    /// Reads the metadata at a path; `nil` if nothing there tells a name.
    package init?(metadataAt path: String, in sitePackages: String) {
        self.path = path
        self.sitePackages = sitePackages
        let leaf = path.dropFirst(sitePackages.utf8.count + 1)
        let stated = Self.identity(ofFile: String(leaf))
        var problem: String?
        let file: String
        if leaf.hasSuffix(".dist-info") {
            form = .distInfo
            file = "METADATA"
        } else {
            form = .eggInfo
            file = leaf.hasSuffix(".egg") ? "EGG-INFO/PKG-INFO" : "PKG-INFO"
        }
        let isDirectory = LocalDirectory.isDirectory(path)
        var name = stated?.name
        var version = stated?.version
        if leaf.hasSuffix(".egg-link") {
            // The first line is the directory that `setup.py develop` was run in.
            let bytes = LocalDirectory.read(path, limit: 1 << 16) ?? []
            let line = bytes.split(separator: UInt8(ascii: "\n")).first.map { String(decoding: $0, as: UTF8.self) }
            source = line.map { Source(url: "file://" + Self.percentEncoded($0), isEditable: true, isDirectory: true) }
        } else {
            let metadata = isDirectory ? "\(path)/\(file)" : path
            if let bytes = LocalDirectory.read(metadata, limit: Self.metadataLimit) {
                let headers = MetadataHeaders(bytes)
                if let own = headers.value("Name"), PythonNames.isValidProjectName(own) {
                    name = own
                } else {
                    problem = "\(isDirectory ? file : "it") tells no valid name"
                }
                if let own = headers.value("Version"), PythonVersion.isPlausible(own) {
                    version = own
                } else {
                    problem = problem ?? "\(isDirectory ? file : "it") tells no valid version"
                }
            } else {
                let reason = String(cString: strerror(errno))
                problem = "\(isDirectory ? file : "it") can't be read: \(reason)"
            }
            source = form == .distInfo ? Self.source(path) : nil
        }
        guard let name, PythonNames.isValidProjectName(name) else { return nil }
        self.name = PythonNames.normalize(name)
        self.version = version.flatMap { PythonVersion.isPlausible($0) ? $0 : nil }
        installer =
            form == .distInfo
            ? LocalDirectory.read("\(path)/INSTALLER", limit: 1 << 12).flatMap(Self.word) : nil
        self.problem = problem
    }

    /// What a name of the form `NAME-VERSION.dist-info`, `NAME-VERSION-py3.11.egg-info` or `NAME.egg-link` says.
    private static func identity(ofFile leaf: String) -> (name: String, version: String?)? {
        guard let dot = leaf.lastIndex(of: ".") else { return nil }
        // Of a project's own name; a hyphen in it is no separator.
        if leaf.hasSuffix(".egg-link") { return (String(leaf[..<dot]), nil) }
        var parts = leaf[..<dot].split(separator: "-")
        if parts.count > 2, let last = parts.last, last.hasPrefix("py") { parts.removeLast() }
        guard let first = parts.first else { return nil }
        if parts.count == 1 { return (String(first), nil) }
        return (parts.dropLast().joined(separator: "-"), parts.last.map(String.init))
    }

    private static func word(_ bytes: [UInt8]) -> String? {
        let text = String(decoding: bytes.prefix(64), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return text.isEmpty ? nil : text.lowercased()
    }

    private static func source(_ path: String) -> Source? {
        guard let bytes = LocalDirectory.read("\(path)/direct_url.json", limit: 1 << 16),
            let text = String(validating: bytes, as: UTF8.self), let json = try? JSONSyntax.parse(text),
            case .string(let url)? = json["url"]
        else { return nil }
        guard case .table(let directory)? = json["dir_info"] else {
            return Source(url: url, isEditable: false, isDirectory: false)
        }
        if case .boolean(true)? = directory["editable"] {
            return Source(url: url, isEditable: true, isDirectory: true)
        }
        return Source(url: url, isEditable: false, isDirectory: true)
    }

    private static func percentEncoded(_ path: String) -> String {
        path.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? path
    }
}
