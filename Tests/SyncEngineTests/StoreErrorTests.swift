import EnvSyncModel
import Logging
import ObjectStore
import Testing

@testable import SyncEngine

@Suite("Failures of the store")
struct StoreErrorTests {
    @Test(
        "whether trying again may help without a local change",
        arguments: [
            (RemoteFileError.Condition.unreachable, true), (.dataNodeUnreachable, true), (.safeMode, true),
            (.accessDenied, true), (.spaceQuota, true), (.nameQuota, true), (.noSpace, true), (.occupied, true),
            (.authenticationRequired, true), (.corrupted, true), (.notFound, true), (.other, true),
            (.sourceChanged, false), (.sourceUnreadable, false), (.invalidPath, false),
        ])
    func isOfStore(condition: RemoteFileError.Condition, expected: Bool) throws {
        let workspace = try EngineWorkspace()
        try workspace.configure(files: [])
        let connection = try workspace.engine().connect()
        let error = RemoteFileError(condition, operation: "CREATE", path: "/x", reason: "because")
        #expect(EnvSyncError(error, doing: "push", connection).isOfStore == expected)
    }

    @Test("what this machine is to blame for is not the store's")
    func local() async throws {
        let workspace = try EngineWorkspace()
        try workspace.configure(files: ["absent.txt"])
        let error = await #expect(throws: EnvSyncError.self) { try await workspace.push() }
        #expect(error?.isOfStore == false && error?.code == .artifact)
    }
}
