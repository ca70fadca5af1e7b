/// `/workspaces/<index>`: one workspace.
struct WorkspacePage {
    /// What is shown of long lists; a count follows.
    static let longest = (generations: 20, changes: 30, objects: 200, pushes: 20, drift: 100)

    var status: DaemonStatus
    var index: Int
    var detail: WorkspaceDetail
    var now: Double

    private var workspace: WorkspaceStatus { detail.status }

    func document(_ security: PageSecurity) -> HTMLDocument {
        let refresh: Duration = workspace.isBusy ? .seconds(1) : .seconds(5)
        return PageFrame(title: workspace.title, status: status, now: now, refresh: refresh, security: security)
            .document {
                HTMLNode.tag(.nav, "crumbs", [.ariaLabel: "Breadcrumb"]) {
                    HTMLNode.tag(.a, nil, [.href: "/"]) { "All workspaces" }
                }
                HTMLNode.tag(.div, "top") {
                    HTMLNode.tag(.h1) { PagePart.name(workspace.title) }
                    HTMLNode.tag(.span, nil, [.ariaLive: "polite"]) { PagePart.badge(Standing(workspace)) }
                }
                HTMLNode.tag(.p, "path") { PagePart.name(workspace.directory) }
                if let progress = workspace.progress { PagePart.progress(progress, now: now) }
                if let problem = workspace.problem {
                    PagePart.problem(
                        problem, tone: workspace.phase == .retrying ? .warn : .bad,
                        nextAttemptAt: workspace.nextAttemptAt,
                        now: now)
                }
                HTMLNode.tag(.div, "card") {
                    HTMLNode.tag(.dl, "facts big") { mainFacts }
                    HTMLNode.tag(.dl, "facts") { smallFacts }
                }
                if !workspace.drift.isEmpty { driftSection }
                section("generations", "Generations", note: "newest first") { generations }
                section("pushes", "Pushes", note: "from this workspace, newest first") { pushes }
                section("objects", "Objects", note: objectsNote) { objects }
            }
    }

    private func section(
        _ id: String, _ title: String, note: String, @HTMLBuilder _ content: () -> [HTMLNode]
    ) -> HTMLNode {
        .tag(.section, nil, [.ariaLabelledBy: "\(id)-title"]) {
            HTMLNode.tag(.div, "head") {
                HTMLNode.tag(.h2, nil, [.id: "\(id)-title"]) { title }
                HTMLNode.tag(.p, "note") { note }
            }
            HTMLNode.tag(.div, "card") { content() }
        }
    }

    // MARK: - Facts

    private func fact(_ name: String, _ className: String? = nil, @HTMLBuilder _ value: () -> [HTMLNode]) -> HTMLNode {
        .tag(.div, className) {
            HTMLNode.tag(.dt) { name }
            HTMLNode.tag(.dd) { value() }
        }
    }

    private func small(@HTMLBuilder _ value: () -> [HTMLNode]) -> HTMLNode { .tag(.span) { value() } }

    @HTMLBuilder private var mainFacts: [HTMLNode] {
        fact("Generation") {
            if let generation = workspace.generation {
                "\(generation.number) "
                small { PagePart.id(generation.id) }
            } else {
                "none yet"
            }
        }
        if let generation = workspace.generation {
            fact("Published") {
                PagePart.time(generation.publishedAt, now: now)
                if let publisher = generation.publishedBy {
                    " "
                    small {
                        "by "
                        PagePart.name(publisher)
                    }
                }
            }
        }
        fact("Locked objects") {
            PageWords.grouped(detail.objects.count)
            " "
            small { PageWords.bytes(detail.objects.map(\.size).reduce(0, &+)) }
        }
        fact("Last change to published") {
            if let last = workspace.counters.lag.last {
                PageWords.duration(last)
                " "
                small { PageWords.count(workspace.counters.lag.counts.reduce(0, +), "measured", "measured") }
            } else {
                "\u{2013} "
                small { "none since the start" }
            }
        }
    }

    @HTMLBuilder private var smallFacts: [HTMLNode] {
        if let store = workspace.store { fact("Store", "wide") { HTMLNode.tag(.code) { store } } }
        fact("Seen in sync") {
            if let inSyncAt = workspace.inSyncAt { PagePart.time(inSyncAt, now: now) } else { "not yet" }
        }
        fact("Last change") {
            if let lastChangeAt = workspace.lastChangeAt { PagePart.time(lastChangeAt, now: now) } else { "none seen" }
            if workspace.pendingChanges > 0 {
                " "
                small { "\(PageWords.grouped(workspace.pendingChanges)) waiting" }
            }
        }
        fact("Sources that changed") { workspace.autoLock ? "are locked" : "are only told" }
        fact("Watching") {
            PageWords.count(workspace.watched, "path")
            " "
            small { workspace.watchMode == .events ? "by events" : "by polling" }
        }
        fact("Since the start") {
            "\(PageWords.grouped(workspace.counters.published)) published"
            " "
            small { "\(workspace.counters.failed) failed, \(PageWords.bytes(workspace.counters.bytesSent)) sent" }
        }
        fact("Last verification") {
            if let scrub = workspace.scrub {
                PagePart.time(scrub.finishedAt, now: now)
                " "
                small {
                    "\(PageWords.count(scrub.objects, "object")), \(scrub.healed) healed"
                    if scrub.unhealed > 0 { ", \(scrub.unhealed) not" }
                }
            } else {
                "not yet"
            }
        }
        if let message = workspace.watchMessage { fact("Why polling", "wide") { message } }
    }

    // MARK: - Lists

    private var driftSection: HTMLNode {
        section("drift", "Drift", note: "between this workspace and the store, as envsync check finds it") {
            PageTable(titles: ["Code", "What", "Finding", "Try"]).node(label: "drift-title") {
                for drift in workspace.drift.prefix(Self.longest.drift) {
                    PageTable.row {
                        PageTable.rowHead("keep") { HTMLNode.tag(.code) { drift.code } }
                        PageTable.cell("What", "name") { PagePart.name(drift.subject) }
                        PageTable.cell("Finding", "text") { drift.message }
                        PageTable.cell("Try", "text") { drift.suggestion }
                    }
                }
            }
            rest(workspace.drift.count - Self.longest.drift, "difference")
        }
    }

    @HTMLBuilder private var generations: [HTMLNode] {
        if detail.generations.isEmpty, workspace.generation != nil {
            HTMLNode.tag(.p, "empty") { "The store could not be asked for its generations yet." }
        } else if detail.generations.isEmpty {
            HTMLNode.tag(.p, "empty") {
                "Nothing is published yet. "
                if workspace.autoLock {
                    "The first generation appears when the files are locked and sent."
                } else {
                    "Run "
                    HTMLNode.tag(.code) { "envsync lock" }
                    "; what is locked is then sent by itself."
                }
            }
        } else {
            HTMLNode.tag(.ol, "gens") {
                for entry in detail.generations.prefix(Self.longest.generations) { generation(entry) }
            }
            rest(detail.generations.count - Self.longest.generations, "older generation")
        }
    }

    private func generation(_ entry: WorkspaceDetail.GenerationEntry) -> HTMLNode {
        let isCurrent = entry.generation.number == workspace.generation?.number
        return .tag(.li, "gen", isCurrent ? [.ariaCurrent: "true"] : [:]) {
            HTMLNode.tag(.div, "row") {
                HTMLNode.tag(.h3) { "Generation \(entry.generation.number)" }
                if isCurrent { PagePart.badge(Standing(.good, "\u{25CF}", "current")) }
                HTMLNode.tag(.span) {
                    PagePart.time(entry.generation.publishedAt, now: now)
                    if let publisher = entry.generation.publishedBy {
                        " by "
                        PagePart.name(publisher)
                    }
                }
                HTMLNode.tag(.span, "note") {
                    "\(PageWords.count(entry.objects, "object")), \(PageWords.bytes(entry.bytes)) \u{b7} "
                    PagePart.id(entry.generation.id)
                }
            }
            changes(entry)
        }
    }

    @HTMLBuilder private func changes(_ entry: WorkspaceDetail.GenerationEntry) -> [HTMLNode] {
        if let changes = entry.changes {
            if changes.isEmpty {
                HTMLNode.tag(.p, "note") { "The same content as the generation before." }
            } else if changes.count <= 4 {
                HTMLNode.tag(.ul, "changes") { for change in changes { item(change) } }
            } else {
                HTMLNode.tag(.details, nil, [.id: "changes-\(entry.generation.number)"]) {
                    HTMLNode.tag(.summary) { Self.summary(changes) }
                    HTMLNode.tag(.ul, "changes") {
                        for change in changes.prefix(Self.longest.changes) { item(change) }
                    }
                    rest(changes.count - Self.longest.changes, "change")
                }
            }
        } else {
            HTMLNode.tag(.p, "note") {
                entry.generation.number == 1
                    ? "The first generation." : "What changed is not known: the generation before can't be read."
            }
        }
    }

    private static func summary(_ changes: [WorkspaceDetail.Change]) -> String {
        let kinds = [
            ("added", "added"), ("removed", "removed"), ("version", "of another version"), ("content", "changed"),
        ]
        let parts = kinds.compactMap { kind, words in
            let count = changes.filter { $0.kind == kind }.count
            return count == 0 ? nil : "\(count) \(words)"
        }
        return parts.isEmpty ? PageWords.count(changes.count, "change") : parts.joined(separator: ", ")
    }

    private func item(_ change: WorkspaceDetail.Change) -> HTMLNode {
        .tag(.li) {
            HTMLNode.tag(.span, "kind") { change.kind == "content" ? "changed" : change.kind }
            HTMLNode.tag(.strong) { PagePart.name(change.name) }
            HTMLNode.tag(.span) {
                switch (change.before, change.after) {
                case (let before?, let after?) where before != after:
                    PagePart.name(before)
                    " \u{2192} "
                    PagePart.name(after)
                case (let before?, nil): PagePart.name(before)
                case (_, let after?): PagePart.name(after)
                case (nil, nil): ""
                }
            }
            if let bytes = change.bytes { HTMLNode.tag(.span, "size") { PageWords.difference(bytes) } }
        }
    }

    @HTMLBuilder private var pushes: [HTMLNode] {
        if detail.pushes.isEmpty {
            HTMLNode.tag(.p, "empty") { "Nothing was pushed from this workspace yet." }
        } else {
            PushChart(detail.pushes).node
            PageTable(titles: ["Began", "Outcome", "Generation", "Sent", "Took", "By"], numbers: [2, 3, 4])
                .node(label: "pushes-title") { for push in detail.pushes.prefix(Self.longest.pushes) { row(push) } }
            rest(detail.pushes.count - Self.longest.pushes, "older push", "older pushes")
        }
    }

    private func row(_ push: WorkspaceDetail.Push) -> HTMLNode {
        PageTable.row {
            PageTable.rowHead("keep") { PagePart.time(push.startedAt, now: now) }
            PageTable.cell("Outcome", nil) {
                PagePart.badge(Standing(push: push))
                if let message = push.message { HTMLNode.tag(.p, "note") { message } }
            }
            PageTable.cell("Generation", "num") { push.generation.map { "\($0)" } ?? "\u{2013}" }
            PageTable.cell("Sent", "num") {
                push.objectsSent == 0
                    ? "nothing" : "\(PageWords.bytes(push.bytesSent)) in \(PageWords.count(push.objectsSent, "object"))"
            }
            PageTable.cell("Took", "num") { push.seconds.map(PageWords.duration) ?? "\u{2013}" }
            PageTable.cell("By", nil) { push.origin }
        }
    }

    private var objectsNote: String {
        detail.objects.isEmpty ? "what the lock names" : "what the lock names, and where the store has it"
    }

    @HTMLBuilder private var objects: [HTMLNode] {
        if detail.objects.isEmpty {
            HTMLNode.tag(.p, "empty") { "Nothing is locked yet." }
        } else {
            PageTable(titles: ["Artifact", "Version", "Delivery", "Size", "SHA-256", "Verified"], numbers: [3])
                .node(label: "objects-title") {
                    for object in detail.objects.prefix(Self.longest.objects) { row(object) }
                }
            rest(detail.objects.count - Self.longest.objects, "object")
        }
    }

    private func row(_ object: WorkspaceDetail.Object) -> HTMLNode {
        PageTable.row {
            PageTable.rowHead("name", hint: object.storePath) { PagePart.name(object.name) }
            PageTable.cell("Version", nil) { object.version.map(PagePart.name) ?? .text("\u{2013}") }
            PageTable.cell("Delivery", nil) { object.delivery }
            PageTable.cell("Size", "num") { PageWords.bytes(object.size) }
            PageTable.cell("SHA-256", nil) { PagePart.id(object.sha256) }
            PageTable.cell("Verified", nil) {
                if let verifiedAt = object.verifiedAt {
                    PagePart.time(verifiedAt, now: now)
                    if let verification = object.verification { " by \(verification)" }
                } else {
                    "not yet"
                }
            }
        }
    }

    @HTMLBuilder private func rest(_ count: Int, _ one: String, _ many: String? = nil) -> [HTMLNode] {
        if count > 0 { HTMLNode.tag(.p, "note") { "and \(PageWords.count(count, one, many)) more" } }
    }
}
