import EnvSyncModel
import SyncState
import Testing

@testable import SyncEngine

/// What a program that pushes on its own does when the newest generation isn't the lock's.
@Suite struct StandingTests {
    private static let locked = ContentDigest.of(Array("locked".utf8))
    private static let newest = ContentDigest.of(Array("newest".utf8))
    private static let other = ContentDigest.of(Array("other".utf8))

    private func verdict(_ known: (ContentDigest, Int)?, wasPublished: Bool) async -> PublicationStanding.Verdict {
        let ref = EnvironmentRef(
            generation: GenerationName(number: 5, id: Self.newest), manifestSize: 1, publishedAt: 1, publishedBy: "bob")
        return await Engine.verdict(
            Self.locked, ref,
            known.map { Publication(store: "s", environment: "e", id: $0.0, generation: $0.1, publishedAt: 1) },
            wasPublished: { wasPublished })
    }

    @Test func aChangeIsPushed() async { #expect(await verdict((Self.newest, 5), wasPublished: false) == .unpublished) }

    @Test func aChangeThatUndoesOneIsPushed() async {
        #expect(await verdict((Self.newest, 5), wasPublished: true) == .unpublished)
    }

    @Test func whatDidNotChangeHereIsNotPushedOverOthers() async {
        #expect(await verdict((Self.locked, 4), wasPublished: true) == .superseded)
    }

    @Test func whatChangedHereIsPushedOverOthers() async {
        #expect(await verdict((Self.other, 4), wasPublished: false) == .unpublished)
        #expect(await verdict((Self.other, 4), wasPublished: true) == .unpublished)
    }

    @Test func aStoreThatWasPutBackGetsItAgain() async {
        #expect(await verdict((Self.locked, 6), wasPublished: false) == .unpublished)
    }

    @Test func aFreshCloneIsNewsOrBehind() async {
        #expect(await verdict(nil, wasPublished: false) == .unpublished)
        #expect(await verdict(nil, wasPublished: true) == .superseded)
    }
}
