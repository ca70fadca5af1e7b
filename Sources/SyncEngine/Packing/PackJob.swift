import EnvSyncModel
import EnvironmentPacking
import Foundation
import Logging
import ReproducibleArchive

/// One packing of one environment, with or without a workspace.
public struct PackJob: Sendable {
    /// The environment's directory, as it was given or configured.
    public let prefix: String
    /// The file to write, absolute.
    public let output: String
    /// Its form.
    public let format: PackRequest.Format
    /// Whether the file may be overwritten whoever made it.
    let isForced: Bool
    let options: PackOptions
    let packer: EnvironmentPacker
    let report: EventSink

    /// The environment's directory, absolute.
    var location: String { Workspace.absolutePath(prefix) }

    /// Finds out what is meant by a request.
    ///
    /// - Parameters:
    ///   - directory: the workspace, which need not be one.
    ///   - variables: of the process, among them those of an active environment.
    /// - Throws: ``EnvSyncError``.
    public init(
        _ request: PackRequest, directory: String, variables: [String: String] = ProcessInfo.processInfo.environment,
        logger: Logger, report: @escaping EventSink
    ) throws {
        let engine =
            try ConfigurationReader.isPresent(directory: Workspace.absolutePath(directory))
            ? Engine(directory: directory, logger: logger, report: report) : nil
        let archive = request.prefix == nil ? try Self.configured(engine?.workspace) : nil
        var options = archive?.options(lock: nil) ?? PackOptions()
        prefix = request.prefix ?? archive?.prefix ?? Self.active(variables) ?? ".venv"
        if let engine {
            options.workspace = engine.workspace.directory
            options.targetPython = engine.workspace.configuration.target.map {
                $0.python.split(separator: ".").prefix(2).joined(separator: ".")
            }
            options.lock = engine.packedLock()
        }
        if let value = request.withPython { options.withPython = value }
        if let value = request.bytecode { options.bytecode = value == .omit ? .omit : .compile }
        if let value = request.editable { options.editable = PackOptions.Editable(rawValue: value.rawValue) ?? .refuse }
        if let value = request.destination { options.destination = value }
        options.filters += request.filters.map {
            PackOptions.Filter(isExclusion: $0.isExclusion, pattern: $0.pattern)
        }
        options.tolerated.formUnion(request.tolerated.compactMap(PackProblem.Code.init))
        if request.output == nil, let archive, request.format == nil || request.format?.packed == options.format {
            output = archive.path
            format = PackRequest.Format.allCases.first { $0.packed == options.format } ?? .tarGz
        } else {
            let chosen = request.format ?? request.output.flatMap(PackRequest.Format.init(path:))
            guard let chosen = chosen ?? (request.output == nil ? .tarGz : nil) else {
                throw EnvSyncError(
                    .system, "the name \(QuotedText.visible(request.output ?? "")) doesn't tell the archive's form",
                    suggestion: "let it end in .tar.gz, .tar, .zip or .tar.zst, or add --format")
            }
            format = chosen
            output = Workspace.absolutePath(request.output ?? "environment.\(chosen.rawValue)")
        }
        options.format = format.packed
        self.options = options
        isForced = request.isForced
        var packer = try PackCache.packer(limit: request.cacheLimit, variables)
        packer.workers = request.workers
        self.packer = packer
        self.report = report
    }

    /// The one archive of the workspace that envsync packs; `nil` if there is none.
    private static func configured(_ workspace: Workspace?) throws(EnvSyncError) -> PackedArchive? {
        let archives = workspace.map(PackedArchive.all) ?? []
        guard archives.count > 1, let workspace else { return archives.first }
        let names = archives.map { QuotedText.visible($0.packing.prefix) }.joined(separator: ", ")
        throw EnvSyncError(
            .configuration, "\(workspace.configurationFile) has several archives to pack: \(names)",
            suggestion: "name the environment to pack, or run envsync lock, which packs them all")
    }

    /// The environment that the shell has activated.
    private static func active(_ variables: [String: String]) -> String? {
        ["VIRTUAL_ENV", "CONDA_PREFIX"].lazy.compactMap { variables[$0] }.first { $0.hasPrefix("/") }
    }
}
