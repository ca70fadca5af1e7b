import Foundation

/// The entries of an archive that an editable package's sources become: what a wheel of it would put into `site-packages`.
struct EditableSources {
    private(set) var entries: [PackPlan.Entry] = []
    /// Sources that can't be read.
    private(set) var problems: [String] = []
    /// Directories in which a new file would be one of the package's.
    private(set) var watched: [WatchedDirectory] = []
    private let site: String
    /// Without symbolic links.
    private let project: String?
    private var seen: Set<[UInt8]> = []

    /// - Parameters:
    ///   - site: relative to the environment.
    ///   - project: what links among the sources may lead to, absolute.
    init(site: String, project: String?) {
        self.site = site
        self.project = project.flatMap { BaseLocation.real($0) }
    }

    /// - Parameters:
    ///   - module: a dotted name.
    ///   - place: its directory or file, absolute; files may lack the suffix.
    mutating func add(module: String, at place: String) {
        let path = site + "/" + module.split(separator: ".").joined(separator: "/")
        for candidate in [place, place + ".py"] {
            if let file = BaseLocation.real(candidate).flatMap({ BaseLocation.source($0) }) {
                addParents(path)
                let suffix = file.file.path[file.file.path.leafStart...]
                let dot =
                    suffix.firstIndex(of: UInt8(ascii: ".")).map { String(decoding: suffix[$0...], as: UTF8.self) }
                    ?? ""
                add(file.file, mode: file.mode, path: Array((path + dot).utf8))
                return
            }
        }
        guard let real = BaseLocation.real(place) else { return }
        addParents(path)
        add(tree: real, path: path)
    }

    /// A directory that is on the path.
    mutating func add(directory: String, of package: EditablePackage) {
        guard let root = BaseLocation.real(directory) else { return }
        watch(root, hasModulesOnly: true)
        guard let names = try? DirectoryWalk.names(in: root) else { return }
        for name in names where isOwn(name, in: root, package) {
            add(module: Self.module(name), at: root + "/" + name)
        }
        // A package of a namespace, without a list of its own.
        let parts = package.name.split(separator: "-")
        if package.topLevel.isEmpty, parts.count > 1,
            BaseLocation.real("\(root)/\(parts.joined(separator: "/"))/__init__.py") != nil
        {
            add(module: parts.joined(separator: "."), at: "\(root)/\(parts.joined(separator: "/"))")
        }
    }

    /// What `import` calls a file or directory.
    private static func module(_ name: String) -> String {
        guard name.hasSuffix(".py") || name.hasSuffix(".so") else { return name }
        return String(name.prefix { $0 != "." })
    }

    /// The metadata of a package that has none in the environment, but for its list of the project's files.
    ///
    /// - Parameter information: an `.egg-info`, absolute.
    /// - Returns: its path in the archive; `nil` if it can't be read.
    mutating func add(eggInfo information: String) -> [UInt8]? {
        guard let real = BaseLocation.real(information), let names = try? DirectoryWalk.names(in: real),
            names.contains("PKG-INFO")
        else { return nil }
        watch(real)
        let path =
            site + "/"
            + information[information.index(after: information.lastIndex(of: "/") ?? information.startIndex)...]
        entries.append(.init(path: Array(path.utf8), kind: .directory))
        for name in names where name != "SOURCES.txt" && name != "installed-files.txt" {
            guard let file = BaseLocation.source(real + "/" + name) else { continue }
            add(file.file, mode: file.mode & ~0o111, path: Array("\(path)/\(name)".utf8))
        }
        return Array(path.utf8)
    }

    private mutating func watch(_ directory: String, hasModulesOnly: Bool = false) {
        watched.append(WatchedDirectory(Array(directory.utf8), hasModulesOnly: hasModulesOnly))
    }

    /// Files beside the modules of a project that a wheel wouldn't hold.
    private static let projectFiles: Set<String> = [
        "build", "dist", "doc", "docs", "example", "examples", "test", "tests", "benchmarks", "scripts", "tools",
        "node_modules",
        "venv", "env", "setup.py", "conftest.py", "noxfile.py", "tasks.py", "fabfile.py",
    ]

    private func isOwn(_ name: String, in root: String, _ package: EditablePackage) -> Bool {
        let isModule = name.hasSuffix(".py") || name.hasSuffix(".so")
        let module = Self.module(name)
        guard !module.isEmpty, !module.contains("."), !module.contains("-"), name != "__pycache__" else { return false }
        if !package.topLevel.isEmpty { return package.topLevel.contains(module) }
        let expected = package.name.replacing("-", with: "_")
        if module.lowercased() == expected { return isModule || BaseLocation.real(root + "/" + name + "/.") != nil }
        // A directory of its own for the sources has nothing else in it.
        if root.hasSuffix("/src") { return isModule || BaseLocation.real(root + "/" + name + "/.") != nil }
        guard !Self.projectFiles.contains(name) else { return false }
        return BaseLocation.real(root + "/" + name + "/__init__.py") != nil
    }

    private mutating func add(tree root: String, path: String) {
        let start = Array(path.utf8)
        let files: [SurveyedFile]
        watch(root)
        do throws(DirectoryWalk.Failure) {
            files = try DirectoryWalk(root: root, skipping: []).run()
        } catch {
            problems.append("has sources that can't be listed: \(root): \(error.message)")
            return
        }
        for file in files where !Self.isLeftOut(file.path) {
            let target = start + [UInt8(ascii: "/")] + file.path
            switch file.kind {
            // Only those with files in them go along: others are left of what was there, and in no copy of the sources.
            case .directory: watched.append(WatchedDirectory(file.source.path, hasModulesOnly: false))
            case .regular: add(file.source, mode: file.mode, path: target)
            case .symlink:
                // A wheel holds the file that a link leads to.
                guard let real = BaseLocation.real(String(decoding: file.source.path, as: UTF8.self)),
                    EditablePackages.isBelow(real, project ?? root), let found = BaseLocation.source(real)
                else {
                    problems.append(
                        "has a source that is a link to nothing, to a directory or out of the project: \(file.path.shown)"
                    )
                    continue
                }
                add(found.file, mode: found.mode, path: target)
            case .special: break
            case .unreadable(let reason):
                problems.append("has a source that can't be read: \(file.path.shown): \(reason)")
            }
        }
    }

    private static func isLeftOut(_ path: [UInt8]) -> Bool {
        path.split(separator: UInt8(ascii: "/")).contains { WatchedDirectory.isLeftOut(Array($0)) }
    }

    private mutating func add(_ source: SourceFile, mode: UInt32, path: [UInt8]) {
        guard seen.insert(path).inserted else { return }
        entries.append(.init(path: path, kind: .file(isExecutable: mode & 0o100 != 0, .file(source))))
    }

    private mutating func addParents(_ path: String) {
        var parents: [[UInt8]] = []
        var directory = Array(path.utf8).parent
        while directory.count > site.utf8.count {
            parents.append(directory)
            directory = directory.parent
        }
        for parent in parents.reversed() where seen.insert(parent).inserted {
            entries.append(.init(path: parent, kind: .directory))
        }
    }
}

extension DirectoryWalk {
    /// The names directly in a directory, sorted; those that aren't UTF-8 left out.
    static func names(in directory: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
    }
}
