import EnvSyncModel
import SyncState

/// How published objects are to be verified.
public struct ScrubOptions: Sendable, Hashable {
    /// The share of the published objects that is looked at, from 0 to 1; at least one object. Default 0.05.
    public var share = 0.05
    /// Requests under way at once. Default 4: there is no hurry.
    public var concurrency = 4
    /// Send again what is missing or damaged, and mend modes. Default `true`.
    public var heals = true
    /// Who sends; told in the journal. Default `daemon`.
    public var origin = PushRecord.Origin.daemon

    /// The defaults.
    public init() {}
}

/// What looking at published objects found.
public struct ScrubResult: Sendable {
    /// The generation whose objects were looked at; `nil` if nothing of this workspace is published.
    public let generation: GenerationName?
    /// Objects looked at.
    public let objects: Int
    /// Of these, how many the server gives no checksum of that can tell; only their presence and size were compared.
    public let notCompared: Int
    /// Objects that were missing or damaged, and are whole again.
    public let healed: Int
    /// Objects and directories whose mode was mended.
    public let modesMended: Int
    /// What could not be healed, in a stable order.
    public let findings: [DriftFinding]
    /// Why sending failed, if that is what leaves findings.
    public let failure: EnvSyncError?
    /// Requests to servers.
    public let requests: Int
}
