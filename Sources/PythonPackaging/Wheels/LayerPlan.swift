/// What goes into a layer: the files of all its wheels, each path once.
struct LayerPlan {
    /// A file, and the wheel it is taken from.
    struct Item: Sendable {
        var file: LayerFile
        var wheel: Int
        /// Other wheels that bring the same.
        var others: [Int] = []
    }

    /// In the order of names, whatever order they were given in.
    let wheels: [InstalledWheel]
    /// The largest first, then by path: large files keep one thread busy for long, so they are begun with.
    private(set) var items: [Item]
    /// All directories, by path.
    private(set) var directories: [String]
    private(set) var conflicts: [WheelLayer.Conflict] = []
    private(set) var warnings: [String] = []

    var unpackedSize: Int64 { items.reduce(0) { $0 + $1.file.size } }

    /// - Throws: ``WheelError`` where a file of one wheel is a directory of another.
    init(_ wheels: [InstalledWheel]) throws {
        let wheels = wheels.sorted { Self.precedes($0, $1) }
        self.wheels = wheels
        var found: [String: Item] = [:]
        for (index, wheel) in wheels.enumerated() {
            for file in wheel.files {
                guard var item = found[file.path] else {
                    found[file.path] = Item(file: file, wheel: index)
                    continue
                }
                if item.file.hash == file.hash, item.file.size == file.size {
                    item.file.isExecutable = item.file.isExecutable || file.isExecutable
                    if item.wheel != index, item.others.last != index { item.others.append(index) }
                } else {
                    conflicts.append(
                        .init(path: file.path, winner: wheel.label, loser: wheels[item.wheel].label))
                    item = Item(file: file, wheel: index)
                }
                found[file.path] = item
            }
            for file in wheel.files { if let warning = Self.warning(file, of: wheel) { warnings.append(warning) } }
        }
        var directories = Set<String>()
        for path in found.keys { Self.insertParents(of: path, into: &directories) }
        if let clash = directories.filter({ found[$0] != nil }).min(), let item = found[clash] {
            throw WheelError(
                code: .notInstallable, path: wheels[item.wheel].path, entry: clash,
                message: "is a file where another file of the layer needs a directory")
        }
        self.directories = []
        items = []
        try addRecords(&found)
        for path in found.keys { Self.insertParents(of: path, into: &directories) }
        self.directories = directories.sorted(by: Self.bytesPrecede)
        items = found.values.sorted {
            $0.file.size != $1.file.size
                ? $0.file.size > $1.file.size : Self.bytesPrecede($0.file.path, $1.file.path)
        }
        conflicts.sort { Self.bytesPrecede($0.path, $1.path) }
        warnings.sort(by: Self.bytesPrecede)
    }

    private static func bytesPrecede(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }

    private static func precedes(_ a: InstalledWheel, _ b: InstalledWheel) -> Bool {
        if a.wheel.normalizedName != b.wheel.normalizedName {
            return bytesPrecede(a.wheel.normalizedName, b.wheel.normalizedName)
        }
        if a.wheel.version != b.wheel.version { return bytesPrecede(a.wheel.version, b.wheel.version) }
        return a.recordText.lexicographicallyPrecedes(b.recordText)
    }

    private static func insertParents(of path: String, into directories: inout Set<String>) {
        var parent = path[...]
        while let slash = parent.utf8.lastIndex(of: UInt8(ascii: "/")) {
            parent = parent[..<slash]
            guard directories.insert(String(parent)).inserted else { break }
        }
    }

    /// `site` reads `.pth` files in its own directories only, not in those of `PYTHONPATH`.
    private static func warning(_ file: LayerFile, of wheel: InstalledWheel) -> String? {
        guard file.path.hasSuffix(".pth"), !file.path.utf8.contains(UInt8(ascii: "/")) else { return nil }
        // The former makes namespace packages, which Python 3 finds without it (PEP 420); the latter puts setuptools' own
        // distutils in front of the standard library's.
        if file.path.hasSuffix("-nspkg.pth") || file.path == "distutils-precedence.pth" { return nil }
        return "\(wheel.label): \(file.path) has no effect, since Python reads .pth files in site-packages only"
    }

    /// Adds each wheel's RECORD of what is installed of it.
    private func addRecords(_ found: inout [String: Item]) throws {
        var rows: [[(path: String, text: String)]] = Array(repeating: [], count: wheels.count)
        for (path, item) in found {
            let text = "\(InstalledRecord.field(path)),\(item.file.hash.text),\(item.file.size)"
            for wheel in [item.wheel] + item.others { rows[wheel].append((path, text)) }
        }
        for (index, wheel) in wheels.enumerated() {
            let path = "\(wheel.distInfo)/RECORD"
            var lines = rows[index]
            lines.append((path, "\(InstalledRecord.field(path)),,"))
            lines.sort { Self.bytesPrecede($0.path, $1.path) }
            let bytes = Array(lines.map { $0.text + "\n" }.joined().utf8)
            let file = LayerFile(
                path: path, isExecutable: false, source: .bytes(bytes), hash: RecordHash(of: bytes),
                size: Int64(bytes.count))
            if let other = found[path], other.file.hash != file.hash {
                throw WheelError(
                    code: .notInstallable, path: wheel.path, entry: path,
                    message: "comes from two different wheels; a layer can hold one of them")
            }
            found[path] = Item(file: file, wheel: index)
        }
    }
}

/// How `RECORD` is written (recording installed projects, "The RECORD file"): as Python's `csv` module does.
enum InstalledRecord {
    /// A field, quoted where it has to be.
    static func field(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") }) else { return text }
        return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
