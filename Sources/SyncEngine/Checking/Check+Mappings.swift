import EnvSyncModel
import ObjectStore
import SyncState

extension Check {
    /// What the state says of the environment's objects; empty without one.
    func mappings() -> [ObjectMapping] {
        (try? engine.state.mappings(store: engine.storeName, environment: engine.environment.text)) ?? []
    }

    /// Rows of the state that say other things than the store: of objects that are whole, since of all others the object
    /// itself is told of; and rows that can be of no object.
    func wrongMappings(
        _ look: ObjectsLook, _ connection: StoreConnection
    ) -> [(mapping: ObjectMapping, object: ObjectKey?)] {
        guard options.wants(.mappingDiffers), look.count > 0 else { return [] }
        let layout = connection.store.layout
        let byPath = Dictionary(objects.map { (layout.path(of: $0), $0) }, uniquingKeysWith: { first, _ in first })
        let whole = look.whole
        return mappings().compactMap { mapping in
            guard let object = byPath[mapping.storePath] else {
                return isPlausible(mapping, layout) ? nil : (mapping, nil)
            }
            guard let status = whole[object] else { return nil }
            return difference(mapping, object, status, look.verified[object]) == nil ? nil : (mapping, object)
        }
    }

    /// Whether a row can be of an object that isn't in the lock any more: its path is that of its digest.
    private func isPlausible(_ mapping: ObjectMapping, _ layout: StoreLayout) -> Bool {
        let parts = mapping.storePath.split(separator: "/", omittingEmptySubsequences: false)
        guard let leaf = parts.last.flatMap({ try? LeafName(String($0)) }) else { return false }
        let object = ObjectKey(digest: mapping.digest, leaf: leaf, size: mapping.size)
        return mapping.size >= 0 && mapping.storePath == layout.path(of: object)
    }

    /// How a row differs from its object, as a clause.
    private func difference(
        _ mapping: ObjectMapping, _ object: ObjectKey, _ status: RemoteStatus, _ verification: Verification?
    ) -> String? {
        if mapping.digest != object.digest {
            return "the state says that it holds the SHA-256 \(mapping.digest.short)…"
        }
        if mapping.size != status.length {
            return "it has \(status.length) bytes, the state says \(mapping.size)"
        }
        if let modified = mapping.remoteModified, modified != status.modified {
            return "it was written again: its modification time is \(Self.precise(status.modified)), "
                + "but it was \(Self.precise(modified)) when it was verified"
        }
        if let verification, let checksum = mapping.checksum, mapping.checksumAlgorithm == verification.algorithm,
            checksum != verification.checksum
        {
            return "its checksum is \(verification.checksum), the state says \(checksum)"
        }
        return nil
    }

    /// To the millisecond, as YARN compares them.
    private static func precise(_ milliseconds: Int64) -> String {
        let rest = String(milliseconds % 1000)
        let text = Moment.text(milliseconds / 1000)
        return text.dropLast(4) + "." + String(repeating: "0", count: max(0, 3 - rest.utf8.count)) + rest + " UTC"
    }

    /// What to tell of the state.
    func mappingFindings(_ look: Look, _ connection: StoreConnection) -> [DriftFinding] {
        guard options.wants(.mappingDiffers) else { return [] }
        let suggestion = "envsync check --fix corrects the state; or delete .envsync/\(StateDatabase.fileName)"
        var findings = look.wrongMappings.map { mapping, object in
            let status = object.flatMap { look.objects.whole[$0] }
            let how =
                if let object, let status {
                    difference(mapping, object, status, look.objects.verified[object]) ?? ""
                } else {
                    "the state maps \(QuotedText.visible(mapping.localPath)) to it, which is no path of the object "
                        + "\(mapping.digest.short)…"
                }
            return DriftFinding(
                code: .mappingDiffers, subject: mapping.storePath, message: how, suggestion: suggestion)
        }
        if let vanished = look.publication.vanished {
            findings.append(
                DriftFinding(
                    code: .mappingDiffers,
                    subject: connection.store.layout.manifest(vanished.name, of: engine.environment),
                    message: "the state says that generation \(vanished.generation) was published on "
                        + "\(Moment.text(vanished.publishedAt)), but the store doesn't have it any more",
                    suggestion: suggestion))
        }
        return findings
    }
}
