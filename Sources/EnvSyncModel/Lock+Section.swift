/// The fields of one section of a lock file, read into typed values with the line of each complaint.
struct LockSection {
    /// What a section describes.
    enum Kind {
        case header, artifact, wheel, packed, provided
    }

    private(set) var kind = Kind.header
    private(set) var line: Int
    private var fields: [LockField?]
    private var unknownKeys: Set<String> = []

    init(line: Int) {
        self.line = line
        fields = Array(repeating: nil, count: LockKey.allCases.count)
    }

    /// Becomes an empty section that begins on that line.
    mutating func restart(_ kind: Kind, line: Int) {
        self.kind = kind
        self.line = line
        for index in fields.indices { fields[index] = nil }
        unknownKeys.removeAll(keepingCapacity: true)
    }

    mutating func add(_ field: LockField) throws(LockFormatError) {
        switch field.key {
        case .known(let index):
            guard fields[index] == nil else {
                throw LockFormatError(
                    line: field.line, message: "\"\(LockKey.allCases[index].rawValue)\" is given twice")
            }
            fields[index] = field
        case .unknown(let key):
            guard unknownKeys.insert(key).inserted else {
                throw LockFormatError(line: field.line, message: "\(QuotedText.visible(key)) is given twice")
            }
        }
    }

    private func field(_ key: LockKey) -> LockField? { fields[key.index] }

    func line(of key: LockKey) -> Int { field(key)?.line ?? line }

    private func missing(_ key: LockKey) -> LockFormatError {
        LockFormatError(line: line, message: "\"\(key.rawValue)\" is missing")
    }

    func string(_ key: LockKey, _ bytes: [UInt8]) throws(LockFormatError) -> String {
        guard let value = try optionalString(key, bytes) else { throw missing(key) }
        return value
    }

    func optionalString(_ key: LockKey, _ bytes: [UInt8]) throws(LockFormatError) -> String? {
        guard let field = field(key) else { return nil }
        switch field.value {
        case .plain(let range): return String(decoding: bytes[range], as: UTF8.self)
        case .escaped(let text): return text
        case .integer, .strings, .opened:
            throw LockFormatError(line: field.line, message: "\"\(key.rawValue)\" must be a string")
        }
    }

    func integer(_ key: LockKey) throws(LockFormatError) -> Int64 {
        guard let field = field(key) else { throw missing(key) }
        guard case .integer(let value) = field.value, value >= 0 else {
            throw LockFormatError(line: field.line, message: "\"\(key.rawValue)\" must be a whole number, 0 or more")
        }
        return value
    }

    func named<Name>(
        _ key: LockKey, _ bytes: [UInt8], _ make: (String) throws(InvalidName) -> Name
    ) throws(LockFormatError) -> Name {
        let text = try string(key, bytes)
        do { return try make(text) } catch { throw LockFormatError(line: line(of: key), message: error.description) }
    }

    private func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: LockKey, _ bytes: [UInt8], _: Choice.Type
    ) throws(LockFormatError) -> Choice where Choice.RawValue == String {
        let text = try string(key, bytes)
        guard let value = Choice(rawValue: text) else {
            let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw LockFormatError(
                line: line(of: key), message: "unknown \(key.rawValue) \(QuotedText.visible(text)); known: \(known)")
        }
        return value
    }

    private func digest(_ bytes: [UInt8]) throws(LockFormatError) -> ContentDigest {
        if case .plain(let range) = field(.sha256)?.value, let digest = ContentDigest(hexDigits: bytes[range]) {
            return digest
        }
        _ = try string(.sha256, bytes)
        throw LockFormatError(line: line(of: .sha256), message: "\"sha256\" must be 64 hexadecimal digits")
    }

    private func hdfsChecksum(_ bytes: [UInt8]) throws(LockFormatError) -> String? {
        guard let text = try optionalString(.hdfsChecksum, bytes) else { return nil }
        let isDigest =
            text.utf8.count == 32
            && text.utf8.allSatisfy { digit in
                (0x30...0x39).contains(digit) || (0x61...0x66).contains(digit)
            }
        guard isDigest else {
            throw LockFormatError(
                line: line(of: .hdfsChecksum),
                message: "\"\(LockKey.hdfsChecksum.rawValue)\" must be 32 hexadecimal digits")
        }
        return text
    }

    private func jobs() throws(LockFormatError) -> [JobName] {
        var jobs: [JobName] = []
        for name in try strings(.jobs) {
            do { jobs.append(try JobName(name)) } catch {
                throw LockFormatError(line: line(of: .jobs), message: error.description)
            }
        }
        return jobs
    }

    /// A list; empty if it isn't given.
    private func strings(_ key: LockKey) throws(LockFormatError) -> [String] {
        guard let field = field(key) else { return [] }
        guard case .strings(let strings) = field.value else {
            throw LockFormatError(line: field.line, message: "\"\(key.rawValue)\" must be a list of strings")
        }
        return strings
    }

    private func origin(_ bytes: [UInt8]) throws(LockFormatError) -> ArtifactOrigin {
        var found: ArtifactOrigin?
        var count = 0
        for (key, section) in Self.origins where field(key) != nil {
            count += 1
            found = ArtifactOrigin(section: section, path: try string(key, bytes))
        }
        guard count == 1, let found else {
            let known = Self.origins.map(\.key.rawValue).joined(separator: ", ")
            throw LockFormatError(line: line, message: "exactly one of \(known) must say where the artifact comes from")
        }
        return found
    }

    private static let origins: [(key: LockKey, section: ArtifactOrigin.Section)] = [
        (.wheelhouse, .wheelhouse), (.listed, .listed), (.source, .source), (.archive, .archive), (.main, .main),
        (.lockfile, .lockfile), (.layer, .layer), (.overlay, .overlay),
    ]

    /// A `[[wheel]]`, and the path of the layer's origin.
    func wheel(_ bytes: [UInt8]) throws(LockFormatError) -> (layer: String, wheel: LayerWheel) {
        let wheel = LayerWheel(
            name: try string(.name, bytes), version: try string(.version, bytes), fileName: try string(.file, bytes),
            digest: try digest(bytes))
        return (try string(.layer, bytes), wheel)
    }

    /// A `[[packed]]`, and the origin of the artifact that it describes.
    func packed(_ bytes: [UInt8]) throws(LockFormatError) -> (origin: ArtifactOrigin, contents: PackedContents) {
        var packages: [PackedPackage] = []
        for line in try strings(.packages) {
            guard let package = PackedPackage(line: line) else {
                throw LockFormatError(
                    line: self.line(of: .packages),
                    message: "\(QuotedText.visible(line)) is not a name, a version and a digest")
            }
            packages.append(package)
        }
        let contents = PackedContents(
            python: try string(.python, bytes), options: try strings(.options),
            other: try optionalString(.other, bytes), packages: packages)
        return (try origin(bytes), contents)
    }

    /// A `[[provided]]`.
    func provided(_ bytes: [UInt8]) throws(LockFormatError) -> ProvidedPackage {
        ProvidedPackage(
            name: try string(.name, bytes), version: try string(.version, bytes),
            archive: try named(.archive, bytes) { text throws(InvalidName) in try ArchiveAlias(text) })
    }

    /// The header's lockfile and target.
    func basis(_ bytes: [UInt8]) throws(LockFormatError) -> LockBasis? {
        guard let lockfile = try optionalString(.lockfile, bytes) else { return nil }
        return LockBasis(lockfile: lockfile, target: try string(.target, bytes))
    }

    func artifact(_ bytes: [UInt8]) throws(LockFormatError) -> Artifact {
        let digest = try digest(bytes)
        let jobs = try jobs()
        let origin = try origin(bytes)
        return Artifact(
            name: try string(.name, bytes), version: try optionalString(.version, bytes),
            kind: try choice(.kind, bytes, ArtifactKind.self), digest: digest, size: try integer(.size),
            hdfsChecksum: try hdfsChecksum(bytes),
            leaf: try named(.leaf, bytes) { text throws(InvalidName) in try LeafName(text) },
            delivery: try choice(.delivery, bytes, Delivery.self),
            alias: field(.alias) == nil
                ? nil : try named(.alias, bytes) { text throws(InvalidName) in try ArchiveAlias(text) },
            interpreter: try optionalString(.interpreter, bytes),
            base: field(.base) == nil
                ? nil : try named(.base, bytes) { text throws(InvalidName) in try ArchiveAlias(text) },
            jobs: jobs, origin: origin)
    }
}
