import Foundation
import ReproducibleArchive

/// Holds the contents of an archive against its packages' lists and its manifest.
struct InspectionWork {
    typealias Finding = ArchiveInspection.Finding

    let contents: ArchiveContents
    /// All paths.
    let sorted: [[UInt8]]
    let claims: ArchivedClaims
    private(set) var manifest: EnvironmentManifest?
    /// What the manifest would be of the archive as it is.
    var actual: EnvironmentManifest?
    var findings: [Finding] = []
    var comparedFiles = 0
    var rewrittenFiles = 0

    init(_ contents: ArchiveContents) throws {
        self.contents = contents
        sorted = contents.entries.keys.sorted { $0.lexicographicallyPrecedes($1) }
        claims = ArchivedClaims(contents, sorted: sorted)
        findings = claims.findings
        readManifest()
    }

    private mutating func readManifest() {
        let path = Array(EnvironmentManifest.path.utf8)
        guard contents.entries[path] != nil else { return }
        func refuse(_ message: String) {
            findings.append(.init(code: .manifestDamaged, package: nil, paths: [path], count: 1, message: message))
        }
        guard let bytes = contents.texts[path],
            let found = try? JSONDecoder().decode(EnvironmentManifest.self, from: Data(bytes))
        else { return refuse("is not what envsync writes there") }
        guard found.schemaVersion == 1 else {
            return refuse("is of version \(found.schemaVersion), which this envsync doesn't know")
        }
        manifest = found
    }

    /// `overlay` and a layer have `site-packages` as their root.
    var isLayer: Bool { manifest?.kind == "overlay" || claims.sitePackages == [[]] }

    var kind: String? {
        if let manifest { return manifest.kind }
        if !claims.conda.isEmpty { return "conda" }
        if contents.entries[Array("pyvenv.cfg".utf8)] != nil { return "venv" }
        if claims.sitePackages.isEmpty { return nil }
        return claims.sitePackages == [[]] ? "layer" : "tree"
    }

    private var maker: ArchiveInspection.Maker? {
        if contents.entries[Array(EnvironmentManifest.path.utf8)] != nil { return .envsync }
        let activation = contents.texts[Array("bin/activate".utf8)] ?? []
        if contents.entries[Array("bin/conda-unpack".utf8)] != nil || activation.starts(with: "_conda_pack_".utf8) {
            return .condaPack
        }
        // CPython's own has another first line.
        return activation.starts(with: "# This code copies and modifies the script found at".utf8) ? .venvPack : nil
    }

    var python: String? {
        if let manifest { return manifest.python }
        if let conda = claims.conda.first(where: { $0.record.name == "python" }) {
            return conda.record.version.split(separator: ".").prefix(2).joined(separator: ".")
        }
        return claims.sitePackages.lazy.compactMap { directory -> String? in
            let parts = directory.split(separator: 0x2F)
            guard parts.count == 3 else { return nil }
            let version = String(decoding: parts[1].dropFirst("python".utf8.count), as: UTF8.self)
            return version.split(separator: ".").count == 2 ? version : nil
        }.first
    }

    func inspection(cancelled: () throws -> Void) throws -> ArchiveInspection {
        var work = self
        let interpreter = work.examineInterpreter()
        try work.compareWithManifest(cancelled)
        work.reportLinks()
        if kind == nil {
            work.findings.append(
                .init(
                    code: .noEnvironment, package: nil, paths: [], count: 0,
                    message: "the archive holds no Python environment, and no packages"))
        }
        work.report(
            Array(contents.repeated.paths), .fileTwice,
            "more than one entry, and they differ; what is unpacked last counts", "has", "and others have")
        var files = 0
        var bytes: Int64 = 0
        for entry in contents.entries.values {
            guard case .file = entry.kind else { continue }
            files += 1
            bytes += entry.size
        }
        return ArchiveInspection(
            format: contents.format, kind: kind, maker: maker, python: python, interpreter: interpreter,
            manifest: manifest,
            root: String(decoding: contents.root.dropLast(), as: UTF8.self), packages: work.packages,
            other: manifest == nil ? nil : work.actual?.other, files: files, bytes: bytes,
            comparedFiles: work.comparedFiles,
            rewrittenFiles: work.rewrittenFiles,
            findings: Self.inOrder(work.findings))
    }

    /// Digests are those of other archives' packages only if envsync packed both.
    private var packages: [ArchiveInspection.Package] {
        (actual?.packages ?? []).map { package in
            ArchiveInspection.Package(
                name: package.name, version: package.version,
                manager: package.manager == PackPlan.Package.Manager.conda.rawValue ? .conda : .python,
                build: package.build, digest: manifest == nil ? nil : package.digest, files: package.files)
        }
    }

    private static func inOrder(_ findings: [Finding]) -> [Finding] {
        let order = Dictionary(
            uniqueKeysWithValues: Finding.Code.allCases.enumerated().map { ($0.element, $0.offset) })
        return findings.sorted { left, right in
            let (first, second) = (order[left.code] ?? 0, order[right.code] ?? 0)
            if first != second { return first < second }
            if left.package != right.package { return (left.package ?? "") < (right.package ?? "") }
            if left.paths != right.paths {
                return left.paths.lexicographicallyPrecedes(right.paths) { $0.lexicographicallyPrecedes($1) }
            }
            return left.message < right.message
        }
    }

    // MARK: The interpreter

    private mutating func examineInterpreter() -> EnvironmentManifest.Interpreter? {
        guard kind != nil, !isLayer else { return nil }
        let names = manifest.map { [$0.interpreter.path] } ?? ["bin/python", "bin/python3"]
        for name in names {
            switch contents.place(of: Array(name.utf8)) {
            case .entry(_, let entry):
                guard case .file = entry.kind else { continue }
                return manifest?.interpreter ?? .init(path: name, isIncluded: true)
            case .outside(let target):
                if let stated = manifest?.interpreter, !stated.isIncluded { return stated }
                guard manifest == nil else { continue }
                return .init(path: name, isIncluded: false, base: String(decoding: target, as: UTF8.self))
            case .missing: continue
            }
        }
        // A zip has no links, so that a venv's interpreter is the workers' own.
        if let stated = manifest?.interpreter, !stated.isIncluded, contents.format == .zip { return stated }
        findings.append(
            .init(
                code: .interpreterMissing, package: nil, paths: [Array((names.first ?? "bin/python").utf8)], count: 1,
                message: "is no interpreter, and no link to one"))
        return manifest?.interpreter
    }
}
