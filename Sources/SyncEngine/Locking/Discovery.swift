import EnvSyncModel
import Foundation
import Glibc

/// Finds what the configuration names: which files and directories, for which jobs. Reads directories, opens no file.
struct Discovery {
    let workspace: Workspace

    /// The items in a stable order, and what was named but isn't there.
    func items() throws -> (items: [LocalItem], problems: [LocalProblem]) {
        let configuration = workspace.configuration
        var items: [LocalItem] = []
        var problems: [LocalProblem] = []
        // With a lockfile, they only hold what it may ask for.
        for wheelhouse in configuration.lockfile == nil ? configuration.wheelhouses : [] {
            try wheels(in: wheelhouse, &items, &problems)
        }
        for source in configuration.sources {
            items.append(item(.source(source), .source, source.path))
        }
        for archive in configuration.archives {
            var item = item(.archive(archive.alias), .archive, archive.path)
            let wanting = configuration.jobs.filter { $0.archives?.contains(archive.alias) ?? true }
            // An archive that every job wants is the environment's; else it belongs to the jobs that name it.
            if wanting.count != configuration.jobs.count { item.jobs = wanting.map(\.name) }
            items.append(item)
        }
        for path in configuration.files { items.append(item(.file, .listed, path)) }
        for path in configuration.pyFiles { items.append(item(.pyFile, .listed, path)) }
        for job in configuration.jobs {
            for path in job.files { items.append(item(.file, .listed, path, job.name)) }
            for path in job.pyFiles { items.append(item(.pyFile, .listed, path, job.name)) }
            if let main = job.main { items.append(item(.main, .main, main, job.name)) }
        }
        return (merged(items), problems)
    }

    private func item(
        _ role: LocalItem.Role, _ section: ArtifactOrigin.Section, _ path: String, _ job: JobName? = nil
    ) -> LocalItem {
        let recorded = path.hasPrefix("/") ? (path.split(separator: "/").last.map(String.init) ?? path) : path
        return LocalItem(
            role: role, path: Workspace.absolutePath(workspace.resolve(path)),
            origin: ArtifactOrigin(section: section, path: recorded),
            jobs: job.map { [$0] } ?? [])
    }

    /// One item for each file and role, with the jobs of all that named it.
    private func merged(_ items: [LocalItem]) -> [LocalItem] {
        struct Key: Hashable {
            let role: LocalItem.Role
            let path: String
        }
        var order: [Key] = []
        var byKey: [Key: LocalItem] = [:]
        for item in items {
            let key = Key(role: item.role, path: item.path)
            guard let known = byKey[key] else {
                order.append(key)
                byKey[key] = item
                continue
            }
            let forAll = known.jobs.isEmpty || item.jobs.isEmpty
            byKey[key]?.jobs = forAll ? [] : Set(known.jobs + item.jobs).sorted()
        }
        return order.compactMap { byKey[$0] }
    }

    private func wheels(in wheelhouse: String, _ items: inout [LocalItem], _ problems: inout [LocalProblem]) throws {
        let directory = workspace.resolve(wheelhouse)
        let recorded =
            wheelhouse.hasPrefix("/") ? (wheelhouse.split(separator: "/").last.map(String.init) ?? "/") : wheelhouse
        func problem(_ kind: LocalProblem.Kind, _ name: String, _ message: String, _ suggestion: String?) {
            problems.append(
                LocalProblem(
                    kind: kind, origin: ArtifactOrigin(section: .wheelhouse, path: name),
                    path: name.isEmpty ? recorded : "\(recorded)/\(name)", message: message, suggestion: suggestion))
        }
        guard let stream = opendir(directory) else {
            let code = errno
            problem(
                code == ENOENT ? .missing : .unusable, "",
                "the wheelhouse cannot be read: " + String(cString: strerror(code)),
                "make the directory, or correct environment.wheelhouse in \(workspace.configurationFile)")
            return
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let bytes = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            guard bytes.first != UInt8(ascii: ".") else { continue }
            guard let name = String(validating: bytes, as: UTF8.self) else {
                problem(
                    .unusable, "",
                    "it holds a file whose name is not UTF-8: "
                        + QuotedText.visible(String(decoding: bytes, as: UTF8.self)), "rename or remove the file")
                continue
            }
            names.append(name)
        }
        for name in names.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            let lower = name.lowercased()
            if lower.hasSuffix(".tar.gz") || lower.hasSuffix(".tgz") || lower.hasSuffix(".tar.bz2") {
                problem(
                    .unusable, name, "it is a source distribution, not a wheel",
                    "pip wheel --no-deps \(Self.shown(name)), and remove it")
            } else if [".whl", ".egg", ".zip"].contains(where: lower.hasSuffix) {
                items.append(
                    LocalItem(
                        role: .wheelhouse, path: directory + "/" + name,
                        origin: ArtifactOrigin(section: .wheelhouse, path: name), jobs: []))
            }
        }
    }

    private static func shown(_ name: String) -> String {
        name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "'") } ? name : "FILE"
    }
}
