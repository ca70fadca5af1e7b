/// How something is meant; the page's colours.
enum Tone: String, Sendable {
    case good, busy, warn, bad, plain
}

/// How a workspace stands, in a word, a mark and a colour.
struct Standing: Sendable, Hashable {
    var tone: Tone
    var mark: String
    var words: String

    init(_ tone: Tone, _ mark: String, _ words: String) {
        self.tone = tone
        self.mark = mark
        self.words = words
    }

    /// What matters most about a workspace.
    init(_ workspace: WorkspaceStatus) {
        switch workspace.phase {
        case .starting: self.init(.plain, "\u{25CB}", "starting")
        case .settling: self.init(.busy, "\u{25D4}", "waiting for changes to end")
        case .examining: self.init(.busy, "\u{25D1}", "examining")
        case .pushing: self.init(.busy, "\u{25B2}", "pushing")
        case .scrubbing: self.init(.busy, "\u{25D1}", "verifying")
        case .retrying: self.init(.warn, "\u{21BB}", "retrying")
        case .blocked: self.init(.bad, "\u{2715}", "blocked")
        case .idle:
            if !workspace.drift.isEmpty {
                self.init(.warn, "\u{25B3}", "drift")
            } else if workspace.isInSync {
                self.init(.good, "\u{2713}", "in sync")
            } else {
                self.init(.warn, "\u{25B3}", workspace.generation == nil ? "not published" : "not in sync")
            }
        }
    }

    /// A push's end.
    init(push: WorkspaceDetail.Push) {
        switch push.outcome {
        case "done": self.init(.good, "\u{2713}", push.generation == nil ? "nothing to do" : "published")
        case "running": self.init(.busy, "\u{25B2}", "running")
        case "cancelled", "interrupted": self.init(.warn, "\u{25A0}", push.outcome)
        default: self.init(.bad, "\u{2715}", push.outcome)
        }
    }
}

extension WorkspaceStatus {
    /// The environment, or if the configuration can't be read, the directory's name.
    var title: String {
        if let environment { return environment }
        return directory.split(separator: "/").last.map(String.init) ?? directory
    }

    /// Whether the page is worth fetching again soon.
    var isBusy: Bool {
        switch phase {
        case .idle, .blocked, .retrying: false
        default: true
        }
    }
}

extension DaemonStatus {
    /// How soon a page asks again.
    var refresh: Duration { workspaces.contains(where: \.isBusy) ? .seconds(1) : .seconds(5) }
}
