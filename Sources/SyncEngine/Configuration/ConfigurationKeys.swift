/// The keys of each table of `envsync.toml`.
enum ConfigurationKeys {
    static let root = ["store", "environment", "source", "archive", "jobs"]
    static let store = ["url", "spark-url", "sharing", "replication", "user", "ca-file"]
    static let environment = [
        "name", "lockfile", "target", "extras", "groups", "fetch", "layer-limit", "wheelhouse", "files",
        "py-files",
    ]
    static let target = ["python", "platform", "implementation"]
    static let source = ["path", "name", "prefix", "exclude"]
    static let archive = ["alias", "path", "command", "inputs"] + pack
    /// Of an archive that envsync packs itself; the first says so.
    static let pack = [
        "prefix", "with-python", "bytecode", "editable", "exclude", "include", "dest-prefix", "ignore", "overlay",
    ]
    static let job = [
        "main", "args", "master", "deploy-mode", "files", "py-files", "archives", "python", "driver-python", "conf",
    ]

    /// The tables that know a key, as their headers are written.
    static func sections(with key: String) -> [String] {
        let sections = [
            ("[store]", store), ("[environment]", environment), ("environment.target", target), ("[[source]]", source),
            ("[[archive]]", archive),
            ("[jobs.NAME]", job),
        ]
        return sections.filter { $0.1.contains(key) }.map(\.0)
    }
}
