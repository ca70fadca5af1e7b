/// What a kind of environment says about its files. One value is made for each plan; ``decide(_:)`` is then called once for
/// every file, link and directory of the survey, in their order.
protocol EnvironmentRules {
    /// Reads the environment's metadata (not its files' contents).
    init(_ survey: EnvironmentSurvey, _ options: PackOptions) throws

    var interpreter: EnvironmentManifest.Interpreter { get }
    /// Packages that only this kind of environment knows of (conda's), with the files that they claim.
    var claims: [PackageClaims] { get }
    /// Entries that aren't in the environment's directory: an interpreter, a script. Paths of the archive.
    var additions: [PackPlan.Entry] { get }
    var problems: [PackProblem] { get }
    var notes: [String] { get }
    /// How many files name a prefix that is only known where the archive is unpacked; `nil`: not of this kind.
    var relocatedFiles: Int? { get }
    /// - Returns: what becomes of it; `nil`: it is as any other file, and shipped as it is.
    func decide(_ file: SurveyedFile) -> FileDecision?
    /// How a regular file that nothing else rewrites is made independent of the environment's directory.
    func withoutPrefix(_ file: SurveyedFile) -> (any FileRewrite)?
    /// Packages whose files aren't (all) in the environment's directory.
    var shippedSources: [ShippedSources] { get }
}

extension EnvironmentRules {
    var relocatedFiles: Int? { nil }
    func withoutPrefix(_ file: SurveyedFile) -> (any FileRewrite)? { nil }
    var shippedSources: [ShippedSources] { [] }
}

/// What becomes of a file of the environment.
enum FileDecision {
    case omit(String)
    case symlink(target: [UInt8])
    case rewrite(any FileRewrite, alsoReading: [SourceFile] = [])
    case generated([UInt8])
    /// A problem; the file is left out.
    case refuse(PackProblem)
}

/// The files of a package as its own metadata lists them.
struct PackageClaims {
    struct File {
        /// Relative to the environment.
        var path: [UInt8]
        /// Of the file as it is installed, where stated.
        var sha256: [UInt8]?
        var size: Int64?
        /// Whether it may be missing: compiled modules.
        var isOptional = false
    }
    var package: PackPlan.Package
    /// Relative path of the metadata itself.
    var metadata: [UInt8]
    var files: [File]
}

/// An editable package that is shipped as if it were installed: its `RECORD` loses and gains rows.
struct ShippedSources {
    /// Relative path of what tells of it in the environment: its `.dist-info`, or the `.egg-link` that stands for it.
    var metadata: [UInt8]
    /// Normalized (PEP 503).
    var name: String
    var version: String
    /// Paths of the archive that are entries of ``EnvironmentRules/additions``, sorted.
    var added: [[UInt8]]
    /// The directory of metadata among them that takes the place of an `.egg-link`.
    var eggInfo: [UInt8]?
    /// Directories outside of the environment, as they were before their files were listed.
    var watched: [WatchedDirectory]
}
