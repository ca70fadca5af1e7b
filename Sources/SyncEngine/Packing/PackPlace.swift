import EnvSyncModel
import Glibc

/// Where an archive is to be, and of which environment.
struct PackPlace: Sendable {
    /// Absolute.
    let output: String
    /// Absolute.
    let environment: String

    /// An archive inside of the environment would be packed with it the next time, and whoever watches the environment
    /// would take each packing for a change.
    ///
    /// - Throws: ``EnvSyncError`` for one that is.
    func check(shown: String, suggestion: String) throws(EnvSyncError) {
        guard let inside = Self.real(environment) else { return }
        var directory = output[...]
        var place: String?
        // The directory may have to be made.
        while place == nil, let slash = directory.lastIndex(of: "/") {
            directory = directory[..<slash]
            place = Self.real(directory.isEmpty ? "/" : String(directory))
        }
        guard let place, place == inside || place.hasPrefix(inside + "/") else { return }
        throw EnvSyncError(
            .system, "the archive \(QuotedText.visible(shown)) would be inside of the environment that it is made of",
            suggestion: suggestion, consequence: "nothing was changed")
    }

    private static func real(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(validatingCString: resolved)
    }
}
