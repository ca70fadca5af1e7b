import EnvSyncModel
import Testing

@testable import SyncEngine

/// Makes artifacts whose digests follow from a text.
enum Made {
    static func digest(_ content: String) -> ContentDigest { .of(Array(content.utf8)) }

    static func wheel(
        _ name: String, _ version: String?, content: String = "", size: Int64 = 10, jobs: [String] = [],
        kind: ArtifactKind = .wheel, delivery: Delivery = .pyfile, leaf: String? = nil
    ) throws -> Artifact {
        let digest = digest(name + (version ?? "") + content)
        return Artifact(
            name: name, version: version, kind: kind, digest: digest, size: size,
            leaf: try LeafName(leaf ?? "\(name)-\(digest.short).zip"), delivery: delivery,
            jobs: try jobs.map(JobName.init),
            origin: ArtifactOrigin(section: .wheelhouse, path: "\(name).whl"))
    }

    static func file(_ name: String, content: String = "", size: Int64 = 3, main: Bool = false) throws -> Artifact {
        Artifact(
            name: name, kind: .file, digest: digest(name + content), size: size, leaf: try LeafName(name),
            delivery: main ? .main : .file, origin: ArtifactOrigin(section: .listed, path: name))
    }

    static func archive(
        _ alias: String, content: String = "", size: Int64 = 500, interpreter: String? = nil
    ) throws -> Artifact {
        Artifact(
            name: "packed", kind: .archive, digest: digest("archive" + content), size: size,
            leaf: try LeafName("packed-\(digest("archive" + content).short).tar.gz"), delivery: .archive,
            alias: try ArchiveAlias(alias), interpreter: interpreter,
            origin: ArtifactOrigin(section: .archive, path: "packed.tar.gz"))
    }

    static func layer(
        _ name: String, _ wheels: [(name: String, version: String, content: String)], size: Int64 = 100,
        jobs: [String] = []
    ) throws -> Artifact {
        let wheels = wheels.map { wheel in
            LayerWheel(
                name: wheel.name, version: wheel.version, fileName: "\(wheel.name)-\(wheel.version)-cp311.whl",
                digest: digest(wheel.name + wheel.version + wheel.content))
        }
        let content = digest(wheels.map(\.digest.hex).joined())
        return Artifact(
            name: name, kind: .layer, digest: content, size: size,
            leaf: try LeafName("\(name)-\(content.short).tar.gz"), delivery: .archive, alias: try ArchiveAlias(name),
            wheels: wheels, jobs: try jobs.map(JobName.init), origin: ArtifactOrigin(section: .layer, path: name))
    }

    static func lock(_ artifacts: [Artifact], provided: [ProvidedPackage] = []) throws -> Lock {
        Lock(environment: try EnvironmentName("etl"), artifacts: artifacts, provided: provided)
    }
}

@Suite("Comparing environments")
struct ComparisonTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let before: @Sendable () throws -> [Artifact]
        let after: @Sendable () throws -> [Artifact]
        /// `kind type name before after bytesBefore bytesAfter details`, `-` for nothing.
        let expected: [String]
        /// The sizes of new and of gone objects.
        var bytes: (new: Int64, gone: Int64)
    }

    static let cases: [Case] = [
        Case(
            testDescription: "nothing", before: { [] }, after: { [] }, expected: [], bytes: (0, 0)),
        Case(
            testDescription: "the same in another order",
            before: { [try Made.wheel("six", "1.16"), try Made.file("a.txt")] },
            after: { [try Made.file("a.txt"), try Made.wheel("six", "1.16")] }, expected: [], bytes: (0, 0)),
        Case(
            testDescription: "added and removed",
            before: { [try Made.wheel("six", "1.16", size: 11)] },
            after: { [try Made.wheel("attrs", "24.1", size: 22), try Made.file("a.txt", size: 7)] },
            expected: ["added wheel attrs - 24.1 - 22", "removed wheel six 1.16 - 11 -", "added file a.txt - - - 7"],
            bytes: (29, 11)),
        Case(
            testDescription: "another version",
            before: { [try Made.wheel("numpy", "1.26", size: 18)] },
            after: { [try Made.wheel("numpy", "2.0", size: 17)] },
            expected: ["version wheel numpy 1.26 2.0 18 17"], bytes: (17, 18)),
        Case(
            testDescription: "the same version, other bytes",
            before: { [try Made.wheel("own", "1.0", content: "x")] },
            after: { [try Made.wheel("own", "1.0", content: "y", size: 12)] },
            expected: ["content wheel own 1.0 1.0 10 12"], bytes: (12, 10)),
        Case(
            testDescription: "two spellings of one name",
            before: { [try Made.wheel("Typing_Extensions", "4.0")] },
            after: { [try Made.wheel("typing-extensions", "4.1")] },
            expected: ["version wheel typing-extensions 4.0 4.1 10 10 name:Typing_Extensions>typing-extensions"],
            bytes: (10, 10)),
        Case(
            testDescription: "other jobs",
            before: { [try Made.wheel("six", "1.16")] },
            after: { [try Made.wheel("six", "1.16", jobs: ["nightly", "hourly"])] },
            expected: ["delivery wheel six 1.16 1.16 10 10 jobs:all>hourly, nightly"], bytes: (0, 0)),
        Case(
            testDescription: "a file that becomes a main program",
            before: { [try Made.file("job.py")] }, after: { [try Made.file("job.py", main: true)] },
            expected: ["delivery file job.py - - 3 3 delivery:file>main"], bytes: (0, 0)),
        Case(
            testDescription: "the same bytes under another name in the store",
            before: { [try Made.wheel("six", "1.16", leaf: "six-a.zip")] },
            after: { [try Made.wheel("six", "1.16", leaf: "six-b.zip")] },
            expected: ["delivery wheel six 1.16 1.16 10 10 file name:six-a.zip>six-b.zip"], bytes: (10, 10)),
        Case(
            testDescription: "an archive under another alias is another archive",
            before: { [try Made.archive("env")] }, after: { [try Made.archive("venv")] },
            expected: ["removed archive env - - 500 -", "added archive venv - - - 500"], bytes: (0, 0)),
        Case(
            testDescription: "an archive with another interpreter and other bytes",
            before: { [try Made.archive("env", interpreter: "bin/python")] },
            after: { [try Made.archive("env", content: "2", size: 600)] },
            expected: ["content archive env - - 500 600 interpreter:bin/python>-"], bytes: (600, 500)),
        Case(
            testDescription: "a package and a file of one name are two things",
            before: { [try Made.wheel("data", "1")] }, after: { [try Made.file("data")] },
            expected: ["removed wheel data 1 - 10 -", "added file data - - - 3"], bytes: (3, 10)),
        Case(
            testDescription: "a package within a layer: the size is told of the layer",
            before: { [try Made.layer("layer-shared", [("pyyaml", "6.0", ""), ("regex", "1", "")], size: 100)] },
            after: { [try Made.layer("layer-shared", [("pyyaml", "6.1", ""), ("regex", "1", "")], size: 120)] },
            expected: ["version wheel pyyaml 6.0 6.1 - -", "content layer layer-shared - - 100 120"],
            bytes: (120, 100)),
        Case(
            testDescription: "a wheel that goes into a layer",
            before: { [try Made.wheel("regex", "1", size: 40)] },
            after: { [try Made.layer("layer-shared", [("regex", "1", "")], size: 90)] },
            expected: [
                "delivery wheel regex 1 1 40 - delivery:pyfile>archive layer:->layer-shared",
                "added layer layer-shared - - - 90",
            ], bytes: (90, 40)),
        Case(
            testDescription: "one of two builds for two jobs",
            before: {
                [
                    try Made.wheel("own", "1", content: "a", jobs: ["x"]),
                    try Made.wheel("own", "2", content: "b", jobs: ["y"]),
                ]
            },
            after: {
                [
                    try Made.wheel("own", "3", content: "c", jobs: ["y"]),
                    try Made.wheel("own", "1", content: "a", jobs: ["x"]),
                ]
            },
            expected: ["version wheel own 2 3 10 10"], bytes: (10, 10)),
    ]

    /// A change as the cases write it.
    private func text(_ change: PackageChange) -> String {
        let parts = [
            change.kind.rawValue, change.type.rawValue, change.name, change.before ?? "-", change.after ?? "-",
            change.bytesBefore.map { "\($0)" } ?? "-", change.bytesAfter.map { "\($0)" } ?? "-",
        ]
        return (parts + change.details.map { "\($0.property):\($0.before ?? "-")>\($0.after ?? "-")" })
            .joined(separator: " ")
    }

    private func bytes(_ objects: [ObjectKey]) -> Int64 { objects.reduce(0) { $0 + $1.size } }

    @Test("what differs is told, with sizes; generations and locks tell the same", arguments: cases)
    func differences(of example: Case) throws {
        let locks = (before: try Made.lock(example.before()), after: try Made.lock(example.after()))
        let sides: [(EnvironmentContent, EnvironmentContent)] = [
            (EnvironmentContent(locks.before), EnvironmentContent(locks.after)),
            (EnvironmentContent(locks.before.manifest), EnvironmentContent(locks.after.manifest)),
            (EnvironmentContent(locks.before.manifest), EnvironmentContent(locks.after)),
        ]
        for (before, after) in sides {
            let comparison = EnvironmentComparison(from: before, to: after)
            #expect(comparison.changes.map(text) == example.expected)
            #expect(comparison.isEqual == example.expected.isEmpty)
            #expect(comparison.isEqual == (before.id == after.id), "an id says as much")
            #expect(bytes(comparison.newObjects) == example.bytes.new)
            #expect(bytes(comparison.goneObjects) == example.bytes.gone)
            let back = EnvironmentComparison(from: after, to: before)
            #expect(back.changes.count == comparison.changes.count)
            #expect(back.newObjects.count == comparison.goneObjects.count)
        }
    }

    @Test("another build of a wheel within a layer is seen between locks, and by the layer alone between generations")
    func buildsWithinLayers() throws {
        let before = try Made.lock([Made.layer("layer-regex", [("regex", "1", "a")])])
        let after = try Made.lock([Made.layer("layer-regex", [("regex", "1", "b")])])
        let locks = EnvironmentComparison(from: EnvironmentContent(before), to: EnvironmentContent(after))
        #expect(locks.changes.map { "\($0.kind) \($0.name)" } == ["content regex", "content layer-regex"])
        let generations = EnvironmentComparison(
            from: EnvironmentContent(before.manifest), to: EnvironmentContent(after.manifest))
        #expect(generations.changes.map { "\($0.kind) \($0.name)" } == ["content layer-regex"])
        #expect(generations.changes.summary() == "~1: layer-regex (content)", "nothing else tells of it")
    }

    @Test("a manifest that lists the same in another order is not called equal")
    func reordered() throws {
        let manifest = try Made.lock([Made.file("a.txt"), Made.file("b.txt")]).manifest
        let other = EnvironmentManifest(name: manifest.name, artifacts: manifest.artifacts.reversed())
        let comparison = EnvironmentComparison(from: EnvironmentContent(manifest), to: EnvironmentContent(other))
        #expect(comparison.changes.isEmpty && comparison.isReordered && !comparison.isEqual)
    }

    @Test("an installed environment is compared by names and versions; archives' packages count, sources don't")
    func installed() throws {
        let lock = try Made.lock(
            [
                Made.wheel("six", "1.16"), Made.layer("layer-shared", [("regex", "1", "")]), Made.archive("env"),
                Made.wheel("etl", nil, kind: .source), Made.file("a.txt"),
            ],
            provided: [ProvidedPackage(name: "numpy", version: "2.0", archive: ArchiveAlias("env"))])
        let same = EnvironmentContent(
            installed: [("six", "1.16"), ("regex", "1"), ("numpy", "2.0"), ("pip", "24"), ("etl", "0.1")],
            optional: ["pip", "etl"])
        let equal = EnvironmentComparison(from: EnvironmentContent(lock), to: same)
        #expect(equal.isEqual && equal.isOfVersionsOnly && equal.newObjects.isEmpty)
        let other = EnvironmentContent(
            installed: [("Six", "1.17"), ("numpy", "2.0"), ("attrs", "1"), ("pip", "24")], optional: ["pip"])
        let changes = EnvironmentComparison(from: EnvironmentContent(lock), to: other).changes
        #expect(
            changes.map(text) == [
                "added wheel attrs - 1 - -", "removed wheel regex 1 - - -", "version wheel six 1.16 1.17 - -",
            ])
        let locked = try Made.lock([Made.wheel("pip", "23")])
        let tools = EnvironmentComparison(from: EnvironmentContent(locked), to: other).changes
        #expect(tools.contains { $0.name == "pip" && $0.kind == .version }, "a tool that is locked counts")
    }

    @Test("the summary counts packages, names the first, and makes hostile names harmless")
    func summary() throws {
        let before = try Made.lock([
            Made.wheel("numpy", "1.26"), Made.wheel("old", "3"), Made.layer("layer-shared", [("regex", "1", "")]),
        ])
        let after = try Made.lock([
            Made.wheel("numpy", "2.0"), Made.wheel("six\u{1B}[2J", "1", leaf: "six.zip"),
            Made.layer("layer-shared", [("regex", "2", "")]), Made.wheel("zz", "1"),
        ])
        let changes = EnvironmentComparison(from: EnvironmentContent(before), to: EnvironmentContent(after)).changes
        #expect(changes.count == 6 && changes.count { $0.followsFromPackages } == 1)
        #expect(changes.summary(limit: 3) == "+2 −1 ~2: numpy 1.26 → 2.0, −old 3, regex 1 → 2, …")
        #expect(changes.summary(limit: 0) == "+2 −1 ~2")
        #expect(!changes.summary(limit: 9).contains("\u{1B}"))
        #expect([PackageChange]().summary() == "no change")
    }
}
