import EnvSyncModel
import Glibc
import ObjectStore
import SyncState

/// One check of a workspace: what is compared, and with what.
struct Check: Sendable {
    let engine: Engine
    let options: CheckOptions
    let lock: Lock
    let id: ContentDigest
    let objects: [ObjectKey]
    let scan: LocalScan
    /// How the local files differ from the lock, whether that is looked for or not.
    let differences: [LockDifference]
    /// `nil` if nothing that is looked for is in the store.
    let connection: StoreConnection?

    /// What was found.
    struct Look: Sendable {
        /// In a stable order, with locations.
        var findings: [DriftFinding] = []
        var publication = PublishedLook()
        var objects = ObjectsLook()
        /// Rows of the state that are not so, with the object they are of, where they are of one of the lock's.
        var wrongMappings: [(mapping: ObjectMapping, object: ObjectKey?)] = []
        var packages = 0
    }

    init(_ engine: Engine, _ options: CheckOptions) async throws {
        self.engine = engine
        self.options = options
        lock = try engine.workspace.requiredLock()
        scan = try await engine.scan()
        differences = LockBuilder.differences(between: lock, and: scan)
        let manifest = lock.manifest
        id = manifest.id
        objects = manifest.objects
        let needsStore = options.wantsAny(
            .notPublished, .generationDiffers, .superseded, .publicationDamaged, .mappingDiffers, .objectMissing,
            .objectSize, .objectContent, .objectMode, .argumentsOutdated)
        connection = needsStore ? try engine.connect(concurrency: options.concurrency) : nil
    }

    /// Whether the lock isn't what the local files are, so that nothing may be sent.
    var isStale: Bool { differences.contains { $0.kind != .missing } }

    /// Looks at everything that is looked for.
    func look() async throws -> Look {
        var look = Look()
        look.findings = localFindings()
        let environment = try await environmentFindings()
        look.findings += environment.findings
        look.packages = environment.packages
        if let connection {
            try await describing("check environment \"\(engine.environment)\"", connection) {
                async let publication = publication(connection)
                async let stored = objects(connection)
                look.publication = try await publication
                look.objects = try await stored
            }
            look.findings += look.publication.findings
            look.findings += objectFindings(look, connection)
            look.wrongMappings = wrongMappings(look.objects, connection)
            look.findings += mappingFindings(look, connection)
            look.findings += argumentFindings(look.publication)
        }
        let order = Dictionary(
            uniqueKeysWithValues: DriftFinding.Code.allCases.enumerated().map { ($0.element, $0.offset) })
        look.findings.removeAll { !options.wants($0.code) }
        look.findings.sort {
            (order[$0.code] ?? 0, $0.subject, $0.message) < (order[$1.code] ?? 0, $1.subject, $1.message)
        }
        if !look.findings.isEmpty {
            let places = CheckoutPlaces(engine.workspace, lock, root: connection?.store.layout.root)
            for index in look.findings.indices where look.findings[index].location == nil {
                look.findings[index].location = places.location(of: look.findings[index])
            }
        }
        return look
    }

    /// What a caller is told.
    func result(of look: Look, fixed: [FixedFinding] = [], moreRequests: Int = 0) -> CheckResult {
        CheckResult(
            id: id, generation: look.publication.ref?.generation, findings: look.findings, fixed: fixed,
            objects: look.objects.count, packages: look.packages,
            requests: (connection?.store.fileSystem.requestCount ?? 0) + moreRequests,
            notCompared: look.objects.notCompared,
            bytesReceived: connection?.store.fileSystem.bytesReceived ?? 0)
    }

    // MARK: - Local files

    private func localFindings() -> [DriftFinding] {
        guard !differences.isEmpty else { return [] }
        let places = CheckoutPlaces(engine.workspace, lock, root: nil)
        return differences.compactMap { difference in
            let origin = difference.origin
            let subject = origin.path.isEmpty ? origin.section.rawValue : origin.path
            func finding(_ code: DriftFinding.Code, _ suggestion: String) -> DriftFinding? {
                guard options.wants(code) else { return nil }
                return DriftFinding(
                    code: code, subject: subject, message: difference.message, suggestion: suggestion,
                    location: places.location(of: difference))
            }
            switch difference.kind {
            case .missing:
                guard !options.remoteOnly else { return nil }
                return finding(
                    .localMissing, "restore it; or check with --remote-only where the files aren't kept")
            case .changed where difference.input != nil:
                return finding(.staleLock, "envsync lock, then envsync push")
            case .changed, .unusable:
                return finding(.localChanged, difference.suggestion ?? "envsync lock, then envsync push")
            case .added, .removed:
                // A wheelhouse that is there but lacks a wheel looks the same where the wheels aren't kept.
                if options.remoteOnly, difference.kind == .removed, origin.section == .wheelhouse { return nil }
                return finding(.staleLock, "envsync lock, then envsync push")
            }
        }
    }
}

/// Moments as people read them.
enum Moment {
    /// `2026-11-22 17:04:05 UTC`, from seconds since 1970-01-01 UTC.
    static func text(_ seconds: Int64) -> String {
        var time = time_t(seconds)
        var parts = tm()
        guard gmtime_r(&time, &parts) != nil else { return "\(seconds)" }
        func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(Int(parts.tm_year) + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday)) "
            + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) UTC"
    }
}
