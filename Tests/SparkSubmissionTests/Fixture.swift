import EnvSyncModel
import Testing

@testable import SparkSubmission

/// Short ways to write jobs and artifacts. The SHA-256 of an artifact is that of its seed.
enum Fixture {
    static func artifact(
        _ delivery: Delivery, _ leaf: String, seed: String? = nil, name: String? = nil, version: String? = nil,
        kind: ArtifactKind = .file, alias: String? = nil, interpreter: String? = nil, jobs: [String] = []
    ) throws -> PublishedArtifact {
        PublishedArtifact(
            Artifact(
                name: name ?? leaf, version: version, kind: kind,
                digest: ContentDigest.of(Array((seed ?? leaf).utf8)), size: 10, leaf: try LeafName(leaf),
                delivery: delivery, alias: try alias.map { try ArchiveAlias($0) }, interpreter: interpreter,
                jobs: try jobs.map { try JobName($0) }, origin: ArtifactOrigin(section: .listed, path: leaf)))
    }

    static func archive(
        _ alias: String?, _ leaf: String = "environment-0a1b2c3d4e5f.tar.gz", interpreter: String? = "bin/python"
    ) throws -> PublishedArtifact {
        try artifact(.archive, leaf, alias: alias, interpreter: interpreter)
    }

    /// A layer of wheels; its alias and its leaf are made of the name.
    static func layer(_ name: String) throws -> PublishedArtifact {
        try artifact(.archive, "\(name)-0a1b2c3d4e5f.tar.gz", name: name, kind: .layer, alias: name)
    }

    /// What changed in a packed environment since the archive of that alias.
    static func overlay(_ base: String) throws -> PublishedArtifact {
        var artifact = Artifact(
            name: "\(base)-overlay", kind: .layer, digest: ContentDigest.of(Array("overlay".utf8)), size: 10,
            leaf: try LeafName("\(base)-overlay-0a1b2c3d4e5f.tar.gz"), delivery: .archive,
            alias: try ArchiveAlias("\(base)-overlay"),
            origin: ArtifactOrigin(section: .overlay, path: "\(base).tar.gz"))
        artifact.base = try ArchiveAlias(base)
        return PublishedArtifact(artifact)
    }

    static func manifest(_ artifacts: [PublishedArtifact]) throws -> EnvironmentManifest {
        EnvironmentManifest(name: try EnvironmentName("etl"), artifacts: artifacts)
    }

    static func job(
        _ master: String = "yarn", _ deployMode: Job.DeployMode = .client, main: String? = nil,
        arguments: [String] = [],
        archives: [String]? = nil, python: String? = nil, driverPython: String? = nil, conf: [String: String] = [:]
    ) throws -> Job {
        Job(
            name: try JobName("nightly"), main: main, arguments: arguments, master: try #require(SparkMaster(master)),
            deployMode: deployMode, archives: try archives?.map { try ArchiveAlias($0) }, python: python,
            driverPython: driverPython, conf: conf)
    }

    static func plan(
        _ job: Job, _ artifacts: [PublishedArtifact] = [], store: String = "hdfs://ns1/apps/envsync",
        mainOverride: String? = nil, extraOptions: [String] = [], extraArguments: [String] = [],
        format: LaunchFormat = .sparkSubmit, unpacked: [String: String] = [:], exportsDriverPath: Bool = false,
        facts: PreflightFacts = PreflightFacts()
    ) throws -> SubmissionPlan {
        Submission.plan(
            SubmissionRequest(
                job: job, manifest: try manifest(artifacts), storeBase: store, mainOverride: mainOverride,
                extraOptions: extraOptions, extraArguments: extraArguments, format: format,
                unpackedLayers: Dictionary(
                    uniqueKeysWithValues: unpacked.map { (ContentDigest.of(Array($0.key.utf8)), $0.value) }),
                exportsDriverPath: exportsDriverPath, facts: facts))
    }

    /// What most golden texts are made of: an environment with a Python, a layer, a package, a file and a main program.
    static func typical() throws -> [PublishedArtifact] {
        [
            try archive("environment"), try layer("layer-numpy"),
            try artifact(.pyfile, "six-1.16.0-aaa.zip", name: "six", version: "1.16.0"),
            try artifact(.file, "app.yaml"), try artifact(.main, "nightly-bbb.py", jobs: ["nightly"]),
        ]
    }

    static func words(_ plan: SubmissionPlan) -> [String] { SparkSubmitEmitter().words(plan.submission) }
}
