/// What a wheel's file name says (binary distribution format, "File name convention"):
/// `{distribution}-{version}(-{build})?-{python}-{abi}-{platform}.whl`.
public struct WheelFileName: Hashable, Sendable {
    /// The project's name as spelled in the file name.
    public var distribution: String
    /// The version as spelled in the file name.
    public var version: String
    /// The build tag, when there is one; begins with a digit.
    public var build: String?
    /// The tags as the file name has them, possibly compressed: `py2.py3-none-any`.
    public var compressedTags: String
    /// Every tag of the compressed set, expanded: `py2.py3-none-any` gives `py2-none-any` and `py3-none-any`. A hostile
    /// name can have tens of thousands.
    public var tags: [String] {
        let sets = compressedTags.split(separator: "-").map { $0.split(separator: ".") }
        guard sets.count == 3 else { return [] }
        return sets[0].flatMap { python in
            sets[1].flatMap { abi in sets[2].map { platform in "\(python)-\(abi)-\(platform)" } }
        }
    }

    /// File systems take no longer names, and a longer one could have billions of tags.
    private static let maximumLength = 255

    /// Parses a file name without directories; nil when it follows no convention or has more than 255 bytes.
    public init?(_ fileName: String) {
        guard fileName.hasSuffix(".whl"), fileName.utf8.count <= Self.maximumLength else { return nil }
        let parts = fileName.dropLast(4).split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 5 || parts.count == 6, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        guard PythonNames.isValidProjectName(parts[0]), PythonVersion.isPlausible(parts[1]) else { return nil }
        if parts.count == 6 {
            guard let first = parts[2].utf8.first, PythonNames.isDigit(first) else { return nil }
            build = parts[2]
        }
        let sets = parts.suffix(3).map { $0.split(separator: ".", omittingEmptySubsequences: false) }
        let isTag: (Substring) -> Bool = { tag in
            !tag.isEmpty && tag.utf8.allSatisfy { PythonNames.isAlphanumeric($0) || $0 == UInt8(ascii: "_") }
        }
        guard sets.allSatisfy({ $0.allSatisfy(isTag) }) else { return nil }
        distribution = parts[0]
        version = parts[1]
        compressedTags = parts.suffix(3).joined(separator: "-")
    }
}
