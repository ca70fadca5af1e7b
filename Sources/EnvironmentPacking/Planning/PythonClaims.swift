import Glibc
import PythonPackaging

/// The Python packages of an environment, with the files that their own metadata lists.
struct PythonClaims {
    /// A package with what its metadata says besides its files.
    struct Found {
        var claims: PackageClaims
        /// What installed it: `pip`, `uv`, `conda`.
        var installer: String?
        /// Whether it was installed from this machine's disk.
        var isFromDisk: Bool
        /// Rows of its RECORD and the path each stands for.
        var record: (path: [UInt8], rows: [(spelled: [UInt8], path: [UInt8])])?
        /// Paths of the archive that it has besides, if it is an editable package.
        var added: [[UInt8]] = []
        /// The directory of metadata among them, if the environment has none of it.
        var eggInfo: [UInt8]?
        /// Whether conda installed it: then conda's own lists tell of its files as they are in the environment, its RECORD of
        /// those that it was built with.
        var isConda = false
    }
    private(set) var found: [Found] = []
    private(set) var problems: [PackProblem] = []

    private static let limit = 64 << 20

    private init() {}

    init(_ survey: EnvironmentSurvey) {
        var places: [(metadata: SurveyedFile, path: String, directory: [UInt8])] = []
        for directory in survey.sitePackages {
            let start = Array(directory.utf8) + [0x2F]
            var index = survey.files.firstIndex(atOrAfter: start)
            while index < survey.files.count, survey.files[index].path.starts(with: start) {
                let file = survey.files[index]
                index += 1
                guard file.path.hasSuffix("-info") || file.path.hasSuffix(".egg") || file.path.hasSuffix(".egg-link"),
                    !file.path[start.count...].contains(0x2F), file.path[start.count] != UInt8(ascii: "~"),
                    let path = String(validating: file.source.path, as: UTF8.self),
                    InstalledPackage.isMetadata(String(path.dropFirst(survey.prefix.count + 1 + start.count)))
                else { continue }
                if case .symlink = file.kind { continue }
                places.append((file, path, Array(directory.utf8)))
            }
        }
        // Large packages' lists take milliseconds each.
        let parts = Parallel.map(count: places.count) { [places] number in
            var one = PythonClaims()
            one.add(places[number].metadata, places[number].path, in: places[number].directory, survey)
            return one
        }
        found = parts.flatMap(\.found)
        problems = parts.flatMap(\.problems)
        sort()
    }

    private mutating func sort() {
        found.sort {
            ($0.claims.package.name, $0.claims.package.version, String(decoding: $0.claims.metadata, as: UTF8.self))
                < (
                    $1.claims.package.name, $1.claims.package.version,
                    String(decoding: $1.claims.metadata, as: UTF8.self)
                )
        }
    }

    /// Tells conda's packages from those that pip put over them. The installer that a package names may be that of its build.
    mutating func recognize(_ conda: [PackageClaims], in survey: EnvironmentSurvey) {
        guard !conda.isEmpty else { return }
        var records: [[UInt8]: Int64] = [:]
        for file in conda.lazy.flatMap(\.files) where file.path.hasSuffix(".dist-info/RECORD") {
            records[file.path] = file.size
        }
        for index in found.indices {
            guard let record = found[index].record else {
                found[index].isConda = found[index].installer == "conda"
                continue
            }
            let number = survey.files.firstIndex(atOrAfter: record.path)
            let isAsInstalled = records[record.path] == survey.files[number].source.fingerprint.size
            found[index].isConda = found[index].installer == "conda" || isAsInstalled
        }
    }

    /// Editable packages that are packed from their sources have those as their files.
    mutating func add(_ shipped: [ShippedSources]) {
        guard !shipped.isEmpty else { return }
        for sources in shipped {
            guard let index = found.firstIndex(where: { $0.claims.metadata == sources.metadata }) else { continue }
            // A filter may leave them out.
            found[index].claims.files += sources.added.map { .init(path: $0, isOptional: true) }
            found[index].added = sources.added
            guard let eggInfo = sources.eggInfo else { continue }
            found[index].claims.package.name = sources.name
            found[index].claims.package.version = sources.version
            found[index].eggInfo = eggInfo
        }
        sort()
    }

    private mutating func add(
        _ metadata: SurveyedFile, _ path: String, in directory: [UInt8], _ survey: EnvironmentSurvey
    ) {
        let site = survey.prefix + "/" + String(decoding: directory, as: UTF8.self)
        guard let package = InstalledPackage(metadataAt: path, in: site) else {
            refuse(metadata.path, nil, "neither it nor its name tells a package's name")
            return
        }
        let label = "\(package.name) \(package.version ?? "")"
        if let problem = package.problem { refuse(metadata.path, label, problem) }
        var result = Found(
            claims: PackageClaims(
                package: .init(name: package.name, version: package.version ?? "", manager: .python),
                metadata: metadata.path, files: []),
            installer: package.installer, isFromDisk: package.source?.url.hasPrefix("file:") ?? false)
        if metadata.kind == .directory {
            addFiles(below: metadata.path, survey, to: &result)
            readLists(metadata.path, label, in: directory, survey, to: &result)
        } else {
            result.claims.files.append(.init(path: metadata.path))
        }
        found.append(result)
    }

    /// The metadata itself belongs to the package, listed or not.
    private func addFiles(below path: [UInt8], _ survey: EnvironmentSurvey, to result: inout Found) {
        let start = path + [0x2F]
        var index = survey.files.firstIndex(atOrAfter: start)
        while index < survey.files.count, survey.files[index].path.starts(with: start) {
            if survey.files[index].kind == .regular {
                result.claims.files.append(.init(path: survey.files[index].path))
            }
            index += 1
        }
    }

    private mutating func readLists(
        _ metadata: [UInt8], _ label: String, in directory: [UInt8], _ survey: EnvironmentSurvey, to result: inout Found
    ) {
        let name = metadata.hasSuffix(".dist-info") ? "/RECORD" : "/installed-files.txt"
        let path = metadata + Array(name.utf8)
        let index = survey.files.firstIndex(atOrAfter: path)
        guard index < survey.files.count, survey.files[index].path == path, survey.files[index].kind == .regular else {
            return
        }
        do {
            let bytes = try OpenSource(survey.files[index].source).bytes(limit: Self.limit)
            guard metadata.hasSuffix(".dist-info") else {
                for line in bytes.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
                    guard let file = RecordTable.resolve(Array(line), in: metadata), !line.contains(0) else { continue }
                    result.claims.files.append(.init(path: file, isOptional: file.hasSuffix(".pyc")))
                }
                return
            }
            let table = try RecordTable(bytes)
            var rows: [(spelled: [UInt8], path: [UInt8])] = []
            rows.reserveCapacity(table.rows.count)
            for row in table.rows {
                // Rows that lead out of the environment are none of the archive's business.
                guard let file = RecordTable.resolve(row.path, in: directory) else { continue }
                rows.append((row.path, file))
                result.claims.files.append(
                    .init(
                        path: file, sha256: row.sha256, size: row.size,
                        isOptional: file.hasSuffix(".pyc") || RecordRewrite.isCompiled(file)
                            || Self.mayBeMissing(file)))
            }
            result.record = (path, rows)
        } catch let error as RecordTable.Malformed {
            refuse(path, label, "can't be understood: \(error.message)")
        } catch {
            refuse(path, label, "can't be read: \(error)")
        }
    }

    /// What installers list and write only sometimes.
    static func mayBeMissing(_ path: [UInt8]) -> Bool {
        path.hasSuffix(".dist-info/REQUESTED") || path.hasSuffix(".dist-info/INSTALLER")
            || path.hasSuffix(".dist-info/direct_url.json") || path.hasSuffix(".dist-info/uv_cache.json")
    }

    private mutating func refuse(_ path: [UInt8], _ package: String?, _ message: String) {
        problems.append(
            PackProblem(
                code: .metadata, package: package, paths: [path], message: message,
                advice: "install the package again (pip install --force-reinstall)"))
    }
}
