import Foundation

/// Writes a submission as the body of Livy's `POST /batches`.
public struct LivyEmitter: Sendable {
    /// Makes an emitter.
    public init() {}

    /// The body as JSON with sorted keys. The master and the deploy mode are not in it: Livy's configuration says them
    /// (`livy.spark.master`, `livy.spark.deploy-mode`), and Livy refuses them in `conf`.
    public func text(_ submission: Submission) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(LivyBatch(submission)), as: UTF8.self)
    }
}

/// What of Livy's `CreateBatchRequest` (apache/livy, `server/batch/CreateBatchRequest.scala`) envsync fills in.
struct LivyBatch: Encodable {
    let file: String?
    let args: [String]?
    let pyFiles: [String]?
    let files: [String]?
    let archives: [String]?
    let conf: [String: String]?

    init(_ submission: Submission) {
        func list(_ values: [String]) -> [String]? { values.isEmpty ? nil : values }
        var properties = Dictionary(
            submission.conf.map { ($0.key, $0.value) }, uniquingKeysWith: { _, last in last })
        // What the server decides; its file of forbidden properties names them.
        for key in ["spark.master", "spark.submit.deployMode"] { properties[key] = nil }
        // Livy turns `archives` into spark.yarn.dist.archives (`LivyConf.SPARK_ARCHIVES`), which only YARN looks at.
        let archives = submission.archives.map(\.argument)
        if submission.master != .yarn, !archives.isEmpty {
            properties["spark.archives"] = archives.joined(separator: ",")
            self.archives = nil
        } else {
            self.archives = list(archives)
        }
        file = submission.main
        args = list(submission.mainArguments)
        pyFiles = list(submission.pyFiles.map(\.argument))
        files = list(submission.files.map(\.argument))
        conf = properties.isEmpty ? nil : properties
    }
}
