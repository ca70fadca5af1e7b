extension RemoteException {
    /// What the exception means. It goes by the class name and, where that says too little, by the text; never by the
    /// HTTP status, because WebHDFS sends 403 and HttpFS sends 500 for nearly everything (ExceptionHandler).
    var code: WebHDFSError.Code {
        // A FileNotFoundException says this of a directory (INodeFile.valueOf).
        if message.hasPrefix("Path is not a file") { return .isDirectory }
        // In 2.7 a FileAlreadyExistsException says this of a file among the parents (FSDirMkdirOp.mkdirs).
        if message.hasPrefix("Parent path is not a directory") { return .parentNotDirectory }
        if let code = Self.codes[exception] { return code }
        // Java's client does the same (WebHdfsFileSystem.toIOException and shouldRetry).
        if message.hasSuffix("StandbyException") { return .standby }
        if let code = Self.phrases.first(where: { message.contains($0.text) })?.code { return code }
        return exception == "IllegalArgumentException" ? .illegalArgument : .other
    }

    private static let codes: [String: WebHDFSError.Code] = [
        "FileNotFoundException": .notFound,
        "FileAlreadyExistsException": .alreadyExists,
        "AccessControlException": .accessDenied,
        "SnapshotAccessControlException": .accessDenied,
        "AuthorizationException": .accessDenied,
        "SafeModeException": .safeMode,
        "StandbyException": .standby,
        "ObserverRetryOnActiveException": .standby,
        "RetriableException": .retriable,
        "RecoveryInProgressException": .retriable,
        "NSQuotaExceededException": .namespaceQuota,
        "MaxDirectoryItemsExceededException": .namespaceQuota,
        "DSQuotaExceededException": .spaceQuota,
        "QuotaByStorageTypeExceededException": .spaceQuota,
        "ParentNotDirectoryException": .parentNotDirectory,
        "PathIsNotDirectoryException": .parentNotDirectory,
        "PathIsNotEmptyDirectoryException": .directoryNotEmpty,
        "PathIsDirectoryException": .isDirectory,
        "InvalidPathException": .invalidPath,
        "PathComponentTooLongException": .invalidPath,
        "InvalidToken": .invalidToken,
        "UnsupportedOperationException": .unsupportedOperation,
        "AlreadyBeingCreatedException": .beingWritten,
        "ClusterStorageCapacityExceededException": .noSpace,
        "AuthenticationException": .authenticationRequired,
    ]

    /// Texts of exceptions whose class is hidden (`RemoteException`) or general (`IOException`). The words are those
    /// of Hadoop 2.7 to 3.4; the class that says them is named behind each.
    private static let phrases: [(text: String, code: WebHDFSError.Code)] = [
        ("ame node is in safe mode", .safeMode),  // SafeModeException
        ("is not supported in state standby", .standby),  // StandbyException
        ("Permission denied: user=", .accessDenied),  // AccessControlException
        ("The NameSpace quota", .namespaceQuota),  // NSQuotaExceededException
        ("The directory item limit", .namespaceQuota),  // FSLimitException
        ("The DiskSpace quota", .spaceQuota),  // DSQuotaExceededException
        ("Quota by storage type", .spaceQuota),  // QuotaByStorageTypeExceededException
        ("could only be replicated to", .noSpace),  // BlockManager.chooseTarget4NewBlock, 2.x
        ("could only be written to", .noSpace),  // the same, 3.x
        ("Unable to create new block", .noSpace),  // DataStreamer.nextBlockOutputStream
        ("Failed to find datanode", .noSpace),  // NamenodeWebHdfsMethods.redirectURI
        ("All datanodes", .noSpace),  // DataStreamer: "All datanodes [...] are bad. Aborting..."
        ("Invalid path name", .invalidPath),  // DFSUtil.isValidName
        ("Pathname component", .invalidPath),  // FSLimitException
        ("Invalid file name", .invalidPath),  // FSNamesystem
        ("Parent path is not a directory", .parentNotDirectory),  // ParentNotDirectoryException
        ("Current inode is not a directory", .parentNotDirectory),  // INode.asDirectory, through a DataNode
        ("Cannot delete/rename root", .invalidPath),
        ("must both be directories", .alreadyExists),  // FSDirRenameOp: a file onto a directory, with options
        ("rename destination directory is not empty", .directoryNotEmpty),  // FSDirRenameOp
        ("is non empty", .directoryNotEmpty),  // PathIsNotEmptyDirectoryException
        ("current leaseholder is trying to recreate file", .beingWritten),  // AlreadyBeingCreatedException
        ("lease is currently owned by", .beingWritten),
        ("because this file is already being created by", .beingWritten),
        ("already exists as a directory", .isDirectory),  // FSDirWriteFileOp
        ("already exists", .alreadyExists),  // FileAlreadyExistsException
        ("File does not exist", .notFound),  // FileNotFoundException
        ("Specified block size is less than configured minimum", .illegalArgument),  // FSNamesystem
        ("equested replication", .illegalArgument),  // BlockManager.verifyReplication
        ("No enum constant", .unsupportedOperation),  // an operation this server does not have
        ("Invalid value for webhdfs parameter \"op\"", .unsupportedOperation),  // the same, Hadoop 3
        ("No content found to deserialize", .badResponse),
        ("Token is expired", .invalidToken),  // SecretManager.InvalidToken
        ("can't be found in cache", .invalidToken),
    ]
}
