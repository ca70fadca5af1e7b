import EnvSyncModel
import PythonPackaging

/// What an environment is made of, as comparisons see it: packages, whether they are objects of their own or within a
/// layer, and all other files.
struct EnvironmentContent: Sendable {
    /// One package or file.
    struct Item: Sendable, Hashable {
        /// Equal for what is the same thing in two environments.
        let key: Key
        let name: String
        let version: String?
        let type: ArtifactKind
        /// `nil` where nobody knows: for a package within a layer of a generation, and for an installed one.
        let digest: ContentDigest?
        /// `nil` if it isn't an object of its own.
        let object: ObjectKey?
        let layer: String?
        /// How it reaches workers: names and values.
        let properties: [Property]
        let jobs: [JobName]
    }

    struct Property: Sendable, Hashable {
        let name: String
        let value: String?
    }

    struct Key: Sendable, Hashable, Comparable {
        /// In the order in which they are told.
        enum Category: Int, Sendable { case package, layer, archive, file }

        let category: Category
        let name: String

        static func < (left: Key, right: Key) -> Bool {
            left.category != right.category
                ? left.category.rawValue < right.category.rawValue
                : left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
        }
    }

    /// The environment's id; `nil` of an installed environment.
    let id: ContentDigest?
    let items: [Item]
    /// What archives hold besides, as far as it is known; only versions can be compared.
    let provided: [Item]
    /// Every object once; none of an installed environment.
    let objects: [ObjectKey]
    /// Whether only names and versions of packages are known.
    let hasVersionsOnly: Bool
    /// Normalized names of packages that don't count unless the other environment has them too.
    let optional: Set<String>

    /// Nothing: an environment that was never published.
    static let empty = EnvironmentContent(id: nil, items: [], provided: [], objects: [], hasVersionsOnly: false)

    private init(
        id: ContentDigest?, items: [Item], provided: [Item], objects: [ObjectKey], hasVersionsOnly: Bool,
        optional: Set<String> = []
    ) {
        self.id = id
        self.items = items
        self.provided = provided
        self.objects = objects
        self.hasVersionsOnly = hasVersionsOnly
        self.optional = optional
    }

    /// What a generation holds.
    ///
    /// - Parameter id: the manifest's id, where it is known already.
    init(_ manifest: EnvironmentManifest, id: ContentDigest? = nil) {
        self.init(
            id: id ?? manifest.id,
            items: manifest.artifacts.flatMap { artifact in
                let packages = artifact.packages.map { requirement in
                    let (name, version) = Self.parse(requirement)
                    return Item(packageNamed: name, version: version, digest: nil, of: artifact)
                }
                return [Item(artifact)] + packages
            }, provided: [], objects: manifest.objects, hasVersionsOnly: false)
    }

    /// What a lock holds: as a generation of it, and besides the SHA-256 of wheels within layers, and what archives hold.
    init(_ lock: Lock) {
        let manifest = lock.manifest
        var seen = Set<Item>()
        let items = lock.artifacts.flatMap { artifact in
            let published = PublishedArtifact(artifact)
            let packages = artifact.wheels.map { wheel in
                Item(packageNamed: wheel.name, version: wheel.version, digest: wheel.digest, of: published)
            }
            let packed = (artifact.base == nil ? nil : artifact.contents)?.packages ?? []
            let overlaid = packed.map { package in
                Item(
                    packageNamed: package.name, version: package.version, digest: ContentDigest(hex: package.digest),
                    of: published)
            }
            return ([Item(published)] + packages + overlaid).filter { seen.insert($0).inserted }
        }
        self.init(
            id: manifest.id, items: items,
            provided: lock.provided.map { Item(installed: $0.name, version: $0.version) },
            objects: manifest.objects, hasVersionsOnly: false)
    }

    /// What is installed in a Python environment.
    ///
    /// - Parameter optional: normalized names of packages that don't count unless the other environment has them too.
    init(installed packages: [(name: String, version: String)], optional: Set<String> = []) {
        self.init(
            id: nil, items: packages.map { Item(installed: $0.name, version: $0.version) }, provided: [], objects: [],
            hasVersionsOnly: true, optional: optional)
    }

    /// The packages by name and version alone, for a comparison with an installed environment. What has no version, as a
    /// source directory, has no part in it.
    func versions(against other: EnvironmentContent) -> [Item] {
        let wanted = optional.isEmpty ? [] : Set(other.bareVersions.map(\.key.name))
        return bareVersions.filter { !optional.contains($0.key.name) || wanted.contains($0.key.name) }
    }

    private var bareVersions: [Item] {
        var seen = Set<Item>()
        return (items + provided).compactMap { item in
            guard item.key.category == .package, let version = item.version else { return nil }
            let bare = Item(installed: item.name, version: version)
            return seen.insert(bare).inserted ? bare : nil
        }
    }

    private static func parse(_ requirement: String) -> (name: String, version: String?) {
        guard let separator = requirement.firstRange(of: "==") else { return (requirement, nil) }
        return (String(requirement[..<separator.lowerBound]), String(requirement[separator.upperBound...]))
    }
}

extension EnvironmentContent.Item {
    /// An artifact that is an object of its own.
    fileprivate init(_ artifact: PublishedArtifact) {
        let category: EnvironmentContent.Key.Category
        var name = artifact.name
        switch artifact.kind {
        case .archive:
            category = .archive
            name = artifact.alias?.text ?? name
        case .layer: category = .layer
        case .file: category = .file
        case .wheel, .zip, .egg, .python, .source: category = .package
        }
        var properties = [
            EnvironmentContent.Property(name: "type", value: artifact.kind.rawValue),
            EnvironmentContent.Property(name: "delivery", value: artifact.delivery.rawValue),
            EnvironmentContent.Property(name: "layer", value: nil),
            EnvironmentContent.Property(name: "jobs", value: Self.describe(artifact.jobs)),
        ]
        if category == .archive || category == .layer {
            properties.append(EnvironmentContent.Property(name: "alias", value: artifact.alias?.text))
            properties.append(EnvironmentContent.Property(name: "interpreter", value: artifact.interpreter))
        }
        properties.append(EnvironmentContent.Property(name: "name", value: artifact.name))
        self.init(
            key: EnvironmentContent.Key(
                category: category, name: category == .package ? PythonNames.normalize(name) : name),
            name: name, version: artifact.version, type: artifact.kind, digest: artifact.object.digest,
            object: artifact.object, layer: nil, properties: properties, jobs: artifact.jobs)
    }

    /// A package within a layer.
    fileprivate init(
        packageNamed name: String, version: String?, digest: ContentDigest?, of layer: PublishedArtifact
    ) {
        self.init(
            key: EnvironmentContent.Key(category: .package, name: PythonNames.normalize(name)), name: name,
            version: version, type: .wheel, digest: digest, object: nil, layer: layer.name,
            properties: [
                EnvironmentContent.Property(name: "type", value: ArtifactKind.wheel.rawValue),
                EnvironmentContent.Property(name: "delivery", value: layer.delivery.rawValue),
                EnvironmentContent.Property(name: "layer", value: layer.name),
                EnvironmentContent.Property(name: "jobs", value: Self.describe(layer.jobs)),
                EnvironmentContent.Property(name: "name", value: name),
            ], jobs: layer.jobs)
    }

    /// A package of which only the version is known.
    fileprivate init(installed name: String, version: String) {
        let normalized = PythonNames.normalize(name)
        self.init(
            key: EnvironmentContent.Key(category: .package, name: normalized), name: normalized, version: version,
            type: .wheel, digest: nil, object: nil, layer: nil, properties: [], jobs: [])
    }

    private static func describe(_ jobs: [JobName]) -> String {
        jobs.isEmpty ? "all" : jobs.map(\.text).joined(separator: ", ")
    }
}
