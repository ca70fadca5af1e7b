/// The shared libraries that an interpreter and its modules need: which belong to it and go along, and which the workers have to
/// have.
struct InterpreterLibraries {
    struct Found {
        var path: [UInt8]
        var content: PackPlan.FileContent
    }

    /// The interpreter's own, in the order they were found.
    private(set) var found: [Found] = []
    /// Why something can't be made to find its libraries; clauses about the interpreter.
    private(set) var obstacles: [String] = []

    private var base: BaseLocation?
    private var spellings = PrefixSpellings([])
    private var programPaths: [String] = []
    private var shipped: Set<String> = []
    private var wanted: Set<String> = []
    private var versions: [[Int]] = []
    private var relinks: [[UInt8]: RelinkRewrite] = [:]

    init() {}

    init(base: BaseLocation, spellings: PrefixSpellings) {
        self.base = base
        self.spellings = spellings
    }

    /// Of the system, by soname. glibc's own are everywhere.
    var missing: [String] {
        wanted.subtracting(shipped).filter { name in
            ![
                "libc.so.", "libm.so.", "libdl.so.", "libpthread.so.", "librt.so.", "libutil.so.", "ld-linux",
                "libresolv.so.",
            ]
            .contains { name.hasPrefix($0) }
        }.sorted()
    }

    /// The latest version of glibc that something needs, `2.17`.
    var glibc: String? {
        versions.max { $0.lexicographicallyPrecedes($1) }.map { $0.map(String.init).joined(separator: ".") }
    }

    /// Looks at a program or library, and at the ones it needs.
    mutating func add(_ source: SourceFile, path: [UInt8], isProgram: Bool) {
        guard let base else { return }
        let image: ELFImage
        do {
            let file = try OpenSource(source)
            image = try ELFImage({ try file.piece(at: $0, count: $1) }, size: file.size)
        } catch {
            let reason = (error as? ELFImage.Malformed)?.message ?? "can't be read"
            obstacles.append("has a program that can't be moved: \(path.shown) \(reason)")
            return
        }
        for version in image.versions where version.hasPrefix("GLIBC_2") {
            versions.append(version.dropFirst(6).split(separator: ".").compactMap { Int($0) })
        }
        let directory = BaseLocation.parent(String(decoding: source.path, as: UTF8.self))
        let own = image.searchPaths.flatMap { Self.directories($0.text, origin: directory) }
        if isProgram { programPaths = own }
        var needsLibrary = false
        for name in image.needed where !name.contains("/") && !name.isEmpty {
            wanted.insert(name)
            if shipped.contains(name) {
                needsLibrary = true
                continue
            }
            guard let place = find(name, own, base) else { continue }
            needsLibrary = true
            shipped.insert(name)
            let inside = Array("lib/\(name)".utf8)
            add(place, path: inside, isProgram: false)
            found.append(Found(path: inside, content: content(of: place, path: inside)))
        }
        relink(image, path: path, needsLibrary: needsLibrary)
    }

    func content(of source: SourceFile, path: [UInt8]) -> PackPlan.FileContent {
        relinks[path].map { .rewritten([source], $0) } ?? .file(source)
    }

    private static func directories(_ searchPath: [UInt8], origin: String) -> [String] {
        String(decoding: searchPath, as: UTF8.self).split(separator: ":").map { part in
            for variable in ["$ORIGIN", "${ORIGIN}"] where part.hasPrefix(variable) {
                return EnvironmentPlace.absolute(origin + part.dropFirst(variable.count))
            }
            return String(part)
        }
    }

    /// Where the loader finds a library, if it is one that belongs to the interpreter.
    private func find(_ name: String, _ own: [String], _ base: BaseLocation) -> SourceFile? {
        let isPython = name.hasPrefix("libpython")
        var directories = own + programPaths + [base.prefix + "/lib"]
        if isPython {
            directories += ["/lib64", "/usr/lib64", "/lib", "/usr/lib", "/usr/local/lib"]
            directories += ["x86_64", "aarch64"].map { "/usr/lib/\($0)-linux-gnu" }
        }
        for directory in directories where directory.hasPrefix("/") {
            guard let real = BaseLocation.real(directory + "/" + name), let source = BaseLocation.source(real) else {
                continue
            }
            if isPython || (!base.isSystem && real.hasPrefix(base.prefix + "/")) { return source.file }
        }
        return nil
    }

    private mutating func relink(_ image: ELFImage, path: [UInt8], needsLibrary: Bool) {
        let up = PrefixLayout.relative(Array("lib".utf8), from: path)
        let library = Array("$ORIGIN/".utf8) + up
        let old = image.searchPaths.map(\.text).filter { !$0.isEmpty }.joined(separator: [UInt8(ascii: ":")])
        var parts: [[UInt8]] = []
        for part in Array(old).split(separator: UInt8(ascii: ":")) {
            var next = Array(part)
            if let inside = spellings.relative(part) {
                next = Array("$ORIGIN/".utf8) + PrefixLayout.relative(inside, from: path)
            } else if let base, base.prefix != "/", let inside = PrefixSpellings([base.prefix]).relative(part) {
                next = Array("$ORIGIN/".utf8) + PrefixLayout.relative(inside, from: path)
            }
            if !parts.contains(next) { parts.append(next) }
        }
        if needsLibrary, !parts.contains(where: { Self.leads($0, to: library) }) { parts.insert(library, at: 0) }
        let new = Array(parts.joined(separator: [UInt8(ascii: ":")]))
        guard !new.elementsEqual(old) else { return }
        guard image.patches(searchPath: new) != nil else {
            // A module whose libraries are the system's, or loaded already, doesn't need it.
            if needsLibrary, path.starts(with: Array("bin/".utf8)) {
                obstacles.append("can't be made to find its own library: \(path.shown) has no room for a search path")
            }
            return
        }
        relinks[path] = RelinkRewrite(searchPath: new)
    }

    private static func leads(_ part: [UInt8], to library: [UInt8]) -> Bool {
        part == library || part.elementsEqual(library + [UInt8(ascii: "/")])
    }
}
