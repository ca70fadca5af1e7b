/// Whether Python can import what a zip file holds directly from it (`zipimport`), as `--py-files` needs.
public enum ZipImportability: Hashable, Sendable {
    /// Everything works from the zip.
    case importable
    /// Something doesn't; each reason occurs once.
    case notImportable([Reason])

    /// Why a zip file can't be imported from. `others` counts the further files the same holds for.
    public enum Reason: Hashable, Sendable, CustomStringConvertible {
        /// Native code: the system's loader needs a file of its own.
        case extensionModule(path: String, others: Int)
        /// Files that an installer would put elsewhere (`*.data/`).
        case dataDirectory(path: String)
        /// A file that is no module; code that opens it by its path would not find it.
        case packageData(path: String, others: Int)
        /// The wheel says that it depends on the platform (`Root-Is-Purelib: false`).
        case notPurelib
        /// There is nothing to import.
        case noModules
        /// A directory with modules but without `__init__.py` and without an entry of its own: `zipimport` doesn't
        /// take it for a package (CPython issue 59110; seen with 3.6 to 3.13).
        case namespacePackage(path: String, others: Int)
        /// A symbolic link, of which `zipimport` would read the target's name as code.
        case symbolicLink(path: String)
        /// A compression method other than deflate.
        case unsupportedCompression(path: String)
        /// zip64 structures, which `zipimport` reads from Python 3.13 on only (CPython PR 94146).
        case zip64
        /// An egg that says so (`EGG-INFO/not-zip-safe`).
        case notZipSafe

        /// A sentence for people.
        public var description: String {
            switch self {
            case .extensionModule(let path, let others):
                "native code can't be loaded from a zip: \(path)\(Self.more(others))"
            case .dataDirectory(let path): "\(path) has to be installed into other directories"
            case .packageData(let path, let others):
                "data files may not be found inside a zip: \(path)\(Self.more(others))"
            case .notPurelib: "it is built for one platform (Root-Is-Purelib: false)"
            case .noModules: "there is nothing to import in it"
            case .namespacePackage(let path, let others):
                "Python does not find a package without __init__.py in this zip: \(path)\(Self.more(others))"
            case .symbolicLink(let path): "a symbolic link does not work inside a zip: \(path)"
            case .unsupportedCompression(let path): "Python can't import what is compressed this way: \(path)"
            case .zip64: "it is so large (zip64) that Python before 3.13 can't import from it"
            case .notZipSafe: "the egg says that it doesn't work inside a zip (not-zip-safe)"
            }
        }

        private static func more(_ others: Int) -> String { others == 0 ? "" : " and \(others) more" }
    }

    /// The reasons against; empty when importable.
    public var reasons: [Reason] {
        switch self {
        case .importable: []
        case .notImportable(let reasons): reasons
        }
    }
}
