import EnvSyncModel

/// What the engine is doing, for whoever shows it. Events come from any thread.
public enum SyncEvent: Sendable {
    /// A local file is being read: its fingerprint is not known.
    case reading(path: String)
    /// A layer is being built of wheels.
    case building(layer: String)
    /// Wheels that are nowhere on this machine are about to be fetched by this command.
    case fetching(wheels: [String], command: [String])
    /// An archive is about to be made anew by the user's own command; without one, envsync packs an environment.
    case packing(archive: String, command: [String])
    /// So many bytes of an environment are packed, before compression.
    case packed(bytes: Int64)
    /// Somebody else works on the workspace, and is waited for: for example `the daemon (process 123)`.
    case waiting(for: String)
    /// What a push will do.
    case planned(PushPlanSummary)
    /// Bytes of objects were sent; negative when a retry sends some of them again.
    case sent(bytes: Int64)
    /// An object is in its place.
    case stored(object: ObjectKey, wasSent: Bool)
    /// The objects are in place; the generation is being published.
    case publishing(number: Int)
    /// An object was checked.
    case checked(object: ObjectKey)
    /// Something that deserves attention and stops nothing.
    case warning(String)
}

/// What a push will do.
public struct PushPlanSummary: Sendable, Hashable {
    /// Objects of the environment.
    public let objects: Int
    /// Their bytes.
    public let bytes: Int64
    /// Objects to be sent.
    public let objectsToSend: Int
    /// Bytes to be sent.
    public let bytesToSend: Int64
}

/// Receives events.
public typealias EventSink = @Sendable (SyncEvent) -> Void
