import Testing

@testable import EnvSyncModel

@Suite("What a lock says of packed environments")
struct PackedContentsTests {
    private static let digest = String(repeating: "ab", count: 32)

    private static func package(_ name: String, _ version: String, build: String? = nil) -> PackedPackage {
        PackedPackage(name: name, version: version, build: build, digest: digest)
    }

    private static func lock() throws -> Lock {
        var base = try Sample.artifact(
            "environment", version: nil, kind: .archive, delivery: .archive, leaf: "environment-1.tar.gz",
            alias: "environment", interpreter: "bin/python", section: .archive, path: "dist/environment.tar.gz")
        base.contents = PackedContents(
            python: "3.11", options: ["with-python", "exclude=*\"x\""], other: digest,
            packages: [
                package("six", "1.16.0"), package("numpy", "1.26.4"), package("numpy", "1.26.4", build: "py311_0"),
            ])
        var overlay = try Sample.artifact(
            "environment-overlay", version: nil, kind: .layer, delivery: .archive, leaf: "environment-overlay-1.tar.gz",
            alias: "environment-overlay", section: .overlay, path: "dist/environment.tar.gz")
        overlay.base = try ArchiveAlias("environment")
        overlay.contents = PackedContents(python: "3.11", packages: [package("six", "1.17.0")])
        return Lock(environment: try EnvironmentName("etl"), artifacts: [overlay, base])
    }

    @Test("a package is a line, whatever its names", arguments: Sample.hostileNames)
    func lines(name: String) throws {
        for build in [nil, "", name] {
            let package = PackedPackage(name: name, version: name, build: build, digest: name)
            let line = package.line
            #expect(line.utf8.allSatisfy { (0x20...0x7E).contains($0) }, "\(line)")
            #expect(PackedPackage(line: line) == package)
        }
    }

    @Test(
        "other lines are no packages",
        arguments: ["", "six", "six 1", "a b c d e", "six  1", "six 1 %4", "six 1 %zz", "six 1 %ff"])
    func noPackages(line: String) { #expect(PackedPackage(line: line) == nil) }

    @Test("written, one package a line, and read again")
    func roundTrip() throws {
        let lock = try Self.lock()
        #expect(
            lock.text.contains(
                """

                [[packed]]
                archive = "dist/environment.tar.gz"
                python = "3.11"
                options = [
                    "with-python",
                    "exclude=*\\"x\\"",
                ]
                other = "\(Self.digest)"
                packages = [
                    "numpy 1.26.4 \(Self.digest)",
                    "numpy 1.26.4 py311_0 \(Self.digest)",
                    "six 1.16.0 \(Self.digest)",
                ]

                """), "\(lock.text)")
        #expect(lock.text.contains("\nalias = \"environment-overlay\"\nbase = \"environment\"\n"))
        #expect(lock.text.contains("\noverlay = \"dist/environment.tar.gz\"\n"))
        #expect(try Lock(parsing: lock.text) == lock)
        #expect(try Lock(parsing: lock.text.replacing("\n", with: "\r\n")) == lock)
        #expect(try Lock(parsing: lock.text).text == lock.text)
    }

    @Test("no packages at all is a list, too")
    func empty() throws {
        var artifact = try #require(try Self.lock().artifacts.first { $0.kind == .archive })
        artifact.contents = PackedContents(python: "3.11", other: "", packages: [])
        let lock = Lock(environment: try EnvironmentName("etl"), artifacts: [artifact])
        #expect(try Lock(parsing: lock.text) == lock)
    }

    @Test("a lock of an older envsync doesn't say what was packed")
    func olderLock() throws {
        let text = try Self.lock().text
        let start = try #require(text.firstRange(of: "\n[[packed]]"))
        let older = try Lock(parsing: String(text[..<start.lowerBound]))
        #expect(older.artifacts.allSatisfy { $0.contents == nil })
    }

    @Test(
        "complaints name the line",
        arguments: [
            ("    \"six 1.16.0", "    \"six", "is not a name, a version and a digest"),
            ("python = \"3.11\"\noptions", "options", "\"python\" is missing"),
            ("archive = \"dist/environment.tar.gz\"\npython", "archive = \"x\"\npython", "there is no archive \"x\""),
            ("\"with-python\",\n", "\"with-python\"\n", "expected a comma"),
            ("\"with-python\",\n", "\"with-python\", 1\n", "text after the value"),
            ("\"with-python\",\n", "<<<<<<< HEAD\n", "a merge conflict"),
            ("\"with-python\",\n", "with-python\n", "expected a string"),
            ("options = [\n", "options = 1\nother2 = [\n", "\"options\" must be a list of strings"),
        ])
    func complaints(part: String, other: String, message: String) throws {
        let text = try Self.lock().text
        try #require(text.contains(part))
        let error = #expect(throws: LockFormatError.self) {
            try Lock(parsing: text.replacing(part, with: other, maxReplacements: 1))
        }
        #expect(error?.message.contains(message) == true, "\(String(describing: error))")
        #expect((error?.line ?? 0) > 3)
    }

    @Test("a list that doesn't end is told of by the line where it begins")
    func endless() throws {
        let text = try Self.lock().text
        let start = try #require(text.firstRange(of: "packages = [\n"))
        let line = text[..<start.lowerBound].count { $0 == "\n" } + 1
        let error = #expect(throws: LockFormatError.self) { try Lock(parsing: String(text[..<start.upperBound])) }
        #expect(error == LockFormatError(line: line, message: "the list does not end"))
    }

    @Test("a manifest says what an overlay brings and what it belongs to; one without is as it was")
    func manifest() throws {
        let manifest = try Self.lock().manifest
        let overlay = try #require(manifest.artifacts.first { $0.kind == .layer })
        #expect(overlay.packages == ["six==1.17.0"] && overlay.base?.text == "environment")
        let generation = Generation(number: 1, publishedAt: 1, publishedBy: "ana", manifest: manifest)
        #expect(try Generation(parsing: generation.json(id: manifest.id)).manifest == manifest)
        let json = String(decoding: manifest.canonicalJSON, as: UTF8.self)
        #expect(json.contains("{\"alias\":\"environment-overlay\",\"base\":\"environment\",\"delivery\":\"archive\","))
        #expect(json.components(of: "\"base\"") == 1 && json.components(of: "\"packages\"") == 1)
    }

    @Test(
        "a job gets an overlay with its archive, and not without",
        arguments: [(nil, true), (["environment"], true), (["other"], false), ([], false)] as [([String]?, Bool)])
    func jobs(archives: [String]?, isWanted: Bool) throws {
        let job = Job(name: try JobName("nightly"), archives: try archives?.map { try ArchiveAlias($0) })
        for artifact in try Self.lock().manifest.artifacts { #expect(artifact.isWanted(by: job) == isWanted) }
    }

    @Test("an overlay's packages take the place of the archive's")
    func overlaid() throws {
        let artifacts = try Self.lock().artifacts
        let base = try #require(artifacts.first { $0.base == nil }?.contents)
        let overlay = try #require(artifacts.first { $0.base != nil }?.contents)
        let both = base.overlaid(by: overlay)
        #expect(both.requirements == ["numpy==1.26.4", "six==1.17.0"])
        #expect(both.packages.count == 3 && both.other == base.other && both.options == base.options)
    }
}

extension String {
    fileprivate func components(of text: String) -> Int { ranges(of: text).count }
}
