import ReproducibleArchive

/// What the entries of a zip file mean to `import`.
struct ModuleSurvey {
    /// Sorted names that `import` finds at the top.
    private(set) var topLevel: [String]
    private(set) var reasons: [ZipImportability.Reason] = []
    /// Directories with modules that `zipimport` doesn't take for packages, in order.
    private(set) var namespaceDirectories: [String]

    /// Which files are nobody's business.
    struct Options {
        /// A top-level directory of metadata: `x.dist-info` or `EGG-INFO`.
        var metadataDirectory: String?
        /// Whether files that are no modules speak against importing.
        var refusesData = true
        /// Whether directories that can't be namespace packages speak against importing.
        var refusesNamespaces = true
    }

    init(_ archive: ZipArchive, options: Options) {
        var natives: [String] = []
        var data: [String] = []
        var dataDirectories: [String] = []
        var links: [String] = []
        var uncommon: [String] = []
        var top = Set<String>()
        var hasModules = false
        var packages = Set<Substring>()
        var directoryEntries = Set<Substring>()
        var moduleDirectories = Set<Substring>()
        let metadataPrefix = options.metadataDirectory.map { $0 + "/" }
        for entry in archive.entries {
            let name = entry.name
            if entry.isDirectory {
                directoryEntries.insert(name[...])
                continue
            }
            if let metadataPrefix, name.hasPrefix(metadataPrefix) { continue }
            let parts = Parts(name)
            if parts.top.hasSuffix(".data"), parts.directory != nil, metadataPrefix != nil, options.refusesData {
                if dataDirectories.last != String(parts.top) { dataDirectories.append(String(parts.top)) }
                continue
            }
            if entry.isSymlink { links.append(name) }
            if entry.method != 0, entry.method != 8 { uncommon.append(name) }
            switch Self.kind(parts.leaf) {
            case .module:
                if parts.leaf == "__init__.py", let directory = parts.directory {
                    packages.insert(directory)
                    hasModules = true
                }
                if let directory = parts.directory { moduleDirectories.insert(directory) } else { hasModules = true }
                top.insert(String(parts.topModule))
            case .native:
                natives.append(name)
                top.insert(String(parts.topModule))
            case .stub: break
            case .data: data.append(name)
            }
        }
        topLevel = top.filter { PythonNames.isModuleName($0) && $0 != "__init__" && $0 != "__main__" }.sorted()
        namespaceDirectories = Self.namespaceDirectories(
            moduleDirectories: moduleDirectories, packages: packages, directoryEntries: directoryEntries)
        // A namespace package that can be found is as good as any other.
        if !moduleDirectories.isEmpty, namespaceDirectories.isEmpty { hasModules = true }
        if let path = natives.first { reasons.append(.extensionModule(path: path, others: natives.count - 1)) }
        reasons += dataDirectories.map { .dataDirectory(path: $0) }
        if options.refusesData, let path = data.first {
            reasons.append(.packageData(path: path, others: data.count - 1))
        }
        // Tests inside a package are for its developers; many wheels ship them without an `__init__.py`.
        let wanted = namespaceDirectories.filter { directory in
            !directory.split(separator: "/").dropFirst().contains { $0 == "tests" || $0 == "test" }
        }
        if options.refusesNamespaces, let path = wanted.first {
            reasons.append(.namespacePackage(path: path, others: wanted.count - 1))
        }
        reasons += links.map { .symbolicLink(path: $0) }
        reasons += uncommon.map { .unsupportedCompression(path: $0) }
        if archive.usesZip64 { reasons.append(.zip64) }
        if topLevel.isEmpty || !hasModules && namespaceDirectories.isEmpty { reasons.append(.noModules) }
    }

    private enum Kind {
        case module, stub, native, data
    }

    private static func kind(_ leaf: Substring) -> Kind {
        if leaf.hasSuffix(".py") { return .module }
        if leaf.hasSuffix(".pyi") || leaf == "py.typed" { return .stub }
        if isDocument(leaf) { return .stub }
        for suffix in [".so", ".pyd", ".dll", ".dylib"] where leaf.hasSuffix(suffix) { return .native }
        // Versioned shared libraries: libfoo.so.1.2
        return leaf.contains(".so.") ? .native : .data
    }

    /// Licences and documentation that wheels carry beside their modules; no code reads them.
    private static func isDocument(_ leaf: Substring) -> Bool {
        if leaf.hasSuffix(".md") || leaf.hasSuffix(".rst") { return true }
        let stem = leaf.split(separator: ".").first ?? leaf
        return ["LICENSE", "LICENCE", "COPYING", "NOTICE", "AUTHORS", "README", "CHANGES", "CHANGELOG"].contains {
            stem.uppercased() == $0
        }
    }

    /// Directories on the way to a module that are neither regular packages nor listed themselves.
    private static func namespaceDirectories(
        moduleDirectories: Set<Substring>, packages: Set<Substring>, directoryEntries: Set<Substring>
    ) -> [String] {
        var found = Set<Substring>()
        for directory in moduleDirectories {
            var current = directory
            while true {
                if !packages.contains(current), !directoryEntries.contains(current) { found.insert(current) }
                guard let slash = current.utf8.lastIndex(of: UInt8(ascii: "/")) else { break }
                current = current[..<slash]
            }
        }
        // What can't be imported by name anyway (a directory "my-scripts") is no package.
        return found.filter { $0.split(separator: "/").allSatisfy(PythonNames.isModuleName) }.map(String.init).sorted()
    }

    private struct Parts {
        let top: Substring
        let leaf: Substring
        let directory: Substring?

        init(_ name: String) {
            let bytes = name.utf8
            top = name[..<(bytes.firstIndex(of: UInt8(ascii: "/")) ?? name.endIndex)]
            if let slash = bytes.lastIndex(of: UInt8(ascii: "/")) {
                directory = name[..<slash]
                leaf = name[bytes.index(after: slash)...]
            } else {
                directory = nil
                leaf = name[...]
            }
        }

        /// `six` of `six.py`, `_yaml` of `_yaml.cpython-311.so`, `numpy` of `numpy/core/x.py`.
        var topModule: Substring { top.prefix { $0 != "." } }
    }
}
