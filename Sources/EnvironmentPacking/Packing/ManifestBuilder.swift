import Crypto
import ReproducibleArchive

/// Digests of packages, from what each entry turned out to hold.
struct ManifestBuilder {
    let plan: PackPlan
    let options: PackOptions

    /// Bytes that are hashed at once.
    private static let portion = 16 << 10

    /// - Parameter contents: of the plan's entries, by number.
    func manifest(_ contents: [KnownContent], kind: String? = nil) -> EnvironmentManifest {
        var hashes = Array(repeating: SHA256(), count: plan.packages.count + 1)
        var pending = Array(repeating: [UInt8](), count: plan.packages.count + 1)
        var counts = Array(repeating: 0, count: plan.packages.count + 1)
        var tops: [Set<String>] = Array(repeating: [], count: plan.packages.count)
        let library = Array("lib/python\(plan.python)/site-packages/".utf8)
        var lastTops = Array(repeating: ArraySlice<UInt8>(), count: plan.packages.count)
        for number in plan.entries.indices {
            let slot = plan.entries[number].package ?? plan.packages.count
            let path = plan.entries[number].path
            switch plan.entries[number].kind {
            // Directories are there for what is in them, which is told by itself.
            case .directory: continue
            case .symlink(let target):
                pending[slot] += path
                pending[slot] += [0, UInt8(ascii: "l"), 0]
                pending[slot] += target
                pending[slot] += [0, 0]
            case .file(let isExecutable, _):
                guard case .present(let digest) = contents[number] else { continue }
                pending[slot] += path
                pending[slot] += [0, UInt8(ascii: isExecutable ? "x" : "f"), 0]
                pending[slot] += String(digest.size).utf8
                pending[slot].append(0)
                pending[slot] += digest.sha256
                pending[slot].append(0)
            }
            if pending[slot].count >= Self.portion {
                hashes[slot].update(data: pending[slot])
                pending[slot].removeAll(keepingCapacity: true)
            }
            counts[slot] += 1
            guard slot < tops.count, kind != nil || path.starts(with: library) else { continue }
            let inner = path[(kind == nil ? library.count : 0)...]
            let first = inner.prefix { $0 != 0x2F }
            // Entries below one directory follow each other.
            if first.endIndex < inner.endIndex, first == lastTops[slot] { continue }
            if let top = Self.topLevel(inner) { tops[slot].insert(top) }
            if first.endIndex < inner.endIndex { lastTops[slot] = first }
        }
        for slot in hashes.indices { hashes[slot].update(data: pending[slot]) }
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
