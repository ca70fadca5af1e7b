import Foundation

/// The entries of an archive that an editable package's sources become: what a wheel of it would put into `site-packages`.
struct EditableSources {
    private(set) var entries: [PackPlan.Entry] = []
    /// Sources that can't be read.
    private(set) var problems: [String] = []
    private let site: String
    private var seen: Set<[UInt8]> = []

    init(site: String) { self.site = site }

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
        guard let root = BaseLocation.real(directory), let names = try? DirectoryWalk.names(in: root) else { return }
        for name in names where isOwn(name, in: root, package) {
            add(module: name.hasSuffix(".py") ? String(name.dropLast(3)) : name, at: root + "/" + name)
        }
    }

    /// Files beside the modules of a project that a wheel wouldn't hold.
    private static let projectFiles: Set<String> = [
        "build", "dist", "doc", "docs", "example", "examples", "test", "tests", "benchmarks", "scripts", "tools",
        "node_modules",
        "venv", "env", "setup.py", "conftest.py", "noxfile.py", "tasks.py", "fabfile.py",
    ]

    private func isOwn(_ name: String, in root: String, _ package: EditablePackage) -> Bool {
        let isModule = name.hasSuffix(".py")
        let module = isModule ? String(name.dropLast(3)) : name
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
        do throws(DirectoryWalk.Failure) {
            files = try DirectoryWalk(root: root, skipping: []).run()
        } catch {
            problems.append("has sources that can't be listed: \(root): \(error.message)")
            return
        }
        if seen.insert(start).inserted { entries.append(.init(path: start, kind: .directory)) }
        for file in files where !Self.isLeftOut(file.path) {
            let target = start + [UInt8(ascii: "/")] + file.path
            switch file.kind {
            case .directory: if seen.insert(target).inserted { entries.append(.init(path: target, kind: .directory)) }
            case .regular: add(file.source, mode: file.mode, path: target)
            case .symlink:
                // A wheel holds the file that a link leads to.
                guard let real = BaseLocation.real(String(decoding: file.source.path, as: UTF8.self)),
                    EditablePackages.isBelow(real, root), let found = BaseLocation.source(real)
                else { continue }
                add(found.file, mode: found.mode, path: target)
            case .special: break
            case .unreadable(let reason):
                problems.append("has a source that can't be read: \(file.path.shown): \(reason)")
            }
        }
    }

    /// What builds, editors and version control leave among sources.
    private static func isLeftOut(_ path: [UInt8]) -> Bool {
        path.split(separator: UInt8(ascii: "/")).contains { part in
            let name = Array(part)
            return name.first == UInt8(ascii: ".") || name.elementsEqual("__pycache__".utf8)
                || name.hasSuffix(".egg-info")
                || name.hasSuffix(".pyc") || name.hasSuffix("~") || name.elementsEqual("node_modules".utf8)
        }
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
