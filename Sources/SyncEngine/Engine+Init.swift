import EnvSyncModel
import Glibc

extension Workspace {
    /// Writes a commented `envsync.toml`.
    ///
    /// - Returns: its path.
    /// - Throws: ``EnvSyncError`` if there is one already: nothing is overwritten.
    public static func create(directory: String, environmentName: String?) throws -> String {
        let absolute = absolutePath(directory)
        let path = absolute + "/envsync.toml"
        let name =
            environmentName ?? LeafName.sanitized(absolute.split(separator: "/").last.map(String.init) ?? "default")
        let environment: EnvironmentName
        do { environment = try EnvironmentName(name) } catch {
            throw EnvSyncError(.configuration, error.description, suggestion: "envsync init --name NAME")
        }
        // O_EXCL: two of us, or an editor, can't overwrite each other.
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else {
            let code = errno
            if code == EEXIST {
                throw EnvSyncError(
                    .configuration, "\(path) is there already", suggestion: "edit it, or remove it first",
                    consequence: "nothing was changed")
            }
            throw EnvSyncError(.configuration, "cannot write \(path)", reason: String(cString: strerror(code)))
        }
        defer { close(descriptor) }
        let bytes = Array(ConfigurationTemplate.text(environmentName: environment).utf8)
        guard write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0 else {
            let reason = String(cString: strerror(errno))
            unlink(path)
            throw EnvSyncError(.configuration, "cannot write \(path)", reason: reason)
        }
        return path
    }
}
