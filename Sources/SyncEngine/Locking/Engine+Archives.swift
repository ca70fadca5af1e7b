import EnvSyncModel
import Glibc
import SyncState

extension Engine {
    /// Runs the commands of the archives that are missing, or whose inputs changed since they were made.
    ///
    /// - Throws: ``EnvSyncError`` if a command fails: then the archive is what it was before. `CancellationError`.
    func makeArchives() async throws {
        let archives = MadeArchive.all(of: workspace)
        guard try await hasWork(archives) else { return }
        let role = "lock"
        let lock = try await WorkspaceLock.take("archive.lock", in: workspace.stateDirectory, as: .init(role: role)) {
            report(.waiting(for: $0?.description ?? "another envsync"))
        }
        defer { withExtendedLifetime(lock) {} }
        await Self.endOrphan(lock?.predecessor)
        for archive in archives {
            restoreFormer(of: archive)
            // Somebody else may have made it meanwhile.
            guard try await needsMaking(archive) else { continue }
            try await make(archive) { process in
                var holder = WorkspaceLock.Holder(role: role)
                holder.child = ProcessIdentity(running: process)
                lock?.note(holder)
            }
        }
    }

    /// Whether anything is to be done; most of the time nothing is, and then nobody is waited for.
    private func hasWork(_ archives: [MadeArchive]) async throws -> Bool {
        for archive in archives {
            if Self.isThere(MadeArchive.aside(of: archive.path)) { return true }
            if try await needsMaking(archive) { return true }
        }
        return false
    }

    private func needsMaking(_ archive: MadeArchive) async throws -> Bool {
        let record = (try? state.fingerprint(archive.key)) ?? nil
        let standing = try await OffPool.run { _ in archive.standing(record) }
        switch standing {
        case .missing, .stale: return true
        case .current: return false
        case .presumed:
            let inputs = try await OffPool.run { _ in ArchiveInputs(archive.archive, archive.workspace) }
            if let record = archive.record(inputs) { remember { try $0.save(fingerprints: [record]) } }
            return false
        }
    }

    /// Runs the command, and once more if the inputs changed meanwhile.
    private func make(_ made: MadeArchive, _ started: @escaping @Sendable (pid_t) -> Void) async throws {
        var inputs = try await OffPool.run { _ in ArchiveInputs(made.archive, made.workspace) }
        for attempt in 1... {
            report(.packing(archive: made.archive.path, command: made.archive.command))
            try await runCommand(of: made, started)
            let before = inputs
            inputs = try await OffPool.run { _ in ArchiveInputs(made.archive, made.workspace) }
            if inputs == before { break }
            if attempt == 2 {
                let name = QuotedText.visible(made.archive.path)
                report(
                    .warning(
                        "the inputs of \(name) change whenever it is made; its command seems to write to them, which "
                            + "can't be told from other changes"))
                break
            }
        }
        if let record = made.record(inputs) { remember { try $0.save(fingerprints: [record]) } }
    }

    private func runCommand(of made: MadeArchive, _ started: @escaping @Sendable (pid_t) -> Void) async throws {
        let path = made.path
        let former = MadeArchive.aside(of: made.path)
        let name = QuotedText.visible(made.archive.path)
        // Many packers refuse to overwrite; and whoever reads the old one at this moment keeps it.
        let hadFormer = Self.isThere(path)
        if hadFormer, rename(path, former) != 0 {
            throw EnvSyncError(
                .artifact, "cannot move \(name) out of the way of its command",
                reason: String(cString: strerror(errno)),
                consequence: "nothing was changed")
        }
        func restore() {
            guard hadFormer else {
                unlink(path)
                return
            }
            rename(former, path)
        }
        do {
            let tool = ToolProcess(
                command: made.archive.command, directory: workspace.directory, keepsLastWords: true)
            let ending = try await tool.run(started)
            guard ending.status == 0 else {
                throw EnvSyncError(
                    .artifact, "the command of \(name) failed with \(ending.description)",
                    reason: ending.lastWords.isEmpty ? "it said nothing" : ending.lastWords,
                    suggestion: "mend what it complains about, or correct `command` in \(workspace.configurationFile)",
                    consequence: "nothing was changed")
            }
            do { _ = try LocalFile.fingerprint(path) } catch {
                throw EnvSyncError(
                    .artifact, "the command of \(name) ended well, but left no such file", reason: error.reason,
                    suggestion: "make it write to \(name), as `path` says; it runs in \(workspace.directory)",
                    consequence: "nothing was changed")
            }
        } catch {
            restore()
            throw error
        }
        unlink(former)
    }

    /// Puts the former archive back that a killed envsync had moved aside: what is in its place may be half written.
    private func restoreFormer(of archive: MadeArchive) {
        let former = MadeArchive.aside(of: archive.path)
        if Self.isThere(former) { rename(former, archive.path) }
    }

    /// Whether a name is taken, be it by a symbolic link that leads to nothing.
    private static func isThere(_ path: String) -> Bool {
        var info = stat()
        return lstat(path, &info) == 0
    }

    /// Ends the command that a killed envsync left behind: it would write where the next one does.
    private static func endOrphan(_ holder: WorkspaceLock.Holder?) async {
        guard let holder, holder.host == ProcessIdentity.hostName, let child = holder.child, child.start != 0,
            child.isRunning
        else { return }
        kill(-child.id, SIGKILL)
        for _ in 0..<100 where child.isRunning { try? await Task.sleep(for: .milliseconds(20)) }
    }
}
