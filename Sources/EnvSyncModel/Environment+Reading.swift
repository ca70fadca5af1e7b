import Foundation

/// A file of the store that does not say what such a file says.
public struct ManifestFormatError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong.
    public let description: String

    /// Makes an error from its message.
    public init(_ description: String) { self.description = description }
}

extension Generation {
    /// Reads a generation's file and checks it against its own id.
    ///
    /// - Throws: ``ManifestFormatError``.
    public init(parsing bytes: [UInt8]) throws(ManifestFormatError) {
        let wire: GenerationWire = try decode(bytes)
        guard wire.schemaVersion == 1 else {
            throw ManifestFormatError("schema version \(wire.schemaVersion) is newer than this envsync reads (1)")
        }
        var artifacts: [PublishedArtifact] = []
        artifacts.reserveCapacity(wire.environment.artifacts.count)
        let name: EnvironmentName
        do {
            name = try EnvironmentName(wire.environment.name)
            for artifact in wire.environment.artifacts { artifacts.append(try artifact.value()) }
        } catch { throw ManifestFormatError(error.description) }
        guard wire.number > 0, artifacts.allSatisfy({ $0.object.size >= 0 }) else {
            throw ManifestFormatError("its number or a size is out of range")
        }
        self.init(
            number: wire.number, publishedAt: wire.publishedAt, publishedBy: wire.publishedBy,
            manifest: EnvironmentManifest(name: name, artifacts: artifacts))
        guard manifest.id == wire.id else {
            throw ManifestFormatError(
                "its content has the SHA-256 \(manifest.id.short)…, but it claims \(wire.id.short)…")
        }
    }
}

extension EnvironmentRef {
    /// Reads a ref's file.
    ///
    /// - Throws: ``ManifestFormatError``.
    public init(parsing bytes: [UInt8]) throws(ManifestFormatError) {
        let wire: RefWire = try decode(bytes)
        guard wire.schemaVersion == 1 else {
            throw ManifestFormatError("schema version \(wire.schemaVersion) is newer than this envsync reads (1)")
        }
        let generation = GenerationName(number: wire.generation, id: wire.id)
        guard wire.generation > 0, wire.manifest == generation.description else {
            throw ManifestFormatError("it names the manifest \(QuotedText.visible(wire.manifest)), not \(generation)")
        }
        self.init(
            generation: generation, manifestSize: wire.manifestSize, publishedAt: wire.publishedAt,
            publishedBy: wire.publishedBy, fileSystem: wire.fileSystem)
    }
}

private func decode<Wire: Decodable>(_ bytes: [UInt8]) throws(ManifestFormatError) -> Wire {
    do { return try JSONDecoder().decode(Wire.self, from: Data(bytes)) } catch let error as DecodingError {
        switch error {
        case .keyNotFound(let key, _): throw ManifestFormatError("\"\(key.stringValue)\" is missing")
        case .dataCorrupted(let context), .typeMismatch(_, let context), .valueNotFound(_, let context):
            let path = context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
            throw ManifestFormatError(path.isEmpty ? "it is not complete JSON" : "\(path): \(context.debugDescription)")
        @unknown default: throw ManifestFormatError("it is not complete JSON")
        }
    } catch { throw ManifestFormatError("it is not complete JSON") }
}

private struct RefWire: Decodable {
    let schemaVersion: Int
    let generation: Int
    let id: ContentDigest
    let manifest: String
    let manifestSize: Int64
    let publishedAt: Int64
    let publishedBy: String
    let fileSystem: String?
}

private struct GenerationWire: Decodable {
    struct Environment: Decodable {
        let name: String
        let artifacts: [ArtifactWire]
    }

    let schemaVersion: Int
    let number: Int
    let id: ContentDigest
    let publishedAt: Int64
    let publishedBy: String
    let environment: Environment
}

private struct ArtifactWire: Decodable {
    let alias: String?
    let base: String?
    let delivery: Delivery
    let interpreter: String?
    let jobs: [String]?
    let kind: ArtifactKind
    let leaf: String
    let name: String
    let packages: [String]?
    let sha256: ContentDigest
    let size: Int64
    let version: String?

    func value() throws(InvalidName) -> PublishedArtifact {
        var names: [JobName] = []
        for job in jobs ?? [] { names.append(try JobName(job)) }
        let leaf = try LeafName(leaf)
        var archiveAlias: ArchiveAlias?
        if let alias { archiveAlias = try ArchiveAlias(alias) }
        var overlaid: ArchiveAlias?
        if let base { overlaid = try ArchiveAlias(base) }
        return PublishedArtifact(
            reading: Artifact(
                name: name, version: version, kind: kind, digest: sha256, size: size, leaf: leaf, delivery: delivery,
                alias: archiveAlias, interpreter: interpreter, base: overlaid, jobs: names,
                origin: ArtifactOrigin(section: .listed, path: "")), packages: packages ?? [])
    }
}
