import Glibc

/// Collects the properties of configuration files in the order they are read; later ones win unless an earlier one is
/// final.
struct HadoopConfigurationLoader {
    private(set) var properties: [String: String] = [:]
    private var finals: Set<String> = []

    /// Deeper inclusion than this is a loop.
    static let maximumInclusions = 8
    static let maximumFileSize = 16 << 20

    /// The content of a file, `nil` if there is none.
    static func contents(of path: String) throws -> [UInt8]? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw HadoopConfiguration.ReadError(path: path, message: systemError(errno))
        }
        defer { close(descriptor) }
        var result: [UInt8] = []
        while true {
            var failure: Int32 = 0
            let piece = unsafe [UInt8](unsafeUninitializedCapacity: 64 << 10) { buffer, count in
                let got = unsafe read(descriptor, buffer.baseAddress, buffer.count)
                failure = got < 0 ? errno : 0
                count = max(0, got)
            }
            if failure == EINTR { continue }
            guard failure == 0 else {
                throw HadoopConfiguration.ReadError(path: path, message: systemError(failure))
            }
            if piece.isEmpty { return result }
            result += piece
            guard result.count <= maximumFileSize else {
                throw HadoopConfiguration.ReadError(path: path, message: "the file is too large")
            }
        }
    }

    /// Reads one file's text.
    mutating func load(_ bytes: [UInt8], path: String, depth: Int = 0) throws {
        do {
            var reader = try XMLReader(bytes)
            guard case .start(let name, _) = try reader.next(), name == "configuration" else {
                throw reader.failure("the root element is not <configuration>")
            }
            try loadConfiguration(&reader, path: path, depth: depth)
            while try reader.next() != nil {}
        } catch let failure as XMLReader.Failure {
            throw HadoopConfiguration.ReadError(path: path, line: failure.line, message: failure.message)
        }
    }

    /// Reads up to the end tag of a `<configuration>`.
    private mutating func loadConfiguration(_ reader: inout XMLReader, path: String, depth: Int) throws {
        while let event = try reader.next() {
            switch event {
            case .end: return
            case .text: continue
            case .start("property", let attributes): try loadProperty(&reader, attributes)
            case .start("configuration", _): try loadConfiguration(&reader, path: path, depth: depth)
            case .start(let name, let attributes) where XMLReader.localName(name) == "include":
                try include(&reader, attributes, path: path, depth: depth)
            case .start: try skipElement(&reader)
            }
        }
    }

    /// Reads a property, whose parts are elements or, since Hadoop 3, attributes.
    private mutating func loadProperty(_ reader: inout XMLReader, _ attributes: [String: String]) throws {
        var name = attributes["name"]
        var value = attributes["value"]
        var isFinal = attributes["final"] == "true"
        loop: while let event = try reader.next() {
            switch event {
            case .end: break loop
            case .text: continue
            case .start("name", _): name = HadoopConfiguration.trimmed(try elementText(&reader))
            case .start("value", _): value = try elementText(&reader)
            case .start("final", _): isFinal = HadoopConfiguration.trimmed(try elementText(&reader)) == "true"
            case .start: try skipElement(&reader)
            }
        }
        guard let name, !name.isEmpty, !finals.contains(name) else { return }
        if let value { properties[name] = value }
        if isFinal { finals.insert(name) }
    }

    /// Reads the file that `xi:include` names, relative to the including one; with `xi:fallback` it may be missing.
    private mutating func include(
        _ reader: inout XMLReader, _ attributes: [String: String], path: String, depth: Int
    ) throws {
        guard let reference = attributes["href"], !reference.isEmpty else {
            throw reader.failure("an include without href")
        }
        guard depth < Self.maximumInclusions else { throw reader.failure("files include one another too deeply") }
        let included = try Self.resolve(reference, relativeTo: path, reader)
        let content = try Self.contents(of: included)
        if let content { try load(content, path: included, depth: depth + 1) }
        var hasFallback = false
        while let event = try reader.next() {
            switch event {
            case .start(let name, _) where XMLReader.localName(name) == "fallback":
                hasFallback = true
                if content == nil {
                    try loadConfiguration(&reader, path: path, depth: depth)
                } else {
                    try skipElement(&reader)
                }
            case .start: try skipElement(&reader)
            case .text: continue
            case .end:
                guard hasFallback || content != nil else {
                    throw reader.failure("the included file \(included) does not exist")
                }
                return
            }
        }
    }

    private static func resolve(_ reference: String, relativeTo path: String, _ reader: XMLReader) throws -> String {
        var reference = reference
        if reference.hasPrefix("file:") {
            reference = String(reference.dropFirst(5))
            while reference.hasPrefix("//") { reference.removeFirst() }
        } else if reference.firstRange(of: "://") != nil {
            throw reader.failure("only local files are included, not \(Redaction.redact(reference))")
        }
        if reference.hasPrefix("/") { return reference }
        let directory = path.lastIndex(of: "/").map { path[...$0] } ?? ""
        return directory + reference
    }

    /// The text of the element whose start was just read.
    private func elementText(_ reader: inout XMLReader) throws -> String {
        var result = ""
        while let event = try reader.next() {
            switch event {
            case .text(let text): result += text
            case .end: return result
            case .start(let name, _): throw reader.failure("the element \(name) is not expected here")
            }
        }
        return result
    }

    private func skipElement(_ reader: inout XMLReader) throws {
        var depth = 1
        while depth > 0, let event = try reader.next() {
            switch event {
            case .start: depth += 1
            case .end: depth -= 1
            case .text: continue
            }
        }
    }

    private static func systemError(_ number: Int32) -> String {
        unsafe strerror(number).map { unsafe String(cString: $0) } ?? "error \(number)"
    }
}
