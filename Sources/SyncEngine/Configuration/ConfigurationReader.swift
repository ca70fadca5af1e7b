import EnvSyncModel
internal import TOML

/// Reads `envsync.toml`, or `[tool.envsync]` of `pyproject.toml`, into validated values.
public enum ConfigurationReader {
    /// The configuration file's name.
    public static let fileName = "envsync.toml"
    /// The file that may hold the configuration instead, under `[tool.envsync]`.
    public static let projectFileName = "pyproject.toml"
    /// The largest file that is read, in bytes.
    public static let maximumSize = 1 << 20

    private static let projectTable = ["tool", "envsync"]

    /// Finds and reads the configuration of a workspace. `envsync.toml` goes before `pyproject.toml`.
    ///
    /// - Parameter directory: the workspace.
    /// - Returns: the configuration, and the path of the file that it was read from.
    /// - Throws: `EnvSyncError` (`configuration`) if there is none or it is not usable; its message begins with
    ///   `file:line:column:` wherever that is known.
    public static func read(
        directory: String
    ) throws(EnvSyncError) -> (configuration: WorkspaceConfiguration, path: String) {
        let found = try find(in: directory)
        guard let configuration = found.configuration, let path = found.path else {
            throw missing(in: directory, projectLacksTable: found.projectLacksTable)
        }
        return (configuration, path)
    }

    /// Whether a directory is a workspace: it has a configuration, be it a broken one.
    ///
    /// - Throws: `EnvSyncError` as ``read(directory:)`` does, but not if there is none.
    public static func isPresent(directory: String) throws(EnvSyncError) -> Bool {
        try find(in: directory).path != nil
    }

    private static func find(
        in directory: String
    ) throws(EnvSyncError) -> (configuration: WorkspaceConfiguration?, path: String?, projectLacksTable: Bool) {
        let prefix = directory.isEmpty || directory == "." ? "" : directory.hasSuffix("/") ? directory : directory + "/"
        let path = prefix + fileName
        if let text = try text(ofFileAt: path) {
            return (try parse(text: text, fileName: path), path, false)
        }
        let projectPath = prefix + projectFileName
        if let text = try text(ofFileAt: projectPath) {
            let source = try source(text, fileName: projectPath)
            if let table = try find(projectTable, in: source) {
                return (try configuration(table, source), projectPath, false)
            }
            return (nil, nil, true)
        }
        return (nil, nil, false)
    }

    /// Parses a configuration.
    ///
    /// - Parameters:
    ///   - text: the whole file.
    ///   - fileName: as messages are to name it.
    ///   - table: where in the file the configuration is, for example `["tool", "envsync"]`; by default, all of it.
    /// - Throws: `EnvSyncError` (`configuration`).
    public static func parse(
        text: String, fileName: String = fileName, table path: [String] = []
    ) throws(EnvSyncError) -> WorkspaceConfiguration {
        let source = try source(text, fileName: fileName)
        guard let table = try find(path, in: source) else {
            throw EnvSyncError(
                .configuration, "\(fileName) has no [\(path.joined(separator: "."))]",
                suggestion: "add [\((path + ["environment"]).joined(separator: "."))] with a name")
        }
        return try configuration(table, source)
    }

    private static func source(_ text: String, fileName: String) throws(EnvSyncError) -> ConfigurationSource {
        let document: TOMLDocument
        do {
            document = try TOMLDocument(parsing: text)
        } catch {
            throw ConfigurationSource.error(
                fileName, error.position, "not valid TOML: \(error.message)", suggestion: hint(for: error, in: text))
        }
        if let position = document.escapedNUL {
            throw ConfigurationSource.error(fileName, position, "a string holds a NUL character")
        }
        return ConfigurationSource(fileName: fileName, document: document)
    }

    /// The commonest slip: text without quotes.
    private static func hint(for error: TOMLError, in text: String) -> String? {
        let scalars =
            text.unicodeScalars.first == "\u{FEFF}" ? text.unicodeScalars.dropFirst() : text.unicodeScalars[...]
        let line = scalars.split(separator: "\n", omittingEmptySubsequences: false)
            .dropFirst(error.position.line - 1).first
        guard let line, let first = line.dropFirst(error.position.column - 1).first,
            first.properties.isAlphabetic || first == "/" || first == "." || first == "~"
        else { return nil }
        // Only where the value begins.
        let before = line.prefix(error.position.column - 1).filter { $0 != " " && $0 != "\t" }
        guard before.last == "=" else { return nil }
        let key = before.dropLast().reversed().prefix {
            switch $0 {
            case "a"..."z", "A"..."Z", "0"..."9", "_", "-", ".": true
            default: false
            }
        }
        return "put text in quotes: \(key.isEmpty ? "" : String(String.UnicodeScalarView(key.reversed())) + " = ")\"…\""
    }

    private static func find(
        _ path: [String], in source: ConfigurationSource
    ) throws(EnvSyncError) -> ConfigurationTable? {
        var table = source.document.root
        var steps: [TOMLStep] = []
        for key in path {
            steps.append(.key(key))
            guard let value = table[key]?.value else { return nil }
            guard case .table(let next) = value else { throw source.error(at: steps, "\(key) must be a table") }
            table = next
        }
        return try ConfigurationTable(table, at: steps, known: ConfigurationKeys.root, source: source)
    }
}
