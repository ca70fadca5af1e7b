extension Lock {
    /// Reads a lock file's text.
    ///
    /// The file is TOML, but only of the shape that ``text`` writes: a table of plain keys a section. Reading just that
    /// shape takes 10,000 artifacts in a few tens of milliseconds, which the no-op push depends on, and gives every
    /// complaint its line. Keys that this version doesn't know are skipped.
    ///
    /// - Throws: ``LockFormatError`` naming the line, also for merge-conflict markers and unknown format versions.
    public init(parsing text: String) throws(LockFormatError) {
        let bytes = Array(text.utf8)
        var contents = Contents()
        var section = LockSection(line: 1)
        // The list that is being read, one string a line.
        var list: (field: LockField, strings: [String])?
        var number = 0
        var start = 0
        while start < bytes.count {
            number += 1
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            var line = LockLine(bytes: bytes, position: start, end: end, number: number)
            start = end + 1
            line.trim()
            guard let first = line.first, first != UInt8(ascii: "#") else { continue }
            if line.isConflictMarker {
                throw LockFormatError(line: number, message: "a merge conflict; solve it by running `envsync lock`")
            }
            if var open = list {
                list = nil
                if try line.addItem(to: &open.strings) {
                    list = open
                } else {
                    try section.add(open.field.with(.strings(open.strings)))
                }
            } else if let kind = line.header {
                try contents.take(section, bytes)
                section.restart(kind, line: number)
            } else {
                let field = try line.field()
                if case .opened = field.value { list = (field, []) } else { try section.add(field) }
            }
        }
        if let list { throw LockFormatError(line: list.field.line, message: "the list does not end") }
        try contents.take(section, bytes)
        guard let top = contents.header else { throw LockFormatError(line: 1, message: "the file is empty") }
        let name = try top.named(.environment, bytes) { text throws(InvalidName) in try EnvironmentName(text) }
        try contents.placeWheels()
        try contents.placePacked()
        self.init(
            environment: name, artifacts: contents.artifacts, basis: try top.basis(bytes), provided: contents.provided)
    }

    /// The sections read so far.
    private struct Contents {
        var header: LockSection?
        var artifacts: [Artifact] = []
        var wheels: [(layer: String, wheel: LayerWheel, line: Int)] = []
        var packed: [(origin: ArtifactOrigin, contents: PackedContents, line: Int)] = []
        var provided: [ProvidedPackage] = []

        mutating func take(_ section: LockSection, _ bytes: [UInt8]) throws(LockFormatError) {
            switch section.kind {
            case .header:
                try Lock.checkVersion(section, bytes)
                header = section
            case .artifact: artifacts.append(try section.artifact(bytes))
            case .wheel:
                let read = try section.wheel(bytes)
                wheels.append((read.layer, read.wheel, section.line))
            case .packed:
                let read = try section.packed(bytes)
                packed.append((read.origin, read.contents, section.line))
            case .provided: provided.append(try section.provided(bytes))
            }
        }

        /// Gives each archive and overlay what was packed into it.
        mutating func placePacked() throws(LockFormatError) {
            for (origin, contents, line) in packed {
                let indices = artifacts.indices.filter { artifacts[$0].origin == origin }
                guard !indices.isEmpty, indices.allSatisfy({ artifacts[$0].contents == nil }) else {
                    throw LockFormatError(
                        line: line,
                        message: indices.isEmpty
                            ? "there is no \(origin.section.rawValue) \(QuotedText.visible(origin.path)) for these contents"
                            : "the contents of \(QuotedText.visible(origin.path)) are given twice")
                }
                for index in indices { artifacts[index].contents = contents }
            }
        }

        /// Gives each wheel to the layer that it names.
        mutating func placeWheels() throws(LockFormatError) {
            guard !wheels.isEmpty else { return }
            var byLayer: [String: [LayerWheel]] = [:]
            var lines: [String: Int] = [:]
            for (layer, wheel, line) in wheels {
                byLayer[layer, default: []].append(wheel)
                lines[layer] = line
            }
            for index in artifacts.indices where artifacts[index].origin.section == .layer {
                let wheels = byLayer.removeValue(forKey: artifacts[index].origin.path) ?? []
                artifacts[index].wheels = wheels.sorted { ($0.name, $0.fileName) < ($1.name, $1.fileName) }
            }
            if let layer = byLayer.keys.min() {
                throw LockFormatError(
                    line: lines[layer] ?? 1, message: "there is no layer \(QuotedText.visible(layer)) for this wheel")
            }
        }
    }

    fileprivate static func checkVersion(_ header: LockSection, _ bytes: [UInt8]) throws(LockFormatError) {
        let version = try header.integer(.version)
        guard version == formatVersion else {
            throw LockFormatError(
                line: header.line(of: .version),
                message: "the lock has format version \(version); this envsync reads version \(formatVersion)")
        }
    }
}

/// The keys of a lock file.
enum LockKey: String, CaseIterable {
    case version, environment
    case name, kind, delivery, alias, interpreter, leaf, size, sha256, jobs
    case wheelhouse, listed, source, archive, main
    case hdfsChecksum = "hdfs-checksum"
    case lockfile, target, layer, file
    case base, overlay, python, options, other, packages

    /// All keys as bytes, in the order of `allCases`.
    static let spellings = allCases.map { Array($0.rawValue.utf8) }

    /// The place of this key in `allCases`.
    var index: Int {
        switch self {
        case .version: 0
        case .environment: 1
        case .name: 2
        case .kind: 3
        case .delivery: 4
        case .alias: 5
        case .interpreter: 6
        case .leaf: 7
        case .size: 8
        case .sha256: 9
        case .jobs: 10
        case .wheelhouse: 11
        case .listed: 12
        case .source: 13
        case .archive: 14
        case .main: 15
        case .hdfsChecksum: 16
        case .lockfile: 17
        case .target: 18
        case .layer: 19
        case .file: 20
        case .base: 21
        case .overlay: 22
        case .python: 23
        case .options: 24
        case .other: 25
        case .packages: 26
        }
    }
}

/// One `key = value` of a lock file.
struct LockField {
    enum Key {
        /// The key's place in `LockKey.allCases`.
        case known(Int)
        case unknown(String)
    }

    enum Value {
        /// A string without escapes, as a range of the file's bytes: most are never needed as a `String`.
        case plain(Range<Int>)
        case escaped(String)
        case integer(Int64)
        case strings([String])
        /// A list that goes on in the next lines.
        case opened
    }

    let key: Key
    let value: Value
    let line: Int

    func with(_ value: Value) -> LockField { LockField(key: key, value: value, line: line) }
}
