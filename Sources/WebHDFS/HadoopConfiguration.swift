import Glibc

/// The client's Hadoop configuration: the properties of `core-site.xml` and `hdfs-site.xml` in a directory such as
/// `HADOOP_CONF_DIR`.
///
/// Reads what org.apache.hadoop.conf.Configuration reads: `final`, `xi:include` and `xi:fallback`, `${name}` and
/// `${env.NAME}` in values. Hadoop's built-in defaults are not part of it.
public struct HadoopConfiguration: Sendable, Equatable {
    /// A file that could not be read or understood.
    public struct ReadError: Error, Sendable, Equatable, CustomStringConvertible {
        /// The file.
        public var path: String
        /// The line, counted from 1, if the file could be read.
        public var line: Int?
        /// What is wrong.
        public var message: String

        /// All of it in one line.
        public var description: String { path + (line.map { ":\($0)" } ?? "") + ": \(message)" }
    }

    /// Properties as they were written, without substitution.
    private var properties: [String: String]
    /// What `${…}` may name besides properties.
    private var variables: [String: String]

    /// A configuration of given properties.
    ///
    /// - Parameter variables: values for `${user.name}` and the like (Java's system properties) and, with `env.` in
    ///   front of their names, of environment variables.
    public init(properties: [String: String] = [:], variables: [String: String] = [:]) {
        self.properties = properties
        self.variables = variables
    }

    /// Reads `core-site.xml` and `hdfs-site.xml` of a directory; a file that is not there counts as empty.
    ///
    /// - Parameter environment: the process's environment, for `${env.NAME}`, `${user.name}` and `${user.home}`.
    /// - Throws: ``ReadError``.
    public init(directory: String, environment: [String: String] = [:]) throws {
        var variables: [String: String] = [:]
        for (name, value) in environment { variables["env.\(name)"] = value }
        variables["user.name"] = environment["USER"] ?? environment["LOGNAME"]
        variables["user.home"] = environment["HOME"]
        self.init(variables: variables)
        var loader = HadoopConfigurationLoader()
        for name in ["core-site.xml", "hdfs-site.xml"] {
            let path = directory.hasSuffix("/") ? directory + name : "\(directory)/\(name)"
            if let bytes = try HadoopConfigurationLoader.contents(of: path) {
                try loader.load(bytes, path: path)
            }
        }
        properties = loader.properties
    }

    /// A property's value with `${…}` substituted and without white space at its ends; `nil` if there is none.
    public subscript(name: String) -> String? {
        properties[name].map { HadoopConfiguration.trimmed(substituted($0)) }
    }

    /// A comma-separated value as its items, without empty ones.
    public func list(_ name: String) -> [String] {
        (self[name] ?? "").split(separator: ",").map { Self.trimmed(String($0)) }.filter { !$0.isEmpty }
    }

    /// The names of all properties, sorted.
    public var names: [String] { properties.keys.sorted() }

    static func trimmed(_ text: String) -> String {
        let start = text.drop(while: \.isWhitespace)
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...last])
    }

    /// Replaces variables from the inside out, at most 20 times, as Hadoop does; what names nothing stays as it is.
    private func substituted(_ value: String) -> String {
        var text = value
        var searchStart = text.startIndex
        for _ in 0..<20 {
            guard let range = Self.innermostVariable(in: text, from: searchStart) else { break }
            let name = String(text[range].dropFirst(2).dropLast())
            guard let replacement = self.value(ofVariable: name) else {
                let skipped = text.distance(from: text.startIndex, to: range.upperBound)
                searchStart = text.index(text.startIndex, offsetBy: skipped)
                continue
            }
            let position = text.distance(from: text.startIndex, to: range.lowerBound)
            text.replaceSubrange(range, with: replacement)
            // A value may begin with the end of an outer name, so start over unless something was skipped before.
            searchStart =
                searchStart == text.startIndex
                ? text.startIndex : text.index(text.startIndex, offsetBy: min(position, text.count))
        }
        return text
    }

    private func value(ofVariable name: String) -> String? {
        if name.hasPrefix("env.") {
            // ${env.NAME:-default} and ${env.NAME-default}: the first also replaces an empty value.
            guard let dash = name.firstIndex(of: "-") else { return variables[name] }
            let replacesEmpty = name[..<dash].hasSuffix(":")
            let key = String(replacesEmpty ? name[..<dash].dropLast() : name[..<dash])
            let fallback = String(name[name.index(after: dash)...])
            guard let value = variables[key] else { return fallback }
            return value.isEmpty && replacesEmpty ? fallback : value
        }
        return variables[name] ?? properties[name]
    }

    /// The first `${…}` that holds no other one.
    private static func innermostVariable(in text: String, from start: String.Index) -> Range<String.Index>? {
        var opening: String.Index?
        var index = start
        while index < text.endIndex {
            let next = text.index(after: index)
            if text[index] == "$", next < text.endIndex, text[next] == "{" {
                opening = index
            } else if text[index] == "}", let opening {
                return opening..<next
            }
            index = next
        }
        return nil
    }
}
