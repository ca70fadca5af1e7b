/// A Python environment on this machine: a venv, a virtualenv or a conda prefix, with what is installed in it.
///
/// Only its own `site-packages` are looked at. What is read is taken for hostile: nothing outside of the environment is
/// opened because a file inside says so.
public struct InstalledEnvironment: Sendable, Hashable {
    /// The environment's root directory, without symbolic links.
    public let prefix: String
    /// The minor version of its Python, `3.11`.
    public let python: String
    /// Its directories of modules; two if `lib` and `lib64` are different ones.
    public let sitePackages: [String]
    /// What is installed, by name, then path.
    public let packages: [InstalledPackage]
    /// What looks like a package's metadata and isn't, by path.
    public let problems: [Problem]
    /// What a reader should know of how it was read; sentences.
    public let notes: [String]

    /// Something in `site-packages` that can't be taken for an installed package.
    public struct Problem: Sendable, Hashable {
        /// The last component of its path.
        public let name: String
        /// What is the matter, as a clause.
        public let message: String
    }

    /// The packages of a name: one, unless it is installed more than once.
    public func packages(named name: String) -> [InstalledPackage] {
        let name = PythonNames.normalize(name)
        return packages.filter { $0.name == name }
    }

    /// Reads which packages are installed; ``InstalledPackage/verify(in:known:cancelled:)`` compares their files.
    ///
    /// - Parameter prefix: the root directory, which holds `lib/python3.11/site-packages`.
    /// - Throws: ``InstalledEnvironmentError`` if it isn't one, or if it is more than one.
    public static func read(prefix: String) throws -> InstalledEnvironment {
        let layout = try InstalledLayout(prefix: prefix)
        var packages: [InstalledPackage] = []
        var problems: [Problem] = []
        for directory in layout.sitePackages {
            for name in try LocalDirectory.names(directory) {
                let path = "\(directory)/\(name.text)"
                guard name.isUTF8 else {
                    if InstalledPackage.isMetadata(name.text) {
                        problems.append(Problem(name: name.text, message: "its name is not UTF-8"))
                    }
                    continue
                }
                guard InstalledPackage.isMetadata(name.text) else { continue }
                if name.text.hasPrefix("~") {
                    problems.append(
                        Problem(name: name.text, message: "pip left it when an installation was broken off"))
                } else if let package = InstalledPackage(metadataAt: path, in: directory) {
                    packages.append(package)
                } else {
                    problems.append(Problem(name: name.text, message: "neither it nor its name tells a package's name"))
                }
            }
        }
        return InstalledEnvironment(
            prefix: layout.prefix, python: layout.python, sitePackages: layout.sitePackages,
            packages: packages.sorted { ($0.name, $0.path) < ($1.name, $1.path) },
            problems: problems.sorted { $0.name < $1.name }, notes: layout.notes)
    }
}

/// Why a directory can't be read as a Python environment.
public struct InstalledEnvironmentError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The directory.
    public let path: String
    /// What is the matter, as a clause.
    public let message: String

    /// Both, in one line.
    public var description: String { "\(path): \(message)" }
}
