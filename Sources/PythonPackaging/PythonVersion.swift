/// A project's version in a form in which equal versions are equal (PEP 440, "Normalization" and the padding of release
/// segments with zeros): `1.0`, `v1.0.0` and `01.0` are one version, `1.0-1` is `1.0.post1`, `1.0+a_b` is `1.0+a.b`.
public struct PythonVersion: Sendable {
    /// The canonical text; for a version that PEP 440 doesn't know, the lower-case text with `-` and `_` as `.`.
    public let canonical: String
    /// The text as it was given, in lower case: what `===` compares.
    let written: String
    /// What PEP 440 reads in it; `nil` for a version that it doesn't know.
    let parts: VersionParts?

    /// Any text is accepted.
    public init(_ text: some StringProtocol) {
        written = text.lowercased()
        parts = VersionParts(written) ?? VersionParts(fileNameSpelling: written)
        canonical = parts?.canonical ?? String(written.map { $0 == "-" || $0 == "_" || $0 == "+" ? "." : $0 })
    }

    /// Whether PEP 440 knows it: all others are lower than any version that it knows, and satisfy no specifier but `===`.
    public var isStandard: Bool { parts != nil }

    /// Whether it is a pre-release or a development release (PEP 440, "Pre-releases", "Developmental releases").
    public var isPrerelease: Bool { parts?.isPrerelease ?? false }

    /// Whether a version may consist of these characters: letters, digits and `.!+_-`, at least one.
    public static func isPlausible(_ text: some StringProtocol) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { PythonNames.isAlphanumeric($0) || ".!+_-".utf8.contains($0) }
    }
}

extension PythonVersion: Hashable, Comparable {
    /// Whether both are one version, however they are spelled.
    public static func == (left: PythonVersion, right: PythonVersion) -> Bool {
        left.canonical == right.canonical && left.isStandard == right.isStandard
    }

    /// Feeds the canonical text.
    public func hash(into hasher: inout Hasher) { hasher.combine(canonical) }

    /// The order of PEP 440, "Summary of permitted suffixes and relative ordering". Versions that PEP 440 doesn't know
    /// come before all others, in the order of their canonical texts.
    public static func < (left: PythonVersion, right: PythonVersion) -> Bool {
        switch (left.parts, right.parts) {
        case (let left?, let right?): left < right
        case (nil, nil): left.canonical < right.canonical
        case (nil, _?): true
        case (_?, nil): false
        }
    }
}
