import EnvSyncModel

/// What a scan takes for a packed archive: the archive, and its overlay if there is one.
struct PackedEntry: Sendable {
    /// One of the two.
    struct Piece: Sendable {
        var path: String
        var digest: ContentDigest
        var inspection: Inspection
        var contents: PackedContents?
        /// Whether the file at `path` is that content.
        var isHere: Bool
    }

    var base: Piece?
    var overlay: Piece?
    /// The environment isn't what was packed.
    var stale: LockDifference?
    var problem: LocalProblem?

    /// The local artifacts that they are.
    ///
    /// - Parameter item: the archive's.
    func artifacts(_ item: LocalItem, alias: ArchiveAlias) -> [LocalArtifact] {
        guard var base else { return [] }
        // What workers import is what the overlay brings, where both have a package.
        if let contents = base.contents {
            base.inspection.packages = (overlay?.contents.map(contents.overlaid) ?? contents).requirements
        }
        var artifacts = [
            LocalArtifact(
                item: item, digest: base.digest, inspection: base.inspection, contents: base.contents,
                isHere: base.isHere)
        ]
        if let overlay {
            let place = ArtifactOrigin(section: .overlay, path: item.origin.path)
            artifacts.append(
                LocalArtifact(
                    item: LocalItem(role: .overlay(alias), path: overlay.path, origin: place, jobs: item.jobs),
                    digest: overlay.digest, inspection: overlay.inspection, contents: overlay.contents,
                    isHere: overlay.isHere))
        }
        return artifacts
    }
}

extension OverlayDecision.Reason {
    /// Whether it matters more than which packages changed.
    fileprivate var isOfEnvironment: Bool {
        switch self {
        case .python, .options, .other: true
        default: false
        }
    }
}

extension PackedArchive {
    /// What the lock says of the archive, or of its overlay.
    ///
    /// - Parameter isHere: whether the file is that artifact.
    func piece(_ artifact: Artifact, isHere: Bool) -> PackedEntry.Piece {
        var inspection = Inspection(
            kind: artifact.kind, name: artifact.name, version: artifact.version, interpreter: artifact.interpreter,
            fileExtension: ["tar.gz", "zip", "tar"].first { artifact.leaf.text.hasSuffix("." + $0) },
            size: artifact.size, hdfsChecksum: artifact.hdfsChecksum ?? "")
        inspection.packages = artifact.contents?.requirements ?? []
        inspection.python = artifact.contents?.python
        return PackedEntry.Piece(
            path: artifact.base == nil ? path : overlayPath, digest: artifact.digest, inspection: inspection,
            contents: artifact.contents, isHere: isHere)
    }

    /// How the environment differs from what is locked.
    func difference(_ decision: OverlayDecision, recorded: String) -> LockDifference? {
        let shown = QuotedText.visible(packing.prefix)
        let message: String
        switch decision.outcome {
        case .current: return nil
        case .newBase(.first):
            return LockDifference(
                kind: .added, origin: ArtifactOrigin(section: .archive, path: recorded),
                message: "\(shown) is not in the lock", input: packing.prefix)
        case .newBase(.unknownContents):
            message = "the lock doesn't say what was packed of \(shown)"
        case .newBase(let reason) where decision.changes.isEmpty || reason.isOfEnvironment:
            message = "\(shown) is not what was packed: \(reason)"
        case .baseAlone: message = "\(shown) is again what the archive \(alias) holds, and needs no overlay"
        case .overlay, .newBase:
            let changes = decision.changes.map(\.description)
            message =
                "\(shown) changed after it was packed: \(changes.prefix(5).joined(separator: ", "))"
                + (changes.count > 5 ? " and \(changes.count - 5) more" : "")
        }
        return LockDifference(
            kind: .changed, origin: ArtifactOrigin(section: .archive, path: recorded), message: message,
            input: packing.prefix)
    }
}
