import Foundation
import Testing

/// What the jobs of `manifests/lockfiles` and `manifests/sixty` print.
struct ImportReport: Decodable {
    struct Executor: Decodable {
        let directory: String
        let pid: Int32
        let python: String
        /// Of each distribution, its version by its metadata.
        let versions: [String: String]
        /// Of each module, the file that it was imported from; of the large job, by distribution.
        let files: [String: String]
        /// Every distribution that the executor's Python sees.
        let installed: [String]?
        /// What the packages computed, as JSON.
        let answer: String
        /// What the entry points returned, by their names.
        let entryPoints: [String: String]?

        /// The first component of a file below the executor's directory: a layer, an archive or a zip. Spark names zips
        /// relative to that directory.
        func place(of file: String) -> String? {
            guard let start = [directory + "/", "./"].first(where: file.hasPrefix) else { return nil }
            return file.dropFirst(start.count).split(separator: "/").first.map(String.init)
        }
    }

    let executors: [Executor]

    init(_ result: CommandResult) throws {
        do { self = try JSONDecoder().decode(ImportReport.self, from: Data(result.stdout.utf8)) } catch {
            throw ToolError(description: "the job printed no report (\(error)): \(result)")
        }
    }

    /// The standalone worker gives each executor a directory that ends in the executor's number.
    func expectTwoExecutors() throws {
        #expect(executors.map { ($0.directory as NSString).lastPathComponent }.sorted() == ["0", "1"])
        #expect(Set(executors.map(\.pid)).count == 2)
    }
}
