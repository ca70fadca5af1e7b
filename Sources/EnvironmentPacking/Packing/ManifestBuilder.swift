import Crypto
import ReproducibleArchive

/// Digests of packages, from what each entry turned out to hold.
struct ManifestBuilder {
    let plan: PackPlan
    let options: PackOptions

    /// - Parameter contents: of the plan's entries, by number.
    func manifest(_ contents: [KnownContent], kind: String? = nil) -> EnvironmentManifest {
        var hashes = Array(repeating: SHA256(), count: plan.packages.count + 1)
        var counts = Array(repeating: 0, count: plan.packages.count + 1)
        var tops: [Set<String>] = Array(repeating: [], count: plan.packages.count)
        let library = Array("lib/python\(plan.python)/site-packages/".utf8)
        var line: [UInt8] = []
        for (number, entry) in plan.entries.enumerated() {
            let slot = entry.package ?? plan.packages.count
            line.removeAll(keepingCapacity: true)
            line += entry.path
            switch entry.kind {
            // Directories are there for what is in them, which is told by itself.
            case .directory: continue
            case .symlink(let target):
                line += Array("\0l\0".utf8) + target + [0, 0]
            case .file(let isExecutable, _):
                guard case .present(let digest) = contents[number] else { continue }
                line += Array("\0\(isExecutable ? "x" : "f")\0\(digest.size)\0".utf8)
                line += digest.sha256
                line.append(0)
            }
            hashes[slot].update(data: line)
            counts[slot] += 1
            if slot < tops.count, kind != nil || entry.path.starts(with: library),
                let top = Self.topLevel(entry.path[(kind == nil ? library.count : 0)...])
            {
                tops[slot].insert(top)
            }
        }
        func text(_ slot: Int) -> String { Array(hashes[slot].finalize()).lowerHexadecimal }
        let packages = plan.packages.enumerated().map { slot, package in
            EnvironmentManifest.Package(
                name: package.name, version: package.version, manager: package.manager.rawValue, build: package.build,
                digest: text(slot), files: counts[slot],
                topLevel: tops[slot].isEmpty ? nil : tops[slot].sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        }
        return EnvironmentManifest(
            kind: kind ?? plan.kind.rawValue, python: plan.python, interpreter: plan.interpreter, lock: options.lock,
            packages: packages.sorted { ($0.name, $0.manager, $0.version) < ($1.name, $1.manager, $1.version) },
            other: text(plan.packages.count), relocatedFiles: plan.relocatedFiles)
    }

    /// The name that `import` would look for: a directory's, or a module's without its suffix.
    static func topLevel(_ path: ArraySlice<UInt8>) -> String? {
        let first = path.prefix { $0 != 0x2F }
        let isDirectory = first.endIndex < path.endIndex
        if isDirectory {
            let name = Array(first)
            if name.hasSuffix(".dist-info") || name.hasSuffix(".egg-info") || name.hasSuffix("__pycache__") {
                return nil
            }
            return String(decoding: name, as: UTF8.self)
        }
        let name = Array(first)
        guard name.hasSuffix(".py") || name.hasSuffix(".so") || name.hasSuffix(".pyc") else { return nil }
        return String(decoding: first.prefix { $0 != UInt8(ascii: ".") }, as: UTF8.self)
    }
}
