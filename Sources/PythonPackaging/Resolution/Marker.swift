/// An environment marker (PEP 508), parsed: for example `python_version < "3.11" and sys_platform == "linux"`.
///
/// Version comparisons are those of PEP 440. Texts can be equal or contain each other, but have no order: `<` and `>`
/// between them never hold, as the packaging library has it since its version 26.
public struct Marker: Sendable {
    /// As it was written.
    public let text: String
    private let expression: MarkerExpression

    /// Parses a marker.
    ///
    /// - Throws: ``LockfileError``; also for comparisons without meaning, such as `os_name ~= "3"`, and for more than 100
    ///   open parentheses.
    public init(_ text: String) throws(LockfileError) {
        self.text = text
        expression = try MarkerParser.parse(SpecifierScanner(text, what: "marker"))
    }

    /// Whether it holds in an environment.
    ///
    /// - Parameters:
    ///   - extras: the value of `extra` (PEP 508) and `extras` (PEP 751), normalized. With several of them,
    ///     `extra == "x"` asks whether x is one of them, and `extra != "x"` whether it is none.
    ///   - groups: the value of `dependency_groups` (PEP 751), normalized.
    public func holds(in environment: TargetEnvironment, extras: Set<String> = [], groups: Set<String> = []) -> Bool {
        expression.holds(in: MarkerContext(environment: environment, extras: extras, groups: groups))
    }
}

extension Marker: Hashable {
    /// Whether both are written alike.
    public static func == (left: Marker, right: Marker) -> Bool { left.text == right.text }

    /// Feeds the text.
    public func hash(into hasher: inout Hasher) { hasher.combine(text) }
}
