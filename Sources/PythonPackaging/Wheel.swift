/// A wheel that was opened, checked and found sound.
public struct Wheel: Hashable, Sendable {
    /// The project's name as spelled in `METADATA`.
    public var name: String
    /// The name in the form of PEP 503.
    public var normalizedName: String
    /// The version as spelled in `METADATA`.
    public var version: String
    /// The compatibility tags, one of each kind (`py3-none-any`), from `WHEEL`, or from the file name if it has none.
    public var tags: [String]
    /// Whether `WHEEL` says that the modules are independent of the platform.
    public var rootIsPurelib: Bool
    /// The program that built the wheel, as `WHEEL` names it.
    public var generator: String?
    /// The names that `import` finds, sorted.
    public var topLevel: [String]
    /// The Python versions the project accepts, as `METADATA` says (`>=3.8`).
    public var requiresPython: String?
    /// Whether the wheel works as a zip on Python's path.
    public var deliverability: ZipImportability
}
