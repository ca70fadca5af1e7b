import EnvSyncModel

/// The paths of a store. This layout is what other versions of envsync, and jobs long submitted, rely on.
///
/// ```
/// <root>/objects/<sha[0:2]>/<sha256>/<leaf>       immutable objects
/// <root>/environments/<name>/<number>-<id>.json   immutable generation manifests
/// <root>/environments/<name>/current.json         the ref
/// <root>/staging/<push id>/…                      uploads in flight
/// ```
public struct StoreLayout: Sendable, Hashable {
    /// The root directory, absolute, without a trailing slash.
    public let root: String

    /// Makes a layout.
    public init(root: String) { self.root = root }

    /// The directory of all objects.
    public var objects: String { root + "/objects" }
    /// The directory of all environments.
    public var environments: String { root + "/environments" }
    /// The directory of uploads in flight.
    public var staging: String { root + "/staging" }

    /// The directory of the objects whose SHA-256 starts with the same two digits.
    public func shard(of object: ObjectKey) -> String { "\(objects)/\(object.digest.hex.prefix(2))" }
    /// The directory that holds one object.
    public func directory(of object: ObjectKey) -> String { "\(shard(of: object))/\(object.digest.hex)" }
    /// A shard, named by two digits, or a directory that holds one object, named by a SHA-256.
    public func objectDirectory(named name: String) -> String {
        name.count == 2 ? "\(objects)/\(name)" : "\(objects)/\(name.prefix(2))/\(name)"
    }
    /// The object's file.
    public func path(of object: ObjectKey) -> String { "\(root)/\(object.relativePath)" }
    /// The directory of an environment's generations.
    public func directory(of environment: EnvironmentName) -> String { "\(environments)/\(environment)" }
    /// An environment's ref.
    public func ref(of environment: EnvironmentName) -> String { "\(directory(of: environment))/current.json" }
    /// A generation's manifest.
    public func manifest(_ generation: GenerationName, of environment: EnvironmentName) -> String {
        "\(directory(of: environment))/\(generation)"
    }
}
