/// How an existing destination of a rename is treated.
public enum RenameMode: Sendable, Hashable {
    /// The rename without options: fails if a file is at the destination, and moves the source *into* a directory
    /// that is there (FSDirRenameOp).
    case plain
    /// `renameoptions=NONE`: fails if anything is at the destination.
    case noReplace
    /// `renameoptions=OVERWRITE`: replaces a file or an empty directory at the destination atomically.
    case replace

    /// The value of the `renameoptions` parameter (RenameOptionSetParam; undocumented, in 2.7 to 3.4).
    var options: String? {
        switch self {
        case .plain: nil
        case .noReplace: "NONE"
        case .replace: "OVERWRITE"
        }
    }
}

/// What looking at both ends tells about a rename whose reply was lost or is no answer.
enum RenameOutcome: Equatable, Sendable {
    /// It was done.
    case done
    /// It was not done and can be tried again.
    case notDone
    /// It was not done and trying again would fail in this way.
    case failed(WebHDFSError.Code)
    /// The ends don't tell.
    case unknown

    /// Judges by what is at both ends now.
    ///
    /// - Parameter expected: the source's status from before, if the caller has it. The inode number stays with a file
    ///   that is renamed; HttpFS does not tell it, so then kind and length must do.
    static func judge(
        source: FileStatus?, destination: FileStatus?, expected: FileStatus?, mode: RenameMode
    ) -> RenameOutcome {
        switch (source, destination) {
        case (nil, nil): return .failed(.notFound)
        case (nil, let destination?):
            guard let expected else { return .done }
            if let id = expected.fileId, let found = destination.fileId { return id == found ? .done : .unknown }
            return expected.kind == destination.kind && expected.length == destination.length ? .done : .unknown
        case (_?, nil): return .notDone
        case (_?, _?): return mode == .replace ? .notDone : .failed(.alreadyExists)
        }
    }
}
