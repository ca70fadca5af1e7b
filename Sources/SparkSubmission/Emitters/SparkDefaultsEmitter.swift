/// Writes a submission as a fragment of `spark-defaults.conf`, for `spark-submit --properties-file`.
public struct SparkDefaultsEmitter: Sendable {
    /// Makes an emitter.
    public init() {}

    /// The properties by key, one a line, after a comment with the command that reads them.
    public func text(_ submission: Submission) -> String {
        let main = submission.main.map { [$0] + submission.mainArguments } ?? ["MAIN.py"]
        let command = ShellLine(["spark-submit", "--properties-file", "FILE"] + main).quoted
        // A quoted line break would end the comment.
        let comment = command.split(omittingEmptySubsequences: false) { $0.isNewline }.map { "# " + $0 }
        let lines = properties(submission).map {
            "\(Self.escaped($0.key, isKey: true))=\(Self.escaped($0.value, isKey: false))"
        }
        return (comment + lines).joined(separator: "\n")
    }

    /// The whole submission, its main program apart, as properties that `spark-submit` reads like the options.
    ///
    /// A missing `--py-files` is read from `spark.submit.pyFiles` in every mode (`SparkSubmitArguments`,
    /// `loadEnvironmentArguments`). `spark.files` and `spark.archives` serve as `--files` and `--archives`, but on YARN
    /// they would also stay what they are: in client mode the driver would hand out everything a second time, beside
    /// YARN; so there the lists are given where those options put them (`SparkSubmit`, `prepareSubmitEnvironment`).
    public func properties(_ submission: Submission) -> [SparkProperty] {
        var values = Dictionary(submission.conf.map { ($0.key, $0.value) }, uniquingKeysWith: { _, last in last })
        values["spark.master"] = submission.master.description
        values["spark.submit.deployMode"] = submission.deployMode.rawValue
        let isYARN = submission.master == .yarn
        for (key, entries) in [
            ("spark.submit.pyFiles", submission.pyFiles),
            (isYARN ? "spark.yarn.dist.files" : "spark.files", submission.files),
            (isYARN ? "spark.yarn.dist.archives" : "spark.archives", submission.archives),
        ] where !entries.isEmpty {
            let own = values[key].map { [$0] } ?? []
            values[key] = (own.filter { !$0.isEmpty } + entries.map(\.argument)).joined(separator: ",")
        }
        return values.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            .map { SparkProperty(key: $0.key, value: $0.value) }
    }

    /// As `java.util.Properties.load` reads it back, from UTF-8 as well as from ISO 8859-1.
    static func escaped(_ text: String, isKey: Bool) -> String {
        var result = ""
        for unit in text.utf16 {
            switch unit {
            case UInt16(UInt8(ascii: "\\")): result += "\\\\"
            case 0x09: result += "\\t"
            case 0x0A: result += "\\n"
            case 0x0C: result += "\\f"
            case 0x0D: result += "\\r"
            case 0x20 where isKey || result.isEmpty: result += "\\ "
            case 0x21, 0x23, 0x3A, 0x3D:  // ! # : =
                if isKey { result += "\\" }
                result.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
            case 0x20..<0x7F: result.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
            default:
                let digits = String(unit, radix: 16, uppercase: true)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        return result
    }

    /// Whether a value comes back: Spark trims every value of a properties file (`Utils.getPropertiesFromFile`).
    static func carries(_ value: String) -> Bool {
        func isTrimmed(_ byte: UInt8?) -> Bool { byte.map { $0 <= 0x20 && $0 != 0x0A && $0 != 0x0D } ?? false }
        return !isTrimmed(value.utf8.first) && !isTrimmed(value.utf8.last)
    }
}
