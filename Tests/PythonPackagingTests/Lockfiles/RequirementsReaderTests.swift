import Testing

@testable import PythonPackaging

private let first = String(repeating: "ab", count: 32)
private let second = String(repeating: "0c", count: 32)

struct RequirementsReaderTests {
    @Test func linesCommentsAndHashes() throws {
        let text = """
            # a comment
            --find-links=https://user:secret@example.org/simple
            -i https://user:secret@example.org/simple
            Foo_Bar[x]==1.0 ; python_version >= "3.8" \\
                --hash=sha256:\(first.uppercased()) \\
                --hash=sha256:\(second)   # via something
                # via something else
            baz===2.0 --hash sha256:\(first) --hash=sha512:00
            """
        let lockfile = try readLockfile(text, "requirements-prod.txt")
        #expect(lockfile.format == .requirements)
        #expect(lockfile.roots == nil)
        #expect(lockfile.packages.map(\.name) == ["foo-bar", "baz"])
        #expect(lockfile.packages.map(\.version) == ["1.0", "2.0"])
        #expect(lockfile.packages.map(\.hashes) == [[first, second], [first]])
        #expect(lockfile.packages[0].marker?.text.contains("python_version >= \"3.8\"") == true)
    }

    @Test func directReferences() throws {
        let text = """
            tiny @ https://user:secret@example.org/a/tiny-1.0%2Bcpu-py3-none-any.whl#sha256=\(first)
            other @ file:///srv/other-2.0.tar.gz --hash=sha256:\(second)
            """
        let packages = try readLockfile(text, "requirements.txt").packages
        #expect(packages.map(\.source) == [.direct, .direct])
        #expect(packages[0].version == "1.0+cpu")
        #expect(
            packages[0].wheels == [
                LockedWheel(
                    fileName: "tiny-1.0+cpu-py3-none-any.whl", sha256: first,
                    url: "https://example.org/a/tiny-1.0%2Bcpu-py3-none-any.whl")
            ])
        #expect(packages[1].wheels.isEmpty && packages[1].hasSourceDistribution)
    }

    @Test func otherFilesAreReadAndConstraintsPin() throws {
        let companions = [
            "base.txt": "a==1 --hash=sha256:\(first)\n",
            "constraints.txt": "B==2 --hash=sha256:\(second)\nunused==3\n",
        ]
        let text = "-r base.txt\n--constraint constraints.txt\nb\n"
        let packages = try readLockfile(text, "requirements.txt", companions: companions).packages
        #expect(packages.map(\.name) == ["a", "b"])
        #expect(packages.map(\.version) == ["1", "2"])
        #expect(packages.map(\.hashes) == [[first], [second]])
    }

    @Test(arguments: [
        ("numpy>=1\n", "line 1: numpy: is not pinned by == to one version; write the file by"),
        ("numpy==1.*\n", "line 1: numpy: is not pinned by == to one version; write the file by"),
        ("\n\nnumpy==1\n", "line 3: numpy: has no --hash; write the file by `uv pip compile --generate-hashes`"),
        ("numpy==1 --hash=sha512:12\n", "line 1: numpy: has no SHA-256 among its hashes; write the file by"),
        ("numpy==1 --hash=sha256:12\n", "line 1: numpy: \"12\" is no SHA-256"),
        ("-e .\n", "line 1: an editable requirement has no wheel; leave it out"),
        ("-r ../other.txt\n", "line 1: -r \"../other.txt\": only files of the same directory can be included"),
        ("-rrequirements.txt\n", "line 1: \"requirements.txt\" includes itself"),
        ("-r missing.txt\n", "line 1: \"missing.txt\" can't be read"),
        ("-r loop.txt\n", "line 1: loop.txt: \"requirements.txt\" includes itself"),
        ("-r unpinned.txt\n", "line 2: unpinned.txt: a: is not pinned by =="),
        ("!!!\n", "line 1: \"!!!\": "),
    ])
    func whatIsNotPinnedOrHashedIsAnError(text: String, error: String) {
        let companions = ["loop.txt": "-r requirements.txt\n", "unpinned.txt": "\na\n"]
        #expect(lockfileError(text, "requirements.txt", companions: companions).hasPrefix(error))
    }

    @Test func filesThatIncludeEachOtherManyTimesAreRefused() {
        var companions: [String: String] = [:]
        for level in 0..<20 {
            companions["f\(level).txt"] = String(repeating: "-r f\(level + 1).txt\n", count: 10)
        }
        companions["f20.txt"] = ""
        #expect(lockfileError("-r f0.txt\n", "requirements.txt", companions: companions).contains("too many of them"))
    }
}
