import EnvSyncModel
import Foundation

/// The body of `POST /v1/wait`.
public struct WaitRequest: Codable, Sendable, Hashable {
    /// The ``WorkspaceStatus/Problem/code`` of an outcome that says only that time ran out.
    public static let timeoutCode = "timeout"

    /// The shape of this document.
    public var schemaVersion = 1
    /// The workspace, as ``WorkspaceStatus/directory`` has it.
    public var directory: String
    /// How many seconds to wait at most; ``ControlServer/longestWait`` if it is `nil` or more than that.
    public var timeout: Double?

    /// Makes a request.
    public init(directory: String, timeout: Double? = nil) {
        self.directory = directory
        self.timeout = timeout
    }

    init(body: [UInt8]) throws(ControlFailure) {
        let decoder = JSONDecoder()
        let data = Data(body)
        guard let version = try? decoder.decode(SchemaVersion.self, from: data) else {
            throw ControlFailure(
                status: 400, code: "request", message: "the body is no JSON object with a schemaVersion")
        }
        guard version.schemaVersion == 1 else {
            throw ControlFailure(
                status: 400, code: "request",
                message: "schemaVersion \(version.schemaVersion) is not known to this daemon",
                suggestion: "restart the daemon with the version of envsync that asks")
        }
        guard let request = try? decoder.decode(Self.self, from: data), request.directory.hasPrefix("/"),
            request.timeout.map({ $0.isFinite && $0 >= 0 }) ?? true
        else {
            throw ControlFailure(
                status: 400, code: "request",
                message: "the body is not {\"schemaVersion\": 1, \"directory\": \"/…\", \"timeout\": seconds}")
        }
        self = request
    }
}

/// What every document here has.
struct SchemaVersion: Decodable { var schemaVersion: Int }

/// What the control socket answers instead of a document: `{"schemaVersion": 1, "error": {…}}`.
struct ControlFailure: Error {
    struct Document: Codable {
        struct Failure: Codable {
            var code: String
            var message: String
            var reason: String?
            var suggestion: String?
        }
        var schemaVersion = 1
        var error: Failure
    }

    var status: Int
    var failure: Document.Failure
    var allow: String?

    init(
        status: Int, code: String, message: String, reason: String? = nil, suggestion: String? = nil,
        allow: String? = nil
    ) {
        self.status = status
        failure = .init(code: code, message: message, reason: reason, suggestion: suggestion)
        self.allow = allow
    }

    var response: ServedResponse {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // A document of strings can always be encoded.
        let body = (try? encoder.encode(Document(error: failure))) ?? Data()
        return ServedResponse(
            status: status, type: "application/json", body: Array(body), fields: allow.map { [("Allow", $0)] } ?? [])
    }
}

extension Duration {
    /// For example `30 s` or `0.5 s`.
    var inWords: String {
        let tenths = (self / .seconds(1) * 10).rounded() / 10
        return tenths == tenths.rounded() ? "\(Int(tenths)) s" : "\(tenths) s"
    }
}
