/// A table whose rows become blocks on a narrow screen. It says its roles, which browsers forget when a table is laid out
/// as something else.
struct PageTable {
    var titles: [String]
    /// The columns of numbers.
    var numbers: Set<Int> = []

    /// - Parameter label: the id of the heading that names it.
    func node(label: String, @HTMLBuilder _ rows: () -> [HTMLNode]) -> HTMLNode {
        .tag(.table, "stack", [.role: "table", .ariaLabelledBy: label]) {
            HTMLNode.tag(.thead, nil, [.role: "rowgroup"]) {
                HTMLNode.tag(.tr, nil, [.role: "row"]) {
                    for (index, title) in titles.enumerated() {
                        HTMLNode.tag(
                            .th, numbers.contains(index) ? "num" : nil, [.scope: "col", .role: "columnheader"]
                        ) { title }
                    }
                }
            }
            HTMLNode.tag(.tbody, nil, [.role: "rowgroup"]) { rows() }
        }
    }

    static func row(@HTMLBuilder _ cells: () -> [HTMLNode]) -> HTMLNode {
        .tag(.tr, nil, [.role: "row"]) { cells() }
    }

    /// The cell that names its row.
    static func rowHead(
        _ className: String, hint: String? = nil, @HTMLBuilder _ content: () -> [HTMLNode]
    ) -> HTMLNode {
        guard let hint else { return .tag(.th, className, [.scope: "row", .role: "rowheader"]) { content() } }
        return .tag(.th, className, [.scope: "row", .role: "rowheader", .title: hint]) { content() }
    }

    /// A cell, which has its column's title with it for when columns are stacked.
    static func cell(_ title: String, _ className: String?, @HTMLBuilder _ content: () -> [HTMLNode]) -> HTMLNode {
        .tag(.td, className, [.role: "cell"]) {
            HTMLNode.tag(.span, "label", [.ariaHidden: "true"]) { title }
            content()
        }
    }
}
