import ReproducibleArchive

/// Why a file can't be taken for a sound wheel.
public struct WheelError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of failure. Codes may be added.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The code's name, for logs and machine-readable output.
        public let description: String

        private init(_ description: String) { self.description = description }

        /// The file can't be opened or read.
        public static let unreadable = Code("unreadable")
        /// The file is no zip file.
        public static let notAZip = Code("notAZip")
        /// The zip file is cut short or contradicts itself.
        public static let damagedZip = Code("damagedZip")
        /// The zip file has names that are unsafe, occur twice, or is encrypted.
        public static let unsafeZip = Code("unsafeZip")
        /// There is no `*.dist-info` directory.
        public static let noDistInfo = Code("noDistInfo")
        /// There is more than one `*.dist-info` directory.
        public static let severalDistInfo = Code("severalDistInfo")
        /// `WHEEL` is missing.
        public static let missingWHEEL = Code("missingWHEEL")
        /// `WHEEL` can't be understood.
        public static let malformedWHEEL = Code("malformedWHEEL")
        /// `METADATA` is missing.
        public static let missingMETADATA = Code("missingMETADATA")
        /// `METADATA` has no valid name or version.
        public static let malformedMETADATA = Code("malformedMETADATA")
        /// `RECORD` is missing.
        public static let missingRECORD = Code("missingRECORD")
        /// `RECORD` can't be understood.
        public static let malformedRECORD = Code("malformedRECORD")
        /// A file's size or hash is not what `RECORD` says.
        public static let recordMismatch = Code("recordMismatch")
        /// A file is not listed in `RECORD`.
        public static let unlistedFile = Code("unlistedFile")
        /// `RECORD` lists a file that isn't there.
        public static let missingFile = Code("missingFile")
        /// The file name is not one of a wheel.
        public static let malformedFileName = Code("malformedFileName")
        /// File name, `*.dist-info` directory and `METADATA` don't agree on name or version.
        public static let nameMismatch = Code("nameMismatch")
        /// The wheel holds something that can't be installed: a symbolic link, an unknown kind of `*.data` directory, an
        /// unusable entry point, or a file where another one is a directory.
        public static let notInstallable = Code("notInstallable")
        /// The wheel's format is newer than this program.
        public static let unsupportedWheelVersion = Code("unsupportedWheelVersion")
    }

    /// The kind of failure.
    public var code: Code
    /// The wheel.
    public var path: String
    /// The file inside the wheel, when the failure concerns one.
    public var entry: String?
    /// What is wrong, in one line without the path.
    public var message: String
    /// The error underneath, when reading the zip file failed.
    public var cause: ArchiveError?

    /// Creates an error.
    public init(code: Code, path: String, entry: String? = nil, message: String, cause: ArchiveError? = nil) {
        self.code = code
        self.path = path
        self.entry = entry
        self.message = message
        self.cause = cause
    }

    init(_ error: ArchiveError) {
        let code: Code =
            switch error.code {
            case .notAZip: .notAZip
            case .truncated, .damaged, .tooLarge, .unsupportedCompression: .damagedZip
            case .unsafeName, .duplicateName, .encrypted: .unsafeZip
            default: .unreadable
            }
        self.init(code: code, path: error.path, entry: error.entry, message: error.message, cause: error)
    }

    /// One line: path, entry and message.
    public var description: String {
        entry.map { "\(path): \($0): \(message)" } ?? "\(path): \(message)"
    }
}
