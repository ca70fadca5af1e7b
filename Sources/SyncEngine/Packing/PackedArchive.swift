import EnvSyncModel
import EnvironmentPacking
import Glibc
import ReproducibleArchive

/// What an archive says of itself; `EnvSyncModel` has another manifest, a generation's.
typealias PackedManifest = EnvironmentPacking.EnvironmentManifest

/// An `[[archive]]` with a prefix: envsync packs the environment itself.
struct PackedArchive: Sendable {
    let archive: ArchiveConfiguration
    let packing: PackConfiguration
    let workspace: Workspace

    /// The archives of a workspace that envsync packs.
    static func all(of workspace: Workspace) -> [PackedArchive] {
        workspace.configuration.archives.compactMap { archive in
            archive.pack.map { PackedArchive(archive: archive, packing: $0, workspace: workspace) }
        }
    }

    var alias: ArchiveAlias { archive.alias }
    /// The archive's absolute path.
    var path: String { Workspace.absolutePath(workspace.resolve(archive.path)) }
    /// The environment's absolute path.
    var prefix: String { Workspace.absolutePath(workspace.resolve(packing.prefix)) }
    /// The overlay's absolute path.
    var overlayPath: String { "\(workspace.stateDirectory)/pack/\(Self.overlayName(of: alias)).tar.gz" }

    /// The name and the alias of an archive's overlay.
    static func overlayName(of alias: ArchiveAlias) -> String { alias.text + "-overlay" }

    /// Whether the environment is on this machine.
    var isHere: Bool {
        var info = stat()
        return stat(prefix, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
    }

    /// What is packed, and how.
    func options(lock: PackedManifest.Lock?) -> PackOptions {
        var options = PackOptions()
        options.format = format
        options.withPython = packing.withPython
        options.bytecode = packing.bytecode == .omit ? .omit : .compile
        options.editable =
            switch packing.editable {
            case .workspace: .workspace
            case .include: .include
            case .refuse: .refuse
            }
        // The last that matches decides: what `include` names goes along whatever `exclude` says.
        options.filters =
            packing.exclude.map { PackOptions.Filter(isExclusion: true, pattern: $0) }
            + packing.include.map { PackOptions.Filter(isExclusion: false, pattern: $0) }
        options.destination = packing.destination
        options.targetPython = workspace.configuration.target.map {
            $0.python.split(separator: ".").prefix(2).joined(separator: ".")
        }
        options.workspace = workspace.directory
        options.lock = lock
        options.tolerated = Set(packing.tolerated.compactMap(PackProblem.Code.init))
        return options
    }

    private var format: PackedFormat {
        let suffixes: [(String, PackedFormat)] = [(".zip", .zip), (".tar", .tar), (".tar.zst", .tarZst)]
        return suffixes.first { archive.path.lowercased().hasSuffix($0.0) }?.1 ?? .tarGz
    }

    /// What of the options decides the archive's bytes, as far as it isn't the default; for the lock.
    var recordedOptions: [String] {
        var words: [String] = []
        if format != .tarGz { words.append("format=\(format.rawValue)") }
        if packing.withPython { words.append("with-python") }
        if packing.bytecode != .compile { words.append("bytecode=\(packing.bytecode.rawValue)") }
        words += packing.exclude.map { "exclude=" + $0 } + packing.include.map { "include=" + $0 }
        if let destination = packing.destination { words.append("destination=\(destination)") }
        return words
    }

    /// What a manifest says, as the lock records it.
    func contents(_ manifest: PackedManifest) -> PackedContents {
        PackedContents(
            python: manifest.python, options: recordedOptions, other: manifest.other,
            packages: manifest.packages.map { package in
                // A package of conda without a build string is one of conda still.
                let isConda = package.manager == PackPlan.Package.Manager.conda.rawValue
                return PackedPackage(
                    name: package.name, version: package.version, build: isConda ? package.build ?? "" : nil,
                    digest: package.digest)
            })
    }

    // MARK: - The lock's artifacts

    /// What the lock says of it.
    struct Locked: Sendable, Hashable {
        let base: Artifact
        let overlay: Artifact?

        /// What workers get; `nil` if the lock was written without saying.
        var contents: PackedContents? {
            guard let contents = base.contents else { return nil }
            return overlay?.contents.map(contents.overlaid) ?? contents
        }
    }

    func locked(in lock: Lock?) -> Locked? {
        guard let lock,
            let base = lock.artifacts.first(where: {
                $0.kind == .archive && $0.alias == alias && $0.origin.section == .archive
            })
        else { return nil }
        return Locked(base: base, overlay: lock.artifacts.first { $0.base == alias })
    }
}
