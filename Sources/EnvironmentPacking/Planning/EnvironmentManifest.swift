/// What an archive says of itself, as JSON at ``path`` inside it, the archive's last entry.
public struct EnvironmentManifest: Sendable, Hashable, Codable {
    /// The path inside every archive.
    public static let path = ".envsync/environment.json"

    /// The lockfile that the environment is held against.
    public struct Lock: Sendable, Hashable, Codable {
        /// Its file name, `uv.lock`.
        public var name: String
        /// The SHA-256 of the packages it wants, hexadecimal.
        public var id: String
        /// Makes one from its parts.
        public init(name: String, id: String) {
            self.name = name
            self.id = id
        }
    }
    /// The Python that the environment runs with.
    public struct Interpreter: Sendable, Hashable, Codable {
        /// Relative to the archive: `bin/python`.
        public var path: String
        /// Whether the archive holds the interpreter itself.
        public var isIncluded: Bool
        /// Where the workers need one, if it isn't: the absolute path that `path` leads to.
        public var base: String?
        /// Makes one from its parts.
        public init(path: String, isIncluded: Bool, base: String? = nil) {
            self.path = path
            self.isIncluded = isIncluded
            self.base = base
        }
    }
    /// An installed package, as it is in the archive.
    public struct Package: Sendable, Hashable, Codable {
        /// Normalized (PEP 503) for Python packages; as conda spells it for conda's.
        public var name: String
        /// As the package spells it.
        public var version: String
        /// `python` or `conda`.
        public var manager: String
        /// conda: the build string.
        public var build: String?
        /// The SHA-256 over the paths, modes and digests of its files in the archive, hexadecimal.
        public var digest: String
        /// Files in the archive.
        public var files: Int
        /// Python: the modules and packages at the top of `site-packages` that it has files of, sorted.
        public var topLevel: [String]?
    }
    /// Of this format.
    public var schemaVersion = 1
    /// `venv`, `conda`, `tree` or `overlay`.
    public var kind: String
    /// `3.11`.
    public var python: String
    /// The Python that the environment runs with.
    public var interpreter: Interpreter
    /// What it was installed from, if that is known.
    public var lock: Lock?
    /// By name.
    public var packages: [Package]
    /// As of a package: of all files that belong to none.
    public var other: String
    /// For archives whose files name a prefix that is only known where they are unpacked: how many do.
    public var relocatedFiles: Int?
}
