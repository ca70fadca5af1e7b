import Foundation
import Testing

@testable import ReproducibleArchive

@Suite struct SourceTreeTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func names(excluding patterns: [String] = []) throws -> [String] {
        try SourceTree.files(under: scratch.path, excluding: patterns).map(\.relativePath)
    }

    @Test func listsFilesSortedByBytesWithTheirStatus() throws {
        for name in ["b.py", "a/z.py", "a.py", "Ü.py", "a/é/x.txt", "B.py"] { try scratch.write(name, name) }
        let files = try SourceTree.files(under: scratch.path + "/", excluding: [])
        #expect(files.map(\.relativePath) == ["B.py", "a.py", "a/z.py", "a/é/x.txt", "b.py", "Ü.py"])
        let file = try #require(files.first { $0.relativePath == "a/z.py" })
        var status = stat()
        #expect(lstat(scratch.path + "/a/z.py", &status) == 0)
        #expect(file.absolutePath == scratch.path + "/a/z.py")
        #expect(file.size == 6)
        #expect(file.inode == UInt64(status.st_ino))
        #expect(
            file.modificationTime == Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec))
    }

    @Test func leavesOutWhatNobodyWants() throws {
        let unwanted = [
            "__pycache__/a.cpython-311.pyc", "p/__pycache__/b.pyc", "old.pyc", "old.pyo", ".git/config", "sub/.git",
            ".hg/x", ".svn/x", ".bzr/x", "CVS/Root", "a.py~", ".a.py.swp", ".a.py.swo", "#a.py#", ".#a.py", ".DS_Store",
            "Thumbs.db", ".idea/x", ".vscode/x", "a.py.orig", "a.py.rej", ".mypy_cache/x", ".pytest_cache/x",
            ".ruff_cache/x", ".tox/x", ".nox/x", ".ipynb_checkpoints/x", "p/.gitignore",
        ]
        let wanted = [".env", "a.py", "p.egg-info/PKG-INFO", "p/b.py", "pycache/x", "swp"]
        for name in unwanted + wanted { try scratch.write(name, "") }
        #expect(try names() == wanted)
        // Nor can a pattern take it back.
        #expect(try names(excluding: ["!*.pyc", "!.git"]) == wanted)
    }

    @Test func appliesPatternsAndPrunesDirectories() throws {
        for name in ["keep.py", "tests/a.py", "tests/keep.py", "doc/x.md", "doc/y.txt", "build/deep/z"] {
            try scratch.write(name, "")
        }
        #expect(
            try names(excluding: ["tests/", "!tests/keep.py", "*.md", "/build/**", "!doc/y.txt"])
                == ["doc/y.txt", "keep.py"])
    }

    @Test func followsLinksInsideTheTree() throws {
        try scratch.write("real/a.py", "A")
        try scratch.link("b.py", to: "real/a.py")
        try scratch.link("alias", to: "real")
        try scratch.link("real/c.py", to: "../b.py")
        #expect(try names() == ["alias/a.py", "alias/c.py", "b.py", "real/a.py", "real/c.py"])
        let files = try SourceTree.files(under: scratch.path)
        #expect(Set(files.map(\.inode)).count == 1)
        #expect(files.allSatisfy { $0.size == 1 })
    }

    @Test func followsALinkToTheTreeItself() throws {
        let outer = try Scratch()
        try scratch.write("a.py", "")
        try outer.link("link", to: scratch.path)
        #expect(try SourceTree.files(under: outer.path + "/link").map(\.relativePath) == ["a.py"])
    }

    private func culprit(_ body: () throws -> Void) -> (ArchiveError.Code, String)? {
        do {
            try body()
        } catch let error as ArchiveError {
            return (error.code, error.path.replacingOccurrences(of: scratch.path + "/", with: ""))
        } catch { Issue.record("unexpected error \(error)") }
        return nil
    }

    @Test func refusesWhatItCannotShipAndNamesIt() throws {
        let outside = try Scratch()
        try outside.write("secret", "x")
        let cases: [(name: String, code: ArchiveError.Code, make: (String) throws -> Void)] = [
            ("escape", .symlinkEscapes, { try scratch.link($0, to: outside.path + "/secret") }),
            ("climb", .symlinkEscapes, { try scratch.link($0, to: "..") }),
            (
                "sibling", .symlinkEscapes,
                { name in
                    // A directory whose name begins like the tree's is not inside of it.
                    try FileManager.default.createDirectory(
                        atPath: scratch.path + "-sibling", withIntermediateDirectories: true)
                    try scratch.link(name, to: scratch.path + "-sibling")
                }
            ),
            ("broken", .brokenSymlink, { try scratch.link($0, to: "nowhere") }),
            ("loop", .symlinkLoop, { try scratch.link($0, to: "loop") }),
            ("self", .symlinkLoop, { try scratch.link($0, to: ".") }),
            ("fifo", .notARegularFile, { #expect(mkfifo(scratch.path + "/" + $0, 0o600) == 0) }),
            ("new\nline", .unsafeName, { try scratch.write($0, "") }),
            ("back\\slash", .unsafeName, { try scratch.write($0, "") }),
        ]
        defer { try? FileManager.default.removeItem(atPath: scratch.path + "-sibling") }
        for (name, code, make) in cases {
            try make(name)
            let found = culprit { _ = try names() }
            #expect(found?.0 == code && found?.1 == name, "\(name): \(String(describing: found))")
            // What is left out can't fail.
            let pattern = name.replacingOccurrences(of: "\\", with: "?").replacingOccurrences(of: "\n", with: "?")
            #expect(try names(excluding: [pattern]).isEmpty, "\(name)")
            #expect(unlink(scratch.path + "/" + name) == 0)
        }
    }

    @Test func refusesNamesThatAreNotUTF8() throws {
        let bytes = Array((scratch.path + "/x").utf8) + [0xFF, 0x2E, 0x70, 0x79, 0]
        let descriptor = bytes.withUnsafeBufferPointer { buffer in
            buffer.withMemoryRebound(to: CChar.self) { open($0.baseAddress!, O_CREAT | O_WRONLY, 0o600) }
        }
        try #require(descriptor >= 0)
        close(descriptor)
        #expect(culprit { _ = try names() }?.0 == .unsafeName)
        #expect(try names(excluding: ["x*"]).isEmpty)
    }

    @Test(.disabled(if: geteuid() == 0, "the superuser reads everything")) func refusesUnreadableFiles() throws {
        let path = try scratch.write("closed.py", "")
        #expect(chmod(path, 0) == 0)
        let found = culprit { _ = try names() }
        #expect(found?.0 == .unreadable && found?.1 == "closed.py")
    }

    @Test func refusesARootThatIsNoDirectory() throws {
        try scratch.write("file", "")
        #expect(culprit { _ = try SourceTree.files(under: scratch.path + "/file") }?.0 == .notADirectory)
        #expect(culprit { _ = try SourceTree.files(under: scratch.path + "/absent") }?.0 == .notFound)
    }
}

/// Rules from the gitignore(5) manual, "PATTERN FORMAT" and "EXAMPLES".
@Suite struct IgnorePatternsTests {
    struct Example: Sendable, CustomTestStringConvertible {
        var patterns: [String]
        /// A trailing slash marks a directory.
        var ignored: [String]
        var kept: [String]
        var testDescription: String { patterns.joined(separator: " | ") }
    }

    static let examples: [Example] = [
        Example(
            patterns: ["", "# comment", "\\#file", "\\!bang"], ignored: ["#file", "!bang"], kept: ["# comment", "a"]),
        Example(patterns: ["trail  ", "kept\\ "], ignored: ["trail", "kept "], kept: ["trail  ", "kept"]),
        Example(patterns: ["*.o", "!keep.o"], ignored: ["a.o", "d/b.o"], kept: ["keep.o", "d/keep.o", "a.oo"]),
        Example(patterns: ["!keep.o", "*.o"], ignored: ["keep.o"], kept: []),
        Example(patterns: ["hello.*"], ignored: ["hello.c", "d/hello."], kept: ["hello", "xhello.c"]),
        Example(patterns: ["/hello.*"], ignored: ["hello.c"], kept: ["a/hello.java"]),
        Example(patterns: ["foo/"], ignored: ["foo/", "a/foo/"], kept: ["foo", "a/foo"]),
        Example(patterns: ["doc/frotz"], ignored: ["doc/frotz", "doc/frotz/"], kept: ["a/doc/frotz", "frotz"]),
        Example(patterns: ["/doc/frotz/"], ignored: ["doc/frotz/"], kept: ["doc/frotz", "a/doc/frotz/"]),
        Example(patterns: ["foo/*"], ignored: ["foo/test.json", "foo/bar/"], kept: ["foo/", "a/foo/x"]),
        Example(patterns: ["foo/*.c"], ignored: ["foo/a.c"], kept: ["foo/bar/hello.c", "a.c"]),
        Example(patterns: ["**/foo"], ignored: ["foo", "a/foo", "a/b/foo/"], kept: ["xfoo"]),
        Example(patterns: ["**/foo/bar"], ignored: ["foo/bar", "a/foo/bar"], kept: ["foo/x/bar", "bar"]),
        Example(patterns: ["abc/**"], ignored: ["abc/x", "abc/x/y"], kept: ["abc/", "a/abc/x"]),
        Example(patterns: ["a/**/b"], ignored: ["a/b", "a/x/b", "a/x/y/b"], kept: ["a/bb", "b", "x/a/b"]),
        Example(patterns: ["a/**/b/**/c"], ignored: ["a/b/c", "a/x/b/c", "a/b/b/x/c"], kept: ["a/c", "a/b/x"]),
        Example(patterns: ["a**b"], ignored: ["ab", "axxb", "d/a.b"], kept: ["a/b"]),
        Example(
            patterns: ["/*", "!/foo", "/foo/*", "!/foo/bar"], ignored: ["x", "foo/x"], kept: ["foo/", "foo/bar"]),
        Example(patterns: ["?at"], ignored: ["cat", "d/bat"], kept: ["at", "/at", "chat"]),
        Example(patterns: ["[a-c]x"], ignored: ["ax", "cx"], kept: ["dx", "x"]),
        Example(patterns: ["[!a-c]x"], ignored: ["dx"], kept: ["ax", "x"]),
        Example(patterns: ["[^a-c]x"], ignored: ["dx"], kept: ["bx"]),
        Example(patterns: ["[]-]x"], ignored: ["]x", "-x"], kept: ["ax"]),
        Example(patterns: ["[a\\]b]x"], ignored: ["]x", "ax"], kept: ["\\x"]),
        Example(patterns: ["[[:digit:]_]x"], ignored: ["1x", "_x"], kept: ["ax", ":x"]),
        Example(patterns: ["[ab"], ignored: [], kept: ["a", "[ab"]),
        Example(patterns: ["\\*"], ignored: ["*"], kept: ["a"]),
        Example(patterns: ["a\\"], ignored: [], kept: ["a", "a\\"]),
        Example(patterns: ["*a*a*a*a*a*a*a*b"], ignored: ["aaaaaaaab"], kept: [String(repeating: "a", count: 60)]),
        Example(patterns: ["ü*"], ignored: ["üx", "d/ü"], kept: ["u"]),
        Example(patterns: ["/"], ignored: [], kept: ["a", "a/"]),
    ]

    @Test(arguments: examples) func followsTheManual(_ example: Example) {
        let patterns = IgnorePatterns(example.patterns)
        for path in example.ignored { #expect(verdict(patterns, path) == .excluded, "\(path)") }
        for path in example.kept { #expect(verdict(patterns, path) != .excluded, "\(path)") }
    }

    private func verdict(_ patterns: IgnorePatterns, _ path: String) -> IgnorePatterns.Verdict {
        let isDirectory = path.hasSuffix("/")
        return patterns.verdict(on: isDirectory ? String(path.dropLast()) : path, isDirectory: isDirectory)
    }

    /// The same table, so that it can't be wrong where git is at hand.
    @Test(.enabled(if: isAvailable("git")), arguments: examples) func gitAgrees(_ example: Example) throws {
        let scratch = try Scratch()
        _ = try #require(try run(["git", "init", "-q"], in: scratch.path))
        try scratch.write(".gitignore", example.patterns.joined(separator: "\n") + "\n")
        for path in example.ignored + example.kept where !path.hasPrefix("/") {
            let isDirectory = path.hasSuffix("/")
            let name = isDirectory ? String(path.dropLast()) : path
            if isDirectory {
                try FileManager.default.createDirectory(
                    atPath: scratch.path + "/" + name, withIntermediateDirectories: true)
            }
            let answer = try run(["git", "check-ignore", "-q", "--no-index", "--", name], in: scratch.path)
            #expect((answer != nil) == example.ignored.contains(path), "\(path)")
            let top = name.split(separator: "/")[0]
            if isDirectory { try FileManager.default.removeItem(atPath: scratch.path + "/" + top) }
        }
    }
}
