import EnvSyncModel
import Foundation
import PythonPackaging

/// The installed Python environment that a user means, as far as a comparison by versions goes.
struct InstalledSide: Sendable {
    /// Its directory, without symbolic links.
    let prefix: String
    /// What is installed in it.
    let content: EnvironmentContent
    /// What a reader should know of how it was read.
    let notes: [String]

    /// - Parameter given: absolute, or relative to the current directory; `nil` for the active one, or else `.venv` in the
    ///   workspace.
    /// - Throws: ``EnvSyncError`` if there is none.
    static func read(
        _ given: String?, _ workspace: Workspace,
        environment variables: [String: String] = ProcessInfo.processInfo.environment
    ) throws(EnvSyncError) -> InstalledSide {
        let active = ["VIRTUAL_ENV", "CONDA_PREFIX"].lazy.compactMap { variables[$0] }.first { !$0.isEmpty }
        let path = (given ?? active).map(Workspace.absolutePath) ?? workspace.resolve(".venv")
        let installed: InstalledEnvironment
        do { installed = try InstalledEnvironment.read(prefix: path) } catch {
            let reason = (error as? InstalledEnvironmentError)?.message ?? "\(error)"
            throw EnvSyncError(
                .artifact, "cannot read the Python environment \(QuotedText.visible(path))", reason: reason,
                suggestion: given == nil && active == nil
                    ? "activate one, or name it: env=PREFIX" : "name a directory that holds lib/python*/site-packages")
        }
        var seen = Set<String>()
        let packages = installed.packages.filter { seen.insert($0.name + "==" + ($0.version ?? "")).inserted }
        // Sources that are worked on are shipped as such, and tools are nobody's dependency, unless they are locked.
        let optional = Set(packages.filter { $0.source?.isDirectory ?? false }.map(\.name)).union(Check.neverExtra)
        return InstalledSide(
            prefix: installed.prefix,
            content: EnvironmentContent(
                installed: packages.map { ($0.name, $0.version ?? "unknown") }, optional: optional),
            notes: installed.notes + installed.problems.map { "\(QuotedText.visible($0.name)): \($0.message)" })
    }
}
