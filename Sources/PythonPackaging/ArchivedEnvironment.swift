import ReproducibleArchive

/// The Python environment that a packed archive holds, as conda-pack, venv-pack and the like make them.
public struct ArchivedEnvironment: Hashable, Sendable {
    /// Something that is installed.
    public struct Package: Hashable, Sendable {
        /// Normalized as PEP 503 says; conda's names are normalized the same way.
        public var name: String
        /// As spelled by the package.
        public var version: String
        /// Whether this is conda's record (`conda-meta`). Python packages that conda installed appear twice, since they have
        /// Python's metadata too.
        public var isConda: Bool
        /// The compatibility tags of the wheel it was installed from (`cp311-cp311-manylinux_2_17_x86_64`); empty if unknown.
        public var tags: [String]
    }

    /// The minor version of its Python, `3.11`; nil if there is none.
    public var python: String?
    /// The directories of modules in the archive (`lib/python3.11/site-packages`), sorted.
    public var sitePackages: [String]
    /// Sorted by name; each name and version once for Python and once for conda.
    public var packages: [Package]

    /// The versions of a package that Python sees, by its metadata.
    public func versions(of name: String) -> [String] {
        let name = PythonNames.normalize(name)
        return packages.filter { $0.name == name && !$0.isConda }.map(\.version)
    }

    /// Reads an archive.
    /// - Parameter path: a tar, tar.gz or zip file, which is read once, to its end.
    /// - Throws: ``/ReproducibleArchive/ArchiveError`` as `ArchiveReader.scan` does.
    public static func read(path: String) throws -> ArchivedEnvironment {
        try read(path: path, resolving: []).environment
    }

    /// Reads an archive and says in the same pass what paths in it lead to, as `ArchiveReader.resolve` does.
    /// - Throws: ``/ReproducibleArchive/ArchiveError`` as `ArchiveReader.scan` does.
    public static func read(
        path: String, resolving names: [String]
    ) throws -> (environment: ArchivedEnvironment, files: [ArchivedFile]) {
        var survey = EnvironmentSurvey()
        let files = try ArchiveReader.resolve(
            names, inArchiveAt: path, readingUpTo: EnvironmentSurvey.metadataLimit,
            of: { EnvironmentSurvey.Place($0.name)?.isMetadata ?? false },
            visit: { survey.add($0, $1) })
        return (survey.environment, files)
    }
}

/// Collects what the entries of an archive say about its Python environment.
struct EnvironmentSurvey {
    /// Name and version come first in METADATA, long descriptions last.
    static let metadataLimit = 64 << 10

    /// What an entry's name says.
    enum Place: Hashable {
        /// A `.dist-info` or `.egg-info` below a directory of modules, and the file in it (empty if it is a file itself).
        case metadata(sitePackages: String, directory: String, file: String)
        /// A record of conda, and the directory that conda's environment is in.
        case conda(root: String, record: String)

        init?(_ name: String) {
            // Most names have neither, and the archive may have 100,000.
            guard name.utf8.count < 4096 else { return nil }
            let parts = name.split(separator: "/")
            guard let last = parts.last else { return nil }
            if parts.count >= 2, parts[parts.count - 2] == "conda-meta", last.hasSuffix(".json") {
                self = .conda(root: parts.dropLast(2).joined(separator: "/"), record: String(last.dropLast(5)))
                return
            }
            guard let site = parts.firstIndex(where: { $0 == "site-packages" || $0 == "dist-packages" }),
                (2...3).contains(parts.count - site)
            else { return nil }
            let directory = parts[site + 1]
            guard directory.hasSuffix(".dist-info") || directory.hasSuffix(".egg-info") else { return nil }
            self = .metadata(
                sitePackages: parts[...site].joined(separator: "/"), directory: String(directory),
                file: parts.count - site == 3 ? String(last) : "")
        }

        /// Whether the contents are worth reading.
        var isMetadata: Bool {
            guard case .metadata(_, let directory, let file) = self else { return false }
            return file == "METADATA" || file == "PKG-INFO" || file == "WHEEL"
                || file.isEmpty && directory.hasSuffix(".egg-info")
        }
    }

    private struct Location: Hashable {
        var sitePackages: String
        var directory: String
    }

    private struct Found {
        var name: String?
        var version: String?
        var tags: [String] = []
    }

    private var found: [Location: Found] = [:]
    private var conda: [String: [(name: String, version: String)]] = [:]

    mutating func add(_ entry: TarEntryInfo, _ contents: [UInt8]?) {
        switch Place(entry.name) {
        case nil: break
        case .conda(let root, let record):
            // NAME-VERSION-BUILD, of which only the name has hyphens.
            let parts = record.split(separator: "-", omittingEmptySubsequences: false)
            guard parts.count >= 3 else { return }
            let name = parts.dropLast(2).joined(separator: "-")
            conda[root, default: []].append((PythonNames.normalize(name), String(parts[parts.count - 2])))
        case .metadata(let sitePackages, let directory, let file):
            let location = Location(sitePackages: sitePackages, directory: directory)
            var package = found[location] ?? Found()
            if let contents, file == "WHEEL" {
                package.tags = MetadataHeaders(contents).values("Tag")
            } else if let contents {
                let headers = MetadataHeaders(contents)
                package.name = headers.value("Name") ?? package.name
                package.version = headers.value("Version") ?? package.version
            }
            found[location] = package
        }
    }

    /// What the directory `NAME-VERSION.dist-info` or `NAME-VERSION-py3.11.egg-info` says.
    private static func identity(ofDirectory directory: String) -> (name: String, version: String)? {
        var parts = directory.prefix(upTo: directory.lastIndex(of: ".") ?? directory.endIndex).split(separator: "-")
        if parts.count > 2, let last = parts.last, last.hasPrefix("py") { parts.removeLast() }
        guard parts.count >= 2, let version = parts.popLast() else { return nil }
        return (parts.joined(separator: "-"), String(version))
    }

    /// The environment's root: what precedes `lib/python3.11/site-packages`.
    private static func root(ofSitePackages path: String) -> String {
        let parts = path.split(separator: "/")
        return parts.dropLast(min(parts.count, 3)).joined(separator: "/")
    }

    var environment: ArchivedEnvironment {
        // An archive may hold other environments further down, such as conda's package cache.
        let roots = Set(found.keys.map { Self.root(ofSitePackages: $0.sitePackages) }).union(conda.keys)
        let root = roots.min { ($0.utf8.count, $0) < ($1.utf8.count, $1) } ?? ""
        var packages = Set<ArchivedEnvironment.Package>()
        var sitePackages = Set<String>()
        for (location, package) in found where Self.root(ofSitePackages: location.sitePackages) == root {
            sitePackages.insert(location.sitePackages)
            let fallback = Self.identity(ofDirectory: location.directory)
            guard let name = package.name ?? fallback?.name, PythonNames.isValidProjectName(name),
                let version = package.version ?? fallback?.version, PythonVersion.isPlausible(version)
            else { continue }
            packages.insert(
                .init(name: PythonNames.normalize(name), version: version, isConda: false, tags: package.tags))
        }
        for (name, version) in conda[root] ?? [] {
            packages.insert(.init(name: name, version: version, isConda: true, tags: []))
        }
        return ArchivedEnvironment(
            python: python(of: sitePackages, conda[root] ?? []), sitePackages: sitePackages.sorted(),
            packages: packages.sorted {
                ($0.name, $0.isConda ? 1 : 0, $0.version, $0.tags.joined()) < (
                    $1.name, $1.isConda ? 1 : 0, $1.version, $1.tags.joined()
                )
            })
    }

    private func python(of sitePackages: Set<String>, _ conda: [(name: String, version: String)]) -> String? {
        if let version = conda.first(where: { $0.name == "python" })?.version {
            return version.split(separator: ".").prefix(2).joined(separator: ".")
        }
        return sitePackages.sorted().lazy.compactMap { path -> String? in
            guard let directory = path.split(separator: "/").dropLast().last, directory.hasPrefix("python") else {
                return nil
            }
            let version = directory.dropFirst(6)
            return version.split(separator: ".").count == 2 ? String(version) : nil
        }.first
    }
}
