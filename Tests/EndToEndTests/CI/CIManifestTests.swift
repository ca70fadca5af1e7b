import Foundation
import Glibc
import Testing
import Yams

@Suite("The commands of manifests/ci, with the real envsync", .tags(.local))
struct CIManifestTests {
    /// A service, and how it runs a line of its file.
    struct Service: Sendable, CustomTestStringConvertible {
        let name: String
        /// How the service starts a script; the script is the last word.
        let shell: [String]
        /// What compares lock and sources, where something is under review.
        let review: @Sendable () throws -> [String]
        /// What compares lock and store.
        let store: @Sendable () throws -> [String]
        /// The reports that the store's job leaves, and the schema of each.
        let reports: [String: String]

        var testDescription: String { name }

        static let all = [
            Service(
                // docs.github.com, "Workflow syntax", jobs.<job_id>.steps[*].shell: unspecified on Linux.
                name: "GitHub Actions", shell: ["/bin/bash", "-e", "-c"],
                review: { try CIManifest.gitHubSteps("lock") }, store: { try CIManifest.gitHubSteps("store") },
                reports: ["envsync.sarif": "sarif.json"]),
            Service(
                name: "GitLab CI", shell: ["/bin/bash", "-eo", "pipefail", "-c"],
                review: { try CIManifest.gitLabScript("envsync-lock") },
                store: { try CIManifest.gitLabScript("envsync-store") },
                reports: ["envsync-junit.xml": "junit.xsd", "envsync-quality.json": "codequality"]),
            Service(
                // The durable task plug-in's default.
                name: "Jenkins", shell: ["/bin/sh", "-xe", "-c"],
                review: { try CIManifest.jenkinsSteps("Lock") }, store: { try CIManifest.jenkinsSteps("Store") },
                reports: ["envsync-junit.xml": "junit.xsd", "envsync.sarif": "sarif.json"]),
        ]

        func run(_ lines: [String], in workspace: TestWorkspace, _ more: [String: String] = [:]) throws -> CommandResult
        {
            try #require(!lines.isEmpty, "no command was found in the file")
            var all = Local.environment(try CIManifest.gitHubEnvironment([:]).merging(more) { $1 })
            all["PATH"] = (Tool.envsync as NSString).deletingLastPathComponent + ":/usr/bin:/bin"
            all["CI"] = "true"
            return try RunningCommand(
                shell[0], Array(shell.dropFirst()) + [lines.joined(separator: "\n")], environment: all,
                directory: workspace.directory
            ).wait()
        }

        /// The reports of the store's job, which must all be there and valid.
        func checkReports(in workspace: TestWorkspace) throws -> [String: String] {
            var texts: [String: String] = [:]
            for (name, schema) in reports {
                texts[name] = try workspace.read(name)
                guard TestReportTools.areAvailable else { continue }
                var path = schema
                if schema == "codequality" {
                    path = workspace.path(".codequality-schema.json")
                    try workspace.write(".codequality-schema.json", TestReportTools.codeQualitySchema)
                }
                // The validator tells JSON by its name.
                let copy = workspace.path(name.hasSuffix(".xml") ? name : ".copy.json")
                if copy != workspace.path(name) { try workspace.write(".copy.json", texts[name] ?? "") }
                #expect(try TestReportTools.objections(to: copy, schema: path) == "", "\(name)")
            }
            return texts
        }
    }

    @Test("in sync, every job succeeds and its reports say so", arguments: Service.all)
    func inSync(service: Service) throws {
        let workspace = try TestWorkspace.typical()
        try workspace.succeed("push", "--lock")
        // Runners don't keep the wheels.
        try FileManager.default.removeItem(atPath: workspace.path("wheelhouse"))
        let review = try service.run(service.review(), in: workspace)
        #expect(review.status == 0, "\(review)")
        let store = try service.run(service.store(), in: workspace)
        #expect(store.status == 0, "\(store)")
        for (name, text) in try service.checkReports(in: workspace) {
            #expect(!text.contains("<failure") && !text.contains("<error"), "\(name)")
            #expect(!text.contains("\"severity\"") && !text.contains("\"ruleId\""), "\(name)")
        }
    }

    @Test(
        "a source that is newer than the lock fails the review, and nothing is asked of the store",
        arguments: Service.all)
    func stale(service: Service) throws {
        let workspace = try TestWorkspace.typical()
        try workspace.succeed("push", "--lock")
        try workspace.write("helper.py", "VALUE = 2\n")
        try FileManager.default.removeItem(atPath: workspace.store)
        let review = try service.run(service.review(), in: workspace)
        #expect(review.status == 1, "\(review)")
        let reports = try service.reports.keys.compactMap {
            Local.exists(workspace.path($0)) ? try workspace.read($0) : nil
        }
        #expect((reports + [review.stdout]).contains { $0.contains("helper.py") }, "\(review)")
        #expect(!(reports + [review.stdout]).contains { $0.contains("the object is not in the store") })
    }

    @Test("an object that is gone from the store fails the job, and every report names it", arguments: Service.all)
    func drift(service: Service) throws {
        let workspace = try TestWorkspace.typical()
        try workspace.succeed("push", "--lock")
        let object = try #require(Local.objects(workspace.store).first { $0.hasSuffix("helper.py") })
        try FileManager.default.removeItem(atPath: workspace.store + "/objects/" + object)
        let result = try service.run(service.store(), in: workspace)
        #expect(result.status == 1, "\(result)")
        #expect(result.stdout.contains("object-missing"), "\(result)")
        for (name, text) in try service.checkReports(in: workspace) {
            #expect(text.contains("object-missing") && text.contains("helper.py"), "\(name): \(text)")
        }
    }

    @Test("a store that can't be reached is a failure in the exit code and in every report", arguments: Service.all)
    func unreachable(service: Service) throws {
        let workspace = try TestWorkspace.typical()
        try workspace.succeed("push", "--lock")
        let configuration = try workspace.read("envsync.toml")
        // What an earlier run has left says that all is well.
        #expect(try service.run(service.store(), in: workspace).status == 0)
        // Nobody listens at the discard port.
        try workspace.write("envsync.toml", "[store]\nurl = \"webhdfs://127.0.0.1:9/apps/envsync\"\n" + configuration)
        let result = try service.run(service.store(), in: workspace)
        #expect(result.status == 2, "\(result)")
        for (name, text) in try service.checkReports(in: workspace) {
            let words = ["<error ", "\"blocker\"", "\"executionSuccessful\" : false"]
            #expect(words.contains { text.contains($0) } && text.contains("127.0.0.1"), "\(name): \(text)")
        }
    }

    @Test(
        "on a real HDFS, every job is green until an object is taken away", .tags(.hdfs),
        .enabled(if: TestHDFS.isAvailable, "ENVSYNC_TEST_WEBHDFS is not set"), arguments: Service.all)
    func onHDFS(service: Service) throws {
        let workspace = try TestWorkspace.typical(store: TestHDFS.webhdfs + TestHDFS.makeRoot())
        let user = ["HADOOP_USER_NAME": TestHDFS.superuser]
        try workspace.succeed("push", "--lock", environment: user)
        let well = try service.run(service.store(), in: workspace, user)
        #expect(well.status == 0, "\(well)")
        let status = try workspace.succeed("status", "--offline", "--json").json()
        let rows = try #require(status["artifacts"] as? [[String: Any]])
        let object = try #require(rows.first { $0["origin"] as? String == "helper.py" }?["storePath"] as? String)
        try TestHDFS.request("DELETE", "\(object)?op=DELETE&user.name=\(TestHDFS.superuser)")
        let drift = try service.run(service.store(), in: workspace, user)
        #expect(drift.status == 1, "\(drift)")
        for (name, text) in try service.checkReports(in: workspace) {
            #expect(text.contains("object-missing") && text.contains("helper.py"), "\(name): \(text)")
        }
    }

    @Test("HADOOP_CONF_DIR gets from the repository's variables to envsync")
    func hadoopConfiguration() throws {
        let workspace = try TestWorkspace.typical(store: "hdfs://elsewhere/apps/envsync")
        try workspace.succeed("lock")
        try workspace.write(
            "hadoop/hdfs-site.xml",
            """
            <configuration>
            <property><name>dfs.nameservices</name><value>elsewhere</value></property>
            <property><name>dfs.ha.namenodes.elsewhere</name><value>a</value></property>
            <property><name>dfs.namenode.http-address.elsewhere.a</name><value>127.0.0.1:9</value></property>
            </configuration>
            """)
        let variables = try CIManifest.gitHubEnvironment(["HADOOP_CONF_DIR": workspace.path("hadoop")])
        let service = Service.all[0]
        let result = try service.run(service.store(), in: workspace, variables)
        #expect(result.status == 2 && result.stdout.contains("127.0.0.1%3A9") || result.stdout.contains("127.0.0.1:9"))
        let without = try service.run(service.store(), in: workspace)
        #expect(without.status == 2 && !without.stdout.contains("127.0.0.1"), "\(without)")
    }

    @Test("the reports that jobs write are those that the services are told of")
    func named() throws {
        let pipeline = try CIManifest.yaml("gitlab-ci.yml")
        let reports = try #require(pipeline[".envsync"]?["artifacts"]?["reports"]?.mapping)
        for job in ["envsync-lock", "envsync-store"] {
            #expect(pipeline[job]?["extends"]?.string == ".envsync")
            let script = try CIManifest.gitLabScript(job).joined(separator: " ")
            #expect(script.contains("--report junit=\(reports["junit"]?.string ?? "") "))
            #expect(script.hasSuffix("--report gitlab=\(reports["codequality"]?.string ?? "")"))
        }
        let upload = try #require(try CIManifest.yaml("github-actions.yml")["jobs"]?["store"]?["steps"]?.array().last)
        let file = try #require(upload["with"]?["sarif_file"]?.string)
        #expect(try CIManifest.gitHubSteps("store").last?.contains("--report sarif=\(file)") == true)
        let jenkins = try CIManifest.text("Jenkinsfile")
        for stage in ["Lock", "Store"] {
            #expect(try CIManifest.jenkinsSteps(stage).first?.contains("--report junit=envsync-junit.xml") == true)
        }
        #expect(jenkins.contains("junit 'envsync-junit.xml'") && jenkins.contains("archiveArtifacts 'envsync.sarif'"))
    }

    @Test("no file fetches and runs a program, or holds a secret")
    func harmless() throws {
        for name in Local.tree(CIManifest.folder) where !name.hasSuffix("/") {
            let text = try CIManifest.text(name)
            for word in ["curl", "wget", "password", "secrets.", "token:"] {
                #expect(!text.lowercased().contains(word), "\(name): \(word)")
            }
        }
    }
}
