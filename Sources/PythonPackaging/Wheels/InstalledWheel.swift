import ReproducibleArchive

/// One file of a layer.
struct LayerFile: Sendable {
    enum Source: Sendable {
        /// The entry of the wheel with this index.
        case entry(Int)
        /// A file that the wheel doesn't have in this form.
        case bytes([UInt8])
    }

    /// Relative to the root of the layer.
    var path: String
    var isExecutable: Bool
    var source: Source
    var hash: RecordHash
    var size: Int64
}

/// Where a wheel's files go.
struct InstalledWheel {
    let wheel: Wheel
    let path: String
    let distInfo: String
    let checker: ZipEntryChecker
    /// In the order in which pip would write them: root, `*.data`, entry points.
    private(set) var files: [LayerFile] = []
    /// What puts wheels of one name and version in an order that doesn't depend on their paths.
    let recordText: [UInt8]

    var label: String { "\(wheel.name) \(wheel.version)" }

    /// Reads a wheel's table of contents and its scripts.
    /// - Throws: ``WheelError``, ``/ReproducibleArchive/ArchiveError``.
    init(path: String) throws {
        let inspection = try WheelInspection(path: path)
        let (wheel, record) = try inspection.wheelAndRecord(verifyingHashes: false)
        self.path = path
        self.wheel = wheel
        distInfo = inspection.distInfo
        checker = ZipEntryChecker(inspection.archive)
        recordText = try inspection.contents("RECORD", orMissing: .missingRECORD)
        var dataFiles: [LayerFile] = []
        for index in inspection.archive.entries.indices {
            let entry = inspection.archive.entries[index]
            if entry.isDirectory { continue }
            guard !entry.isSymlink else {
                throw WheelError(
                    code: .notInstallable, path: path, entry: entry.name,
                    message: "is a symbolic link, which wheels can't hold")
            }
            // Made anew, or no longer true after that.
            if Self.replaced.contains(where: { entry.name == "\(distInfo)/\($0)" }) { continue }
            guard let row = record.rows[entry.name], let hash = row.hash else {
                throw WheelError(
                    code: .unlistedFile, path: path, entry: entry.name, message: "is not listed with a hash in RECORD")
            }
            var file = LayerFile(
                path: entry.name, isExecutable: entry.mode & 0o111 != 0, source: .entry(index), hash: hash,
                size: entry.size)
            guard let data = try destination(of: entry.name) else {
                files.append(file)
                continue
            }
            file.path = data.path
            if data.isScript {
                file.isExecutable = true
                let script = WheelScript(archive: inspection.archive, index: index, hash: hash, path: path)
                if let bytes = try script.rewritten() {
                    file.source = .bytes(bytes)
                    file.hash = RecordHash(of: bytes)
                    file.size = Int64(bytes.count)
                }
            }
            dataFiles.append(file)
        }
        files += dataFiles
        if inspection.indices["\(distInfo)/entry_points.txt"] != nil {
            let text = try inspection.contents("entry_points.txt", orMissing: .notInstallable)
            do {
                for script in try EntryPointScript.all(in: text) {
                    add(bytes: script.contents, at: "bin/\(script.name)", isExecutable: true)
                }
            } catch {
                throw inspection.failure(.notInstallable, in: "entry_points.txt", error.message)
            }
        }
        add(bytes: Array("envsync\n".utf8), at: "\(distInfo)/INSTALLER", isExecutable: false)
    }

    private static let replaced = ["RECORD", "RECORD.jws", "RECORD.p7s", "INSTALLER", "REQUESTED"]

    private mutating func add(bytes: [UInt8], at path: String, isExecutable: Bool) {
        files.append(
            LayerFile(
                path: path, isExecutable: isExecutable, source: .bytes(bytes), hash: RecordHash(of: bytes),
                size: Int64(bytes.count)))
    }

    /// Where a file of a `*.data` directory goes; nil for other files.
    private func destination(of name: String) throws -> (path: String, isScript: Bool)? {
        let parts = name.split(separator: "/", maxSplits: 2)
        guard let top = parts.first, top.hasSuffix(".data"), parts.count > 1 else { return nil }
        // "{name}-{version}.data", like the metadata's directory; "x.data" of another name is a package's own.
        guard PythonNames.normalize(top.dropLast(5)) == PythonNames.normalize(distInfo.dropLast(10)) else { return nil }
        guard parts.count == 3 else {
            throw WheelError(
                code: .notInstallable, path: path, entry: name, message: "lies where only directories may be")
        }
        switch parts[1] {
        case "purelib", "platlib", "data": return (String(parts[2]), false)
        case "scripts": return ("bin/\(parts[2])", true)
        case "headers": return ("include/\(wheel.name)/\(parts[2])", false)
        default:
            throw WheelError(
                code: .notInstallable, path: path, entry: name,
                message: "belongs to the unknown installation scheme \(parts[1].debugDescription)")
        }
    }
}
