/// The newest pushes as bars, oldest on the left: bytes sent upward, time taken downward, by their square roots, so
/// that one large push doesn't hide the others. The table beneath says the same in words.
struct PushChart {
    /// Newest first, as many as there is room for.
    let pushes: [WorkspaceDetail.Push]
    static let limit = 30
    /// Few pushes don't grow to the whole width.
    private var columns: Int { max(16, pushes.count) }

    init(_ pushes: [WorkspaceDetail.Push]) { self.pushes = Array(pushes.prefix(Self.limit)) }

    private var greatest: (bytes: Int64, seconds: Double) {
        (pushes.map(\.bytesSent).max() ?? 0, pushes.compactMap(\.seconds).max() ?? 0)
    }

    var node: HTMLNode {
        let greatest = greatest
        let failures = pushes.filter(Self.isFailure).count
        let summary =
            "The newest \(PageWords.count(pushes.count, "push", "pushes")), oldest on the left. "
            + "At most \(PageWords.bytes(greatest.bytes)) were sent, "
            + "and the longest took \(PageWords.duration(greatest.seconds)). "
            + (failures == 0 ? "None failed." : "\(failures) did not succeed.")
        return .tag(.figure) {
            HTMLNode.tag(.div, "legend", [.ariaHidden: "true"]) {
                key("sent", "sent, up to \(PageWords.bytes(greatest.bytes))")
                key("took", "took, up to \(PageWords.duration(greatest.seconds))")
                HTMLNode.tag(.span) { "heights by square root" }
                if failures > 0 { key("fail", "\u{2715} did not succeed") }
            }
            HTMLNode.tag(
                .svg, "chart",
                [
                    .viewBox: "0 0 \(columns * Self.step) 100", .preserveAspectRatio: "none", .role: "img",
                    .ariaLabel: summary, .focusable: "false",
                ]
            ) {
                HTMLNode.tag(
                    .line, "axis", [.x1: "0", .x2: "\(columns * Self.step)", .y1: "58", .y2: "58"])
                for (index, push) in pushes.enumerated() { bars(push, at: index, greatest) }
            }
        }
    }

    private static let step = 20

    private static func isFailure(_ push: WorkspaceDetail.Push) -> Bool {
        push.outcome != "done" && push.outcome != "running"
    }

    private func key(_ kind: String, _ words: String) -> HTMLNode {
        .tag(.span) {
            HTMLNode.tag(.span, "key \(kind)")
            words
        }
    }

    /// The newest one is on the right.
    private func bars(
        _ push: WorkspaceDetail.Push, at index: Int, _ greatest: (bytes: Int64, seconds: Double)
    ) -> HTMLNode {
        let x = (columns - 1 - index) * Self.step + 3
        let isFailure = Self.isFailure(push)
        let up = height(Double(push.bytesSent), of: Double(greatest.bytes), most: 54)
        let down = height(push.seconds ?? 0, of: greatest.seconds, most: 38)
        let words =
            "\(PageWords.absolute(push.startedAt).shown): \(Standing(push: push).words), "
            + "\(PageWords.bytes(push.bytesSent)), \(push.seconds.map(PageWords.duration) ?? "not ended")"
        return .tag(.g) {
            HTMLNode.tag(.title) { words }
            HTMLNode.tag(
                .rect, isFailure ? "fail" : "sent",
                [.x: "\(x)", .y: Self.number(57 - up), .width: "14", .height: Self.number(up)])
            HTMLNode.tag(
                .rect, isFailure ? "fail" : "took",
                [.x: "\(x)", .y: "59", .width: "14", .height: Self.number(down)])
            if isFailure {
                HTMLNode.tag(.path, "cross", [.d: "M\(x + 2) 60L\(x + 12) 66M\(x + 12) 60L\(x + 2) 66"])
            }
        }
    }

    /// Something can be seen of everything, however small.
    private func height(_ value: Double, of greatest: Double, most: Double) -> Double {
        greatest > 0 ? max(1.5, (value / greatest).squareRoot() * most) : 1.5
    }

    private static func number(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}
