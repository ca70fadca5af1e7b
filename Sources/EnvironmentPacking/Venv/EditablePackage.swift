import Foundation

/// A package that is installed as a link to its sources: PEP 660, or `setup.py develop`.
struct EditablePackage {
    /// Normalized (PEP 503).
    var name: String
    var version: String
    /// What tells of it: its `.dist-info`, or an `.egg-link`; relative to the environment.
    var metadata: [UInt8]
    /// Its `.egg-info` among the sources, absolute, if it has no `.dist-info`.
    var information: String?
    /// The project's directory, absolute.
    var source: String?
    /// The files in the environment that make the link: relative paths.
    var links: [SurveyedFile] = []
    /// Modules and packages by their dotted names, with their files or directories; absolute.
    var modules: [String: String] = [:]
    /// Directories that are on the path as they are; absolute.
    var directories: [String] = []
    /// The names in them that are the package's, where the metadata says so.
    var topLevel: [String] = []
    /// What can't be shipped without building it: a clause about the package.
    var obstacle: String?

    /// Whether `setup.py develop` made it, which leaves no metadata in the environment.
    var isLink: Bool { metadata.hasSuffix(".egg-link") }
    var title: String { version.isEmpty ? name : "\(name) \(version)" }

    /// What `direct_url.json` says (the "Direct URL Data Structure" of the packaging specifications).
    private struct DirectURL: Decodable {
        struct DirectoryInformation: Decodable { var editable: Bool? }
        var url: String
        var dirInfo: DirectoryInformation?
        enum CodingKeys: String, CodingKey {
            case url
            case dirInfo = "dir_info"
        }
    }

    /// - Returns: `nil` if the package isn't editable.
    init?(_ metadata: SurveyedFile, in listing: EnvironmentListing) {
        guard let file = listing.file(metadata.path + Array("/direct_url.json".utf8)),
            let bytes = listing.read(file), let direct = try? JSONDecoder().decode(DirectURL.self, from: Data(bytes)),
            direct.dirInfo?.editable == true
        else { return nil }
        let leaf = String(decoding: metadata.path[metadata.path.leafStart...], as: UTF8.self).dropLast(
            ".dist-info".count)
        let parts = leaf.split(separator: "-", maxSplits: 1)
        name = Self.normalized(String(parts.first ?? ""))
        version = parts.count > 1 ? String(parts[1]) : ""
        self.metadata = metadata.path
        source = URL(string: direct.url).flatMap { $0.isFileURL ? $0.path(percentEncoded: false) : nil }
        if let top = listing.file(metadata.path + Array("/top_level.txt".utf8)), let text = listing.read(top) {
            topLevel = Self.lines(text)
        }
        let site = metadata.path.parent
        for row in Self.lines(listing.file(metadata.path + Array("/RECORD".utf8)).flatMap { listing.read($0) } ?? []) {
            let path = String(row.split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false)[0])
            guard !path.contains("/"), let link = listing.file(site + [UInt8(ascii: "/")] + Array(path.utf8)) else {
                continue
            }
            add(link, named: path, listing)
        }
    }

    /// One of `setup.py develop`: an `.egg-link` beside a line of `easy-install.pth`.
    init(eggLink: SurveyedFile, _ listing: EnvironmentListing) {
        let leaf = String(decoding: eggLink.path[eggLink.path.leafStart...], as: UTF8.self).dropLast(".egg-link".count)
        name = Self.normalized(String(leaf))
        version = ""
        metadata = eggLink.path
        links = [eggLink]
        guard let directory = Self.lines(listing.read(eggLink) ?? []).first, directory.hasPrefix("/") else {
            obstacle = "is a link (\(eggLink.path.shown)) that leads nowhere"
            return
        }
        source = directory
        directories = [directory]
        // Versions of setuptools differ in how they spell its name.
        let names = (try? DirectoryWalk.names(in: directory)) ?? []
        guard
            let found = names.first(where: {
                $0.hasSuffix(".egg-info") && Self.normalized(String($0.dropLast(9))) == name
            })
        else {
            obstacle = "is a link (\(eggLink.path.shown)) to a directory without its metadata: \(directory)"
            return
        }
        let information = directory + "/" + found
        self.information = information
        if let text = Self.readOutside(information + "/top_level.txt") { topLevel = Self.lines(text) }
        for line in Self.lines(Self.readOutside(information + "/PKG-INFO") ?? []) where line.hasPrefix("Version: ") {
            version = String(line.dropFirst(9))
            break
        }
        addNamespaceLinks(directory, eggLink.path.parent, listing)
    }

    /// Files that make a namespace of directories outside, as setuptools wrote them for `setup.py develop`.
    private mutating func addNamespaceLinks(_ directory: String, _ site: [UInt8], _ listing: EnvironmentListing) {
        for file in listing.children(String(decoding: site, as: UTF8.self))
        where file.kind == .regular && file.path.hasSuffix("-nspkg.pth") {
            let text = listing.read(file).map { String(decoding: $0, as: UTF8.self) } ?? ""
            if text.contains("'\(directory)'") { links.append(file) }
        }
    }

    private mutating func add(_ link: SurveyedFile, named name: String, _ listing: EnvironmentListing) {
        guard name.hasSuffix(".pth") || name.hasSuffix(".py"), let bytes = listing.read(link) else { return }
        if name.hasSuffix(".py") {
            links.append(link)
            let text = String(decoding: bytes, as: UTF8.self)
            guard case .dictionary(let mapping) = PythonLiteral.assigned(to: "MAPPING", in: text) else {
                obstacle = "is linked to its sources by a program that envsync doesn't know (\(link.path.shown))"
                return
            }
            for (module, place) in mapping {
                if case .string(let path) = place { modules[module] = path }
            }
            return
        }
        links.append(link)
        for line in Self.lines(bytes)
        where !line.hasPrefix("#") && !line.hasPrefix("import ") && !line.hasPrefix("import\t") {
            directories.append(
                line.hasPrefix("/")
                    ? line : listing.prefix + "/" + String(decoding: link.path.parent, as: UTF8.self) + "/" + line)
        }
    }

    static func normalized(_ name: String) -> String {
        name.lowercased().split(whereSeparator: { "-_.".contains($0) }).joined(separator: "-")
    }

    static func lines(_ text: [UInt8]) -> [String] {
        String(decoding: text, as: UTF8.self).split(whereSeparator: \.isNewline).map { line in
            var line = line.drop { $0 == " " || $0 == "\t" }
            while let last = line.last, last == " " || last == "\t" { line.removeLast() }
            return String(line)
        }.filter { !$0.isEmpty }
    }

    /// Of an editable package's project.
    static func readOutside(_ path: String) -> [UInt8]? {
        guard let source = BaseLocation.source(path) else { return nil }
        return try? OpenSource(source.file).bytes(limit: 1 << 20)
    }
}

/// An environment's files, to look some up and read them.
struct EnvironmentListing {
    let prefix: String
    let files: [SurveyedFile]

    init(_ survey: EnvironmentSurvey) {
        prefix = survey.prefix
        files = survey.files
    }

    /// A regular file.
    func file(_ path: [UInt8]) -> SurveyedFile? {
        let index = files.firstIndex(atOrAfter: path)
        guard index < files.count, files[index].path == path, files[index].kind == .regular else { return nil }
        return files[index]
    }

    func read(_ file: SurveyedFile) -> [UInt8]? { try? OpenSource(file.source).bytes(limit: 4 << 20) }

    /// What is directly in a directory.
    func children(_ directory: String) -> [SurveyedFile] {
        let start = Array((directory + "/").utf8)
        var index = files.firstIndex(atOrAfter: start)
        var found: [SurveyedFile] = []
        while index < files.count, files[index].path.starts(with: start) {
            let file = files[index]
            if !file.path[start.count...].contains(UInt8(ascii: "/")) { found.append(file) }
            index += 1
        }
        return found
    }
}
