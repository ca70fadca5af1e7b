import EnvSyncModel
import EnvironmentPacking
import ObjectStore
import PythonPackaging
import SyncState

extension Check {
    /// A package whose files can be compared with its own list of them.
    private struct Comparable: Sendable {
        var name: String
        var version: String?
        var fileName: String
        /// What is wrong with its metadata.
        var problem: String?
        /// Names it in the state.
        var key: String
        var verify: @Sendable (_ known: String?, _ cancelled: () throws -> Void) throws -> InstalledPackage.Verification
    }

    /// Packages whose files are not what their own lists say. What was compared before and has not been touched since is
    /// not read again.
    ///
    /// - Parameter isWanted: whether a package's files matter, by its normalized name.
    func changes(
        in environment: InstalledEnvironment, _ conda: CondaEnvironment?, isWanted: (String) -> Bool
    ) async throws -> [DriftFinding] {
        var packages: [Comparable] = []
        // conda's list has all files of its packages; Python's list of the same has some, as they were when it was built.
        // What pip put over them differs from conda's list.
        let ofConda = Set(conda?.packages.flatMap(\.pythonMetadata) ?? [])
        for package in environment.packages where isWanted(package.name) {
            let metadata = String(package.path.dropFirst(environment.prefix.count + 1))
            if ofConda.contains(metadata) { continue }
            packages.append(
                Comparable(
                    name: package.name, version: package.version, fileName: package.fileName, problem: package.problem,
                    key: "installed:" + package.path
                ) { try package.verify(in: environment, known: $0, cancelled: $1) })
        }
        for package in conda?.packages ?? [] where isWanted(PythonNames.normalize(package.name)) {
            packages.append(
                Comparable(
                    name: PythonNames.normalize(package.name), version: package.version, fileName: package.fileName,
                    key: "installed:\(environment.prefix)/conda-meta/\(package.fileName)"
                ) { try package.verify(known: $0, cancelled: $1) })
        }
        let results = try await compare(packages)
        let linkedAway = results.reduce(0) { $0 + $1.1.linkedAway }
        if linkedAway > 0 {
            engine.report(
                .warning("\(linkedAway) installed files are links out of the environment, and were not compared"))
        }
        return results.compactMap { package, found in Self.change(of: package, found) }
    }

    private func compare(
        _ packages: [Comparable]
    ) async throws -> [(Comparable, InstalledPackage.Verification)] {
        let state = engine.state
        let results = try await concurrently(packages, limit: 4) { package in
            let record = (try? state.fingerprint(package.key)) ?? nil
            // A file changed within the clock's granularity of being read may have changed again without showing it.
            let isRelied = record.map { $0.fingerprint.modified < $0.hashedAt - 2_000_000_000 } ?? false
            let known = isRelied ? record?.digest.hex : nil
            let began = Now.nanoseconds
            let found = try await OffPool.run { cancelled in try package.verify(known, cancelled) }
            var fresh: FingerprintRecord?
            if let signature = found.signature, signature != known, let digest = ContentDigest(hex: signature) {
                fresh = FingerprintRecord(
                    fingerprint: FileFingerprint(
                        path: package.key, device: 0, inode: 0, size: 0, modified: found.lastChange, changed: 0),
                    digest: digest, inspection: "", hashedAt: began)
            }
            return (package, found, fresh)
        }
        let records = results.compactMap { $0.2 }
        if !records.isEmpty { engine.remember { try $0.save(fingerprints: records) } }
        return results.map { ($0.0, $0.1) }
    }

    private static func change(
        of package: Comparable, _ found: InstalledPackage.Verification
    ) -> DriftFinding? {
        let count = found.differenceCount
        guard package.problem != nil || count > 0 else { return nil }
        var parts = package.problem.map { ["\(QuotedText.shown(package.fileName)): \($0)"] } ?? []
        parts += found.differences.prefix(3).map { "\(QuotedText.shown($0.path)) \($0.message)" }
        if count > 3 { parts.append("and \(count - 3) more") }
        return DriftFinding(
            code: .environmentChanged, subject: package.name, message: parts.joined(separator: "; "),
            suggestion: "install \(package.name) \(package.version ?? "") again")
    }
}
