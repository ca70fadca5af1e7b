import ReproducibleArchive

/// A zip file or egg that may be put on Python's path as it is.
public struct ImportableZip: Hashable, Sendable {
    /// What a zip file is to Python, going by its contents.
    public enum Kind: Hashable, Sendable {
        /// It has a `*.dist-info/WHEEL`.
        case wheel
        /// It has an `EGG-INFO/PKG-INFO`.
        case egg
        /// Neither.
        case plain
    }

    /// What the file is.
    public var kind: Kind
    /// The name and version that an egg's `PKG-INFO` states.
    public var project: ProjectIdentity?
    /// The names that `import` finds, sorted.
    public var topLevel: [String]
    /// Native code or nothing to import speak against; data files don't: who packed them knows how they are read.
    public var deliverability: ZipImportability
    /// Directories with modules that Python doesn't find as packages: no `__init__.py` and no directory entry.
    public var namespaceDirectories: [String]

    /// A project's name and version.
    public struct ProjectIdentity: Hashable, Sendable {
        /// As spelled by the project.
        public var name: String
        /// As spelled by the project.
        public var version: String
    }

    /// Looks into a zip file.
    /// - Throws: ``/ReproducibleArchive/ArchiveError`` as `ZipArchive` does.
    public static func inspect(path: String) throws -> ImportableZip {
        let archive = try ZipArchive(path: path)
        let kind = kind(of: archive)
        let survey = ModuleSurvey(
            archive,
            options: .init(
                metadataDirectory: kind == .egg ? "EGG-INFO" : nil, refusesData: false, refusesNamespaces: false))
        var reasons = survey.reasons
        var project: ProjectIdentity?
        if kind == .egg {
            if archive.entries.contains(where: { $0.name == "EGG-INFO/not-zip-safe" }) { reasons.append(.notZipSafe) }
            if let index = archive.entries.firstIndex(where: { $0.name == "EGG-INFO/PKG-INFO" }) {
                let headers = MetadataHeaders(try archive.contents(ofEntryAt: index, limit: 16 << 20))
                if let name = headers.value("Name"), PythonNames.isValidProjectName(name),
                    let version = headers.value("Version"), PythonVersion.isPlausible(version)
                {
                    project = ProjectIdentity(name: name, version: version)
                }
            }
        }
        return ImportableZip(
            kind: kind, project: project, topLevel: survey.topLevel,
            deliverability: reasons.isEmpty ? .importable : .notImportable(reasons),
            namespaceDirectories: survey.namespaceDirectories)
    }

    /// What a zip file is, whatever it is called.
    /// - Throws: ``/ReproducibleArchive/ArchiveError`` as `ZipArchive` does.
    public static func kind(ofFileAt path: String) throws -> Kind {
        kind(of: try ZipArchive(path: path))
    }

    private static func kind(of archive: ZipArchive) -> Kind {
        let names = archive.entries.lazy.filter { !$0.isDirectory }.map(\.name)
        if names.contains(where: { $0.hasSuffix(".dist-info/WHEEL") && $0.split(separator: "/").count == 2 }) {
            return .wheel
        }
        return names.contains("EGG-INFO/PKG-INFO") ? .egg : .plain
    }
}
