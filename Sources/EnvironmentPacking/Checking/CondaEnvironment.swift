import Glibc
public import PythonPackaging

/// What conda, mamba or micromamba installed in an environment on this machine, by its `conda-meta`.
public struct CondaEnvironment: Sendable {
    /// A package, of any language.
    public struct Package: Sendable {
        /// As conda spells it.
        public let name: String
        /// As conda spells it.
        public let version: String
        /// The build string, `h955ad1f_0`; `nil` if it doesn't say.
        public let build: String?
        /// The name of its file in `conda-meta`.
        public let fileName: String
        /// The directories of Python metadata that it installed, relative to the environment.
        public let pythonMetadata: [String]
        private let files: FileList

        fileprivate init(_ record: CondaRecord, fileName: String, prefix: String) {
            name = record.name
            version = record.version
            build = record.build
            self.fileName = fileName
            var metadata: Set<String> = []
            var stated: [FileList.File] = []
            for file in record.files where file.origin != .directory && file.origin != .bytecode {
                let path = String(decoding: file.path, as: UTF8.self)
                if file.path.hasSuffix("-info/METADATA") || file.path.hasSuffix("-info/PKG-INFO") {
                    metadata.insert(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
                }
                // The package's own hash says nothing of a file that conda wrote the prefix into. Nor does any of a link.
                let isLinked = record.isSoftlinked || file.origin != .package
                let sha256 = isLinked ? nil : file.installed ?? (file.placeholder == nil ? file.packaged : nil)
                stated.append(.init(path: path, sha256: sha256))
            }
            pythonMetadata = metadata.sorted()
            files = FileList(
                name: "conda-meta", directory: prefix, prefix: prefix, files: stated.sorted { $0.path < $1.path })
        }

        /// Compares its files with what `conda-meta` says; what conda compiled when it installed it is passed over.
        ///
        /// - Parameters:
        ///   - known: a signature from when no difference was found; if it is still the same, nothing is read.
        ///   - cancelled: called often; throws to end the work.
        /// - Throws: what `cancelled` does.
        public func verify(
            known: String? = nil, cancelled: () throws -> Void = {}
        ) throws -> InstalledPackage.Verification {
            try files.verify(known: known, cancelled: cancelled)
        }
    }

    /// By name.
    public let packages: [Package]
    /// Files of `conda-meta` that can't be used: the name, and what is the matter as a clause.
    public let problems: [(fileName: String, message: String)]

    /// Reads which packages there are.
    ///
    /// - Parameter environment: what Python sees of it.
    /// - Returns: `nil` if conda has nothing to do with it.
    /// - Throws: ``/PythonPackaging/InstalledEnvironmentError`` if `conda-meta` can't be listed.
    public static func read(_ environment: InstalledEnvironment) throws -> CondaEnvironment? {
        let directory = environment.prefix + "/conda-meta"
        var info = stat()
        guard lstat(directory, &info) == 0, info.st_mode & S_IFMT == S_IFDIR else { return nil }
        let site = environment.sitePackages.first.map { String($0.dropFirst(environment.prefix.count + 1)) }
        var packages: [Package] = []
        var problems: [(fileName: String, message: String)] = []
        for name in try LocalDirectory.names(directory) where name.text.hasSuffix(".json") {
            let path = directory + "/" + name.text
            guard name.isUTF8, let bytes = LocalDirectory.read(path, limit: CondaMetadataRewrite.sizeLimit) else {
                problems.append(
                    (name.text, name.isUTF8 ? "can't be read: \(String(cString: strerror(errno)))" : "is not UTF-8"))
                continue
            }
            do {
                let record = try CondaRecord(
                    CondaJSON(bytes), sitePackages: site ?? "lib/python\(environment.python)/site-packages")
                packages.append(Package(record, fileName: name.text, prefix: environment.prefix))
            } catch let error as CondaJSON.Malformed {
                problems.append((name.text, "is not valid JSON: it \(error.message) at byte \(error.offset)"))
            } catch let error as CondaRecord.Malformed {
                problems.append((name.text, error.message))
            }
        }
        return CondaEnvironment(
            packages: packages.sorted { ($0.name, $0.fileName) < ($1.name, $1.fileName) }, problems: problems)
    }
}
