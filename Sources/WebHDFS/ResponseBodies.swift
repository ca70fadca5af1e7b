/// Decoders of the JSON bodies of WebHDFS (WebHDFS.md, "JSON Schemas"). Each throws ``JSONReader/Failure``.
enum ResponseBodies {
    /// `{"FileStatus":{…}}`.
    static func fileStatus(_ body: [UInt8]) throws -> FileStatus {
        try member("FileStatus", of: body) { reader in try FileStatus(from: &reader) }
    }

    /// `{"FileStatuses":{"FileStatus":[…]}}`.
    static func fileStatuses(_ body: [UInt8]) throws -> [FileStatus] {
        try member("FileStatuses", of: body) { reader in try fileStatusArray(&reader) }
    }

    /// `{"DirectoryListing":{"partialListing":{"FileStatuses":{"FileStatus":[…]}},"remainingEntries":n}}`.
    static func directoryListing(_ body: [UInt8]) throws -> (entries: [FileStatus], remaining: Int64) {
        try member("DirectoryListing", of: body) { reader in
            var entries: [FileStatus]?
            var remaining: Int64?
            try reader.object { reader, name in
                switch name {
                case "partialListing":
                    try reader.object { reader, name in
                        guard name == "FileStatuses" else { return try reader.skipValue() }
                        entries = try fileStatusArray(&reader)
                    }
                case "remainingEntries": remaining = try reader.integer()
                default: try reader.skipValue()
                }
            }
            guard let entries, let remaining else { throw reader.failure("partialListing and remainingEntries") }
            return (entries, remaining)
        }
    }

    /// `{"boolean":true}`.
    static func boolean(_ body: [UInt8]) throws -> Bool {
        try member("boolean", of: body) { reader in try reader.boolean() }
    }

    /// `{"Location":"…"}`.
    static func location(_ body: [UInt8]) throws -> String {
        try member("Location", of: body) { reader in try reader.string() }
    }

    /// `{"Path":"…"}`.
    static func path(_ body: [UInt8]) throws -> String {
        try member("Path", of: body) { reader in try reader.string() }
    }

    /// `{"ContentSummary":{…}}`.
    static func contentSummary(_ body: [UInt8]) throws -> ContentSummary {
        try member("ContentSummary", of: body) { reader in
            var numbers: [String: Int64] = [:]
            try reader.object { reader, name in
                if reader.peek() == .number { numbers[name] = try reader.integer() } else { try reader.skipValue() }
            }
            func number(_ name: String) throws -> Int64 {
                guard let value = numbers[name] else { throw reader.failure(name) }
                return value
            }
            return ContentSummary(
                directoryCount: try number("directoryCount"), fileCount: try number("fileCount"),
                length: try number("length"), quota: numbers["quota"] ?? -1,
                spaceConsumed: try number("spaceConsumed"), spaceQuota: numbers["spaceQuota"] ?? -1)
        }
    }

    /// `{"FileChecksum":{"algorithm":…,"bytes":…,"length":…}}`.
    static func fileChecksum(_ body: [UInt8]) throws -> RemoteFileChecksum {
        try member("FileChecksum", of: body) { reader in
            var algorithm: String?
            var bytes: String?
            try reader.object { reader, name in
                switch name {
                case "algorithm": algorithm = try reader.string()
                case "bytes": bytes = try reader.string()
                default: try reader.skipValue()
                }
            }
            guard let algorithm, let bytes else { throw reader.failure("algorithm and bytes") }
            return RemoteFileChecksum(algorithm: algorithm, bytes: bytes)
        }
    }

    private static func fileStatusArray(_ reader: inout JSONReader) throws -> [FileStatus] {
        var entries: [FileStatus]?
        try reader.object { reader, name in
            guard name == "FileStatus" else { return try reader.skipValue() }
            var list: [FileStatus] = []
            try reader.array { reader in list.append(try FileStatus(from: &reader)) }
            entries = list
        }
        guard let entries else { throw reader.failure("FileStatus") }
        return entries
    }

    private static func member<Value>(
        _ wanted: String, of body: [UInt8], _ decode: (inout JSONReader) throws -> Value
    ) throws -> Value {
        var reader = JSONReader(body)
        var result: Value?
        try reader.object { reader, name in
            if name == wanted { result = try decode(&reader) } else { try reader.skipValue() }
        }
        try reader.end()
        guard let result else { throw reader.failure(wanted) }
        return result
    }
}

extension FileStatus {
    /// Reads the flat object of one status; members it does not know are skipped.
    init(from reader: inout JSONReader) throws {
        var status = FileStatus(kind: .file, permission: 0)
        var hasKind = false
        var hasLength = false
        var hasPermission = false
        try reader.object { reader, name in
            switch name {
            case "pathSuffix": status.name = try reader.string()
            case "type":
                status.kind = try Self.kind(&reader)
                hasKind = true
            case "length":
                status.length = try reader.integer()
                hasLength = true
            case "permission":
                status.permission = try Self.permission(&reader)
                hasPermission = true
            case "blockSize": status.blockSize = try reader.integer()
            case "owner": status.owner = try reader.string()
            case "group": status.group = try reader.string()
            case "modificationTime": status.modificationTime = try reader.integer()
            case "fileId": status.fileId = try reader.integer()
            case "replication": status.replication = Int(clamping: try reader.integer())
            case "encBit": status.isEncrypted = try reader.boolean()
            case "ecBit": status.isErasureCoded = try reader.boolean()
            case "aclBit": status.hasACL = try reader.boolean()
            default: try reader.skipValue()
            }
        }
        guard hasKind, hasLength, hasPermission else { throw reader.failure("type, length and permission") }
        self = status
    }

    private static func kind(_ reader: inout JSONReader) throws -> Kind {
        switch try reader.string() {
        case "FILE": return .file
        case "DIRECTORY": return .directory
        case "SYMLINK": return .symlink
        default: throw reader.failure("FILE, DIRECTORY or SYMLINK")
        }
    }

    private static func permission(_ reader: inout JSONReader) throws -> UInt16 {
        guard let permission = UInt16(try reader.string(), radix: 8), permission <= 0o7777 else {
            throw reader.failure("an octal permission")
        }
        return permission
    }
}
