import EnvSyncModel
import Foundation
import Testing
import Yams

@testable import SparkSubmission

/// What is emitted has the fields and types that each launcher publishes, and says the same as the plan.
struct LauncherSchemaTests {
    static let hostile = [
        "", " ", "it's \"so\"", "a\\b\n\r\tc", "ü😀\u{202E}", "{{ ds }}", "{% if %}", "#", "null", "{#",
    ]

    /// Every Unicode plane, controls and what could end a literal.
    @Test func aRealPythonReadsLiteralsBack() throws {
        let texts = Self.hostile + (0..<0x180).compactMap { Unicode.Scalar($0).map(String.init) }
        let list = PythonLiteral.list(texts + ["\u{10FFFF}", "\u{2028}"], indentation: "")
        let program = "import json; print(json.dumps({\"texts\": \(list)}))"
        #expect(program.utf8.allSatisfy { $0 < 0x7F })
        #expect(try Self.python(program)["texts"] as? [String] == texts + ["\u{10FFFF}", "\u{2028}"])
    }

    // MARK: Livy

    /// apache/livy, `server/batch/CreateBatchRequest.scala` and docs/rest-api.md.
    static let livyFields: [String: String] = [
        "file": "String", "proxyUser": "String", "className": "String", "args": "List", "jars": "List",
        "pyFiles": "List", "files": "List", "driverMemory": "String", "driverCores": "Int",
        "executorMemory": "String", "executorCores": "Int", "numExecutors": "Int", "archives": "List",
        "queue": "String", "name": "String", "conf": "Map",
    ]

    @Test(arguments: ["yarn", GoldenFormatTests.kubernetes])
    func livy(_ master: String) throws {
        let text = try GoldenFormatTests.text(
            .livy, master, arguments: Self.hostile,
            conf: ["spark.x": "\"\\ü", "spark.master": "yarn", "spark.submit.deployMode": "client"],
            warnings: [.confIgnored, .confIgnored])
        let body = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        for (field, value) in body {
            switch Self.livyFields[field] {
            case "String": #expect(value is String, "\(field)")
            case "List": #expect((value as? [String])?.isEmpty == false, "\(field)")
            case "Map": #expect(value is [String: String], "\(field)")
            default: Issue.record("Livy has no \(field)")
            }
        }
        #expect(body["args"] as? [String] == Self.hostile)
        let conf = try #require(body["conf"] as? [String: String])
        #expect(conf["spark.x"] == "\"\\ü")
        // Livy's spark-blacklist.conf names both.
        #expect(conf["spark.master"] == nil && conf["spark.submit.deployMode"] == nil)
    }

    // MARK: Spark operator

    /// kubeflow/spark-operator, `api/v1beta2/sparkapplication_types.go`: the fields that are not optional.
    static let required: Set = ["type", "sparkVersion", "mainApplicationFile", "driver", "executor"]
    /// The same file: `SparkApplicationSpec`, as far as it concerns a Python program, and `Dependencies`.
    static let specFields: [String: String] = [
        "type": "string", "sparkVersion": "string", "mode": "string", "image": "string",
        "mainApplicationFile": "string",
        "arguments": "list", "sparkConf": "map", "driver": "object", "executor": "object", "deps": "object",
        "pythonVersion": "string",
    ]
    static let dependencyFields: Set = [
        "jars", "files", "pyFiles", "packages", "excludePackages", "repositories", "archives",
    ]

    @Test func sparkOperator() throws {
        let text = try GoldenFormatTests.text(
            .sparkOperator, GoldenFormatTests.kubernetes, arguments: Self.hostile,
            conf: ["spark.x": "yes", "spark.y": "3", "spark.z": "a: b #c"])
        let object = try #require(try Yams.load(yaml: text) as? [String: Any])
        #expect(Set(object.keys) == ["apiVersion", "kind", "metadata", "spec"])
        #expect(object["apiVersion"] as? String == "sparkoperator.k8s.io/v1beta2")
        #expect(object["kind"] as? String == "SparkApplication")
        let spec = try #require(object["spec"] as? [String: Any])
        for (field, value) in spec {
            switch Self.specFields[field] {
            case "string": #expect(value is String, "\(field)")
            case "list": #expect(value is [String], "\(field)")
            case "map": #expect(value is [String: String], "\(field)")
            case "object": #expect(value is [String: Any], "\(field)")
            default: Issue.record("a SparkApplication has no \(field)")
            }
        }
        // kubebuilder:validation:Enum of each.
        #expect(["Java", "Python", "Scala", "R"].contains(spec["type"] as? String))
        #expect(["cluster", "client"].contains(spec["mode"] as? String))
        #expect(["2", "3"].contains(spec["pythonVersion"] as? String))
        // The first line names whatever else is required; an image is needed although the schema doesn't say so.
        #expect(Set(SparkOperatorEmitter.missing) == Self.required.subtracting(spec.keys).union(["image"]))
        let dependencies = try #require(spec["deps"] as? [String: [String]])
        #expect(Self.dependencyFields.isSuperset(of: dependencies.keys))
        #expect(dependencies["pyFiles"] == [GoldenFormatTests.six])
        #expect(spec["arguments"] as? [String] == Self.hostile)
        let conf = try #require(spec["sparkConf"] as? [String: String])
        #expect(conf["spark.x"] == "yes" && conf["spark.y"] == "3" && conf["spark.z"] == "a: b #c")
        #expect(conf["spark.archives"] == "\(GoldenFormatTests.environment),\(GoldenFormatTests.layer)")
    }

    // MARK: Airflow

    /// apache-airflow-providers-apache-spark 6.3.4, `operators/spark_submit.py`: keywords and types of what we use.
    static let operatorKeywords: [String: String] = [
        "application": "str", "application_args": "list", "archives": "str", "conf": "dict", "deploy_mode": "str",
        "files": "str", "name": "str", "py_files": "str",
    ]
    /// Its template fields among those.
    static let templateFields: Set = ["application", "application_args", "conf", "files", "name", "py_files"]

    /// A real Python reads the arguments back; Jinja, where the machine has it, renders them to themselves.
    @Test func airflow() throws {
        let conf = ["spark.x": "{{ macros.ds }}", "spark.y": "{% raw %}'\"\\ü"]
        let text = try GoldenFormatTests.text(.airflow, arguments: Self.hostile, conf: conf)
        let program = """
            import json, sys
            arguments = dict(
            \(text)
            )
            try:
                import jinja2
            except ImportError:
                render = None
            else:
                render = jinja2.Environment(keep_trailing_newline=True).from_string
                for name in \(Self.templateFields.sorted()):
                    value = arguments[name]
                    if isinstance(value, str):
                        arguments[name] = render(value).render()
                    elif isinstance(value, list):
                        arguments[name] = [render(text).render() for text in value]
                    else:
                        arguments[name] = {key: render(text).render() for key, text in value.items()}
            types = {name: type(value).__name__ for name, value in arguments.items()}
            print(json.dumps({"arguments": arguments, "types": types, "rendered": render is not None}))
            """
        let answer = try Self.python(program)
        #expect(answer["types"] as? [String: String] == Self.operatorKeywords)
        let arguments = try #require(answer["arguments"] as? [String: Any])
        #expect(arguments["archives"] as? String == "\(GoldenFormatTests.environment),\(GoldenFormatTests.layer)")
        #expect(arguments["application"] as? String == GoldenFormatTests.main)
        guard answer["rendered"] as? Bool == true else {
            // Unrendered, only what isn't a template is the same.
            let words = try #require(arguments["application_args"] as? [String])
            #expect(zip(words, Self.hostile).allSatisfy { $0 == $1 || $0.contains("{{ '{' }}") })
            return
        }
        // Jinja makes every line break a line feed.
        #expect(arguments["application_args"] as? [String] == Self.hostile.map { $0.replacing("\r", with: "\n") })
        let rendered = try #require(arguments["conf"] as? [String: String])
        for (key, value) in conf { #expect(rendered[key] == value) }
    }

    /// The provider itself, where its wheel is: `ENVSYNC_TEST_AIRFLOW_PROVIDER` is the path of it.
    @Test(.enabled(if: providerWheel != nil, "ENVSYNC_TEST_AIRFLOW_PROVIDER names no wheel"))
    func theProviderKnowsTheKeywords() throws {
        let wheel = try #require(Self.providerWheel)
        let program = """
            import ast, json, sys, zipfile
            source = zipfile.ZipFile(\(QuotedLiteral.text(wheel))).read(
                "airflow/providers/apache/spark/operators/spark_submit.py")
            [operator] = [
                node for node in ast.parse(source).body
                if isinstance(node, ast.ClassDef) and node.name == "SparkSubmitOperator"]
            [init] = [node for node in operator.body if getattr(node, "name", "") == "__init__"]
            keywords = {a.arg: ast.unparse(a.annotation).split("[")[0].split(" ")[0] for a in init.args.kwonlyargs}
            [fields] = [
                ast.literal_eval(node.value) for node in operator.body
                if isinstance(node, ast.AnnAssign) and node.target.id == "template_fields"]
            print(json.dumps({"keywords": keywords, "fields": fields}))
            """
        let answer = try Self.python(program)
        let keywords = try #require(answer["keywords"] as? [String: String])
        for (name, type) in Self.operatorKeywords { #expect(keywords[name] == type, "\(name)") }
        let fields = Set(try #require(answer["fields"] as? [String]))
        #expect(fields.intersection(Self.operatorKeywords.keys) == Self.templateFields)
    }

    static let providerWheel = ProcessInfo.processInfo.environment["ENVSYNC_TEST_AIRFLOW_PROVIDER"]

    /// Runs a program; its output is a JSON object.
    static func python(_ program: String) throws -> [String: Any] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", program]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        return try #require(try JSONSerialization.jsonObject(with: bytes) as? [String: Any])
    }
}
