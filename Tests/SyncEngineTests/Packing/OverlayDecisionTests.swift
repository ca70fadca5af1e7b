import EnvSyncModel
import Testing

@testable import SyncEngine

@Suite("Whether a changed environment is shipped as an overlay")
struct OverlayDecisionTests {
    typealias Outcome = OverlayDecision.Outcome

    private static func contents(
        _ packages: [String], python: String = "3.11", options: [String] = [], other: String? = "o"
    ) -> PackedContents {
        PackedContents(
            python: python, options: options, other: other, packages: packages.compactMap { PackedPackage(line: $0) })
    }

    private static func locked(_ base: PackedContents?, overlay: [String]? = nil) throws -> PackedArchive.Locked {
        func artifact(_ kind: ArtifactKind, _ contents: PackedContents?) throws -> Artifact {
            Artifact(
                name: "e", kind: kind, digest: ContentDigest.of([]), size: 1, leaf: try LeafName("e.tar.gz"),
                delivery: .archive, contents: contents, origin: ArtifactOrigin(section: .archive, path: "e.tar.gz"))
        }
        return PackedArchive.Locked(
            base: try artifact(.archive, base),
            overlay: try overlay.map { try artifact(.layer, contents($0, other: nil)) })
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var base: PackedContents? = contents(["a 1 x", "b 1 x"])
        var overlay: [String]?
        var now = contents(["a 1 x", "b 1 x"])
        var share = 0.25
        let outcome: Outcome
    }

    private static let cases = [
        Case(testDescription: "unchanged", outcome: .current),
        Case(
            testDescription: "as locked with its overlay", overlay: ["b 2 y", "c 1 x"],
            now: contents(["a 1 x", "b 2 y", "c 1 x"]), outcome: .current),
        Case(testDescription: "a new version", now: contents(["a 1 x", "b 2 y"]), outcome: .overlay),
        Case(testDescription: "other files of the same version", now: contents(["a 1 x", "b 1 y"]), outcome: .overlay),
        Case(testDescription: "a new package", now: contents(["a 1 x", "b 1 x", "c 1 x"]), outcome: .overlay),
        Case(
            testDescription: "a package of the overlay is gone, which the archive never had",
            overlay: ["b 2 y", "c 1 x"],
            now: contents(["a 1 x", "b 2 y"]), outcome: .overlay),
        Case(testDescription: "changed back", overlay: ["b 2 y"], outcome: .baseAlone),
        Case(testDescription: "a package is gone", now: contents(["a 1 x"]), outcome: .newBase(.removed(["b"]))),
        Case(
            testDescription: "a package is gone that the overlay brought anew", overlay: ["b 2 y"],
            now: contents(["a 1 x"]), outcome: .newBase(.removed(["b"]))),
        Case(
            testDescription: "another Python", now: contents(["a 1 x", "b 1 x"], python: "3.12"),
            outcome: .newBase(.python(before: "3.11", after: "3.12"))),
        Case(
            testDescription: "other options", now: contents(["a 1 x", "b 1 x"], options: ["with-python"]),
            outcome: .newBase(.options(before: [], after: ["with-python"]))),
        Case(
            testDescription: "files outside of packages", now: contents(["a 1 x", "b 2 x"], other: "p"),
            outcome: .newBase(.other)),
        Case(
            testDescription: "no overlays wanted", now: contents(["a 1 x", "b 2 x"]), share: 0,
            outcome: .newBase(.disabled)),
        Case(testDescription: "an old lock", base: nil, outcome: .newBase(.unknownContents)),
        Case(
            testDescription: "a package is there twice", now: contents(["a 1 x", "b 1 x", "b 2 x"]),
            outcome: .newBase(.ambiguous("b"))),
        Case(
            testDescription: "twice, as it was locked", base: contents(["b 1 x", "b 2 x"]),
            now: contents(["b 1 x", "b 2 x"]), outcome: .current),
        Case(
            testDescription: "conda's and pip's of one name are two packages",
            base: contents(["b 1 x", "b 1 py_0 y"]), now: contents(["b 2 z", "b 1 py_0 y"]), outcome: .overlay),
    ]

    @Test(arguments: cases)
    func decision(_ example: Case) throws {
        let decision = OverlayDecision(
            locked: try Self.locked(example.base, overlay: example.overlay), now: example.now, share: example.share)
        #expect(decision.outcome == example.outcome)
    }

    @Test func nothingLocked() {
        let decision = OverlayDecision(locked: nil, now: Self.contents([]), share: 1)
        #expect(decision.outcome == .newBase(.first) && decision.changes.isEmpty)
    }

    @Test("changes are relative to the archive, and told with both versions")
    func changes() throws {
        let now = Self.contents(["b 2 y", "c 1 x", "d 1 y"])
        let decision = OverlayDecision(
            locked: try Self.locked(Self.contents(["a 1 x", "b 1 x", "d 1 x"]), overlay: ["b 2 y"]), now: now, share: 1)
        #expect(
            decision.changes.map(\.description) == [
                "a 1 (removed)", "b 1 -> 2", "c 1 (new)", "d 1 (other files)",
            ])
        #expect(decision.outcome == .newBase(.removed(["a"])))
    }

    @Test("shares read as percentages", arguments: [(0.25, "25 %"), (0.1234, "12.3 %"), (0, "0 %"), (1, "100 %")])
    func percent(share: Double, text: String) { #expect(OverlayDecision.Reason.percent(share) == text) }
}
