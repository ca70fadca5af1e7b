/// A piece of a page. Texts are escaped when they are written, and there is no way around it but for the style and the
/// script, which are constants of this program.
indirect enum HTMLNode: Sendable {
    case text(String)
    case element(Tag, [(Attribute, String)], [HTMLNode])
    case style(StaticString, nonce: String)
    case script(StaticString, nonce: String)

    /// What a page is made of.
    enum Tag: String, Sendable {
        case html, head, title, meta, body, header, nav, main, footer, section, article
        case h1, h2, h3, p, div, span, strong, code, bdi, time, abbr, a
        case ul, ol, li, dl, dt, dd, table, caption, thead, tbody, tr, th, td
        case details, summary, progress, noscript, figure, figcaption
        case svg, g, rect, line, path, defs, pattern

        fileprivate var isVoid: Bool { self == .meta }
    }

    /// What can be said about it.
    enum Attribute: String, Sendable {
        case className = "class"
        case id, lang, name, content, charset, href, title, role, scope, datetime, max, value, hidden, tabindex
        case httpEquiv = "http-equiv"
        case ariaLabel = "aria-label"
        case ariaLabelledBy = "aria-labelledby"
        case ariaDescribedBy = "aria-describedby"
        case ariaCurrent = "aria-current"
        case ariaHidden = "aria-hidden"
        case ariaLive = "aria-live"
        case data = "data-refresh"
        case x, y, x1, x2, y1, y2, d, width, height, viewBox, preserveAspectRatio, patternUnits, rx, focusable
    }

    /// Adds the node's markup.
    func write(to text: inout String) {
        switch self {
        case .text(let content): Self.escape(content, to: &text)
        case .style(let content, let nonce): text += "<style nonce=\"\(nonce)\">\(content)</style>"
        case .script(let content, let nonce): text += "<script nonce=\"\(nonce)\">\(content)</script>"
        case .element(let tag, let attributes, let children):
            text += "<" + tag.rawValue
            for (attribute, value) in attributes {
                text += " \(attribute.rawValue)=\""
                Self.escape(value, to: &text)
                text += "\""
            }
            if tag.isVoid {
                text += "/>"
                return
            }
            text += ">"
            for child in children { child.write(to: &text) }
            text += "</\(tag.rawValue)>"
        }
    }

    /// Besides what HTML gives a meaning, characters that are not seen, or that make others be seen elsewhere, are
    /// written so that they are: a file may be named to look like another.
    private static func escape(_ content: String, to text: inout String) {
        for scalar in content.unicodeScalars {
            switch scalar {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"": text += "&quot;"
            case "'": text += "&#39;"
            case "\n", "\t": text.unicodeScalars.append(scalar)
            default:
                switch scalar.value {
                case 0..<0x20, 0x7F...0x9F, 0xAD, 0x61C, 0x180E, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F,
                    0xFEFF, 0xFFF9...0xFFFB, 0xFFFE...0xFFFF, 0xE0000...0xE007F:
                    text += "\\u{" + String(scalar.value, radix: 16) + "}"
                default: text.unicodeScalars.append(scalar)
                }
            }
        }
    }
}

/// A whole page.
struct HTMLDocument: Sendable {
    var root: HTMLNode

    /// The page as it is sent.
    var text: String {
        var text = "<!DOCTYPE html>\n"
        root.write(to: &text)
        return text + "\n"
    }
}

/// Collects the children of an element: nodes, texts, and lists of them.
@resultBuilder enum HTMLBuilder {
    static func buildExpression(_ node: HTMLNode) -> [HTMLNode] { [node] }
    static func buildExpression(_ nodes: [HTMLNode]) -> [HTMLNode] { nodes }
    static func buildExpression(_ text: String) -> [HTMLNode] { [.text(text)] }
    static func buildBlock(_ parts: [HTMLNode]...) -> [HTMLNode] { parts.flatMap { $0 } }
    static func buildOptional(_ part: [HTMLNode]?) -> [HTMLNode] { part ?? [] }
    static func buildEither(first part: [HTMLNode]) -> [HTMLNode] { part }
    static func buildEither(second part: [HTMLNode]) -> [HTMLNode] { part }
    static func buildArray(_ parts: [[HTMLNode]]) -> [HTMLNode] { parts.flatMap { $0 } }
}

extension HTMLNode {
    /// An element.
    static func tag(
        _ tag: Tag, _ className: String? = nil, _ attributes: KeyValuePairs<Attribute, String> = [:],
        @HTMLBuilder _ children: () -> [HTMLNode] = { [] }
    ) -> HTMLNode {
        let all = (className.map { [(Attribute.className, $0)] } ?? []) + attributes.map { ($0.key, $0.value) }
        return .element(tag, all, children())
    }
}
