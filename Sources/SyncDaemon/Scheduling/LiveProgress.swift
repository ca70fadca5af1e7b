import EnvSyncModel
import SyncEngine
import Synchronization

/// What the engine tells while it works, kept for whoever asks for the status meanwhile.
final class LiveProgress: Sendable {
    private struct State {
        var progress: WorkspaceStatus.Progress?
        var warnings: [String] = []
        var command: String?
    }

    private let state = Mutex(State())

    /// How far the running push is; `nil` if none sends.
    var progress: WorkspaceStatus.Progress? { state.withLock { $0.progress } }

    /// Takes an event of the engine.
    func receive(_ event: SyncEvent) {
        state.withLock { state in
            switch event {
            case .planned(let plan):
                guard plan.objectsToSend > 0 else { return }
                state.progress = WorkspaceStatus.Progress(
                    objects: plan.objectsToSend, objectsDone: 0, bytes: plan.bytesToSend, bytesDone: 0,
                    startedAt: WallClock.now)
            case .sent(let bytes): state.progress?.bytesDone += bytes
            case .stored: state.progress?.objectsDone += 1
            case .warning(let text): state.warnings.append(text)
            default: return
            }
        }
    }

    /// The warnings since the last call.
    func takeWarnings() -> [String] {
        state.withLock { state in
            defer { state.warnings = [] }
            return state.warnings
        }
    }

    /// Nothing is under way any more.
    func clear() { state.withLock { $0.progress = nil } }
}
