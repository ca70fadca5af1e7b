import EnvSyncModel
import Foundation
import Glibc

/// The directory that holds `envsync.toml`, with its configuration.
public struct Workspace: Sendable {
    /// The lock's file name.
    public static let lockFileName = "envsync.lock"

    /// The absolute path of the directory, without a trailing slash.
    public let directory: String
    /// The name of the file that was read: `envsync.toml` or `pyproject.toml`.
    public let configurationFile: String
    /// What it says.
    public let configuration: WorkspaceConfiguration

    /// Reads the configuration of a workspace.
    ///
    /// - Parameter directory: absolute, or relative to the current directory.
    /// - Throws: ``EnvSyncError``.
    public static func load(directory: String) throws -> Workspace {
        let absolute = absolutePath(directory)
        let (configuration, file) = try ConfigurationReader.read(directory: absolute)
        return Workspace(
            directory: absolute, configurationFile: file.split(separator: "/").last.map(String.init) ?? file,
            configuration: configuration)
    }

    /// Makes a path absolute and removes a trailing slash; symlinks are left as they are.
    public static func absolutePath(_ path: String) -> String {
        let base = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
        var parts: [Substring] = []
        for part in base.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }

    /// The directory of local state.
    public var stateDirectory: String { directory + "/.envsync" }
    /// The path of the lock.
    public var lockPath: String { directory + "/" + Workspace.lockFileName }

    /// The local path that a configured path means.
    public func resolve(_ path: String) -> String { path.hasPrefix("/") ? path : directory + "/" + path }

    /// Where the store is; the embedded store if none is configured.
    public var storeLocation: StoreLocation {
        configuration.store.location
            ?? StoreLocation(scheme: .file, authority: "", path: stateDirectory + "/store")
    }

    /// Reads `envsync.lock`; `nil` if there is none.
    ///
    /// - Throws: ``EnvSyncError``.
    public func lock() throws -> Lock? {
        let bytes: [UInt8]
        do {
            guard let read = try LocalFile.readAll(lockPath, limit: 256 << 20) else { return nil }
            bytes = read
        } catch {
            throw EnvSyncError(.lock, "cannot read \(Workspace.lockFileName): \(error.reason)")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw EnvSyncError(
                .lock, "\(Workspace.lockFileName) is not UTF-8 text", suggestion: "envsync lock, or git checkout of it")
        }
        do {
            let lock = try Lock(parsing: text)
            guard lock.environment == configuration.environment else {
                throw EnvSyncError(
                    .staleLock,
                    "\(Workspace.lockFileName) is of the environment \"\(lock.environment)\", but \(configurationFile) "
                        + "names \"\(configuration.environment)\"",
                    suggestion: "envsync lock")
            }
            return lock
        } catch let error as LockFormatError {
            throw EnvSyncError(
                .lock, "\(Workspace.lockFileName):\(error.line): \(error.message)",
                suggestion: "envsync lock writes it anew")
        }
    }

    /// Reads `envsync.lock`.
    ///
    /// - Throws: ``EnvSyncError`` also if there is none.
    public func requiredLock() throws -> Lock {
        guard let lock = try lock() else {
            throw EnvSyncError(
                .lock, "there is no \(Workspace.lockFileName) in \(directory)", suggestion: "envsync lock")
        }
        return lock
    }
}
