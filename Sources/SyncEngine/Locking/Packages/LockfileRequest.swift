import EnvSyncModel
import Glibc
import PythonPackaging

/// What the workspace's Python lockfile asks for.
struct LockfileRequest: Sendable {
    /// As `envsync.toml` names it; for an absolute path, the last component.
    let name: String
    /// The lockfile's directory.
    let directory: String
    let target: TargetEnvironment
    let selection: PackageSelection
    let basis: LockBasis
    /// What an archive must hold: packages that are no wheels, or, for a conda `environment.yml`, everything.
    let required: [LockedPackage]
    /// Directories of sources that the lockfile wants installed, other than the locked project itself.
    let directories: [LockedPackage]
    /// The name that the lockfile gives the environment, where it does.
    let environmentName: String?

    /// Reads the lockfile and selects what the target gets; `nil` if the workspace has none.
    ///
    /// - Throws: ``EnvSyncError``.
    static func read(_ workspace: Workspace) throws(EnvSyncError) -> LockfileRequest? {
        let configuration = workspace.configuration
        guard let lockfile = configuration.lockfile, let wanted = configuration.target else { return nil }
        let path = Workspace.absolutePath(workspace.resolve(lockfile.path))
        let leaf = path.split(separator: "/").last.map(String.init) ?? path
        let name = lockfile.path.hasPrefix("/") ? leaf : lockfile.path
        let shown = QuotedText.visible(name)
        let content: [UInt8]
        do {
            guard let bytes = try LocalFile.readAll(path, limit: LockfileReader.maximumSize) else {
                throw EnvSyncError(
                    .artifact, "there is no lockfile \(shown)",
                    suggestion: "correct environment.lockfile in \(workspace.configurationFile)")
            }
            content = bytes
        } catch let error as EnvSyncError { throw error } catch {
            throw EnvSyncError(
                .artifact, "cannot read the lockfile \(shown): \((error as? LocalFileError)?.reason ?? "\(error)")")
        }
        let directory = String(path.dropLast(leaf.utf8.count + 1))
        do {
            let target = try TargetEnvironment(
                python: wanted.python, platform: wanted.platform, implementation: wanted.implementation)
            let read = try LockfileReader.read(content, fileName: leaf) { companion in
                try? LocalFile.readAll("\(directory)/\(companion)", limit: LockfileReader.maximumSize)
            }
            let groups = lockfile.groups.map { Set($0.map { PythonNames.normalize($0) }) }
            // A definition that people share names no files; it can only be held against what was made of it.
            let isDefinition = read.format == .condaEnvironment
            let selection =
                isDefinition
                ? PackageSelection(choices: [], others: [], problems: [])
                : try PackageSelection.select(
                    from: read, for: target, extras: Set(lockfile.extras.map { PythonNames.normalize($0) }),
                    groups: groups)
            return LockfileRequest(
                name: name, directory: directory, target: target, selection: selection,
                basis: LockBasis(lockfile: name, target: wanted.description),
                required: isDefinition
                    ? read.packages.filter { $0.marker?.holds(in: target) ?? true }
                    : selection.others.filter { $0.source == .conda },
                directories: selection.others.filter { $0.source == .directory && !Self.isProject($0) },
                environmentName: read.environmentName)
        } catch {
            let isOurs =
                error.message.hasPrefix("there is no extra") || error.message.hasPrefix("there is no dependency")
            throw EnvSyncError(
                .artifact, "\(shown): \(error.description)",
                suggestion: isOurs
                    ? "correct environment.extras and environment.groups in \(workspace.configurationFile)"
                    : "correct it with the tool that wrote it, or name another one in environment.lockfile")
        }
    }

    /// Whether this is the locked project itself, whose code `[[source]]` ships.
    private static func isProject(_ package: LockedPackage) -> Bool {
        ["", ".", "./"].contains(package.location ?? "")
    }

    /// Where a choice's wheel comes from, for the lock and for messages: the wheel's file name where it is known.
    static func origin(of choice: PackageSelection.Choice) -> ArtifactOrigin {
        ArtifactOrigin(section: .lockfile, path: choice.wheels.first?.fileName ?? label(choice))
    }

    static func label(_ choice: PackageSelection.Choice) -> String {
        choice.package.name + (choice.package.version.map { " " + $0 } ?? "")
    }
}
