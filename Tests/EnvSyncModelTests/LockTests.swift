import Testing

@testable import EnvSyncModel

enum Sample {
    static let hostileNames = [
        "six", "", "a\"b\\c", "new\nline", "tab\tcr\r", "\u{1}\u{1f}\u{7f}", "é", "e\u{301}", "日本語", "👩‍👩‍👧", "\u{202e}",
        "# no comment", "[[artifact]]",
        "<<<<<<< HEAD", "a = \"b\"", "\u{301}starts with a combining mark", "\\u0041", "$(touch x)", "  spaces  ", "'",
    ]

    static func artifact(
        _ name: String = "six", version: String? = "1.16.0", kind: ArtifactKind = .wheel, delivery: Delivery = .pyfile,
        leaf: String? = nil, alias: String? = nil, interpreter: String? = nil, jobs: [String] = [],
        section: ArtifactOrigin.Section = .wheelhouse, path: String? = nil
    ) throws -> Artifact {
        let digest = ContentDigest.of(Array(name.utf8))
        return Artifact(
            name: name, version: version, kind: kind, digest: digest, size: Int64(name.utf8.count),
            leaf: try leaf.map { try LeafName($0) }
                ?? LeafName.unique(name: name, version: version, digest: digest, fileExtension: "zip"),
            delivery: delivery, alias: try alias.map { try ArchiveAlias($0) }, interpreter: interpreter,
            jobs: try jobs.map { try JobName($0) },
            origin: ArtifactOrigin(section: section, path: path ?? "wheelhouse/\(name)"))
    }

    static func lock() throws -> Lock {
        var artifacts = try hostileNames.map { try artifact($0) }
        artifacts.append(
            try artifact(
                "env", version: nil, kind: .archive, delivery: .archive, leaf: "env-1.tar.gz", alias: "environment",
                interpreter: "bin/python", section: .archive, path: "environment.tar.gz"))
        artifacts.append(
            try artifact("app.yaml", version: nil, kind: .file, delivery: .file, jobs: ["b", "a"], section: .listed))
        artifacts.append(
            try artifact("run.py", version: nil, kind: .python, delivery: .main, jobs: ["a"], section: .main))
        // The HDFS checksum of "bar\n" in the tests of the Go client colinmarc/hdfs.
        artifacts[0].hdfsChecksum = "27c076e4987344253650d3335a5d08ce"
        artifacts.append(try artifact("etl", kind: .source, section: .source, path: "src/etl"))
        return Lock(environment: try EnvironmentName("etl"), artifacts: artifacts)
    }
}

struct LockTests {
    @Test func theText() throws {
        let lock = Lock(
            environment: try EnvironmentName("etl"),
            artifacts: [
                try Sample.artifact("say \"hi\"\n", leaf: "hi.zip", jobs: ["b", "a"]),
                try Sample.artifact(
                    "env", version: nil, kind: .archive, delivery: .archive, leaf: "env.tar.gz", alias: "environment",
                    interpreter: "bin/python", section: .archive, path: "env.tar.gz"),
            ])
        // The digests are from: printf 'env' | sha256sum; printf 'say "hi"\n' | sha256sum
        #expect(
            lock.text == """
                # Written by `envsync lock`: what this environment is made of. Commit it; do not edit it by hand.
                version = 1
                environment = "etl"

                [[artifact]]
                name = "env"
                kind = "archive"
                delivery = "archive"
                alias = "environment"
                interpreter = "bin/python"
                leaf = "env.tar.gz"
                size = 3
                sha256 = "b77349bf1fa9b26d45d545d7d64dad96737e9cfbb3cbb5f5d10fb77b0fcc44ad"
                archive = "env.tar.gz"

                [[artifact]]
                name = "say \\"hi\\"\\n"
                version = "1.16.0"
                kind = "wheel"
                delivery = "pyfile"
                leaf = "hi.zip"
                size = 9
                sha256 = "a4f73b2b83c57eb600730fcce1e8dc265ef07427ed43e51ca35972b99904d82d"
                jobs = ["a", "b"]
                wheelhouse = "wheelhouse/say \\"hi\\"\\n"

                """)
    }

    @Test func roundTrip() throws {
        let lock = try Sample.lock()
        #expect(try Lock(parsing: lock.text) == lock)
        #expect(try Lock(parsing: lock.text).text == lock.text)
        #expect(try Lock(parsing: lock.text.replacing("\n", with: "\r\n")) == lock)
        let empty = Lock(environment: try EnvironmentName("e"), artifacts: [])
        #expect(try Lock(parsing: empty.text) == empty)
    }

    @Test func everyScalarThatASwiftStringHoldsSurvives() throws {
        var text = ""
        for value in [0...0x2FF, 0xD7F0...0xD7FF, 0xE000...0xE00F, 0xFFF0...0x1000F, 0x10FFF0...0x10FFFF].joined() {
            if let scalar = Unicode.Scalar(UInt32(value)) { text.unicodeScalars.append(scalar) }
        }
        let lock = Lock(environment: try EnvironmentName("e"), artifacts: [try Sample.artifact(text, leaf: "x")])
        let read = try Lock(parsing: lock.text)
        #expect(Array(read.artifacts[0].name.utf8) == Array(text.utf8))
    }

    @Test func orderDoesNotDependOnTheInput() throws {
        let lock = try Sample.lock()
        var artifacts = lock.artifacts
        var generator = SplitMix(state: 7)
        for _ in 0..<20 {
            artifacts.shuffle(using: &generator)
            #expect(Lock(environment: lock.environment, artifacts: artifacts) == lock)
        }
        #expect(lock.artifacts.map(\.delivery) == lock.artifacts.map(\.delivery).sorted())
        let names = lock.artifacts.filter { $0.delivery == .pyfile }.map(\.name)
        #expect(names == names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        #expect(names.first == "" && names.last == "👩‍👩‍👧")
    }

    @Test func artifactsThatDifferOnlyInAliasOrJobsHaveAnOrder() throws {
        let artifacts = [
            try Sample.artifact(leaf: "x", alias: "a", jobs: ["z"]),
            try Sample.artifact(leaf: "x", alias: "b", jobs: ["a"]),
            try Sample.artifact(leaf: "x", alias: "b", jobs: ["b"]),
        ]
        let name = try EnvironmentName("e")
        #expect(
            Lock(environment: name, artifacts: artifacts.reversed()) == Lock(environment: name, artifacts: artifacts))
    }

    @Test func everyKeyHasItsOwnPlace() {
        #expect(LockKey.allCases.map(\.index) == Array(LockKey.allCases.indices))
        #expect(LockKey.spellings.map { String(decoding: $0, as: UTF8.self) } == LockKey.allCases.map(\.rawValue))
    }

    @Test func theHDFSChecksumIsNotPartOfTheEnvironment() throws {
        let lock = try Sample.lock()
        #expect(lock.artifacts.contains { $0.hdfsChecksum != nil })
        #expect(try Lock(parsing: lock.text).artifacts.map(\.hdfsChecksum) == lock.artifacts.map(\.hdfsChecksum))
        let without = lock.artifacts.map { artifact in
            var artifact = artifact
            artifact.hdfsChecksum = nil
            return artifact
        }
        #expect(Lock(environment: lock.environment, artifacts: without).manifest.id == lock.manifest.id)
    }

    @Test func eachArtifactMayHaveALaterVersionsKey() throws {
        let lock = try Sample.lock()
        #expect(try Lock(parsing: lock.text.replacing("\nkind = ", with: "\nfuture = [\"x\"]\nkind = ")) == lock)
    }

    @Test func leniences() throws {
        let lock = Lock(
            environment: try EnvironmentName("e"), artifacts: [try Sample.artifact(leaf: "x", jobs: ["a", "b"])])
        let text = lock.text.replacing("jobs = [\"a\", \"b\"]", with: "  jobs=[ \"b\" ,\"a\", ]  ")
            .replacing(
                "name = \"six\"", with: "# a comment\n\n\tx".dropLast(2) + "name = \"\\u0073i\\u0078\"\nfuture = 7")
        #expect(try Lock(parsing: text) == lock)
    }
}

struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    // Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}
