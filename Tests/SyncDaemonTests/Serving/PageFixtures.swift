import Foundation
import SyncDaemon

/// What a daemon says in the states that the status page has to show.
enum PageFixtures {
    struct State: Sendable {
        var name: String
        var status: DaemonStatus
        var details: [WorkspaceDetail]
    }

    static let now = Date().timeIntervalSince1970

    static var all: [State] { [empty, unpublished, idle, busy, retrying, blocked, drift, hostile, large] }

    static var empty: State { state("empty", []) }

    static var unpublished: State {
        var status = etl
        status.generation = nil
        status.isInSync = false
        status.inSyncAt = nil
        status.phase = .examining
        status.counters = .init()
        status.scrub = nil
        return state("unpublished", [.init(status: status, generations: [], objects: [], pushes: [])])
    }

    static var idle: State { state("idle", [detail(etl), detail(reports), detail(features)]) }

    static var busy: State {
        var status = etl
        status.phase = .pushing
        status.isInSync = false
        status.pendingChanges = 3
        status.lastChangeAt = now - 4
        status.progress = .init(
            objects: 6, objectsDone: 2, bytes: 48_300_000, bytesDone: 20_112_000, startedAt: now - 3.2)
        var second = reports
        second.phase = .settling
        second.isInSync = false
        second.pendingChanges = 1
        second.lastChangeAt = now - 1
        var pushes = history
        pushes.insert(
            .init(
                startedAt: now - 3.2, seconds: nil, outcome: "running", origin: "daemon", objectsSent: 2,
                bytesSent: 20_112_000), at: 0)
        var first = detail(status)
        first.pushes = pushes
        return state("busy", [first, detail(second), detail(features)])
    }

    static var retrying: State {
        var status = etl
        status.phase = .retrying
        status.isInSync = false
        status.pendingChanges = 2
        status.problem = .init(
            code: "unreachable", message: "the store can't be reached: webhdfs://namenode.example.org:9870/envsync",
            reason: "Failed to connect to namenode.example.org port 9870: Connection refused",
            suggestion: "nothing has to be done here; it is tried again by itself", since: now - 74)
        status.nextAttemptAt = now + 18
        var first = detail(status)
        first.pushes.insert(
            .init(
                startedAt: now - 74, seconds: 10.2, outcome: "failed", origin: "daemon", objectsSent: 1,
                bytesSent: 1_200_000, message: "the store can't be reached"), at: 0)
        return state("retrying", [first, detail(reports)])
    }

    static var blocked: State {
        var status = etl
        status.phase = .blocked
        status.isInSync = false
        status.problem = .init(
            code: "artifact", message: "no wheel fits the target: numpy 2.1.3",
            reason: "numpy-2.1.3-cp313-cp313-manylinux_2_17_x86_64.whl is for Python 3.13, the target is Python 3.11",
            suggestion: "build or fetch a wheel for cp311, and put it into wheelhouse/", since: now - 3_700)
        return state("blocked", [detail(status), detail(reports)])
    }

    static var drift: State {
        var status = etl
        status.isInSync = true
        status.drift = [
            .init(
                code: "object-content", subject: "numpy-1.26.4-cp311-cp311-manylinux_2_17_x86_64.whl",
                message: "the store holds other bytes than were published (SHA-256 differs)",
                suggestion: "envsync push --repair, while the local wheel is still there"),
            .init(
                code: "superseded", subject: "etl", message: "alice@laptop published generation 13 since",
                suggestion: "envsync diff 12 13; then envsync push, or take over what is published"),
            .init(
                code: "environment-version", subject: "pandas",
                message: "the environment has 2.2.1, the lock 2.2.3",
                suggestion: "pip install pandas==2.2.3 in .venv, or envsync lock"),
        ]
        status.scrub = .init(finishedAt: now - 340, objects: 12, healed: 1, unhealed: 1)
        return state("drift", [detail(status), detail(features)])
    }

    /// Names that try to be something else.
    static var hostile: State {
        var status = etl
        status.directory = "/work/<script>alert(1)</script>\"'&\u{202E}lmth.exe\u{0}\u{1B}[31m"
        status.environment = "<img src=x onerror=alert(1)>"
        status.problem = .init(
            code: "lock", message: "</title><script>document.title='owned'</script>", reason: "\u{2066}a\u{200B}b",
            suggestion: "\" onmouseover=\"alert(1)", since: now - 5)
        status.phase = .blocked
        status.watchMode = .polling
        status.watchMessage = String(repeating: "x", count: 400)
        status.drift = [
            .init(
                code: "local-changed", subject: String(repeating: "long_name_", count: 25) + ".whl",
                message: "]]><b>no</b>", suggestion: "\u{1}\u{7F}")
        ]
        var detail = detail(status)
        detail.objects[0].name = "\u{202E}gpj.exe</td></tr></table>"
        detail.generations[0].generation.publishedBy = "<b>eve</b>@\u{2067}host"
        detail.pushes[0].message = "<svg onload=alert(1)>"
        return state("hostile", [detail])
    }

    /// More of everything than is shown.
    static var large: State {
        var detail = detail(etl)
        detail.objects = (0..<1200).map { number in
            .init(
                name: "package-\(number)-1.0-py3-none-any.whl", version: "1.0", delivery: "pyfile", size: Int64(number),
                sha256: hex(number), storePath: "/envsync/objects/\(hex(number))")
        }
        detail.generations = (0..<90).map { number in
            .init(
                generation: .init(
                    number: 100 - number, id: hex(number), publishedAt: now - Double(number) * 9_000,
                    publishedBy: "bob@build-7"), objects: 40, bytes: 900_000_000,
                changes: (0..<60).map { .init(kind: "content", name: "module_\($0).py", bytes: Int64($0) - 30) })
        }
        detail.pushes = (0..<300).map { number in
            .init(
                startedAt: now - Double(number) * 700, seconds: Double(number % 17) + 0.2, outcome: "done",
                origin: "daemon", objectsSent: number % 5, bytesSent: Int64(number % 23) * 450_000,
                generation: 300 - number)
        }
        detail.status.drift = (0..<150).map {
            .init(
                code: "object-mode", subject: "package-\($0)", message: "not public", suggestion: "envsync check --fix")
        }
        return state("large", [detail])
    }

    // MARK: - Pieces

    private static func state(_ name: String, _ details: [WorkspaceDetail]) -> State {
        var status = DaemonStatus(
            version: "0.4.0", processID: 4127, startedAt: now - 93_800,
            configurationFile: details.isEmpty ? nil : "/home/alice/.config/envsync/daemon.toml",
            workspaces: details.map(\.status))
        status.http = "http://127.0.0.1:9464"
        return State(name: name, status: status, details: details)
    }

    private static func hex(_ seed: Int) -> String {
        var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1
        return (0..<64).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return String(state >> 60, radix: 16)
        }.joined()
    }

    private static var etl: WorkspaceStatus {
        var status = WorkspaceStatus(directory: "/home/alice/work/etl", autoLock: true)
        status.environment = "etl-nightly"
        status.store = "webhdfs://namenode.example.org:9870/envsync"
        status.phase = .idle
        status.watched = 1_204
        status.lastChangeAt = now - 190
        status.inSyncAt = now - 186
        status.isInSync = true
        status.generation = .init(number: 12, id: hex(1), publishedAt: now - 186.4, publishedBy: "alice@workstation")
        status.scrub = .init(finishedAt: now - 1_400, objects: 12, healed: 0, unhealed: 0)
        status.counters.published = 11
        status.counters.unchanged = 5
        status.counters.failed = 1
        status.counters.objectsSent = 57
        status.counters.bytesSent = 812_400_000
        status.counters.examinations = 17
        for lag in [2.7, 3.1, 2.9, 3.4, 2.6, 8.2, 3.6] { status.counters.lag.observe(lag) }
        return status
    }

    private static var reports: WorkspaceStatus {
        var status = etl
        status.directory = "/home/alice/work/monthly-reports"
        status.environment = "monthly-reports"
        status.generation = .init(number: 3, id: hex(2), publishedAt: now - 260_000, publishedBy: "bob@build-7")
        status.watched = 86
        status.autoLock = false
        status.lastChangeAt = nil
        status.inSyncAt = now - 1_900
        status.counters = .init()
        status.counters.examinations = 1
        return status
    }

    private static var features: WorkspaceStatus {
        var status = etl
        status.directory = "/srv/nfs/teams/machine-learning/feature-pipelines/customer-churn"
        status.environment = "customer-churn-features"
        status.watchMode = .polling
        status.watchMessage = "the file system of /srv/nfs (nfs4) gives no events; files are looked at every 5 s"
        status.generation = .init(number: 41, id: hex(3), publishedAt: now - 7_300, publishedBy: "carol@gpu-2")
        return status
    }

    private static func detail(_ status: WorkspaceStatus) -> WorkspaceDetail {
        WorkspaceDetail(status: status, generations: generations, objects: objects, pushes: history)
    }

    private static var generations: [WorkspaceDetail.GenerationEntry] {
        let changes: [[WorkspaceDetail.Change]?] = [
            [.init(kind: "content", name: "etl", bytes: 1_204)],
            [
                .init(kind: "version", name: "pandas", before: "2.2.1", after: "2.2.3", bytes: 310_204),
                .init(kind: "added", name: "pyarrow", after: "17.0.0", bytes: 38_400_000),
                .init(kind: "removed", name: "fastparquet", before: "2024.5.0", bytes: -1_720_000),
            ],
            (0..<14).map { .init(kind: "content", name: "etl/transforms/step_\($0).py", bytes: Int64($0 * 37) - 120) },
            [], nil,
        ]
        return changes.enumerated().map { index, changes in
            .init(
                generation: .init(
                    number: 12 - index, id: hex(1 + index * 10), publishedAt: now - 186 - Double(index * index) * 5_400,
                    publishedBy: index == 2 ? "bob@build-7" : "alice@workstation"), objects: 31 - index,
                bytes: 274_300_000 - Int64(index) * 9_000_000, changes: changes)
        }
    }

    private static var objects: [WorkspaceDetail.Object] {
        [
            ("numpy", "1.26.4", "pyfile", 18_200_000), ("pandas", "2.2.3", "pyfile", 13_100_000),
            ("pyarrow", "17.0.0", "pyfile", 38_400_000), ("python-dateutil", "2.9.0.post0", "pyfile", 229_892),
            ("etl", "0.9.2", "pyfile", 48_204), ("lookup-tables.parquet", nil, "file", 4_108_000),
            ("environment.tar.gz", nil, "archive", 198_000_000), ("nightly.py", nil, "main", 3_112),
        ].enumerated().map { index, object in
            .init(
                name: object.0, version: object.1, delivery: object.2, size: object.3, sha256: hex(index + 70),
                storePath: "/envsync/objects/\(hex(index + 70))/\(object.0)",
                verifiedAt: index == 5 ? nil : now - 186 - Double(index) * 1_000,
                verification: index == 5 ? nil : "checksum")
        }
    }

    private static var history: [WorkspaceDetail.Push] {
        let sizes: [Int64] = [
            48_204, 38_758_000, 51_000, 0, 49_900, 240_000, 13_100_000, 48_000, 0, 47_800, 18_200_000, 47_500,
            198_000_000,
            46_900,
        ]
        return sizes.enumerated().map { index, bytes in
            let isFailure = index == 4
            return .init(
                startedAt: now - 190 - Double(index * index) * 2_100, seconds: 0.4 + Double(bytes) / 21_000_000,
                outcome: isFailure ? "failed" : index == 9 ? "interrupted" : "done",
                origin: index % 5 == 3 ? "push" : "daemon", objectsSent: bytes == 0 ? 0 : 1 + index % 3,
                bytesSent: bytes,
                generation: isFailure || bytes == 0 || index == 9 ? nil : 40 - index,
                message: isFailure ? "the store is in safe mode: webhdfs://namenode.example.org:9870" : nil)
        }
    }
}
