import EnvSyncModel

/// What all pages have around their main part.
struct PageFrame {
    var title: String
    var status: DaemonStatus
    var now: Double
    /// How soon the page asks again.
    var refresh: Duration
    var security: PageSecurity

    /// The whole page.
    func document(@HTMLBuilder _ main: () -> [HTMLNode]) -> HTMLDocument {
        let seconds = max(1, Int(refresh / .seconds(1)))
        return HTMLDocument(
            root: .tag(.html, nil, [.lang: "en"]) {
                HTMLNode.tag(.head) {
                    HTMLNode.tag(.meta, nil, [.charset: "utf-8"])
                    HTMLNode.tag(.meta, nil, [.name: "viewport", .content: "width=device-width, initial-scale=1"])
                    HTMLNode.tag(.meta, nil, [.name: "color-scheme", .content: "light dark"])
                    HTMLNode.tag(.title) { title + " \u{b7} envsync" }
                    // Without scripts the browser fetches the page again; not so often, since the reader loses the place.
                    HTMLNode.tag(.noscript) {
                        HTMLNode.tag(.meta, nil, [.httpEquiv: "refresh", .content: "\(max(5, seconds))"])
                    }
                    HTMLNode.style(HTMLNode.pageStyle, nonce: security.nonce)
                }
                HTMLNode.tag(.body) {
                    HTMLNode.tag(.a, "skip", [.href: "#main"]) { "Skip to the content" }
                    header
                    HTMLNode.tag(.div, "stale", [.id: "stale", .role: "status", .hidden: "hidden"]) {
                        HTMLNode.tag(.p, "wrap") { "The daemon does not answer; this is what it said last." }
                    }
                    HTMLNode.tag(.main, "wrap", [.id: "main", .tabindex: "-1", .data: "\(seconds * 1000)"]) { main() }
                    footer
                    HTMLNode.script(HTMLNode.pageScript, nonce: security.nonce)
                }
            })
    }

    private var header: HTMLNode {
        .tag(.header, "bar") {
            HTMLNode.tag(.div, "wrap") {
                HTMLNode.tag(.a, "brand", [.href: "/"]) { "envsync" }
                HTMLNode.tag(.p) {
                    "\(status.version) \u{b7} process \(status.processID) \u{b7} up for "
                    HTMLNode.tag(.time, nil, [.title: "since " + PageWords.absolute(status.startedAt).shown]) {
                        PageWords.duration(now - status.startedAt)
                    }
                }
            }
        }
    }

    private var footer: HTMLNode {
        .tag(.footer, "wrap") {
            HTMLNode.tag(.a, nil, [.href: "/metrics"]) { "Metrics" }
            HTMLNode.tag(.a, nil, [.href: "/healthz"]) { "Health" }
            HTMLNode.tag(.a, nil, [.href: "/readyz"]) { "Readiness" }
        }
    }
}

/// Pieces that more than one page is made of.
enum PagePart {
    /// A point in time: relative for reading, absolute on demand.
    static func time(_ time: Double, now: Double) -> HTMLNode {
        let absolute = PageWords.absolute(time)
        return .tag(.time, nil, [.datetime: absolute.machine, .title: absolute.shown]) {
            PageWords.relative(time, now: now)
        }
    }

    /// A name that somebody chose: its direction of writing stays its own.
    static func name(_ text: String) -> HTMLNode { .tag(.bdi) { text } }

    /// An id, cut to twelve digits.
    static func id(_ text: String) -> HTMLNode { .tag(.code, nil, [.title: text]) { String(text.prefix(12)) } }

    /// A word with a mark, so that its colour is not what tells.
    static func badge(_ standing: Standing) -> HTMLNode {
        .tag(.span, "badge \(standing.tone.rawValue)") {
            HTMLNode.tag(.span, "mark", [.ariaHidden: "true"]) { standing.mark }
            standing.words
        }
    }

    /// What keeps a workspace from being in sync, and what to do.
    static func problem(_ problem: WorkspaceStatus.Problem, tone: Tone, nextAttemptAt: Double?, now: Double) -> HTMLNode
    {
        .tag(.div, "box \(tone.rawValue)") {
            HTMLNode.tag(.p) {
                HTMLNode.tag(.strong) { problem.message }
            }
            if let reason = problem.reason { HTMLNode.tag(.p) { reason } }
            if let suggestion = problem.suggestion {
                HTMLNode.tag(.p) {
                    "Try: "
                    suggestion
                }
            }
            HTMLNode.tag(.p, "note") {
                "Since "
                time(problem.since, now: now)
                if let nextAttemptAt {
                    " \u{b7} next attempt "
                    if nextAttemptAt > now { time(nextAttemptAt, now: now) } else { "now" }
                }
                " \u{b7} "
                HTMLNode.tag(.code) { problem.code }
            }
        }
    }

    /// How far a push is.
    static func progress(_ progress: WorkspaceStatus.Progress, now: Double) -> HTMLNode {
        let hasBytes = progress.bytes > 0
        let whole = hasBytes ? progress.bytes : Int64(max(1, progress.objects))
        let done = min(whole, max(0, hasBytes ? progress.bytesDone : Int64(progress.objectsDone)))
        let percent = Int(Double(done) / Double(whole) * 100)
        let words =
            "\(PageWords.bytes(progress.bytesDone)) of \(PageWords.bytes(progress.bytes)), "
            + "\(progress.objectsDone) of \(PageWords.count(progress.objects, "object"))"
        return .tag(.div, "box") {
            HTMLNode.tag(.p) {
                HTMLNode.tag(.strong) { "Sending: \(percent) %" }
                words + " \u{b7} for \(PageWords.duration(now - progress.startedAt))"
            }
            HTMLNode.tag(
                .progress, nil, [.max: "\(whole)", .value: "\(done)", .ariaLabel: "Sent: \(percent) percent"]
            ) { "\(percent) %" }
        }
    }
}
