import Glibc

/// What went wrong while reading or writing an archive, or while collecting the files for one.
public struct ArchiveError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of failure. Codes may be added.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The code's name, for logs and machine-readable output.
        public let description: String

        private init(_ description: String) { self.description = description }

        /// The file or directory does not exist.
        public static let notFound = Code("notFound")
        /// The path is a FIFO, socket, device or directory where a regular file is needed.
        public static let notARegularFile = Code("notARegularFile")
        /// The path is not a directory.
        public static let notADirectory = Code("notADirectory")
        /// The system refused to open or read the file.
        public static let unreadable = Code("unreadable")
        /// Symbolic links lead in a circle.
        public static let symlinkLoop = Code("symlinkLoop")
        /// A symbolic link leads to nothing.
        public static let brokenSymlink = Code("brokenSymlink")
        /// A symbolic link leads out of the source directory.
        public static let symlinkEscapes = Code("symlinkEscapes")
        /// The bytes are no zip file.
        public static let notAZip = Code("notAZip")
        /// The file is no archive of a kind that can be listed here.
        public static let unsupportedFormat = Code("unsupportedFormat")
        /// The file ends before its contents do.
        public static let truncated = Code("truncated")
        /// A structure inside the file contradicts itself or another one.
        public static let damaged = Code("damaged")
        /// An entry is encrypted.
        public static let encrypted = Code("encrypted")
        /// An entry's compression method is none that is read here.
        public static let unsupportedCompression = Code("unsupportedCompression")
        /// A name is absolute, climbs with `..`, or contains a backslash, control or non-UTF-8 characters.
        public static let unsafeName = Code("unsafeName")
        /// Two entries have the same name.
        public static let duplicateName = Code("duplicateName")
        /// Contents or a table are larger than the caller's or this library's limit.
        public static let tooLarge = Code("tooLarge")
        /// A file changed while it was read.
        public static let fileChanged = Code("fileChanged")
        /// The output could not be written.
        public static let writeFailed = Code("writeFailed")
        /// The file system of the output is full (or a quota is).
        public static let noSpace = Code("noSpace")
    }

    /// The kind of failure.
    public var code: Code
    /// The file or directory concerned, as the caller gave it.
    public var path: String
    /// The entry inside the archive, when the failure concerns one; unprintable characters are escaped.
    public var entry: String?
    /// What failed, in one line without the path.
    public var message: String

    /// Creates an error.
    public init(code: Code, path: String, entry: String? = nil, message: String) {
        self.code = code
        self.path = path
        self.entry = entry
        self.message = message
    }

    /// One line: path, entry and message.
    public var description: String {
        let place = printable(path)
        return entry.map { "\(place): \($0): \(message)" } ?? "\(place): \(message)"
    }
}

extension ArchiveError {
    /// The error for a failed system call.
    static func system(_ number: Int32, path: String, doing action: String) -> ArchiveError {
        let code: Code =
            switch number {
            case ENOENT: .notFound
            case ENOTDIR: .notADirectory
            case ELOOP: .symlinkLoop
            case ENXIO, EISDIR: .notARegularFile
            case ENOSPC, EDQUOT: .noSpace
            default: .unreadable
            }
        return ArchiveError(code: code, path: path, message: "cannot \(action): \(systemMessage(number))")
    }
}

/// The system's words for an error number.
func systemMessage(_ number: Int32) -> String {
    guard let text = unsafe strerror(number) else { return "error \(number)" }
    return unsafe String(cString: text)
}

/// A name as it can be shown on a terminal or in a log: control characters are written as `\u{…}`.
func printable(_ name: some StringProtocol) -> String {
    var shown = ""
    for scalar in name.unicodeScalars {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse:
            shown += "\\u{" + String(scalar.value, radix: 16) + "}"
        default:
            shown.unicodeScalars.append(scalar)
        }
    }
    return shown
}
