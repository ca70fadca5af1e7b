import Foundation
import Testing
import Yams

/// The tools and schemas that `scripts/test` prepared for reports and for `manifests/ci`.
enum TestReportTools {
    static let directory = ProcessInfo.processInfo.environment["ENVSYNC_TEST_REPORT_TOOLS"] ?? ""
    static let areAvailable = !directory.isEmpty
    static let missing: Comment = "ENVSYNC_TEST_REPORT_TOOLS names no directory"

    /// Runs a Python program with what `manifests/ci/test-requirements.txt` names.
    static func python(_ program: String, _ arguments: [String]) throws -> CommandResult {
        try Tool.run(directory + "/bin/python", ["-c", program] + arguments)
    }

    /// What a schema has against a document; empty if nothing.
    ///
    /// - Parameter schema: a path, or the name of one of the tools' schemas.
    static func objections(to document: String, schema: String) throws -> String {
        let schema = schema.hasPrefix("/") ? schema : "\(directory)/schemas/\(schema)"
        let result = try python(validator, [document, schema])
        guard result.status == 0 else { throw ToolError(description: "\(result)") }
        return result.stdout
    }

    private static let validator = """
        import json, sys
        document, schema = sys.argv[1:]
        if schema.endswith(".xsd"):
            import xmlschema
            found = [str(each.reason) for each in xmlschema.XMLSchema10(schema).iter_errors(document)]
        else:
            import jsonschema, yaml
            with open(document, encoding="utf-8") as file:
                # YAML 1.1, which PyYAML reads, has a boolean that is written "on".
                value = json.load(file) if document.endswith(".json") else yaml.safe_load(file)
            if isinstance(value, dict) and True in value:
                value["on"] = value.pop(True)
            with open(schema, encoding="utf-8") as file:
                schema = json.load(file)
            kind = jsonschema.validators.validator_for(schema)
            kind.check_schema(schema)
            found = [
                each.json_path + ": " + each.message[:200]
                for each in kind(schema, format_checker=jsonschema.FormatChecker()).iter_errors(value)]
        print("\\n".join(found), end="")
        """

    /// GitLab's documentation, "Code Quality report format": an array of objects with these fields, `check_name`
    /// among them since 16; severities as it lists them; paths relative to the repository's root; no byte order mark.
    static let codeQualitySchema = """
        {
          "$schema": "http://json-schema.org/draft-07/schema#",
          "type": "array",
          "items": {
            "type": "object",
            "required": ["description", "check_name", "fingerprint", "severity", "location"],
            "additionalProperties": false,
            "properties": {
              "description": {"type": "string", "minLength": 1},
              "check_name": {"type": "string", "minLength": 1},
              "fingerprint": {"type": "string", "minLength": 1},
              "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
              "location": {
                "type": "object",
                "required": ["path", "lines"],
                "additionalProperties": false,
                "properties": {
                  "path": {"type": "string", "minLength": 1, "not": {"pattern": "^(/|\\\\./)"}},
                  "lines": {
                    "type": "object",
                    "required": ["begin"],
                    "properties": {"begin": {"type": "integer", "minimum": 1}}
                  }
                }
              }
            }
          }
        }
        """
}

/// The files under `manifests/ci`.
enum CIManifest {
    static let folder = Tool.repository + "/manifests/ci"

    static func text(_ name: String) throws -> String {
        try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
    }

    static func yaml(_ name: String) throws -> Node {
        guard let node = try Yams.compose(yaml: try text(name)) else {
            throw ToolError(description: "\(name) is empty")
        }
        return node
    }

    /// The `run` steps of a job of the workflow.
    static func gitHubSteps(_ job: String) throws -> [String] {
        let steps = try yaml("github-actions.yml")["jobs"]?[job]?["steps"]?.array() ?? []
        return steps.compactMap { $0["run"]?.string }
    }

    /// The environment of the workflow: `${{ vars.NAME }}` is the repository's variable of that name.
    static func gitHubEnvironment(_ variables: [String: String]) throws -> [String: String] {
        var result: [String: String] = [:]
        for (name, value) in try yaml("github-actions.yml")["env"]?.mapping ?? [:] {
            let text = try #require(value.string)
            result[try #require(name.string)] = text.replacing(/\$\{\{ vars\.(\w+) \}\}/) {
                variables[String($0.1)] ?? ""
            }
        }
        return result
    }

    /// The script of a job of the pipeline.
    static func gitLabScript(_ job: String) throws -> [String] {
        (try yaml("gitlab-ci.yml")[job]?["script"]?.array() ?? []).compactMap(\.string)
    }

    /// What `sh` steps of a stage of the Jenkinsfile run.
    static func jenkinsSteps(_ stage: String) throws -> [String] {
        GroovyScanner.steps(of: stage, in: try text("Jenkinsfile"))
    }

    /// The commands of the pre-commit hooks of a stage.
    static func preCommitEntries(_ stage: String) throws -> [String] {
        let hooks = (try yaml("pre-commit-config.yaml")["repos"]?.array() ?? []).flatMap { $0["hooks"]?.array() ?? [] }
        return hooks.filter { $0["stages"]?.array().compactMap(\.string).contains(stage) == true }
            .compactMap { $0["entry"]?.string }
    }
}

/// As much of Groovy as a declarative Jenkinsfile needs: braces, comments, strings in single quotes, one or three.
struct GroovyScanner {
    private enum Token: Equatable {
        case word(String)
        case string(String)
        case open, close
    }

    /// The strings that follow `sh` within `stage('NAME') { … }`.
    static func steps(of stage: String, in text: String) -> [String] {
        let tokens = tokens(of: text)
        var depth = 0
        var stageDepth: Int?
        var result: [String] = []
        for (index, token) in tokens.enumerated() {
            switch token {
            case .open: depth += 1
            case .close:
                depth -= 1
                if depth == stageDepth { stageDepth = nil }
            case .word("stage") where tokens.dropFirst(index + 1).first == .string(stage): stageDepth = depth
            case .word("sh") where stageDepth != nil:
                if case .string(let script)? = tokens.dropFirst(index + 1).first { result.append(script) }
            default: break
            }
        }
        return depth == 0 ? result : []
    }

    private static func tokens(of text: String) -> [Token] {
        var rest = Substring(text)
        var tokens: [Token] = []
        while let first = rest.first {
            if rest.hasPrefix("//") {
                rest = rest.drop { $0 != "\n" }
            } else if rest.hasPrefix("'''") || first == "'" {
                let quote = rest.hasPrefix("'''") ? "'''" : "'"
                rest = rest.dropFirst(quote.count)
                var value = ""
                while !rest.isEmpty, !rest.hasPrefix(quote) {
                    // An escaped line end joins two lines, in Groovy as in a shell.
                    if rest.hasPrefix("\\\n") { rest = rest.dropFirst(2) } else { value.append(rest.removeFirst()) }
                }
                rest = rest.dropFirst(quote.count)
                tokens.append(.string(value))
            } else if first.isLetter {
                let word = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
                tokens.append(.word(String(word)))
                rest = rest.dropFirst(word.count)
            } else {
                if first == "{" { tokens.append(.open) } else if first == "}" { tokens.append(.close) }
                rest.removeFirst()
            }
        }
        return tokens
    }
}
