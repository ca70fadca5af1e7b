import Foundation

/// The fixtures, and inputs made from them.
struct Corpus {
    struct Seed {
        var fileName: String
        var content: [UInt8]
        /// Files beside it, by name.
        var companions: [String: [UInt8]]
    }

    struct Input {
        var fileName: String
        var content: [UInt8]
        var companions: [String: [UInt8]]
    }

    var seeds: [Seed] = []

    /// Takes each lockfile of each directory below one, in the order of their names.
    init(directory: String) throws {
        let paths = try FileManager.default.subpathsOfDirectory(atPath: directory).sorted()
        var files: [String: [String: [UInt8]]] = [:]
        for path in paths {
            let full = directory + "/" + path
            var isDirectory: ObjCBool = false
            guard FileManager.default.fileExists(atPath: full, isDirectory: &isDirectory), !isDirectory.boolValue else {
                continue
            }
            let folder = (path as NSString).deletingLastPathComponent
            files[folder, default: [:]][(path as NSString).lastPathComponent] = Array(
                try Data(contentsOf: URL(fileURLWithPath: full)))
        }
        for folder in files.keys.sorted() {
            let companions = files[folder] ?? [:]
            for name in companions.keys.sorted() where Self.isLockfile(name) {
                seeds.append(Seed(fileName: name, content: companions[name] ?? [], companions: companions))
            }
        }
    }

    private static func isLockfile(_ name: String) -> Bool {
        !name.hasSuffix(".md") && !name.hasPrefix("expected") && name != "pyproject.toml" && name != "Pipfile"
    }

    /// The input of a number, always the same for the same seed and fixtures.
    func input(_ number: Int, seed: UInt64) -> Input {
        var generator = SeededGenerator(seed: seed &+ UInt64(number) &* 0x2545_F491_4F6C_DD1D)
        let chosen = seeds[number % seeds.count]
        var content = Self.excerpt(of: chosen.content, using: &generator)
        var companions = chosen.companions
        for _ in 0..<(Bool.random(using: &generator) ? 1 : Int.random(in: 2...4, using: &generator)) {
            let other = seeds[Int.random(in: 0..<seeds.count, using: &generator)].content
            let mutation = Mutation.allCases[Int.random(in: 0..<Mutation.allCases.count, using: &generator)]
            if companions["pyproject.toml"] != nil, Int.random(in: 0..<6, using: &generator) == 0 {
                var project = companions["pyproject.toml"] ?? []
                mutation.apply(to: &project, other: other, using: &generator)
                companions["pyproject.toml"] = project
            } else {
                mutation.apply(to: &content, other: other, using: &generator)
            }
        }
        // Now and then the content has to tell the format, or the name tells a wrong one.
        let renamed = Int.random(in: 0..<16, using: &generator)
        let fileName =
            switch renamed {
            case 0: "file"
            case 1: seeds[Int.random(in: 0..<seeds.count, using: &generator)].fileName
            default: chosen.fileName
            }
        return Input(fileName: fileName, content: content, companions: companions)
    }

    /// Mostly a part of the file: its beginning and end with some of its packages. Short inputs are many a second, and
    /// what is wrong with a long one is wrong with a short one too.
    private static func excerpt(of content: [UInt8], using generator: inout SeededGenerator) -> [UInt8] {
        guard content.count > 12_000, Int.random(in: 0..<20, using: &generator) != 0 else { return content }
        let starts = entryStarts(in: content)
        guard starts.count > 3 else { return content }
        let kept = Set((0..<3).map { _ in Int.random(in: 0..<starts.count - 1, using: &generator) }).sorted()
        var result = Array(content[..<starts[0]])
        for index in kept { result += content[starts[index]..<starts[index + 1]] }
        return result + content[starts[starts.count - 1]...]
    }

    /// Where entries begin: lines with `[[`, or if there are none and it is not JSON, lines that are not indented.
    private static func entryStarts(in content: [UInt8]) -> [Int] {
        guard content.first != UInt8(ascii: "{") else { return [] }
        let lines = [0] + content.indices.dropLast().filter { content[$0] == 0x0A }.map { $0 + 1 }
        let tables = lines.filter { content[$0...].starts(with: "[[".utf8) }
        if !tables.isEmpty {
            let last = lines.last { content[$0] == UInt8(ascii: "[") && !content[$0...].starts(with: "[[".utf8) }
            return tables + (last.map { $0 > tables[tables.count - 1] ? [$0] : [] } ?? [])
        }
        return lines.filter { content[$0] != UInt8(ascii: " ") && content[$0] != UInt8(ascii: "#") }
    }
}
