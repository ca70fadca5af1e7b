import ReproducibleArchive

extension Wheel {
    /// Opens a wheel and checks it: the zip file is safe, there is one `*.dist-info` directory with readable `WHEEL`,
    /// `METADATA` and `RECORD`, the names and versions of file, directory and `METADATA` agree, and files and `RECORD`
    /// correspond one to one, with equal sizes. The hash of every file is verified when the wheel is importable from a
    /// zip; other wheels can hold hundreds of megabytes.
    /// - Parameter path: the wheel. Its file name is checked when it ends in `.whl`.
    /// - Throws: ``WheelError``.
    public static func inspect(path: String) throws -> Wheel {
        do {
            return try WheelInspection(path: path).wheel()
        } catch let error as ArchiveError {
            throw WheelError(error)
        }
    }
}

/// The steps of inspecting a wheel.
struct WheelInspection {
    let path: String
    let archive: ZipArchive
    /// The archive's files by name.
    let indices: [String: Int]
    /// The name of the `*.dist-info` directory.
    let distInfo: String

    /// `METADATA` holds a project's whole description; `RECORD` a line for each file.
    private static let fileLimit = 64 << 20

    init(path: String) throws {
        self.path = path
        archive = try ZipArchive(path: path)
        var indices: [String: Int] = [:]
        indices.reserveCapacity(archive.entries.count)
        var directories = Set<String>()
        for (index, entry) in archive.entries.enumerated() {
            if !entry.isDirectory { indices[entry.name] = index }
            let top = entry.name.prefix { $0 != "/" }
            if top.hasSuffix(".dist-info"), entry.isDirectory || top.endIndex != entry.name.endIndex {
                directories.insert(String(top))
            }
        }
        self.indices = indices
        guard let distInfo = directories.first else {
            throw WheelError(code: .noDistInfo, path: path, message: "is no wheel: it has no .dist-info directory")
        }
        guard directories.count == 1 else {
            let list = directories.sorted().joined(separator: ", ")
            throw WheelError(code: .severalDistInfo, path: path, message: "has several .dist-info directories: \(list)")
        }
        self.distInfo = distInfo
    }

    func wheel() throws -> Wheel {
        try wheelAndRecord(verifyingHashes: true).wheel
    }

    /// - Parameter verifyingHashes: whether the hashes of files are verified when the wheel is importable from a zip.
    func wheelAndRecord(verifyingHashes: Bool) throws -> (wheel: Wheel, record: WheelRecord) {
        let wheelHeaders = MetadataHeaders(try contents("WHEEL", orMissing: .missingWHEEL))
        try checkVersion(wheelHeaders)
        let metadata = MetadataHeaders(try contents("METADATA", orMissing: .missingMETADATA))
        guard let name = metadata.value("Name"), PythonNames.isValidProjectName(name) else {
            throw failure(.malformedMETADATA, in: "METADATA", "has no valid Name")
        }
        guard let version = metadata.value("Version"), PythonVersion.isPlausible(version) else {
            throw failure(.malformedMETADATA, in: "METADATA", "has no valid Version")
        }
        let fileName = try checkNames(name: name, version: version)
        let purelib = wheelHeaders.value("Root-Is-Purelib")?.lowercased()
        guard purelib == "true" || purelib == "false" else {
            throw failure(.malformedWHEEL, in: "WHEEL", "has no valid Root-Is-Purelib")
        }
        let survey = ModuleSurvey(archive, options: .init(metadataDirectory: distInfo))
        let reasons = (purelib == "true" ? [] : [.notPurelib]) + survey.reasons
        let record = try checkedRecord(verifyingHashes: verifyingHashes && reasons.isEmpty)
        let tags = wheelHeaders.values("Tag").filter { !$0.isEmpty }
        let wheel = Wheel(
            name: name, normalizedName: PythonNames.normalize(name), version: version,
            tags: tags.isEmpty ? fileName?.tags ?? [] : tags,
            rootIsPurelib: purelib == "true", generator: wheelHeaders.value("Generator"), topLevel: survey.topLevel,
            requiresPython: metadata.value("Requires-Python"),
            deliverability: reasons.isEmpty ? .importable : .notImportable(reasons))
        return (wheel, record)
    }

    func failure(_ code: WheelError.Code, in file: String, _ message: String) -> WheelError {
        WheelError(code: code, path: path, entry: "\(distInfo)/\(file)", message: message)
    }

    func contents(_ file: String, orMissing code: WheelError.Code) throws -> [UInt8] {
        guard let index = indices["\(distInfo)/\(file)"] else {
            throw WheelError(code: code, path: path, message: "has no \(distInfo)/\(file)")
        }
        return try archive.contents(ofEntryAt: index, limit: Self.fileLimit)
    }

    /// An installer must refuse a greater major version (binary distribution format, "Installing a wheel").
    private func checkVersion(_ headers: MetadataHeaders) throws {
        guard let text = headers.value("Wheel-Version"), let major = Int(text.prefix { $0 != "." }) else {
            throw failure(.malformedWHEEL, in: "WHEEL", "has no valid Wheel-Version")
        }
        guard major <= 1 else {
            throw failure(
                .unsupportedWheelVersion, in: "WHEEL", "has the unknown wheel format \(text.debugDescription)")
        }
    }

    private func checkNames(name: String, version: String) throws -> WheelFileName? {
        let normalized = PythonNames.normalize(name)
        // The directory is "{name}-{version}.dist-info"; old tools left hyphens in both parts.
        let stem = distInfo.dropLast(".dist-info".count)
        let agrees = stem.indices.contains { stem[$0] == "-" && PythonNames.normalize(stem[..<$0]) == normalized }
        guard agrees else {
            let message = "the directory \(distInfo) does not belong to the project \(name) that its METADATA names"
            throw WheelError(code: .nameMismatch, path: path, message: message)
        }
        let leaf = path.split(separator: "/").last ?? ""
        guard leaf.hasSuffix(".whl") else { return nil }
        guard let fileName = WheelFileName(String(leaf)) else {
            let message = "the file name is not of the form name-version-python-abi-platform.whl"
            throw WheelError(code: .malformedFileName, path: path, message: message)
        }
        guard PythonNames.normalize(fileName.distribution) == normalized,
            PythonVersion(fileName.version) == PythonVersion(version)
        else {
            let message = "the file name does not match what is inside: \(name) \(version)"
            throw WheelError(code: .nameMismatch, path: path, message: message)
        }
        return fileName
    }

    private func checkedRecord(verifyingHashes: Bool) throws -> WheelRecord {
        let record: WheelRecord
        do {
            record = try WheelRecord(try contents("RECORD", orMissing: .missingRECORD))
        } catch let error as WheelRecord.Malformed {
            throw failure(.malformedRECORD, in: "RECORD", error.message)
        }
        for (name, row) in record.rows {
            guard let index = indices[name] else {
                if name.hasSuffix("/") { continue }  // a directory
                throw WheelError(
                    code: .missingFile, path: path, entry: name, message: "is listed in RECORD but missing")
            }
            guard row.size == nil || row.size == archive.entries[index].size else {
                throw WheelError(
                    code: .recordMismatch, path: path, entry: name,
                    message: "has \(archive.entries[index].size) bytes, but RECORD says \(row.size ?? 0)")
            }
        }
        // RECORD can't hold its own hash, and the signatures are made afterwards.
        let unhashed = Set(["RECORD", "RECORD.jws", "RECORD.p7s"].map { "\(distInfo)/\($0)" })
        for index in archive.storedOrder where !archive.entries[index].isDirectory {
            let name = archive.entries[index].name
            if unhashed.contains(name) { continue }
            guard let row = record.rows[name] else {
                throw WheelError(code: .unlistedFile, path: path, entry: name, message: "is not listed in RECORD")
            }
            guard let hash = row.hash else {
                throw WheelError(code: .malformedRECORD, path: path, entry: name, message: "has no hash in RECORD")
            }
            guard verifyingHashes else { continue }
            guard try hash.matches({ try archive.stream(entryAt: index, to: $0) }) else {
                throw WheelError(
                    code: .recordMismatch, path: path, entry: name, message: "does not have the hash that RECORD says")
            }
        }
        return record
    }
}
