import EnvSyncModel
import ObjectStore
import SyncState

/// How the lock stands to what is published.
public struct PublicationStanding: Sendable {
    /// What follows from it for a program that pushes on its own.
    public enum Verdict: Sendable, Hashable {
        /// The newest generation is the lock's.
        case published
        /// The lock has something that was never published, or nothing is published.
        case unpublished
        /// The lock's environment was published once, and something else was published since: by somebody else, or by
        /// a rollback. Pushing the lock again would undo that.
        case superseded
    }

    /// The lock's environment.
    public let id: ContentDigest
    /// What the store's ref says; `nil` if nothing is published.
    public let ref: EnvironmentRef?
    /// What this workspace last published or saw published.
    public let known: Publication?
    /// What follows.
    public let verdict: Verdict
}

extension Engine {
    /// Asks the store how the lock stands to what is published: one request, and one more if they differ and
    /// nothing is remembered.
    ///
    /// - Throws: ``EnvSyncError``.
    public func standing() async throws -> PublicationStanding {
        let id = try workspace.requiredLock().manifest.id
        let connection = try connect(concurrency: 4)
        let known = (try? state.publication(store: storeName, environment: environment.text)) ?? nil
        return try await describing("ask for environment \"\(environment)\"", connection) {
            let ref: EnvironmentRef?
            do { ref = try await connection.store.ref(of: environment) } catch let error as RemoteFileError
                where error.condition == .corrupted
            {
                // A push replaces it.
                return PublicationStanding(id: id, ref: nil, known: known, verdict: .unpublished)
            }
            guard let ref else { return PublicationStanding(id: id, ref: nil, known: known, verdict: .unpublished) }
            guard ref.generation.id != id else {
                return PublicationStanding(id: id, ref: ref, known: known, verdict: .published)
            }
            let verdict = try await Self.verdict(id, ref, known) {
                try await connection.store.generations(of: environment).contains { $0.name.id == id }
            }
            return PublicationStanding(id: id, ref: ref, known: known, verdict: verdict)
        }
    }

    /// What follows when the newest generation isn't the lock's.
    ///
    /// - Parameters:
    ///   - known: what this workspace last published or saw of its own; `nil` if nothing is remembered: the state was
    ///     deleted, or this is a fresh clone.
    ///   - wasPublished: whether some generation is the lock's.
    static func verdict(
        _ id: ContentDigest, _ ref: EnvironmentRef, _ known: Publication?, wasPublished: () async throws -> Bool
    ) async rethrows -> PublicationStanding.Verdict {
        guard let known else {
            // A checkout that is behind must not take back what others published from a newer one.
            return try await wasPublished() ? .superseded : .unpublished
        }
        // Nobody published since: what is locked now is a change, also where it undoes one.
        if known.id == ref.generation.id || known.generation > ref.generation.number { return .unpublished }
        // Others published since. What didn't change here is not pushed over it; what did is.
        return known.id == id ? .superseded : .unpublished
    }
}
