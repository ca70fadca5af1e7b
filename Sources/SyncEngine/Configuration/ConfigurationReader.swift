import EnvSyncModel
internal import TOMLKit

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
        let prefix = directory.isEmpty || directory == "." ? "" : directory.hasSuffix("/") ? directory : directory + "/"
        let path = prefix + fileName
        if let text = try text(ofFileAt: path) {
            return (try parse(text: text, fileName: path), path)
        }
        let projectPath = prefix + projectFileName
        if let text = try text(ofFileAt: projectPath) {
            let source = ConfigurationSource(fileName: projectPath, text: text)
            if let table = try find(projectTable, in: try document(source), source) {
                return (try configuration(table, source), projectPath)
            }
            throw missing(in: directory, projectLacksTable: true)
        }
        throw missing(in: directory, projectLacksTable: false)
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
        let source = ConfigurationSource(fileName: fileName, text: text)
        guard let table = try find(path, in: try document(source), source) else {
            throw EnvSyncError(
                .configuration, "\(fileName) has no [\(path.joined(separator: "."))]",
                suggestion: "add [\((path + ["environment"]).joined(separator: "."))] with a name")
        }
        return try configuration(table, source)
    }

    private static func document(_ source: ConfigurationSource) throws(EnvSyncError) -> TOMLTable {
        if let position = KeyLocator.firstNUL(in: source.text) {
            throw source.error(at: position, "holds a NUL character")
        }
        let table: TOMLTable
        do {
            table = try TOMLTable(string: source.text)
        } catch let error as TOMLParseError {
            throw source.error(
                at: TextPosition(line: error.source.begin.line, column: error.source.begin.column),
                "not valid TOML: \(printable(error.description))", suggestion: hint(for: error, in: source.text))
        } catch {
            throw EnvSyncError(.configuration, "\(source.fileName): not valid TOML: \(printable("\(error)"))")
        }
        if source.text.contains("\\u0000") || source.text.contains("\\U00000000") || source.text.contains("\\x00"),
            let position = KeyLocator(source.text).nulPosition
        {
            throw source.error(at: position, "a string holds a NUL character")
        }
        return table
    }

    /// The commonest slip that TOML's own message does not explain.
    private static func hint(for error: TOMLParseError, in text: String) -> String? {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let number = error.source.begin.line
        guard number >= 1, number <= lines.count else { return nil }
        let line = lines[number - 1]
        guard let equals = line.firstIndex(of: "=") else { return nil }
        let value = line[line.index(after: equals)...].drop { $0 == " " || $0 == "\t" }
        guard let first = value.first, first.isLetter || first == "/" || first == "." || first == "~" else {
            return nil
        }
        return "put text in quotes: \(line[..<equals].filter { $0 != " " }) = \"…\""
    }

    private static func printable(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) ? "\u{FFFD}" : $0 }))
    }

    private static func find(
        _ path: [String], in document: TOMLTable, _ source: ConfigurationSource
    ) throws(EnvSyncError) -> ConfigurationTable? {
        var current = document
        var steps: [TOMLStep] = []
        for key in path {
            steps.append(.key(key))
            guard let value = current[key] else { return nil }
            guard let table = value.table else { throw source.error(at: steps, "\(key) must be a table") }
            current = table
        }
        return try ConfigurationTable(current, at: steps, known: ConfigurationKeys.root, source: source)
    }
}
