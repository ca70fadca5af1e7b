/// Reads lockfiles of all formats.
public enum LockfileReader {
    /// Larger files are refused.
    public static let maximumSize = 64 << 20

    /// The format of a file by its name or, for a name that tells nothing, by its content; `nil` if it is none of them.
    ///
    /// - Parameter fileName: the last component of the path.
    public static func format(fileName: String, content: [UInt8]) -> LockfileFormat? {
        LockfileRecognition.byName(fileName) ?? LockfileRecognition.byContent(content)
    }

    /// Reads a lockfile.
    ///
    /// - Parameters:
    ///   - fileName: the last component of its path; says the format where it can.
    ///   - companion: reads a file of the lockfile's directory by its name, for formats that leave something to another
    ///     file, as `poetry.lock` does to `pyproject.toml`; `nil` if there is none. It is called for plain names only.
    /// - Throws: ``LockfileError``, also for a format version that is not known.
    public static func read(
        _ content: [UInt8], fileName: String, companion: (String) -> [UInt8]? = { _ in nil }
    ) throws(LockfileError) -> PythonLockfile {
        let text = try LockfileText.decode(content)
        guard let format = format(fileName: fileName, content: content) else {
            throw LockfileError(
                "is no lockfile that envsync knows: pylock.toml, requirements.txt with hashes, uv.lock, poetry.lock, "
                    + "Pipfile.lock, pdm.lock, conda-lock.yml, environment.yml")
        }
        switch format {
        case .pylock: return try PylockReader.read(text)
        case .requirements: return try RequirementsReader.read(text, fileName: fileName, companion: companion)
        case .uv: return try UVLockReader.read(text)
        case .poetry: return try PoetryReader.read(text, companion: companion)
        case .pipfile: return try PipfileReader.read(text)
        case .pdm: return try PDMLockReader.read(text)
        case .condaLock: return try CondaLockReader.read(text)
        case .condaEnvironment: return try CondaEnvironmentReader.read(text)
        }
    }
}
