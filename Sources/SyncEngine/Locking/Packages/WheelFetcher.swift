import EnvSyncModel
import Foundation
import Glibc
import PythonPackaging

/// Gets wheels that are nowhere on this machine with the user's own tool, which knows the user's indexes and credentials.
struct WheelFetcher: Sendable {
    let workspace: Workspace
    let request: LockfileRequest
    let report: EventSink

    /// Fetches into the directory of fetched wheels. What arrives is looked at like any other file afterwards.
    ///
    /// - Throws: ``EnvSyncError`` if the tool can't be run or fails.
    func fetch(_ missing: [WheelFinder.Missing]) async throws {
        let directory = WheelFinder.directory(workspace)
        removeLeftovers(in: directory)
        let temporary = "\(directory)/.fetching-\(getpid())"
        do {
            try FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: true)
        } catch {
            throw EnvSyncError(.artifact, "cannot make \(temporary): \(error.localizedDescription)")
        }
        defer { try? FileManager.default.removeItem(atPath: temporary) }
        let requirements = "\(temporary)/requirements.txt"
        let lines = try missing.map(requirement).sorted()
        do { try LocalFile.replace(requirements, with: Array((lines.joined(separator: "\n") + "\n").utf8)) } catch {
            throw EnvSyncError(.artifact, "cannot write \(requirements): \(error.reason)")
        }
        let command = try tool() + arguments(missing, requirements: requirements, into: temporary)
        let names = missing.map { $0.wanted?.fileName ?? LockfileRequest.label($0.choice) }.sorted()
        report(.fetching(wheels: names, command: command))
        let environment = workspace.configuration.lockfile?.fetcher == .uv ? Self.environmentLikeUV : nil
        let ending = try await ToolProcess(command: command, environment: environment).run()
        guard ending.status == 0 else {
            throw EnvSyncError(
                .artifact, "\(command[0]) could not get \(names.count == 1 ? names[0] : "\(names.count) wheels")",
                reason: "it ended with \(ending.description); its own words are above",
                suggestion: Self.advice(missing), consequence: "nothing was changed")
        }
        for name in (try? FileManager.default.contentsOfDirectory(atPath: temporary)) ?? []
        where name.hasSuffix(".whl") {
            // Another envsync may be reading the same wheel there.
            if Self.isSame("\(temporary)/\(name)", "\(directory)/\(name)") { continue }
            guard rename("\(temporary)/\(name)", "\(directory)/\(name)") == 0 else {
                throw EnvSyncError(
                    .artifact,
                    "cannot move \(QuotedText.visible(name)) to \(directory): \(String(cString: strerror(errno)))")
            }
        }
    }

    private static func isSame(_ one: String, _ other: String) -> Bool {
        guard access(other, F_OK) == 0, let left = try? LocalFile(opening: one).digests(),
            let right = try? LocalFile(opening: other).digests()
        else { return false }
        return left.sha256 == right.sha256
    }

    /// Removes what killed processes left.
    private func removeLeftovers(in directory: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        where name.hasPrefix(".fetching-") {
            guard let id = pid_t(name.dropFirst(10)), kill(id, 0) != 0, errno == ESRCH else { continue }
            try? FileManager.default.removeItem(atPath: "\(directory)/\(name)")
        }
    }

    private static func advice(_ missing: [WheelFinder.Missing]) -> String {
        let general =
            "mend what it complains about, or put the wheels into a directory and name that in environment.wheelhouse"
        guard missing.contains(where: { $0.wanted == nil }) else { return general }
        return general
            + "; of what has no wheel at all, build one (pip wheel --no-deps NAME==VERSION -w wheelhouse) and add "
            + "its hash (pip hash FILE) to the lockfile"
    }

    /// One line of a requirements file. Names and versions were checked when the lockfile was read; checked here again,
    /// because what else a line says, pip obeys.
    private func requirement(_ missing: WheelFinder.Missing) throws(EnvSyncError) -> String {
        let package = missing.choice.package
        guard let version = package.version, PythonNames.isValidProjectName(package.name),
            PythonVersion.isPlausible(version)
        else {
            throw EnvSyncError(
                .artifact,
                "\(QuotedText.visible(request.name)): \(QuotedText.visible(package.name)) has no valid version")
        }
        let hashes = missing.hashes.filter { ContentDigest(hex: $0) != nil }.map { " --hash=sha256:\($0)" }.joined()
        if package.source == .direct, let url = missing.wanted?.url,
            url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), url.hasPrefix("https://") || url.hasPrefix("http://")
        {
            return "\(package.name) @ \(url)\(hashes)"
        }
        return "\(package.name)==\(version)\(hashes)"
    }

    private func arguments(_ missing: [WheelFinder.Missing], requirements: String, into directory: String) -> [String] {
        var platforms: [String] = []
        if missing.contains(where: { $0.wanted == nil }) {
            platforms = request.target.platformTags
        } else {
            // pip takes a platform literally: the tags of the wheels themselves, so that it finds just these.
            for wheel in missing.compactMap(\.wanted) {
                for tag in WheelFileName(wheel.fileName)?.tags ?? [] {
                    let platform = String(tag.split(separator: "-").last ?? "any")
                    if platform != "any", !platforms.contains(platform) { platforms.append(platform) }
                }
            }
            if platforms.isEmpty { platforms = [request.target.platform] }
        }
        return [
            "download", "--disable-pip-version-check", "--no-input", "--require-hashes", "--no-deps",
            "--only-binary", ":all:", "--python-version", request.target.python,
            "--implementation", request.target.implementation,
        ] + platforms.flatMap { ["--platform", $0] } + ["--dest", directory, "--requirement", requirements]
    }

    private func tool() throws(EnvSyncError) -> [String] {
        switch workspace.configuration.lockfile?.fetcher ?? .pip {
        case .pip:
            for name in ["pip", "pip3"] where Self.find(name) != nil { return [name] }
            if Self.find("python3") != nil { return ["python3", "-m", "pip"] }
            throw EnvSyncError(
                .artifact, "there is no pip on PATH to get missing wheels with",
                suggestion: "install pip, or set environment.fetch = \"uv\", or put the wheels into a wheelhouse")
        case .uv:
            guard Self.find("uv") != nil else {
                throw EnvSyncError(
                    .artifact, "environment.fetch is \"uv\", but there is no uv on PATH",
                    suggestion: "install uv, or set environment.fetch = \"pip\"")
            }
            return ["uv", "tool", "run", "pip"]
        }
    }

    /// Our own environment; where its variables tell uv of indexes and pip of none, pip is told the same.
    private static var environmentLikeUV: [String: String] {
        var all = ProcessInfo.processInfo.environment
        let equivalents = [
            ("PIP_INDEX_URL", ["UV_DEFAULT_INDEX", "UV_INDEX_URL"]),
            ("PIP_EXTRA_INDEX_URL", ["UV_INDEX", "UV_EXTRA_INDEX_URL"]), ("PIP_FIND_LINKS", ["UV_FIND_LINKS"]),
        ]
        for (pip, names) in equivalents where all[pip] == nil {
            let value = names.lazy.compactMap { all[$0] }.first { !$0.isEmpty }
            // uv takes NAME=URL as well, and commas between directories.
            let words = value?.split(whereSeparator: { " ,".contains($0) }).map { word in
                String(word.prefix { $0 != "/" }.firstIndex(of: "=").map { word[word.index(after: $0)...] } ?? word)
            }
            if let words { all[pip] = words.joined(separator: " ") }
        }
        return all
    }

    private static func find(_ program: String) -> String? {
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(program)" }
            .first { access($0, X_OK) == 0 }
    }
}
