/// What an environment's workers get: the published part of a lock. Its identity is the SHA-256 of ``canonicalJSON``.
public struct EnvironmentManifest: Hashable, Sendable {
    /// The environment's name.
    public let name: EnvironmentName
    /// What is delivered, in the lock's order, without local paths.
    public let artifacts: [PublishedArtifact]

    /// Makes a manifest of published artifacts, keeping their order.
    public init(name: EnvironmentName, artifacts: [PublishedArtifact]) {
        self.name = name
        self.artifacts = artifacts
    }

    /// Makes a manifest of a lock's artifacts; equal ones are listed once.
    public init(name: EnvironmentName, artifacts: [Artifact]) {
        var seen = Set<PublishedArtifact>()
        self.init(name: name, artifacts: artifacts.map(PublishedArtifact.init).filter { seen.insert($0).inserted })
    }

    /// The one encoding that the id is the SHA-256 of: sorted keys, no white space, UTF-8, integers in decimal.
    public var canonicalJSON: [UInt8] {
        var writer = JSONWriter()
        write(to: &writer)
        return writer.bytes
    }

    /// The environment's id.
    public var id: ContentDigest { ContentDigest.of(canonicalJSON) }

    /// Every object once, in the order of the artifacts.
    public var objects: [ObjectKey] {
        var seen = Set<ObjectKey>()
        return artifacts.map(\.object).filter { seen.insert($0).inserted }
    }

    func write(to writer: inout JSONWriter) {
        writer.raw("{\"artifacts\":[")
        for (index, artifact) in artifacts.enumerated() {
            if index > 0 { writer.raw(",") }
            artifact.write(to: &writer)
        }
        writer.raw("],\"name\":")
        writer.string(name.text)
        writer.raw(",\"schemaVersion\":1}")
    }
}

/// An artifact as a manifest lists it.
public struct PublishedArtifact: Hashable, Sendable {
    /// See ``Artifact/name``.
    public let name: String
    /// See ``Artifact/version``.
    public let version: String?
    /// See ``Artifact/kind``.
    public let kind: ArtifactKind
    /// The object that holds its bytes.
    public let object: ObjectKey
    /// See ``Artifact/delivery``.
    public let delivery: Delivery
    /// See ``Artifact/alias``.
    public let alias: ArchiveAlias?
    /// See ``Artifact/interpreter``.
    public let interpreter: String?
    /// What is installed in a layer, or comes with an overlay, `name==version`, sorted.
    public let packages: [String]
    /// See ``Artifact/base``.
    public let base: ArchiveAlias?
    /// See ``Artifact/jobs``.
    public let jobs: [JobName]

    /// Takes what is published of a lock's artifact.
    public init(_ artifact: Artifact) {
        name = artifact.name
        version = artifact.version
        kind = artifact.kind
        object = artifact.object
        delivery = artifact.delivery
        alias = artifact.alias
        interpreter = artifact.interpreter
        packages =
            artifact.base == nil ? artifact.wheels.map(\.requirement) : artifact.contents?.requirements ?? []
        base = artifact.base
        jobs = artifact.jobs
    }

    init(reading artifact: Artifact, packages: [String]) {
        name = artifact.name
        version = artifact.version
        kind = artifact.kind
        object = artifact.object
        delivery = artifact.delivery
        alias = artifact.alias
        interpreter = artifact.interpreter
        self.packages = packages
        base = artifact.base
        jobs = artifact.jobs
    }

    /// Whether a job uses this artifact.
    public func isWanted(by job: JobName) -> Bool { jobs.isEmpty || jobs.contains(job) }

    /// Whether a job uses this artifact, by the archives that it chooses, too.
    public func isWanted(by job: Job) -> Bool {
        guard isWanted(by: job.name) else { return false }
        // An overlay goes with its archive. Layers are the environment's wheels, of which a job wants all.
        guard delivery == .archive, kind != .layer || base != nil, let aliases = job.archives else { return true }
        return (base ?? alias).map(aliases.contains) ?? false
    }

    fileprivate func write(to writer: inout JSONWriter) {
        writer.raw("{")
        if let alias {
            writer.raw("\"alias\":")
            writer.string(alias.text)
            writer.raw(",")
        }
        if let base {
            writer.raw("\"base\":")
            writer.string(base.text)
            writer.raw(",")
        }
        writer.raw("\"delivery\":")
        writer.string(delivery.rawValue)
        if let interpreter {
            writer.raw(",\"interpreter\":")
            writer.string(interpreter)
        }
        if !jobs.isEmpty {
            writer.raw(",\"jobs\":[")
            for (index, job) in jobs.enumerated() {
                if index > 0 { writer.raw(",") }
                writer.string(job.text)
            }
            writer.raw("]")
        }
        writer.raw(",\"kind\":")
        writer.string(kind.rawValue)
        writer.raw(",\"leaf\":")
        writer.string(object.leaf.text)
        writer.raw(",\"name\":")
        writer.string(name)
        if !packages.isEmpty {
            writer.raw(",\"packages\":[")
            for (index, package) in packages.enumerated() {
                if index > 0 { writer.raw(",") }
                writer.string(package)
            }
            writer.raw("]")
        }
        writer.raw(",\"sha256\":\"\(object.digest.hex)\",\"size\":\(object.size)")
        if let version {
            writer.raw(",\"version\":")
            writer.string(version)
        }
        writer.raw("}")
    }
}

/// One published version of an environment.
public struct Generation: Hashable, Sendable {
    /// Counts from 1; later generations have larger numbers. Two that were published at the same moment may share one,
    /// and are then ordered by their ids.
    public let number: Int
    /// Seconds since 1970-01-01 UTC, of the publisher's clock.
    public let publishedAt: Int64
    /// The user who published it.
    public let publishedBy: String
    /// What was published.
    public let manifest: EnvironmentManifest

    /// Makes a generation.
    public init(number: Int, publishedAt: Int64, publishedBy: String, manifest: EnvironmentManifest) {
        self.number = number
        self.publishedAt = publishedAt
        self.publishedBy = publishedBy
        self.manifest = manifest
    }

    /// The bytes of the generation's file.
    public func json(id: ContentDigest) -> [UInt8] {
        var writer = JSONWriter()
        writer.raw(
            "{\"schemaVersion\":1,\"number\":\(number),\"id\":\"\(id.hex)\",\"publishedAt\":\(publishedAt),\"publishedBy\":"
        )
        writer.string(publishedBy)
        writer.raw(",\n\"environment\":")
        manifest.write(to: &writer)
        writer.raw("}\n")
        return writer.bytes
    }
}

/// The name of a generation's file: `<number>-<id>.json`.
public struct GenerationName: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// See ``Generation/number``.
    public let number: Int
    /// The environment's id.
    public let id: ContentDigest

    /// Makes a name.
    public init(number: Int, id: ContentDigest) {
        self.number = number
        self.id = id
    }

    /// Parses a file name; `nil` for any other file.
    public init?(fileName: String) {
        guard fileName.hasSuffix(".json"), let dash = fileName.firstIndex(of: "-"),
            let number = Int(fileName[..<dash]), number > 0, String(number) == fileName[..<dash],
            let id = ContentDigest(hex: fileName[fileName.index(after: dash)...].dropLast(5))
        else { return nil }
        self.init(number: number, id: id)
    }

    /// The file name.
    public var description: String { "\(number)-\(id.hex).json" }

    /// Orders by number, then id.
    public static func < (left: GenerationName, right: GenerationName) -> Bool {
        left.number != right.number ? left.number < right.number : left.id.hex < right.id.hex
    }
}

/// The content of `current.json`: which generation is the newest.
public struct EnvironmentRef: Hashable, Sendable {
    /// The generation it names.
    public let generation: GenerationName
    /// The size of that generation's file in bytes, so that a truncated one shows without reading it.
    public let manifestSize: Int64
    /// Seconds since 1970-01-01 UTC, of the publisher's clock.
    public let publishedAt: Int64
    /// The user who published it.
    public let publishedBy: String
    /// The scheme and authority by which the cluster's own clients name the file system, for example `hdfs://ns1`;
    /// learnt from a DataNode's answer, so that a machine which never uploaded can build URIs for jobs.
    public let fileSystem: String?

    /// Makes a ref.
    public init(
        generation: GenerationName, manifestSize: Int64, publishedAt: Int64, publishedBy: String,
        fileSystem: String? = nil
    ) {
        self.generation = generation
        self.manifestSize = manifestSize
        self.publishedAt = publishedAt
        self.publishedBy = publishedBy
        self.fileSystem = fileSystem
    }

    /// The bytes of the ref's file.
    public var json: [UInt8] {
        var writer = JSONWriter()
        writer.raw("{\"schemaVersion\":1,\"generation\":\(generation.number),\"id\":\"\(generation.id.hex)\",")
        writer.raw(
            "\"manifest\":\"\(generation)\",\"manifestSize\":\(manifestSize),\"publishedAt\":\(publishedAt),\"publishedBy\":"
        )
        writer.string(publishedBy)
        if let fileSystem {
            writer.raw(",\"fileSystem\":")
            writer.string(fileSystem)
        }
        writer.raw("}\n")
        return writer.bytes
    }
}

/// Writes JSON whose bytes are the same on every machine (RFC 8259; escapes as RFC 8785 chooses them).
struct JSONWriter {
    private(set) var bytes: [UInt8] = []

    mutating func raw(_ text: String) { bytes.append(contentsOf: text.utf8) }

    mutating func string(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): raw("\\\"")
            case UInt8(ascii: "\\"): raw("\\\\")
            case 0x08: raw("\\b")
            case 0x09: raw("\\t")
            case 0x0A: raw("\\n")
            case 0x0C: raw("\\f")
            case 0x0D: raw("\\r")
            case 0..<0x20: raw("\\u00" + (byte < 16 ? "0" : "") + String(byte, radix: 16))
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
