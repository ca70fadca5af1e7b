import EnvSyncModel
import Foundation
import Glibc
import ObjectStore

/// One thing that was examined.
public struct Diagnosis: Sendable, Hashable {
    /// How it went.
    public enum Verdict: String, Sendable {
        /// Fine.
        case good = "ok"
        /// Works, but not as well as it could.
        case warning = "warn"
        /// Does not work.
        case failure = "fail"
    }

    /// A stable word for what was examined.
    public let subject: String
    /// How it went.
    public let verdict: Verdict
    /// What was found.
    public let message: String
    /// What to do about it.
    public let suggestion: String?
}

extension Engine {
    /// Examines whether this workspace can reach its store and write there, and whether jobs can share what is there.
    ///
    /// A small file is written to the staging directory and removed again.
    ///
    /// - Parameter report: called with each finding as soon as it is known.
    public func doctor(_ found: @Sendable (Diagnosis) -> Void) async throws {
        let file = workspace.configurationFile
        found(
            Diagnosis(
                subject: "configuration", verdict: .good, message: "\(workspace.directory)/\(file)", suggestion: nil))
        if let problem = state.problem {
            found(
                Diagnosis(
                    subject: "state", verdict: .warning, message: problem,
                    suggestion: "make .envsync writable; nothing is lost without it, but files are read again each time"
                ))
        } else {
            found(Diagnosis(subject: "state", verdict: .good, message: state.path ?? "in memory", suggestion: nil))
        }
        diagnoseLock(found)
        let connection = try connect(concurrency: 4)
        for explanation in connection.explanations {
            found(Diagnosis(subject: "hadoop", verdict: .good, message: explanation, suggestion: nil))
        }
        for warning in connection.warnings {
            found(
                Diagnosis(
                    subject: "hadoop", verdict: .warning, message: warning, suggestion: "set store.spark-url explicitly"
                ))
        }
        guard await diagnoseReading(connection, found), await diagnoseWriting(connection, found) else { return }
        await diagnoseSharing(connection, found)
        diagnoseJobs(connection, try? await connection.store.ref(of: environment), found)
    }

    private func diagnoseLock(_ found: (Diagnosis) -> Void) {
        do {
            let lock = try workspace.lock()
            found(
                lock.map {
                    Diagnosis(
                        subject: "lock", verdict: .good,
                        message: "\($0.artifacts.count) artifacts, environment \($0.manifest.id.short)…",
                        suggestion: nil)
                }
                    ?? Diagnosis(
                        subject: "lock", verdict: .warning, message: "there is no lock yet", suggestion: "envsync lock")
            )
        } catch {
            let text = (error as? EnvSyncError)?.message ?? "\(error)"
            found(Diagnosis(subject: "lock", verdict: .failure, message: text, suggestion: "envsync lock"))
        }
    }

    private func failed(
        _ subject: String, _ doing: String, _ error: any Error, _ connection: StoreConnection
    ) -> Diagnosis {
        guard let error = error as? RemoteFileError else {
            return Diagnosis(subject: subject, verdict: .failure, message: "\(error)", suggestion: nil)
        }
        let explained = EnvSyncError(error, doing: doing, connection)
        return Diagnosis(
            subject: subject, verdict: .failure,
            message: explained.message + (explained.reason.map { ": \($0)" } ?? ""),
            suggestion: explained.suggestion)
    }

    private func diagnoseReading(_ connection: StoreConnection, _ found: (Diagnosis) -> Void) async -> Bool {
        let start = ContinuousClock.now
        do {
            _ = try await connection.store.fileSystem.status("/")
            let milliseconds = (ContinuousClock.now - start) / .milliseconds(1)
            let server = connection.servers.isEmpty ? "" : " at \(connection.servers.joined(separator: ", "))"
            found(
                Diagnosis(
                    subject: "store", verdict: .good,
                    message:
                        "\(connection.location) answers\(server) in \(Int(milliseconds.rounded())) ms, as user \"\(connection.user)\"",
                    suggestion: nil))
            return true
        } catch {
            found(failed("store", "reach the store", error, connection))
            return false
        }
    }

    private func diagnoseWriting(_ connection: StoreConnection, _ found: (Diagnosis) -> Void) async -> Bool {
        let session = PushSession(store: connection.store, id: PushID.make(), knownFileSystem: nil)
        do {
            let verification = try await session.rehearse()
            found(
                Diagnosis(
                    subject: "write", verdict: .good,
                    message: "a file was written, verified by \(verification.algorithm) and removed", suggestion: nil))
            return true
        } catch {
            found(failed("write", "write to the store", error, connection))
            return false
        }
    }

    private func diagnoseSharing(_ connection: StoreConnection, _ found: (Diagnosis) -> Void) async {
        let root = connection.store.layout.root
        do {
            var closed: [String] = []
            for directory in ObjectStore.ancestors(of: root + "/objects/x") {
                guard let status = try await connection.store.fileSystem.status(directory) else { continue }
                if status.permission & 0o001 == 0 {
                    closed.append("\(directory) (\(String(status.permission, radix: 8)))")
                }
            }
            if connection.location.scheme == .file {
                found(
                    Diagnosis(
                        subject: "sharing", verdict: closed.isEmpty ? .good : .warning,
                        message: closed.isEmpty
                            ? "other users of this machine can read the store"
                            : "other users of this machine can't pass \(closed.joined(separator: ", "))",
                        suggestion: closed.isEmpty ? nil : "chmod o+x, if they are to use it"))
            } else if closed.isEmpty {
                found(
                    Diagnosis(
                        subject: "sharing", verdict: .good,
                        message: "PUBLIC: YARN will download each object once per node, for all users", suggestion: nil)
                )
            } else {
                found(
                    Diagnosis(
                        subject: "sharing", verdict: .warning,
                        message:
                            "PRIVATE: others can't pass \(closed.joined(separator: ", ")), so YARN will download each object once per node and user",
                        suggestion: "chmod o+x there, or put the store elsewhere"))
            }
        } catch { found(failed("sharing", "look at the store's directories", error, connection)) }
    }

    private func diagnoseJobs(_ connection: StoreConnection, _ ref: EnvironmentRef??, _ found: (Diagnosis) -> Void) {
        if let base = connection.sparkBase(known: (ref ?? nil)?.fileSystem) {
            found(
                Diagnosis(subject: "spark-url", verdict: .good, message: "jobs get \(base)/objects/…", suggestion: nil))
        } else {
            found(
                Diagnosis(
                    subject: "spark-url", verdict: .failure,
                    message: "nothing says by which hdfs:// address jobs reach the store",
                    suggestion: "set store.spark-url, or HADOOP_CONF_DIR"))
        }
        let command = SparkSubmitCommand.find()
        found(
            command.map { Diagnosis(subject: "spark-submit", verdict: .good, message: $0, suggestion: nil) }
                ?? Diagnosis(
                    subject: "spark-submit", verdict: .warning,
                    message: "it is neither in SPARK_HOME/bin nor on the PATH",
                    suggestion: "only envsync submit needs it"))
    }
}

/// Where `spark-submit` is.
public enum SparkSubmitCommand {
    /// `$SPARK_HOME/bin/spark-submit`, or the first on the PATH; `nil` if there is none.
    public static func find(_ environment: [String: String] = ProcessInfo.processInfo.environment) -> String? {
        var candidates: [String] = []
        if let home = environment["SPARK_HOME"], !home.isEmpty { candidates.append(home + "/bin/spark-submit") }
        candidates += (environment["PATH"] ?? "").split(separator: ":").map { $0 + "/spark-submit" }
        return candidates.first { access($0, X_OK) == 0 }
    }
}
