import EnvSyncModel
import Testing

@testable import SparkSubmission

/// Short ways to write jobs and artifacts. The SHA-256 of an artifact is that of its seed.
enum Fixture {
    static func artifact(
        _ delivery: Delivery, _ leaf: String, seed: String? = nil, name: String? = nil, version: String? = nil,
        alias: String? = nil, interpreter: String? = nil, jobs: [String] = []
    ) throws -> PublishedArtifact {
        PublishedArtifact(
            Artifact(
                name: name ?? leaf, version: version, kind: .file,
                digest: ContentDigest.of(Array((seed ?? leaf).utf8)), size: 10, leaf: try LeafName(leaf),
                delivery: delivery, alias: try alias.map { try ArchiveAlias($0) }, interpreter: interpreter,
                jobs: try jobs.map { try JobName($0) }, origin: ArtifactOrigin(section: .listed, path: leaf)))
    }

    static func archive(
        _ alias: String?, _ leaf: String = "environment-0a1b2c3d4e5f.tar.gz", interpreter: String? = "bin/python"
    ) throws -> PublishedArtifact {
        try artifact(.archive, leaf, alias: alias, interpreter: interpreter)
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
        mainOverride: String? = nil, extraOptions: [String] = [], extraArguments: [String] = []
    ) throws -> SubmissionPlan {
        Submission.plan(
            SubmissionRequest(
                job: job, manifest: try manifest(artifacts), storeBase: store, mainOverride: mainOverride,
                extraOptions: extraOptions, extraArguments: extraArguments))
    }

    static func words(_ plan: SubmissionPlan) -> [String] { SparkSubmitEmitter().words(plan.submission) }
}
