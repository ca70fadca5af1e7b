/// `conda-meta/*.json` as the archive has it: what the package is and which files it has, so that `conda list` and conda's
/// solver know it; without what only says where, when and how it was installed here.
struct CondaMetadataRewrite: FileRewrite {
    /// More is no package's record; the largest seen is 12 MB.
    static let sizeLimit = 64 << 20

    /// What is kept. Left out are paths of this machine (`extracted_package_dir`, `package_tarball_full_path`, `link.source`),
    /// what was asked for (`requested_spec`), credentials (`auth`), and anything not known to describe the package.
    static let kept: Set<String> = [
        "arch", "build", "build_number", "build_string", "channel", "constrains", "depends", "features", "files", "fn",
        "legacy_bz2_md5", "legacy_bz2_size", "license", "license_family", "link", "md5", "name", "noarch",
        "package_type",
        "paths_data", "platform", "purls", "python_site_packages_path", "sha256", "size", "subdir", "timestamp",
        "track_features", "url", "version",
    ]

    var identity: String { "conda metadata 1" }

    var purpose: String { "conda's record, without what tells of this machine" }

    func rewrite(_ files: [OpenSource]) throws -> Rewritten {
        .bytes(Self.canonical(try CondaJSON(try files[0].bytes(limit: Self.sizeLimit))).text)
    }

    static func canonical(_ record: CondaJSON) -> CondaJSON {
        var members: [CondaJSON.Member] = []
        for key in kept.sorted() {
            guard let value = record[key] else { continue }
            switch key {
            // How it was linked depends on the file systems of its cache and the environment.
            case "link":
                members.append(
                    .init(
                        key: key,
                        value: .object([
                            .init(key: "source", value: .string("")), .init(key: "type", value: .literal("1")),
                        ])))
            case "url", "channel":
                guard let location = value.string else { continue }
                if let address = publicLocation(location) {
                    members.append(.init(key: key, value: .string(address)))
                } else if key == "channel" {
                    members.append(.init(key: key, value: .string("local")))
                }
            case "files": members.append(.init(key: key, value: sorted(value) { $0.string ?? "" }))
            case "paths_data": members.append(.init(key: key, value: pathsData(value)))
            default: members.append(.init(key: key, value: sortedMembers(value)))
            }
        }
        return .object(members)
    }

    /// A channel's address without user, password and token; `nil` for a directory of this machine.
    static func publicLocation(_ location: String) -> String? {
        guard let scheme = location.range(of: "://") else {
            return location.hasPrefix("/") || location.hasPrefix("file:") ? nil : location
        }
        guard location[..<scheme.lowerBound].lowercased() != "file" else { return nil }
        var rest = location[scheme.upperBound...]
        let host = rest.prefix { $0 != "/" }
        if let at = host.lastIndex(of: "@") { rest = rest[rest.index(after: at)...] }
        var parts = rest.split(separator: "/", omittingEmptySubsequences: false)
        // `/t/TOKEN/` right after the host, or deeper where a proxy has a path of its own (conda: `split_anaconda_token`).
        while let index = parts.indices.dropFirst().first(where: { parts[$0] == "t" && $0 + 2 < parts.count }) {
            parts.removeSubrange(index...index + 1)
        }
        return location[..<scheme.upperBound] + parts.joined(separator: "/")
    }

    /// `sha256_in_prefix` is of this prefix; files that were generated have other bytes in the archive.
    private static func pathsData(_ value: CondaJSON) -> CondaJSON {
        guard let members = value.members else { return value }
        return .object(
            members.sorted { $0.key < $1.key }.map { member in
                guard member.key == "paths", let paths = member.value.elements else { return member }
                let reduced = paths.map { path -> CondaJSON in
                    guard let members = path.members else { return path }
                    let isGenerated = ["pyc_file", "unix_python_entry_point"].contains(path["path_type"]?.string)
                    return .object(
                        members.filter {
                            $0.key != "sha256_in_prefix"
                                && !(isGenerated && ($0.key == "sha256" || $0.key == "size_in_bytes"))
                        }.sorted { $0.key < $1.key })
                }
                return .init(key: "paths", value: sorted(.array(reduced)) { $0["_path"]?.string ?? "" })
            })
    }

    private static func sorted(_ value: CondaJSON, by key: (CondaJSON) -> String) -> CondaJSON {
        guard let elements = value.elements else { return value }
        let keyed = elements.map { (key: Array(key($0).utf8), value: $0) }
        return .array(keyed.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value))
    }

    private static func sortedMembers(_ value: CondaJSON) -> CondaJSON {
        switch value {
        case .object(let members):
            .object(members.map { .init(key: $0.key, value: sortedMembers($0.value)) }.sorted { $0.key < $1.key })
        case .array(let elements): .array(elements.map(sortedMembers))
        default: value
        }
    }
}
