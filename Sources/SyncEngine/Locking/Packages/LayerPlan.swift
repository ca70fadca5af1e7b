import Crypto
import EnvSyncModel
import PythonPackaging

/// Wheels that are to be installed into one layer, which is built when its bytes are needed.
struct LayerPlan: Sendable, Hashable {
    /// A wheel and where it is.
    struct Member: Sendable, Hashable {
        let wheel: LayerWheel
        let path: String
    }

    /// The layer's name, which is its alias too: `layer-numpy`, or `layer-shared` for those that share one.
    let name: String
    /// The version of the only wheel.
    let version: String?
    /// By name.
    let members: [Member]
    /// The jobs that want it; empty means every job.
    let jobs: [JobName]

    /// Equal for layers of equal bytes.
    var key: ContentDigest {
        var sha256 = SHA256()
        sha256.update(data: Array("layer \(WheelLayer.formatVersion)\n".utf8))
        for digest in members.map(\.wheel.digest.hex).sorted() { sha256.update(data: Array((digest + "\n").utf8)) }
        return ContentDigest(sha256.finalize())
    }

    /// Whether it is of a single large wheel, so that other wheels don't matter to it.
    var isOwn: Bool { !name.hasPrefix("layer-shared") }

    var wheels: [LayerWheel] { members.map(\.wheel) }

    /// Distributes wheels to layers.
    ///
    /// - Parameters:
    ///   - wheels: local wheels that can't be imported from a zip.
    ///   - limit: wheels of this size in bytes or more get a layer of their own.
    static func plans(for wheels: [LocalArtifact], limit: Int64) -> [LayerPlan] {
        struct Group: Hashable {
            let name: String
            let jobs: [JobName]
        }
        var groups: [Group: [LocalArtifact]] = [:]
        for wheel in wheels {
            let isLarge = wheel.inspection.size >= limit
            let name = "layer-" + (isLarge ? wheel.inspection.name : "shared")
            groups[Group(name: name, jobs: wheel.item.jobs), default: []].append(wheel)
        }
        return groups.map { group, wheels in
            let members = wheels.map { wheel in
                Member(
                    wheel: LayerWheel(
                        name: wheel.inspection.name, version: wheel.inspection.version ?? "",
                        fileName: wheel.fileName, digest: wheel.digest), path: wheel.item.path)
            }
            // Jobs that want other wheels have a shared layer of their own.
            let suffix = group.jobs.isEmpty ? "" : "-" + group.jobs.map(\.text).joined(separator: "-")
            return LayerPlan(
                name: group.name + suffix,
                version: group.name == "layer-shared" ? nil : wheels.first?.inspection.version,
                members: members.sorted { ($0.wheel.name, $0.wheel.fileName) < ($1.wheel.name, $1.wheel.fileName) },
                jobs: group.jobs)
        }
        .sorted { $0.name < $1.name }
    }

    /// The layer as a local item.
    var item: LocalItem {
        LocalItem(role: .layer(self), path: "", origin: ArtifactOrigin(section: .layer, path: name), jobs: jobs)
    }
}

extension LocalArtifact {
    /// The file name without directories; a wheel from a cache is called as the lockfile calls it.
    var fileName: String {
        item.origin.path.split(separator: "/").last.map(String.init) ?? item.origin.path
    }
}
