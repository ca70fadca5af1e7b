/// What a rewriting does to a file.
public struct RewriteEffect: Sendable, Hashable {
    /// In a few words.
    public var words: String
    /// Whether a place that named the environment's directory names another one: only the file's own program knows what
    /// that means for it.
    public var replacesPrefix: Bool

    /// Makes one from its parts.
    public init(_ words: String, replacesPrefix: Bool = false) {
        self.words = words
        self.replacesPrefix = replacesPrefix
    }
}

extension PackPlan.Entry {
    /// What the archive has of it, and why that isn't the environment's file as it is. Small files whose content alone tells
    /// are read.
    public var effect: RewriteEffect {
        switch kind {
        case .directory: return RewriteEffect("directory")
        case .symlink: return RewriteEffect("link")
        case .file(_, .file): return RewriteEffect("as it is")
        case .file(_, .generated): return RewriteEffect(Self.generated[path] ?? "generated")
        case .file(_, .rewritten(let files, let rewrite)):
            // A file that can't be read by now is told of when it is packed.
            guard let effect = try? rewrite.effect({ try files.map { try OpenSource($0) } }) else {
                return RewriteEffect("as it is")
            }
            return effect
        }
    }

    private static let generated: [[UInt8]: String] = [
        "pyvenv.cfg": "generated: what Python reads of it",
        "conda-meta/history": "generated: empty, conda looks for it",
        "bin/activate": "generated: finds the environment from its own place",
        "bin/deactivate": "generated: undoes bin/activate",
        "bin/conda-unpack": "generated: fits files to the place where they are",
    ].reduce(into: [:]) { $0[Array($1.key.utf8)] = $1.value }
}
