import Crypto
import Foundation
import ReproducibleArchive

/// What is kept of earlier packings of an environment. Nothing in it is needed: without it all is read again.
struct PackMemory {
    private let directory: String?
    private let prefix: String

    /// - Parameter prefix: without symbolic links.
    init(_ packer: EnvironmentPacker, prefix: String) {
        self.prefix = prefix
        let name = Array(SHA256.hash(data: Array(prefix.utf8))).lowerHexadecimal.prefix(32)
        directory = packer.cacheLimit > 0 ? "\(packer.cacheDirectory)/indexes/\(name)" : nil
    }

    // MARK: Files

    func index() -> FileIndex { directory.map { FileIndex(readingFrom: $0 + "/files") } ?? FileIndex() }

    /// Remembers what files turned out to hold.
    ///
    /// - Parameters:
    ///   - index: that the work was made with.
    ///   - began: when the first of them was opened, in nanoseconds since 1970.
    /// - Returns: whether all of them were as the survey saw them.
    @discardableResult
    func remember(_ work: PackWork, _ index: FileIndex, _ contents: [KnownContent], began: Int64) -> Bool {
        var isTrusted = true
        var news: [(key: FileIndex.Key, content: KnownContent)] = []
        func isSettled(_ content: PlannedContent) -> Bool {
            !content.isOutdated && content.changed < began - Clock.step
        }
        let planned = work.contents
        for (content, found) in zip(planned, contents) {
            guard let content, let key = content.key else { continue }
            guard isSettled(content) else {
                isTrusted = false
                continue
            }
            if found != .unknown, found != content.known { news.append((key, found)) }
        }
        guard let directory else { return isTrusted }
        try? index.add(news, to: directory + "/files", of: planned.count) {
            zip(planned, contents).compactMap { content, found in
                guard let content, let key = content.key, found != .unknown, isSettled(content) else { return nil }
                return (key, found)
            }
        }
        return isTrusted
    }

    // MARK: Outputs

    private func resultPath(_ output: String) -> String? {
        directory.map { $0 + "/result-" + Array(SHA256.hash(data: Array(output.utf8))).lowerHexadecimal.prefix(32) }
    }

    /// What a packing would give, if nothing that it depends on has changed since.
    func unchanged(_ survey: [UInt8], _ options: PackOptions, _ output: String) -> PackResult? {
        guard let path = resultPath(output), let fingerprint = SmallFile.fingerprint(output),
            let last = LastResult(readingFrom: path, of: survey),
            last.options == options.digest,
            last.output.path.elementsEqual(output.utf8), last.output.fingerprint == fingerprint,
            last.outside.allSatisfy({ Self.lookup($0.path) == $0.fingerprint }), last.watched.allSatisfy(\.isUnchanged)
        else { return nil }
        return last.result
    }

    /// - Parameters:
    ///   - manifest: the result's, encoded.
    ///   - outside: what ``outside(_:)`` told of the plan.
    func remember(
        _ result: PackResult, _ manifest: [UInt8], of prepared: EnvironmentPacker.Prepared, _ options: PackOptions,
        _ output: String, dependingOn outside: [SourceFile]
    ) {
        guard let path = resultPath(output), let fingerprint = SmallFile.fingerprint(output) else { return }
        let last = LastResult(
            survey: prepared.digest, options: options.digest, outside: outside,
            watched: prepared.plan.watched,
            output: SourceFile(path: Array(output.utf8), fingerprint: fingerprint), result: result)
        try? last.write(manifest, to: path)
    }

    /// The same files under another name of the directory may be rewritten otherwise.
    static func digest(_ survey: EnvironmentSurvey) -> [UInt8] {
        Array(SHA256.hash(data: survey.digest + Array(survey.givenPrefix.utf8)))
    }

    /// Archives in the environment's own directory that were packed from it.
    func outputs(with output: String?) -> Set<[UInt8]> {
        var paths = Set([output].compactMap { $0 }.map(Self.resolved))
        if let directory, let list = SmallFile.read(directory + "/outputs", limit: 1 << 20) {
            paths.formUnion(list.split(separator: 0).map(Array.init))
        }
        return paths
    }

    /// Remembers where an archive is written to, if that is in the environment.
    func noteOutput(_ output: String) {
        guard let directory else { return }
        let path = Self.resolved(output)
        guard path.starts(with: Array(prefix.utf8) + [0x2F]) else { return }
        let known = outputs(with: nil)
        guard !known.contains(path), known.count < 1000 else { return }
        try? SmallFile.write(Array((known.union([path])).joined(separator: [0])), to: directory + "/outputs")
    }

    /// With the links of its directory followed.
    private static func resolved(_ path: String) -> [UInt8] {
        guard let slash = path.lastIndex(of: "/"),
            let real = realpath(slash == path.startIndex ? "/" : String(path[..<slash]), nil)
        else { return Array(path.utf8) }
        defer { free(real) }
        return Array((String(cString: real) + path[slash...]).utf8)
    }

    // MARK: Outside

    /// Files that aren't the environment's own, and the directories that would tell of further ones.
    func outside(_ plan: PackPlan) -> [SourceFile] {
        let start = Array(prefix.utf8) + [0x2F]
        var found: [[UInt8]: SourceFile.Fingerprint] = [:]
        let watched = Set(plan.watched.map(\.path))
        for number in plan.entries.indices {
            let sources: [SourceFile]
            switch plan.entries[number].kind {
            case .file(_, .file(let source)): sources = [source]
            case .file(_, .rewritten(let files, _)): sources = files
            default: continue
            }
            for source in sources where !source.path.starts(with: start) {
                found[source.path] = source.fingerprint
                let directory = source.path.parent
                if found[directory] == nil, !watched.contains(directory) { found[directory] = Self.lookup(directory) }
            }
        }
        return found.map { SourceFile(path: $0.key, fingerprint: $0.value) }
    }

    private static func lookup(_ path: [UInt8]) -> SourceFile.Fingerprint? {
        var info = stat()
        return path.withTerminator { lstat($0, &info) } == 0 ? .init(info) : nil
    }
}
