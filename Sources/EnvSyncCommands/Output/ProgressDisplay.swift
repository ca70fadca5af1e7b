import EnvSyncModel
import Foundation
import Glibc
import Logging
import SparkSubmission
import SyncEngine
import Synchronization

/// Shows the engine's events on stderr: a bar on a terminal, a line or two elsewhere.
///
/// The bar is one line that is redrawn; nothing else of the terminal's state is touched, so there is nothing to restore
/// but that line.
final class ProgressDisplay: Sendable {
    private struct State {
        var plan: PushPlanSummary?
        var bytes: Int64 = 0
        var objects = 0
        var checked = 0
        var isPublishing = false
        var lastDrawn: ContinuousClock.Instant?
        var isLineOpen = false
        var started = ContinuousClock.now
    }

    private let state = Mutex(State())
    private let isQuiet: Bool
    private let hasBar: Bool

    init(isQuiet: Bool) {
        self.isQuiet = isQuiet
        let environment = ProcessInfo.processInfo.environment
        let isPlain =
            environment["NO_COLOR"].map { !$0.isEmpty } ?? false || environment["TERM"] == "dumb"
            || environment["CI"].map { !$0.isEmpty && $0 != "false" } ?? false
        hasBar = !isQuiet && !isPlain && isatty(STDERR_FILENO) == 1
    }

    func receive(_ event: SyncEvent) {
        switch event {
        case .warning(let text): line("warning: " + text)
        case .reading(let path): draw(always: false) { _ in "reading \(QuotedText.visible(path))" }
        case .building(let layer): draw(always: false) { _ in "building \(layer)" }
        case .fetching(let wheels, let command):
            line("getting \(Human.count(wheels.count, "wheel")) that \(wheels.count == 1 ? "is" : "are") nowhere here:")
            for wheel in wheels.prefix(20) { line("  \(QuotedText.visible(wheel))") }
            if wheels.count > 20 { line("  and \(wheels.count - 20) more") }
            line("+ " + ShellLine(command).quoted)
        case .packing(let archive, let command) where command.isEmpty:
            if !isQuiet { line("packing \(QuotedText.visible(archive))") }
        case .packing(let archive, let command):
            line("making \(QuotedText.visible(archive)):")
            line("+ " + ShellLine(command).quoted)
        case .packed(let bytes): draw(always: false) { _ in "packing… \(Human.bytes(bytes))" }
        case .waiting(let holder): line("waiting for \(holder)")
        case .planned(let plan): planned(plan)
        case .sent(let bytes): redraw { $0.bytes += bytes }
        case .stored: redraw { $0.objects += 1 }
        case .publishing: redraw(always: true) { $0.isPublishing = true }
        case .checked: redraw { $0.checked += 1 }
        }
    }

    private func planned(_ plan: PushPlanSummary) {
        if !isQuiet, !hasBar, plan.objectsToSend > 0 {
            line(
                "sending \(plan.objectsToSend) of \(Human.count(plan.objects, "object")), \(Human.bytes(plan.bytesToSend))"
            )
        }
        redraw {
            $0.plan = plan
            $0.started = .now
        }
    }

    /// Prints a line above the bar.
    func line(_ text: String) {
        state.withLock { state in
            clear(&state)
            Output.note(text)
        }
    }

    /// Removes the bar.
    func finish() { state.withLock { clear(&$0) } }

    private func redraw(always: Bool = false, _ change: (inout State) -> Void) {
        draw(always: always) { state in
            change(&state)
            return Self.text(state)
        }
    }

    private func draw(always: Bool, _ text: (inout State) -> String?) {
        state.withLock { state in
            guard let text = text(&state), hasBar else { return }
            let now = ContinuousClock.now
            if !always, let last = state.lastDrawn, now - last < .milliseconds(100) { return }
            state.lastDrawn = now
            state.isLineOpen = true
            let shown = text.count > Self.width ? String(text.prefix(Self.width - 1)) + "…" : text
            Self.write("\r\u{1B}[2K" + shown)
        }
    }

    private func clear(_ state: inout State) {
        if state.isLineOpen { Self.write("\r\u{1B}[2K") }
        state.isLineOpen = false
    }

    private static func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }

    private static var width: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 10 else { return 80 }
        return Int(size.ws_col)
    }

    private static func text(_ state: State) -> String? {
        if state.isPublishing { return "publishing…" }
        if state.checked > 0 { return "checking… \(state.checked) objects" }
        guard let plan = state.plan, plan.objectsToSend > 0 else { return nil }
        let share = plan.bytesToSend > 0 ? min(1, max(0, Double(state.bytes) / Double(plan.bytesToSend))) : 1
        let filled = Int(share * 24)
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
        let elapsed = (ContinuousClock.now - state.started) / .seconds(1)
        let rate = elapsed > 0.2 ? "  \(Human.bytes(Int64(Double(max(0, state.bytes)) / elapsed)))/s" : ""
        return "\(bar) \(Int(share * 100)) %  \(state.objects)/\(plan.objectsToSend) objects  "
            + "\(Human.bytes(max(0, state.bytes)))/\(Human.bytes(plan.bytesToSend))\(rate)"
    }
}

/// Log lines for stderr that go well with the bar.
struct StderrLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .warning
    let progress: ProgressDisplay

    init(progress: ProgressDisplay) { self.progress = progress }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let details = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }.map {
            " \($0.key)=\($0.value)"
        }
        progress.line("\(event.level): \(event.message)\(details.joined())")
    }
}
