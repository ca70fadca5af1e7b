/// `/`: all workspaces, what needs somebody first to be seen.
struct OverviewPage {
    var status: DaemonStatus
    var now: Double

    func document(_ security: PageSecurity) -> HTMLDocument {
        PageFrame(title: "Workspaces", status: status, now: now, refresh: status.refresh, security: security).document {
            HTMLNode.tag(.h1) { "Workspaces" }
            HTMLNode.tag(.p, "lede", [.ariaLive: "polite"]) { summary }
            if status.workspaces.isEmpty {
                empty
            } else {
                HTMLNode.tag(.ul, "list") {
                    for (index, workspace) in status.workspaces.enumerated() { card(workspace, index: index) }
                }
            }
        }
    }

    private var summary: String {
        guard !status.workspaces.isEmpty else { return "The daemon runs and serves no workspace yet." }
        let standings = status.workspaces.map(Standing.init)
        let groups: [(Tone, String)] = [
            (.bad, "blocked"), (.warn, "to look at"), (.busy, "busy"), (.plain, "starting"), (.good, "in sync"),
        ]
        let parts = groups.compactMap { tone, words in
            let count = standings.filter { $0.tone == tone }.count
            return count == 0 ? nil : "\(count) \(words)"
        }
        return PageWords.count(status.workspaces.count, "workspace") + ": " + parts.joined(separator: ", ") + "."
    }

    private var empty: HTMLNode {
        .tag(.div, "card") {
            HTMLNode.tag(.h2) { "No workspace yet" }
            HTMLNode.tag(.p, "empty") {
                "Name the directories that hold an "
                HTMLNode.tag(.code) { "envsync.toml" }
                " in "
                HTMLNode.tag(.code) { status.configurationFile ?? "~/.config/envsync/daemon.toml" }
                ", for example "
                HTMLNode.tag(.code) { "workspaces = [\"~/work/etl\"]" }
                ", then run "
                HTMLNode.tag(.code) { "envsync daemon reload" }
                "."
            }
        }
    }

    private func card(_ workspace: WorkspaceStatus, index: Int) -> HTMLNode {
        .tag(.li, "card") {
            HTMLNode.tag(.div, "top") {
                HTMLNode.tag(.h2) {
                    HTMLNode.tag(.a, nil, [.href: "/workspaces/\(index)"]) { PagePart.name(workspace.title) }
                }
                PagePart.badge(Standing(workspace))
            }
            HTMLNode.tag(.p, "path") { PagePart.name(workspace.directory) }
            if let progress = workspace.progress { PagePart.progress(progress, now: now) }
            if let problem = workspace.problem {
                PagePart.problem(
                    problem, tone: workspace.phase == .retrying ? .warn : .bad, nextAttemptAt: workspace.nextAttemptAt,
                    now: now)
            }
            if !workspace.drift.isEmpty {
                HTMLNode.tag(.div, "box warn") {
                    HTMLNode.tag(.p) {
                        HTMLNode.tag(.strong) { PageWords.count(workspace.drift.count, "difference") + " found" }
                        workspace.drift.prefix(3).map(\.message).joined(separator: "; ")
                        if workspace.drift.count > 3 { "; …" }
                    }
                }
            }
            HTMLNode.tag(.dl, "facts") { facts(workspace) }
        }
    }

    @HTMLBuilder private func facts(_ workspace: WorkspaceStatus) -> [HTMLNode] {
        HTMLNode.tag(.div) {
            HTMLNode.tag(.dt) { "Generation" }
            HTMLNode.tag(.dd) { workspace.generation.map { "\($0.number)" } ?? "none yet" }
        }
        if let generation = workspace.generation {
            HTMLNode.tag(.div) {
                HTMLNode.tag(.dt) { "Published" }
                HTMLNode.tag(.dd) { PagePart.time(generation.publishedAt, now: now) }
            }
        }
        if let inSyncAt = workspace.inSyncAt {
            HTMLNode.tag(.div) {
                HTMLNode.tag(.dt) { "Seen in sync" }
                HTMLNode.tag(.dd) { PagePart.time(inSyncAt, now: now) }
            }
        }
        HTMLNode.tag(.div) {
            HTMLNode.tag(.dt) { workspace.autoLock ? "Changes waiting" : "Changes seen" }
            HTMLNode.tag(.dd) { workspace.pendingChanges == 0 ? "none" : "\(workspace.pendingChanges)" }
        }
        if let store = workspace.store {
            HTMLNode.tag(.div, "wide") {
                HTMLNode.tag(.dt) { "Store" }
                HTMLNode.tag(.dd) { HTMLNode.tag(.code) { store } }
            }
        }
    }
}

/// The page for an address that there isn't.
struct MissingPage {
    var status: DaemonStatus
    var now: Double

    func document(_ security: PageSecurity) -> HTMLDocument {
        PageFrame(title: "Not found", status: status, now: now, refresh: .seconds(30), security: security).document {
            HTMLNode.tag(.h1) { "There is no such page" }
            HTMLNode.tag(.p, "lede") {
                "The workspace may no longer be served. "
                HTMLNode.tag(.a, nil, [.href: "/"]) { "All workspaces" }
            }
        }
    }
}
