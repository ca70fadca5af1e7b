/// What the control socket and the status page can ask of the daemon.
public protocol DaemonControl: Sendable {
    /// What is going on.
    func status() async -> DaemonStatus

    /// What the status page shows of a workspace; `nil` if the daemon doesn't serve it.
    ///
    /// - Parameter directory: as ``WorkspaceStatus/directory`` has it.
    func detail(of directory: String) async -> WorkspaceDetail?

    /// Waits until the store has what is on disk now in a workspace.
    ///
    /// A cancelled task ends the waiting.
    ///
    /// - Parameter directory: absolute.
    func wait(for directory: String) async -> WaitOutcome

    /// Reads the configuration again: workspaces come and go, the others go on.
    func reload() async -> ReloadOutcome

    /// Begins to stop; returns before the daemon has ended.
    func stop() async
}

/// How waiting for a workspace ended: the document of `POST /v1/wait`.
public struct WaitOutcome: Codable, Sendable, Hashable {
    /// The shape of this document.
    public var schemaVersion = 1
    /// Whether the store has what was on disk when it was asked.
    public var isInSync: Bool
    /// The generation that has it.
    public var generation: Int?
    /// What keeps it from being published.
    public var problem: WorkspaceStatus.Problem?

    /// Makes an outcome.
    public init(isInSync: Bool, generation: Int? = nil, problem: WorkspaceStatus.Problem? = nil) {
        self.isInSync = isInSync
        self.generation = generation
        self.problem = problem
    }
}

/// What reading the configuration again changed: the document of `POST /v1/reload`.
public struct ReloadOutcome: Codable, Sendable, Hashable {
    /// The shape of this document.
    public var schemaVersion = 1
    /// Directories that are served from now on.
    public var added: [String]
    /// Directories that are no longer served.
    public var removed: [String]
    /// Why the configuration was not taken over; then nothing changed.
    public var problem: WorkspaceStatus.Problem?

    /// Makes an outcome.
    public init(added: [String] = [], removed: [String] = [], problem: WorkspaceStatus.Problem? = nil) {
        self.added = added
        self.removed = removed
        self.problem = problem
    }
}
