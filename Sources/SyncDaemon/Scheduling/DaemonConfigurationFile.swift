import EnvSyncModel
import Foundation
import SyncEngine
import TOML

/// Reads `daemon.toml`.
///
/// ```toml
/// workspaces = ["~/work/etl"]
/// auto-lock = true
/// quiet-time = 2          # seconds
/// max-delay = 10
/// poll-interval = 5
/// check-interval = 300
///
/// [http]
/// listen = "127.0.0.1:9464"
///
/// [scrub]
/// interval = 3600         # 0: never
/// share = 0.05
/// ```
enum DaemonConfigurationFile {
    private static let keys = [
        "workspaces", "auto-lock", "quiet-time", "max-delay", "poll-interval", "check-interval", "http", "scrub",
    ]

    /// Reads the file into settings.
    ///
    /// - Returns: whether there is one.
    /// - Throws: ``EnvSyncError`` for one that can't be read or says something unknown.
    static func read(
        _ path: String, isRequired: Bool, home: String, into settings: inout DaemonSettings
    ) throws(EnvSyncError) -> Bool {
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            guard isRequired || FileManager.default.fileExists(atPath: path) else { return false }
            throw EnvSyncError(
                .configuration, "cannot read \(QuotedText.visible(path))", reason: error.localizedDescription,
                suggestion: "make it a readable UTF-8 text, or name another with --config")
        }
        let document: TOMLDocument
        do { document = try TOMLDocument(parsing: text) } catch {
            throw problem(path, error.position, error.message)
        }
        let file = Table(path: path, table: document.root)
        try file.refuse(others: keys)
        if let names = try file.strings("workspaces") {
            for name in names {
                let directory = absolute(name, home: home, beside: path)
                if !settings.workspaces.contains(directory) { settings.workspaces.append(directory) }
            }
        }
        settings.autoLock = try file.boolean("auto-lock") ?? settings.autoLock
        settings.quietTime = try file.seconds("quiet-time", 0.1...3600) ?? settings.quietTime
        settings.maxDelay = try file.seconds("max-delay", 0.1...86400) ?? settings.maxDelay
        settings.pollInterval = try file.seconds("poll-interval", 0.1...86400) ?? settings.pollInterval
        settings.checkInterval = try file.seconds("check-interval", 1...86400) ?? settings.checkInterval
        if let http = try file.table("http") {
            try http.refuse(others: ["listen"])
            settings.http = try http.string("listen") ?? settings.http
        }
        if let scrub = try file.table("scrub") {
            try scrub.refuse(others: ["interval", "share"])
            if let interval = try scrub.seconds("interval", 0...31_536_000) {
                settings.scrubInterval = interval == .zero ? nil : interval
            }
            settings.scrubShare = try scrub.number("share", 0...1) ?? settings.scrubShare
        }
        return true
    }

    /// A relative path is beside the file, not in the directory that the daemon happens to be started in.
    private static func absolute(_ name: String, home: String, beside file: String) -> String {
        if name == "~" { return home }
        if name.hasPrefix("~/") { return Workspace.absolutePath(home + name.dropFirst(1)) }
        if name.hasPrefix("/") { return Workspace.absolutePath(name) }
        return Workspace.absolutePath((Workspace.absolutePath(file) as NSString).deletingLastPathComponent + "/" + name)
    }

    private static func problem(_ path: String, _ position: TOMLPosition, _ message: String) -> EnvSyncError {
        EnvSyncError(
            .configuration, "\(QuotedText.visible(path)):\(position.line):\(position.column): \(message)",
            suggestion: "correct the file; envsync daemon run --help shows what it can hold")
    }

    /// A table with the path that messages need.
    private struct Table {
        let path: String
        let table: TOMLTable

        func refuse(others keys: [String]) throws(EnvSyncError) {
            for field in table.fields where !keys.contains(field.key) {
                throw problem(
                    path, field.item.position,
                    "unknown key \(QuotedText.visible(field.key)); known are \(keys.joined(separator: ", "))")
            }
        }

        func strings(_ key: String) throws(EnvSyncError) -> [String]? {
            guard let item = table[key] else { return nil }
            guard case .array(let items) = item.value else { throw wrong(key, item, "a list of strings") }
            var strings: [String] = []
            for entry in items {
                guard case .string(let text) = entry.value, !text.isEmpty, !text.contains("\0") else {
                    throw wrong(key, entry, "a list of paths")
                }
                strings.append(text)
            }
            return strings
        }

        func string(_ key: String) throws(EnvSyncError) -> String? {
            guard let item = table[key] else { return nil }
            guard case .string(let text) = item.value else { throw wrong(key, item, "a string") }
            return text
        }

        func boolean(_ key: String) throws(EnvSyncError) -> Bool? {
            guard let item = table[key] else { return nil }
            guard case .boolean(let value) = item.value else { throw wrong(key, item, "true or false") }
            return value
        }

        func table(_ key: String) throws(EnvSyncError) -> Table? {
            guard let item = table[key] else { return nil }
            guard case .table(let value) = item.value else { throw wrong(key, item, "a table") }
            return Table(path: path, table: value)
        }

        func number(_ key: String, _ range: ClosedRange<Double>) throws(EnvSyncError) -> Double? {
            guard let item = table[key] else { return nil }
            let value: Double
            switch item.value {
            case .integer(let number): value = Double(number)
            case .float(let number): value = number
            default: throw wrong(key, item, "a number")
            }
            guard range.contains(value) else {
                throw wrong(key, item, "a number from \(range.lowerBound) to \(range.upperBound)")
            }
            return value
        }

        func seconds(_ key: String, _ range: ClosedRange<Double>) throws(EnvSyncError) -> Duration? {
            try number(key, range).map { .milliseconds(Int64($0 * 1000)) }
        }

        private func wrong(_ key: String, _ item: TOMLItem, _ wanted: String) -> EnvSyncError {
            problem(path, item.position, "\(key) is \(wanted), not \(item.value.kind) as here")
        }
    }
}
