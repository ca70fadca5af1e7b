/// A text in TOML 1.0 (<https://toml.io/en/v1.0.0>), with the line and column of every key and element.
///
/// Nesting is limited, and time and memory are proportional to the size of the text, whatever it holds. The C++ library
/// toml++ 3.4, which TOMLKit wraps, ends the process by an assertion for some malformed keys, and recurses without bound
/// for keys of many parts; TOMLKit 0.6 never frees a document.
public struct TOMLDocument: Sendable {
    /// Deeper nesting of arrays and inline tables, and keys of more parts, are refused.
    public static let maximumDepth = 32

    /// The whole document.
    public let root: TOMLTable
    /// Where a string first holds `\u0000`. TOML allows it; a path or an argument can't hold it.
    public let escapedNUL: TOMLPosition?

    /// Parses a text, with or without a byte order mark.
    ///
    /// - Throws: ``TOMLError`` for the first mistake.
    public init(parsing text: String) throws(TOMLError) {
        var parser = TOMLParser(text)
        root = try parser.document()
        escapedNUL = parser.escapedNUL
    }

    /// Where a key, or an element of an array, is; if it isn't there, where that is which would hold it; `nil` if nothing
    /// of the path is there.
    public func position(of path: [TOMLStep]) -> TOMLPosition? {
        var position: TOMLPosition?
        var value = TOMLValue.table(root)
        for step in path {
            let next: TOMLItem? =
                switch (value, step) {
                case (.table(let table), .key(let key)): table[key]
                case (.array(let items), .index(let index)) where items.indices.contains(index): items[index]
                default: nil
                }
            guard let next else { break }
            position = next.position
            value = next.value
        }
        return position
    }
}
