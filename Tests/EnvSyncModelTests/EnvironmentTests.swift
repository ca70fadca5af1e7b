import Testing

@testable import EnvSyncModel

struct EnvironmentTests {
    static func manifest() throws -> EnvironmentManifest {
        EnvironmentManifest(
            name: try EnvironmentName("etl"),
            artifacts: [
                Artifact(
                    name: "env", kind: .archive, digest: ContentDigest.of(Array("env".utf8)), size: 3,
                    leaf: try LeafName("env-1.tar.gz"), delivery: .archive, alias: try ArchiveAlias("environment"),
                    interpreter: "bin/python", origin: ArtifactOrigin(section: .archive, path: "environment.tar.gz")),
                Artifact(
                    name: "é \"q\" \\ \n\t\u{1}\u{7f}/", version: "1.0+é", kind: .wheel,
                    digest: ContentDigest.of(Array("x".utf8)), size: 1 << 40, leaf: try LeafName("x.zip"),
                    delivery: .pyfile, origin: ArtifactOrigin(section: .wheelhouse, path: "x.whl")),
                Artifact(
                    name: "app.yaml", kind: .file, digest: ContentDigest.of([]), size: 0,
                    leaf: try LeafName("app.yaml"),
                    delivery: .file, jobs: [try JobName("b"), try JobName("a")],
                    origin: ArtifactOrigin(section: .listed, path: "conf/app.yaml")),
            ])
    }

    /// Written and hashed by CPython 3.11, from the same values as a dictionary m:
    /// `json.dumps(m, sort_keys=True, separators=(",", ":"), ensure_ascii=False)`, then hashlib.sha256 of its UTF-8.
    @Test func canonicalFormIsPythons() throws {
        let manifest = try Self.manifest()
        let json = """
            {"artifacts":[{"alias":"environment","delivery":"archive","interpreter":"bin/python","kind":"archive",\
            "leaf":"env-1.tar.gz","name":"env",\
            "sha256":"b77349bf1fa9b26d45d545d7d64dad96737e9cfbb3cbb5f5d10fb77b0fcc44ad","size":3},\
            {"delivery":"pyfile","kind":"wheel","leaf":"x.zip","name":"é \\"q\\" \\\\ \\n\\t\\u0001\u{7f}/",\
            "sha256":"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881","size":1099511627776,"version":"1.0+é"},\
            {"delivery":"file","jobs":["a","b"],"kind":"file","leaf":"app.yaml","name":"app.yaml",\
            "sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":0}],"name":"etl","schemaVersion":1}
            """
        #expect(String(decoding: manifest.canonicalJSON, as: UTF8.self) == json)
        #expect(manifest.id.hex == "08f4ea2fa9d44112dfc736f263b2b152dc0bcd58a958a4b4983a0ca755d0f612")
    }

    @Test func theOriginIsNotPartOfTheIdentity() throws {
        var artifact = try Sample.artifact()
        let name = try EnvironmentName("e")
        let manifest = EnvironmentManifest(name: name, artifacts: [artifact])
        artifact.origin = ArtifactOrigin(section: .listed, path: "elsewhere.whl")
        #expect(EnvironmentManifest(name: name, artifacts: [artifact]).id == manifest.id)
        let both = EnvironmentManifest(name: name, artifacts: [artifact, try Sample.artifact()])
        #expect(both == manifest)
        artifact.jobs = [try JobName("a")]
        #expect(EnvironmentManifest(name: name, artifacts: [artifact]).id != manifest.id)
        #expect(
            EnvironmentManifest(name: try EnvironmentName("f"), artifacts: [try Sample.artifact()]).id != manifest.id)
    }

    @Test func objectsOnce() throws {
        let one = try Sample.artifact("a", leaf: "x.zip")
        var other = one
        other.name = "b"
        let manifest = EnvironmentManifest(
            name: try EnvironmentName("e"), artifacts: [one, other, try Sample.artifact("c")])
        #expect(manifest.artifacts.count == 3)
        #expect(manifest.objects == [one.object, try Sample.artifact("c").object])
    }

    @Test func whoWantsWhat() throws {
        let (a, b) = (try JobName("a"), try JobName("b"))
        #expect(try Sample.artifact().isWanted(by: a))
        let mine = try Sample.artifact(jobs: ["a"])
        #expect(mine.isWanted(by: a) && !mine.isWanted(by: b))
        #expect(PublishedArtifact(mine).isWanted(by: a) && !PublishedArtifact(mine).isWanted(by: b))
    }
}

struct GenerationTests {
    static func generation() throws -> Generation {
        Generation(
            number: 12, publishedAt: 1_790_000_000, publishedBy: "ana \"é\"\n", manifest: try Sample.lock().manifest)
    }

    @Test func roundTrip() throws {
        let generation = try Self.generation()
        let bytes = generation.json(id: generation.manifest.id)
        #expect(bytes.last == UInt8(ascii: "\n"))
        #expect(try Generation(parsing: bytes) == generation)
    }

    @Test(
        arguments: [
            ("\"size\":3", "\"size\":4", "SHA-256"), ("six", "sax", "SHA-256"),
            ("\"delivery\":\"file\"", "\"delivery\":\"main\"", "SHA-256"),
            ("\"a\",\"b\"", "\"a\",\"c\"", "SHA-256"), ("bin/python", "bin/perl", "SHA-256"),
            ("\"schemaVersion\":1,\"number\"", "\"schemaVersion\":2,\"number\"", "schema version 2"),
            ("\"id\":\"", "\"id\":\"0", "id"), ("\"number\":12", "\"number\":\"12\"", "number"),
            ("\"number\":12", "\"number\":0", "out of range"),
            ("\"number\":12,", "", "\"number\" is missing"), ("\"size\":3", "\"size\":-3", "out of range"),
            ("\"name\":\"etl\"", "\"name\":\"a/b\"", "environment name"),
            ("\"leaf\":\"env-1.tar.gz\"", "\"leaf\":\"../env-1.tar.gz\"", "file name"),
            ("\"alias\":\"environment\"", "\"alias\":\"/\"", "archive alias"),
            ("\"delivery\":\"file\"", "\"delivery\":\"mail\"", "delivery"),
            ("\"jobs\":[\"a\"", "\"jobs\":[\"a b\"", "job name"), ("}\n", "", "JSON"),
        ])
    func tampering(_ old: String, _ new: String, _ message: String) throws {
        let generation = try Self.generation()
        let text = String(decoding: generation.json(id: generation.manifest.id), as: UTF8.self)
        #expect(text.contains(old))
        let tampered = old == "}\n" ? String(text.dropLast(2)) : text.replacing(old, with: new)
        let error = #expect(throws: ManifestFormatError.self) { try Generation(parsing: Array(tampered.utf8)) }
        #expect(error?.description.contains(message) == true, "\(String(describing: error))")
    }

    /// Each truncation, as an interrupted upload leaves it.
    @Test func truncation() throws {
        let generation = try Self.generation()
        let bytes = generation.json(id: generation.manifest.id)
        for length in stride(from: 0, to: bytes.count - 1, by: 7) {
            #expect(throws: ManifestFormatError.self) { try Generation(parsing: Array(bytes.prefix(length))) }
        }
    }

    @Test func aFlippedBitIsFound() throws {
        let generation = try Self.generation()
        let bytes = generation.json(id: generation.manifest.id)
        var generator = SplitMix(state: 3)
        for _ in 0..<2000 {
            var flipped = bytes
            flipped[Int.random(in: 0..<bytes.count, using: &generator)] ^=
                1 << UInt8.random(in: 0..<8, using: &generator)
            // What the id doesn't cover may read as another number, time or user, or with other white space.
            if let read = try? Generation(parsing: flipped) { #expect(read.manifest == generation.manifest) }
        }
    }

    @Test(arguments: ["", "[]", "null", "{", "{}", "\u{0}", "12", "\"x\"", String(repeating: "[", count: 10_000)])
    func notAManifest(_ text: String) {
        #expect(throws: ManifestFormatError.self) { try Generation(parsing: Array(text.utf8)) }
        #expect(throws: ManifestFormatError.self) { try EnvironmentRef(parsing: Array(text.utf8)) }
    }

    @Test func bytesThatAreNotUTF8() throws {
        #expect(throws: ManifestFormatError.self) { try Generation(parsing: [0xFF, 0xFE, 0x7B]) }
        #expect(throws: ManifestFormatError.self) { try EnvironmentRef(parsing: [0x7B, 0x22, 0xC3, 0x28, 0x22, 0x7D]) }
    }
}

struct RefTests {
    static let id = ContentDigest.of(Array("x".utf8))

    @Test func roundTrip() throws {
        let ref = EnvironmentRef(
            generation: GenerationName(number: 3, id: Self.id), manifestSize: 1234, publishedAt: 5,
            publishedBy: "a\"\\\u{1}é")
        #expect(try EnvironmentRef(parsing: ref.json) == ref)
    }

    @Test(
        arguments: [
            ("\"generation\":3", "\"generation\":4", "it names the manifest"),
            ("\"generation\":3", "\"generation\":0", "it names"),
            ("3-2d71", "3-2d72", "it names the manifest"),
            ("\"manifest\":\"", "\"manifest\":\"../", "it names the manifest \"../3-"),
            ("\"schemaVersion\":1", "\"schemaVersion\":9", "schema version 9"),
            ("\"manifestSize\":1234,", "", "\"manifestSize\" is missing"),
            ("\"id\":\"2d", "\"id\":\"zz", "is not a SHA-256"),
            ("\"publishedBy\":\"ana\"", "\"publishedBy\":null", "publishedBy"),
        ])
    func tampering(_ old: String, _ new: String, _ message: String) throws {
        let ref = EnvironmentRef(
            generation: GenerationName(number: 3, id: Self.id), manifestSize: 1234, publishedAt: 5, publishedBy: "ana")
        let text = String(decoding: ref.json, as: UTF8.self)
        #expect(text.contains(old))
        let error = #expect(throws: ManifestFormatError.self) {
            try EnvironmentRef(parsing: Array(text.replacing(old, with: new).utf8))
        }
        #expect(error?.description.contains(message) == true, "\(String(describing: error))")
    }

    @Test func generationNames() throws {
        let name = GenerationName(number: 12, id: Self.id)
        #expect(GenerationName(fileName: name.description) == name)
        for bad in [
            "", "current.json", "12.json", "12-.json", "012-\(Self.id).json", "+12-\(Self.id).json",
            "0-\(Self.id).json", "-1-\(Self.id).json",
            "12-\(Self.id)", "12-\(Self.id).json.tmp", "12-\(Self.id)0.json", "99999999999999999999-\(Self.id).json",
        ] {
            #expect(GenerationName(fileName: bad) == nil, "\(bad)")
        }
        #expect(GenerationName(number: 2, id: Self.id) < name)
        #expect(GenerationName(number: 12, id: ContentDigest.of([])) > name)
    }
}
