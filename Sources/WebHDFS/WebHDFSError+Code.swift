extension WebHDFSError {
    /// What went wrong. More codes may be added, so a `switch` needs a `default`.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        /// The name of the code, for logs and machine-readable output.
        public let name: String
        /// The code in a few words.
        public let summary: String
        /// Whether trying again may help with an error of this code.
        public let disposition: Disposition

        private init(_ name: String, _ summary: String, _ disposition: Disposition = .final) {
            self.name = name
            self.summary = summary
            self.disposition = disposition
        }

        /// The name of the code.
        public var description: String { name }

        /// Codes are the same when their names are.
        public static func == (one: Code, other: Code) -> Bool { one.name == other.name }

        /// Hashes the name.
        public func hash(into hasher: inout Hasher) { hasher.combine(name) }

        /// There is nothing at the path, or its parent is missing.
        public static let notFound = Code("notFound", "no such file or directory")
        /// Something is at the path already.
        public static let alreadyExists = Code("alreadyExists", "it already exists")
        /// The user may not do this.
        public static let accessDenied = Code("accessDenied", "permission denied")
        /// The NameNode accepts no changes now.
        public static let safeMode = Code("safeMode", "the NameNode is in safe mode", .retry)
        /// The NameNode is not the active one.
        public static let standby = Code("standby", "the NameNode is on standby", .failOver)
        /// The server asks to be asked again, for example while it starts.
        public static let retriable = Code("retriable", "the server is not ready", .retry)
        /// The directory's quota of names is used up.
        public static let namespaceQuota = Code("namespaceQuota", "the name quota is exceeded")
        /// The directory's quota of space, or of space on a storage type, is used up.
        public static let spaceQuota = Code("spaceQuota", "the space quota is exceeded")
        /// A parent of the path is a file.
        public static let parentNotDirectory = Code("parentNotDirectory", "a parent is not a directory")
        /// The operation needs a file and the path is a directory.
        public static let isDirectory = Code("isDirectory", "it is a directory")
        /// The operation would delete a directory that has children.
        public static let directoryNotEmpty = Code("directoryNotEmpty", "the directory is not empty")
        /// HDFS accepts no such path.
        public static let invalidPath = Code("invalidPath", "the path is invalid")
        /// The delegation token has expired or was cancelled.
        public static let invalidToken = Code("invalidToken", "the delegation token is invalid")
        /// The server does not accept a parameter, such as a block size below its minimum.
        public static let illegalArgument = Code("illegalArgument", "the server refuses a parameter")
        /// The server does not know the operation.
        public static let unsupportedOperation = Code("unsupportedOperation", "the server does not support it")
        /// No DataNode could take the data: all are full, dead or excluded.
        public static let noSpace = Code("noSpace", "no DataNode could take the data", .retry)
        /// Another client is writing the file, or its lease is being recovered.
        public static let beingWritten = Code("beingWritten", "the file is being written")
        /// The server wants to know who asks (HTTP 401).
        public static let authenticationRequired = Code("authenticationRequired", "authentication is required")
        /// No connection, or it broke.
        public static let connectionFailed = Code("connectionFailed", "the connection failed", .failOver)
        /// A proxy or gateway could not pass the request on (HTTP 429, 502, 503, 504).
        public static let unavailable = Code("unavailable", "the server is unavailable", .failOver)
        /// The answer is not one that WebHDFS gives.
        public static let badResponse = Code("badResponse", "the answer is not understood")
        /// The answer is longer than the caller allowed.
        public static let tooLarge = Code("tooLarge", "there is more data than allowed")
        /// A reply was lost, and looking did not tell whether the operation was done.
        public static let outcomeUnknown = Code("outcomeUnknown", "it is not known whether it was done")
        /// The file to be uploaded changed or could not be read.
        public static let uploadSource = Code("uploadSource", "the local file changed or cannot be read")
        /// The server answered that it did not do it, without saying why.
        public static let refused = Code("refused", "the server did not do it")
        /// Any other error of the server; see ``WebHDFSError/exception``.
        public static let other = Code("other", "the server reports an error")
    }
}
