import EnvSyncModel
import EnvironmentPacking

extension ConfigurationReader {
    static func archive(_ table: ConfigurationTable) throws(EnvSyncError) -> ArchiveConfiguration {
        // What envsync packs is an environment; of anything else nobody knows.
        let usual = table.keys.contains("prefix") ? "environment" : nil
        guard let text = try table.string("alias") ?? usual else {
            throw table.missing(
                "alias", suggestion: "add alias = \"environment\", the directory that workers unpack it into")
        }
        let path = try table.path("path")
        let alias = try table.valid("alias") { () throws(InvalidName) in try ArchiveAlias(text) }
        let command = try table.command("command")
        let inputs = try table.paths("inputs")
        if let pack = try pack(table) {
            for (key, isGiven) in [("command", command != nil), ("inputs", inputs != nil)] where isGiven {
                throw table.error(
                    key, "\(key) and prefix exclude each other: envsync packs a prefix itself",
                    suggestion: "remove prefix, or command and inputs")
            }
            if let path { try checkFormat(ofPackedPath: path, table) }
            return ArchiveConfiguration(
                alias: alias, path: path ?? ArchiveConfiguration.packedPath(alias), pack: pack)
        }
        guard let path else {
            throw table.missing(
                "path",
                suggestion: "add path = \"…\", the packed archive; or prefix = \".venv\", the environment to pack")
        }
        switch (command, inputs) {
        case (nil, nil): return ArchiveConfiguration(alias: alias, path: path)
        case (let command?, let inputs?):
            guard !inputs.isEmpty else {
                throw table.error(
                    "inputs", "inputs is empty",
                    suggestion: "name the directories that the archive is made of, for example [\".venv\"]")
            }
            return ArchiveConfiguration(alias: alias, path: path, command: command, inputs: inputs)
        case (_?, nil):
            throw table.error(
                "command", "command makes an archive of its inputs, but there are none",
                suggestion: "add inputs = [\"…\"], the directories that the archive is made of")
        case (nil, _?):
            throw table.error(
                "inputs", "inputs are what command makes an archive of, but there is none",
                suggestion:
                    "add command = [\"…\"], the program that makes \(QuotedText.visible(path)), or remove inputs")
        }
    }

    /// How envsync packs the archive itself; `nil` if it doesn't.
    private static func pack(_ table: ConfigurationTable) throws(EnvSyncError) -> PackConfiguration? {
        guard let prefix = try table.path("prefix") else {
            for key in ConfigurationKeys.pack where table.keys.contains(key) {
                throw table.error(
                    key, "\(key) says how envsync packs an environment, but there is no prefix",
                    suggestion: "add prefix = \".venv\", the environment's directory, or remove \(key)")
            }
            return nil
        }
        var pack = PackConfiguration(prefix: prefix)
        pack.withPython = try table.boolean("with-python") ?? pack.withPython
        pack.bytecode = try table.choice("bytecode", of: PackConfiguration.Bytecode.self) ?? pack.bytecode
        pack.editable = try table.choice("editable", of: PackConfiguration.Editable.self) ?? pack.editable
        pack.exclude = try table.globs("exclude") ?? []
        pack.include = try table.globs("include") ?? []
        if let destination = try table.path("dest-prefix") {
            guard destination.hasPrefix("/"), !destination.split(separator: "/").contains("..") else {
                throw table.error(
                    "dest-prefix", "dest-prefix \(QuotedText.visible(destination)) is not an absolute path",
                    suggestion: "write the directory in which all workers find the unpacked archive, or remove it")
            }
            pack.destination = destination
        }
        pack.tolerated = try table.words("ignore", of: PackProblem.Code.self) ?? []
        if let share = try table.number("overlay") {
            guard (0...1).contains(share) else {
                throw table.error(
                    "overlay", "overlay must be between 0 and 1, not \(share)",
                    suggestion:
                        "write the share of the archive that a layer of changes may have, 0.25 for a quarter; 0 for none"
                )
            }
            pack.overlayShare = share
        }
        return pack
    }

    /// The lock takes what workers can unpack.
    private static func checkFormat(ofPackedPath path: String, _ table: ConfigurationTable) throws(EnvSyncError) {
        let name = path.lowercased()
        guard [".tar.gz", ".tgz", ".zip"].contains(where: name.hasSuffix) else {
            throw table.error(
                "path", "path \(QuotedText.visible(path)) is not a name for what workers can unpack",
                suggestion: "let it end in .tar.gz, .tgz or .zip")
        }
    }
}
