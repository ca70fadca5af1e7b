import EnvSyncModel
import Foundation
import Glibc
import PythonPackaging
import SparkSubmission
import SyncState

/// Finds the wheels that a lockfile asks for on this machine: in wheelhouses, among those fetched before, and in the
/// caches of pip and uv. A wheel is taken for its SHA-256 only.
struct WheelFinder: Sendable {
    /// A wheel that is nowhere on this machine.
    struct Missing: Sendable {
        let choice: PackageSelection.Choice
        /// A wheel of the same name and version, whose hash the lockfile doesn't have.
        var other: LocalArtifact?

        var wanted: LockedWheel? { choice.wheels.first }
        /// The SHA-256 digests of which one will do, hexadecimal.
        var hashes: [String] { wanted.map { [$0.sha256 ?? ""] } ?? choice.package.hashes }
    }

    struct Outcome: Sendable {
        var wheels: [LocalArtifact] = []
        var problems: [LocalProblem] = []
        var missing: [Missing] = []
        /// Packages of which the lockfile has no wheel, and nobody has built one.
        var unbuilt: [PackageSelection.Choice] = []
    }

    let workspace: Workspace
    let request: LockfileRequest
    let reader: LocalReader

    /// Where fetched wheels are kept.
    static func directory(_ workspace: Workspace) -> String { workspace.stateDirectory + "/wheels" }

    /// Finds what it can.
    ///
    /// - Parameter usesCaches: whether the caches of pip and uv are searched, which reads each file of them once.
    func find(_ choices: [PackageSelection.Choice], usesCaches: Bool) async throws -> Outcome {
        var outcome = Outcome()
        let index = directoryIndex()
        let candidates = choices.map { self.candidates(for: $0, index) }
        let results = try await reader.read(candidates.flatMap(\.self))
        var next = 0
        var absent: [PackageSelection.Choice] = []
        var others: [String: LocalArtifact] = [:]
        for (choice, items) in zip(choices, candidates) {
            let found = results[next..<(next + items.count)]
            next += items.count
            let readable = found.compactMap { try? $0.get() }
            if let wheel = readable.first(where: { accepts($0, for: choice) }) {
                outcome.wheels.append(choice.wheels.first.map { wheel.renamed($0.fileName) } ?? wheel)
            } else if let problem = problem(zip(items, found), choice) {
                outcome.problems.append(problem)
            } else {
                others[choice.package.name] = readable.first
                absent.append(choice)
            }
        }
        let misfits = try await misfits(absent, index)
        outcome.problems += misfits.values.sorted { $0.path < $1.path }
        absent.removeAll { misfits[$0.package.name] != nil }
        let cached = try await fromCaches(absent, scans: usesCaches)
        outcome.wheels += cached.wheels
        for choice in absent where !cached.found.contains(choice.package.name) {
            if choice.acceptsLocalBuild, choice.wheels.isEmpty, choice.package.hashes.isEmpty {
                outcome.unbuilt.append(choice)
            } else {
                outcome.missing.append(Missing(choice: choice, other: others[choice.package.name]))
            }
        }
        return outcome
    }

    // MARK: - Directories

    /// The wheels in the search directories, by normalized project name.
    private func directoryIndex() -> [String: [String]] {
        let directories =
            workspace.configuration.wheelhouses.map { Workspace.absolutePath(workspace.resolve($0)) }
            + [Self.directory(workspace)]
        var index: [String: [String]] = [:]
        for directory in directories {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
            for name in names.sorted() {
                guard let parsed = WheelFileName(name) else { continue }
                index[PythonNames.normalize(parsed.distribution), default: []].append("\(directory)/\(name)")
            }
        }
        return index
    }

    /// The files that may be what a choice asks for, best first.
    private func candidates(for choice: PackageSelection.Choice, _ index: [String: [String]]) -> [LocalItem] {
        var paths: [String] = []
        if let wanted = choice.wheels.first {
            if let path = wanted.path {
                let resolved = path.hasPrefix("/") ? path : request.directory + "/" + path
                paths.append(Workspace.absolutePath(resolved))
            }
            // Mirrors and build tools spell file names in their own ways; the SHA-256 decides.
            let version = WheelFileName(wanted.fileName).map { PythonVersion($0.version) }
            let sameVersion = (index[choice.package.name] ?? []).filter { path in
                guard let name = path.split(separator: "/").last.flatMap({ WheelFileName(String($0)) }) else {
                    return false
                }
                return version.map { $0 == PythonVersion(name.version) } ?? true
            }
            paths += sameVersion.filter { $0.hasSuffix("/" + wanted.fileName) }
            paths += sameVersion.filter { !$0.hasSuffix("/" + wanted.fileName) }
        } else {
            let version = choice.package.version.map { PythonVersion($0) }
            paths = (index[choice.package.name] ?? []).compactMap { path -> (Int, String)? in
                guard let name = path.split(separator: "/").last.flatMap({ WheelFileName(String($0)) }),
                    version.map({ $0 == PythonVersion(name.version) }) ?? true,
                    let rank = request.target.rank(ofTags: name.tags)
                else { return nil }
                return (rank, path)
            }
            .sorted { $0 < $1 }.map(\.1)
        }
        return paths.filter { access($0, F_OK) == 0 }.map { path in
            item(at: path, named: path.split(separator: "/").last.map(String.init) ?? path)
        }
    }

    /// Wheels that have a hash which a lockfile without file names lists, but are not for the target, by project.
    private func misfits(
        _ choices: [PackageSelection.Choice], _ index: [String: [String]]
    ) async throws -> [String: LocalProblem] {
        var problems: [String: LocalProblem] = [:]
        for choice in choices where choice.wheels.isEmpty && !choice.package.hashes.isEmpty {
            let items = (index[choice.package.name] ?? []).compactMap { path -> LocalItem? in
                let leaf = path.split(separator: "/").last.map(String.init) ?? path
                guard let name = WheelFileName(leaf), request.target.rank(ofTags: [name.compressedTags]) == nil else {
                    return nil
                }
                return item(at: path, named: leaf)
            }
            for case .success(let wheel) in try await reader.read(items) where accepts(wheel, for: choice) {
                let reason = request.target.mismatch(ofTags: wheel.inspection.tags) ?? "its tags don't match"
                problems[choice.package.name] = LocalProblem(
                    kind: .unusable, origin: LockfileRequest.origin(of: choice), path: wheel.fileName,
                    message: "it can't be installed on the target, Python \(request.target.python) on "
                        + "\(request.target.platform): \(reason)",
                    suggestion: "remove it, so that a wheel for the target can be had, or correct environment.target")
            }
        }
        return problems
    }

    private func item(at path: String, named name: String) -> LocalItem {
        LocalItem(role: .locked, path: path, origin: ArtifactOrigin(section: .lockfile, path: name), jobs: [])
    }

    private func accepts(_ wheel: LocalArtifact, for choice: PackageSelection.Choice) -> Bool {
        guard wheel.inspection.kind == .wheel else { return false }
        let digest = wheel.digest.hex
        if let wanted = choice.wheels.first { return wanted.sha256 == digest }
        return choice.acceptsLocalBuild || choice.package.hashes.contains(digest)
    }

    /// Why none of the files that are called what a lockfile asks for will do. What envsync fetched itself and was damaged
    /// since is no problem: it is fetched again.
    private func problem(
        _ found: some Sequence<(LocalItem, Result<LocalArtifact, LocalProblem>)>, _ choice: PackageSelection.Choice
    ) -> LocalProblem? {
        let own = Self.directory(workspace) + "/"
        for (item, result) in found where !item.path.hasPrefix(own) {
            let isCalledSo =
                choice.wheels.first.map { item.path.hasSuffix("/" + $0.fileName) || $0.path != nil } ?? true
            switch result {
            case .success(let wheel):
                guard isCalledSo, !choice.wheels.isEmpty else { continue }
                return wrongHash(wheel, choice)
            case .failure(let problem):
                guard isCalledSo else { continue }
                return LocalProblem(
                    kind: problem.kind, origin: problem.origin, path: problem.path,
                    message: "\(QuotedText.visible(item.path)): \(problem.message)", suggestion: problem.suggestion)
            }
        }
        return nil
    }

    private func wrongHash(_ wheel: LocalArtifact, _ choice: PackageSelection.Choice) -> LocalProblem {
        let wanted = choice.wheels.first?.sha256 ?? choice.package.hashes.first ?? ""
        return LocalProblem(
            kind: .unusable, origin: LockfileRequest.origin(of: choice), path: wheel.item.origin.path,
            message: "\(QuotedText.visible(wheel.item.path)) has the SHA-256 \(wheel.digest.hex), but "
                + "\(QuotedText.visible(request.name)) says \(wanted)",
            suggestion: "remove that file, or lock again if you meant to change it")
    }

    func needsBuild(_ choice: PackageSelection.Choice) -> LocalProblem {
        let package = choice.package
        var pin = package.version.map { "\(package.name)==\($0)" } ?? package.name
        var source = "has only a source distribution of it"
        if package.source != .registry, let location = package.location {
            // Whoever has the name on an index need not be the one that was locked.
            pin = package.source == .directory && !location.contains("/") ? "./" + location : location
            source = "takes it from \(QuotedText.visible(location))"
        }
        let other = package.source == .directory ? "ship its code as a [[source]], or " : ""
        let wheelhouse = workspace.configuration.wheelhouses.first ?? "wheelhouse"
        let isListed = !workspace.configuration.wheelhouses.isEmpty
        return LocalProblem(
            kind: .unusable, origin: LockfileRequest.origin(of: choice), path: LockfileRequest.label(choice),
            message:
                "\(QuotedText.visible(request.name)) \(source), which workers can't install",
            suggestion: other + "build a wheel for \(workspace.configuration.target?.description ?? "the target"): "
                + ShellLine(["pip", "wheel", "--no-deps", pin, "-w", wheelhouse]).quoted
                + (isListed ? "" : ", and set environment.wheelhouse = [\"\(wheelhouse)\"]"))
    }

    // MARK: - Caches

    private func fromCaches(
        _ choices: [PackageSelection.Choice], scans: Bool
    ) async throws -> (wheels: [LocalArtifact], found: Set<String>) {
        var wanted: [ContentDigest: PackageSelection.Choice] = [:]
        for choice in choices {
            for hash in Missing(choice: choice).hashes {
                if let digest = ContentDigest(hex: hash) { wanted[digest] = choice }
            }
        }
        guard !wanted.isEmpty else { return ([], []) }
        var places = reader.files(with: Set(wanted.keys), prefix: "py-file:")
        var left = Set(wanted.keys).subtracting(places.map(\.digest))
        if scans, !left.isEmpty {
            let scan = ToolCaches(environment: ProcessInfo.processInfo.environment)
            let sizes = Set(choices.compactMap { $0.wheels.first?.size })
            let allHaveSizes = choices.allSatisfy { $0.wheels.first?.size != nil }
            for candidate in scan.candidates(ofSizes: allHaveSizes ? sizes : nil) where !left.isEmpty {
                guard let digest = try await OffPool.run({ try candidate.digest($0) }), left.remove(digest) != nil
                else { continue }
                guard candidate.isWrapped else {
                    places.append((candidate.path, digest))
                    continue
                }
                if let path = try await takeOut(candidate, digest, wanted[digest]) { places.append((path, digest)) }
            }
        }
        var items: [LocalItem] = []
        var seen = Set<ContentDigest>()
        for (path, digest) in places where seen.insert(digest).inserted {
            guard let choice = wanted[digest] else { continue }
            let leaf = path.split(separator: "/").last.map(String.init) ?? path
            let name = choice.wheels.first?.fileName ?? (leaf.hasSuffix(".whl") ? leaf : LockfileRequest.label(choice))
            items.append(item(at: path, named: name))
        }
        var wheels: [String: LocalArtifact] = [:]
        for case .success(let wheel) in try await reader.read(items) {
            guard let choice = wanted[wheel.digest], accepts(wheel, for: choice),
                request.target.rank(ofTags: wheel.inspection.tags) != nil
            else { continue }
            let named = wheel.fileName.hasSuffix(".whl") ? wheel : wheel.renamed(wheel.wheelFileName)
            wheels[choice.package.name] = wheels[choice.package.name] ?? named
        }
        return (wheels.values.sorted { $0.inspection.name < $1.inspection.name }, Set(wheels.keys))
    }
}

extension WheelFinder {
    /// Puts a wheel that a cache keeps inside another file among the fetched ones.
    private func takeOut(
        _ candidate: ToolCaches.Candidate, _ digest: ContentDigest, _ choice: PackageSelection.Choice?
    ) async throws -> String? {
        let directory = Self.directory(workspace)
        try? FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let temporary = "\(directory)/.from-cache-\(getpid())-\(digest.short)"
        guard try await OffPool.run({ try candidate.extract(to: temporary, $0) }) else { return nil }
        let name = choice?.wheels.first?.fileName ?? (try? Wheel.inspect(path: temporary))?.fileName
        // Names of lockfiles were checked; anything else isn't one of a wheel.
        guard let name, WheelFileName(name) != nil else {
            unlink(temporary)
            return nil
        }
        let path = "\(directory)/\(name)"
        guard rename(temporary, path) == 0 else {
            unlink(temporary)
            return nil
        }
        return path
    }
}

extension LocalArtifact {
    /// The artifact under another name for the lock.
    func renamed(_ name: String) -> LocalArtifact {
        let item = LocalItem(
            role: item.role, path: item.path, origin: ArtifactOrigin(section: item.origin.section, path: name),
            jobs: item.jobs)
        return LocalArtifact(item: item, digest: digest, inspection: inspection)
    }

    fileprivate var wheelFileName: String {
        WheelName.made(name: inspection.name, version: inspection.version ?? "0", tags: inspection.tags)
    }
}

extension Wheel {
    fileprivate var fileName: String { WheelName.made(name: normalizedName, version: version, tags: tags) }
}

/// File names of wheels.
private enum WheelName {
    /// The name that a wheel must have by what is in it (binary distribution format, "File name convention").
    static func made(name: String, version: String, tags: [String]) -> String {
        let parts = tags.map { $0.split(separator: "-").map(String.init) }.filter { $0.count == 3 }
        func joined(_ index: Int) -> String {
            var seen = Set<String>()
            return parts.map { $0[index] }.filter { seen.insert($0).inserted }.joined(separator: ".")
        }
        return "\(name.replacing("-", with: "_"))-\(version)-\(joined(0))-\(joined(1))-\(joined(2)).whl"
    }
}
