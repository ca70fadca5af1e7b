import EnvSyncModel
import Testing

@testable import SyncState

@Suite("State: what is remembered")
struct StateRecordsTests {
    private let database = StateDatabase.inMemory()

    private func fingerprint(_ path: String, size: Int64 = 1, content: String = "a") -> FingerprintRecord {
        FingerprintRecord(
            fingerprint: FileFingerprint(
                path: path, device: .max, inode: 1 << 63, size: size, modified: -1, changed: .max),
            digest: ContentDigest.of(content.utf8), inspection: "{\"kind\":\"wheel\"}",
            hashedAt: 1_763_800_000_000_000_001)
    }

    private func mapping(_ path: String, content: String = "a", environment: String = "e") -> ObjectMapping {
        let digest = ContentDigest.of(content.utf8)
        return ObjectMapping(
            store: "hdfs://ns1/x", environment: environment, localPath: path, digest: digest,
            storePath: "objects/\(digest.hex)/leaf", size: 1, checksumAlgorithm: "MD5-of-0MD5-of-512CRC32C",
            checksum: "00ff", verification: .checksum, remoteModified: 1_763_800_000_123, verifiedAt: 1_763_800_000)
    }

    @Test func fingerprints() throws {
        let hostile = fingerprint("/a/'quoted', #1 \n é\u{301}")
        try database.save(fingerprints: [fingerprint("/a"), hostile])
        #expect(try database.fingerprints() == ["/a": fingerprint("/a"), hostile.fingerprint.path: hostile])
        try database.save(fingerprints: [fingerprint("/a", size: 2, content: "b")])
        #expect(try database.fingerprints()["/a"] == fingerprint("/a", size: 2, content: "b"))
        try database.removeFingerprints(notIn: ["/a", "/unknown"])
        #expect(try Array(database.fingerprints().keys) == ["/a"])
        try database.removeFingerprints(notIn: [])
        #expect(try database.fingerprints().isEmpty)
    }

    @Test func mappings() throws {
        let bare = ObjectMapping(
            store: "hdfs://ns1/x", environment: "e", localPath: "c", digest: ContentDigest.of([]), storePath: "p",
            size: 0,
            verification: .size, verifiedAt: 0)
        try database.save(mappings: [mapping("b"), mapping("a"), bare, mapping("a", environment: "other")])
        #expect(try database.mappings(store: "hdfs://ns1/x", environment: "e") == [mapping("a"), mapping("b"), bare])
        try database.replaceMappings(
            store: "hdfs://ns1/x", environment: "e",
            with: [mapping("a", content: "new"), bare, mapping("z", environment: "not this one")])
        #expect(
            try database.mappings(store: "hdfs://ns1/x", environment: "e") == [mapping("a", content: "new"), bare])
        #expect(try database.mappings(store: "hdfs://ns1/x", environment: "not this one").isEmpty)
        try database.removeMappings(store: "hdfs://ns1/x", environment: "e")
        #expect(try database.mappings(store: "hdfs://ns1/x", environment: "e").isEmpty)
        #expect(try database.mappings(store: "hdfs://ns1/x", environment: "other").count == 1)
    }

    @Test func publications() throws {
        #expect(try database.publication(store: "s", environment: "e") == nil)
        var publication = Publication(
            store: "s", environment: "e", id: ContentDigest.of([1]), generation: 7, publishedAt: 1,
            sparkBase: "hdfs://ns1/x")
        try database.setPublication(publication)
        #expect(try database.publication(store: "s", environment: "e") == publication)
        publication.generation = 8
        publication.sparkBase = nil
        try database.setPublication(publication)
        #expect(try database.publication(store: "s", environment: "e") == publication)
        #expect(try database.publication(store: "other", environment: "e") == nil)
        try database.removePublication(store: "s", environment: "e")
        #expect(try database.publication(store: "s", environment: "e") == nil)
    }

    @Test func pushes() throws {
        var first = PushRecord(id: "1", store: "s", environment: "e", startedAt: 1, host: "here")
        let second = PushRecord(
            id: "2", store: "s", environment: "e", startedAt: 2, process: ProcessIdentity(id: 1, start: 2), host: nil)
        try database.begin(first)
        try database.begin(second)
        #expect(try database.unfinishedPushes(host: "here") == [first])
        #expect(try database.unfinishedPushes(host: nil) == [second])
        first.outcome = .done
        first.finishedAt = 5
        first.objectsSent = 3
        first.bytesSent = 1 << 40
        first.generation = 9
        first.message = "sent"
        try database.finish(first)
        #expect(try database.unfinishedPushes(host: "here").isEmpty)
        #expect(try database.recentPushes() == [second, first])
        #expect(try database.recentPushes(limit: 1) == [second])
        #expect(try database.recentPushes(limit: -1).isEmpty)
    }

    @Test func aPushThatBeganInADeletedDatabaseIsStillEntered() throws {
        let push = PushRecord(id: "1", store: "s", environment: "e", startedAt: 1, finishedAt: 2, outcome: .failed)
        try database.finish(push)
        #expect(try database.recentPushes() == [push])
    }

    @Test func theJournalsAreBounded() throws {
        for number in 0..<1010 {
            try database.begin(
                PushRecord(
                    id: "\(number)", store: "s", environment: "e", startedAt: 1, finishedAt: number == 3 ? nil : 2,
                    outcome: number == 3 ? .failed : .done))
            try database.add(
                Emission(
                    job: "j", store: "s", environment: ContentDigest.of([]), format: "shell", arguments: "\(number)",
                    emittedAt: 1))
        }
        #expect(try database.recentPushes(limit: 5000).count == 1001)
        #expect(try database.unfinishedPushes(host: ProcessIdentity.hostName).map(\.id) == ["3"])
        #expect(try database.recentEmissions(limit: 5000).map(\.arguments) == (10..<1010).reversed().map(String.init))
    }

    @Test func emissions() throws {
        let emission = Emission(
            job: "nightly", store: "s", environment: ContentDigest.of([2]), generation: 3, format: "shell",
            arguments: "--conf 'spark.app.name=a b'", emittedAt: 4)
        try database.add(emission)
        var newer = emission
        newer.emittedAt = 5
        newer.generation = nil
        try database.add(newer)
        #expect(try database.lastEmission(job: "nightly") == newer)
        #expect(try database.lastEmission(job: "other") == nil)
        #expect(try database.recentEmissions() == [newer, emission])
    }

    @Test func noSecretIsStored() throws {
        try database.begin(
            PushRecord(
                id: "1", store: "s", environment: "e", startedAt: 1,
                message: "cannot open http://h/webhdfs/v1/x?op=OPEN&delegation=HUNTER2&offset=0"))
        try database.add(
            Emission(
                job: "j", store: "s", environment: ContentDigest.of([]), format: "shell",
                arguments: "--conf 'spark.x.password=HUNTER2'", emittedAt: 1))
        #expect(
            try database.recentPushes().first?.message
                == "cannot open http://h/webhdfs/v1/x?op=OPEN&delegation=…redacted…&offset=0")
        #expect(try database.lastEmission(job: "j")?.arguments == "--conf 'spark.x.password=…redacted…'")
    }
}

@Suite("State: secrets")
struct SecretFilterTests {
    @Test(arguments: [
        ("plain", "plain"),
        ("--conf spark.executor.memory=4g", "--conf spark.executor.memory=4g"),
        ("--conf spark.ssl.keyPassword=x,y --files a", "--conf spark.ssl.keyPassword=…redacted… --files a"),
        ("'fs.s3a.access.key=a'\\''b c' 'n=1'", "'fs.s3a.access.key=…redacted…' 'n=1'"),
        ("token='a b' next", "token='…redacted…' next"),
        ("\"my_secret=a\\\"b\",\"x=1\"", "\"my_secret=…redacted…\",\"x=1\""),
        ("token=", "token=…redacted…"),
        ("TOKEN=a&user.name=b", "TOKEN=…redacted…&user.name=b"),
        ("a=token b=c", "a=token b=c"),
        ("token='unfinished", "token='…redacted…"),
        ("token=\\", "token=…redacted…"),
    ])
    func cleaned(text: String, expected: String) {
        #expect(SecretFilter.clean(text) == expected)
    }
}

@Suite("State: processes")
struct ProcessIdentityTests {
    @Test func thisOneRuns() {
        #expect(ProcessIdentity.current.isRunning)
        #expect(ProcessIdentity.current.start > 0)
    }

    @Test func aReusedNumberIsAnotherProcess() {
        var other = ProcessIdentity.current
        other.start += 1
        #expect(!other.isRunning)
    }

    @Test(arguments: [0, -1, Int32.max]) func noProcess(id: Int32) {
        #expect(!ProcessIdentity(id: id, start: 0).isRunning)
    }

    @Test func startTimeOfAHostileName() {
        // proc(5): the name is in parentheses, field 3 follows; starttime is field 22.
        let fields = (3...30).map(String.init).joined(separator: " ")
        #expect(ProcessIdentity.startTime(inStat: "17 (a) b (c d) \(fields)\n") == 22)
        #expect(ProcessIdentity.startTime(inStat: "17 (a) S 1") == nil)
        #expect(ProcessIdentity.startTime(inStat: "") == nil)
    }
}
