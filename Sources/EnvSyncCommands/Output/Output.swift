import EnvSyncModel
import Foundation
import Glibc
import Synchronization

/// The one place that prints: results to stdout, everything else to stderr.
final class Output: Sendable {
    /// Whether the result is JSON.
    let isJSON: Bool
    private let writeFailed = Mutex(false)

    private let willPrint: @Sendable () -> Void

    /// - Parameter willPrint: called before a result is printed: it may share a line of the terminal with the progress.
    init(isJSON: Bool, willPrint: @escaping @Sendable () -> Void = {}) {
        self.isJSON = isJSON
        self.willPrint = willPrint
    }

    /// Prints a result: the document with `--json`, else the lines.
    func result(_ document: some Encodable, text: @autoclosure () -> String) throws {
        willPrint()
        if isJSON {
            put(try Self.json(document), to: STDOUT_FILENO)
        } else {
            let text = text()
            if !text.isEmpty { put(text, to: STDOUT_FILENO) }
        }
    }

    /// Prints part of a result, in lines of which the last isn't ended.
    func part(_ text: String) {
        willPrint()
        put(text, to: STDOUT_FILENO)
    }

    /// Prints an error, with a document of its own for `--json`.
    func refuse(_ error: EnvSyncError, _ document: some Encodable) throws {
        if isJSON { put(try Self.json(document), to: STDOUT_FILENO) }
        Self.error(error.description)
    }

    /// Prints an error; with `--json` also as a document on stdout.
    func report(_ error: EnvSyncError) {
        if isJSON, let text = try? Self.json(ErrorDocument(error)) { put(text, to: STDOUT_FILENO) }
        Self.error(error.description)
    }

    /// Whether all that was to be printed was.
    var isWritten: Bool { !writeFailed.withLock { $0 } }

    static func error(_ text: String) { putLine("error: " + text) }
    static func note(_ text: String) { putLine(text) }

    private static func putLine(_ text: String) { _ = writeAll(text + "\n", to: STDERR_FILENO) }

    private func put(_ text: String, to descriptor: Int32) {
        if !Self.writeAll(text + "\n", to: descriptor) { writeFailed.withLock { $0 = true } }
    }

    private static func writeAll(_ text: String, to descriptor: Int32) -> Bool {
        let bytes = Array(text.utf8)
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                write(descriptor, $0.baseAddress.map { $0 + written }, $0.count - written)
            }
            if count < 0, errno == EINTR { continue }
            // A reader that closed the pipe early, as `head` does, has what it wanted.
            guard count > 0 else { return errno == EPIPE }
            written += count
        }
        return true
    }

    static func json(_ document: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(document), as: UTF8.self)
    }
}

/// An error for machines.
struct ErrorDocument: Encodable {
    struct Body: Encodable {
        let code: String
        let message: String
        let reason: String?
        let suggestion: String?
        let consequence: String?
    }

    let schemaVersion = 1
    let error: Body

    init(_ error: EnvSyncError) {
        self.error = Body(
            code: error.code.rawValue, message: error.message, reason: error.reason, suggestion: error.suggestion,
            consequence: error.consequence)
    }
}
