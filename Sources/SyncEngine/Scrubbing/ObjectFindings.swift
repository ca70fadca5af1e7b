import EnvSyncModel
import ObjectStore

/// What is wrong with objects in a store, in the words of a ``DriftFinding``.
struct ObjectFindings: Sendable {
    let store: ObjectStore

    /// What presence and size tell; `nil` for an object that is there and has its size.
    func finding(_ object: ObjectKey, _ presence: ObjectPresence?) -> DriftFinding? {
        let path = store.layout.path(of: object)
        switch presence {
        case .present: return nil
        case .damaged(let status):
            return DriftFinding(
                code: .objectSize, subject: path,
                message: status.isDirectory
                    ? "it is a directory" : "it has \(status.length) bytes, not \(object.size)",
                suggestion: "envsync push --repair")
        case .absent, nil:
            return DriftFinding(
                code: .objectMissing, subject: path, message: "the object is not in the store",
                suggestion: "envsync push --repair")
        }
    }

    /// An object with other bytes than its name says.
    func content(_ object: ObjectKey, _ how: String) -> DriftFinding {
        DriftFinding(
            code: .objectContent, subject: store.layout.path(of: object),
            message: "it holds other bytes than its name says: \(how)", suggestion: "envsync push --repair")
    }

    /// A mode that keeps those from using an object whom `store.sharing` names.
    func mode(_ path: String, _ status: RemoteStatus, wanted: UInt16) -> DriftFinding {
        let octal = String(wanted, radix: 8)
        return DriftFinding(
            code: .objectMode, subject: path,
            message:
                "its mode is \(String(status.permission, radix: 8)); \(octal) lets those use it whom store.sharing names",
            suggestion: "envsync push --repair, or hdfs dfs -chmod \(octal) \(path)")
    }
}
