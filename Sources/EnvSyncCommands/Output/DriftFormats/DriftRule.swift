import SyncEngine

/// What a kind of drift is, for people who meet its code in a report.
struct DriftRule: Sendable {
    /// What it means; a sentence.
    let summary: String
    /// What comes of it and what to do; sentences.
    let help: String

    private init(_ summary: String, _ help: String) {
        self.summary = summary
        self.help = help
    }

    /// What a report that could not be made says instead.
    static let notChecked = DriftRule(
        "The check could not do its work.",
        "Nothing is known about the drift, so this is a failure. Run envsync check or envsync doctor for details.")

    /// The code of ``notChecked``.
    static let notCheckedCode = "not-checked"

    static func of(_ code: DriftFinding.Code) -> DriftRule {
        switch code {
        case .staleLock:
            DriftRule(
                "The lock is older than its sources.",
                "A file or package is not in envsync.lock, or travels in another way. "
                    + "Run envsync lock, commit envsync.lock and run envsync push.")
        case .localChanged:
            DriftRule(
                "A local file has other bytes than the lock says.",
                "Jobs get the bytes of the lock, not those of the file. "
                    + "Run envsync lock, commit envsync.lock and run envsync push; or restore the file.")
        case .localMissing:
            DriftRule(
                "A local file that the lock lists is not there.",
                "It can not be sent again if the store loses it. "
                    + "Restore it; or check with --remote-only where the files are not kept.")
        case .environmentMissing:
            DriftRule(
                "A package of the lock is not installed in the local Python environment.",
                "What runs here is not what jobs run with. Install the package, or lock without it.")
        case .environmentExtra:
            DriftRule(
                "A package is installed in the local Python environment that the lock does not have.",
                "Code that imports it works here and fails on the cluster. Lock it, or uninstall it.")
        case .environmentVersion:
            DriftRule(
                "A package is installed in another version than the lock has.",
                "What runs here is not what jobs run with. Install the version of the lock, or lock the installed one.")
        case .environmentChanged:
            DriftRule(
                "An installed package's files are not those of its wheel.",
                "Somebody edited them, or an installation was broken off. Install the package again.")
        case .notPublished:
            DriftRule(
                "The environment was never published in this store.",
                "Jobs can not use it. Run envsync push.")
        case .generationDiffers:
            DriftRule(
                "The newest published generation is not the lock's environment.",
                "Jobs get what was published. Run envsync push, or take over the lock that was published.")
        case .superseded:
            DriftRule(
                "Somebody else has published since this workspace did.",
                "Jobs get what they published. Take over their lock, or run envsync push to publish this one again.")
        case .publicationDamaged:
            DriftRule(
                "The ref or the manifest of the newest generation can not be read.",
                "Nobody can tell what is published. Run envsync push --repair.")
        case .mappingDiffers:
            DriftRule(
                "The local state says other things of an object than the store.",
                "A push would rely on what is no longer so. Run envsync push --repair.")
        case .objectMissing:
            DriftRule(
                "An object that the environment needs is not in the store.",
                "Jobs fail when they fetch it. Run envsync push --repair where the local files are.")
        case .objectSize:
            DriftRule(
                "An object in the store has another size than its name says.",
                "Jobs fail, or run with damaged files. Run envsync push --repair where the local files are.")
        case .objectContent:
            DriftRule(
                "An object in the store holds other bytes than its name says.",
                "Jobs run with damaged files. Run envsync push --repair where the local files are.")
        case .objectMode:
            DriftRule(
                "The mode of an object or of a directory above it keeps other users' jobs from sharing it.",
                "Their jobs fail, or copy it once for each user. Run envsync push --repair as its owner.")
        case .argumentsOutdated:
            DriftRule(
                "Arguments were emitted for an older generation.",
                "A job that was started with them runs with older packages. Emit them again with envsync args.")
        }
    }
}
