/// All that is in an environment's directory, as the file system lists it. No file is opened but pyvenv.cfg.
struct EnvironmentSurvey {
    var kind: PackPlan.Kind
    /// Absolute, without symbolic links.
    var prefix: String
    /// As the user gave it, made absolute: what files inside may spell.
    var givenPrefix: String
    /// `3.11`
    var python: String
    /// `lib/python3.11/site-packages`; two if `lib64` is a directory of its own.
    var sitePackages: [String]
    /// Keys and values of pyvenv.cfg, keys in lower case; empty if there is none.
    var configuration: [String: String]
    /// Sorted by path, directories before what is in them.
    var files: [SurveyedFile]
    /// SHA-256 of all paths, kinds, modes and fingerprints: the same as last time means that nothing changed.
    var digest: [UInt8]
    /// What a user should know of how it was read; sentences.
    var notes: [String] = []
}

/// Something in the environment's directory.
struct SurveyedFile {
    enum Kind: Equatable {
        case regular, directory
        case symlink(target: [UInt8])
        /// "a FIFO", "a socket", "a device"
        case special(String)
        /// A file or directory that can't be read, with the reason.
        case unreadable(String)
    }
    /// Relative to the prefix.
    var path: [UInt8]
    var kind: Kind
    var mode: UInt32
    var source: SourceFile
}
