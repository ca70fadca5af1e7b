import Foundation
import Glibc
import Synchronization
import Testing

@testable import SyncDaemon

/// The page as headless Chromium shows it.
@Suite(.serialized, .enabled(if: Chromium.path != nil, "Chromium is not installed (Debian package chromium)"))
struct BrowserTests {
    private static func serve<Result: Sendable>(
        _ control: SaidControl, _ body: (String) async throws -> Result
    ) async throws -> Result {
        let server = try StatusServer(address: "127.0.0.1:0", control: control, logger: quiet)
        let url = try server.listen()
        return try await beside({ try await server.run() }) { try await body(url) }
    }

    /// Every page at the width of a phone and of a desktop: nothing sticks out to the side, and texts have a contrast of
    /// at least 4.5 to 1 (WCAG 2.2, success criterion 1.4.3).
    @Test(arguments: [Chromium.Scheme.light, .dark])
    func everythingFitsAndCanBeRead(scheme: Chromium.Scheme) async throws {
        let scratch = try Scratch()
        let file = scratch.path + "/pages.html"
        // The pages as they are, side by side in frames that the measuring script may look into.
        let frames = [390, 1280].flatMap { width in
            PageTests.pages.map { page in
                let source = page.text.replacing("&", with: "&amp;").replacing("\"", with: "&quot;")
                return
                    "<iframe title=\"\(width) \(page.name)\" width=\"\(width)\" height=\"900\" srcdoc=\"\(source)\"></iframe>"
            }
        }
        let html =
            "<!DOCTYPE html><meta charset=utf-8><style>iframe{border:0}</style>" + frames.joined() + Self.measuring
        try html.write(toFile: file, atomically: false, encoding: .utf8)
        let dom = try await Chromium.run(["--dump-dom", "--window-size=1400,1000", "file://" + file], scheme: scheme)
        let result = try #require(dom.output.firstMatch(of: /<pre id="result">([^<]*)<\/pre>/)?.1, "\(dom.errors)")
        #expect(result.hasPrefix("measured \(frames.count)\n") && result.split(separator: "\n").count == 1, "\(result)")
    }

    private static let measuring = """
        <pre id="result"></pre><script>
        addEventListener('load', function () {
          var frames = document.querySelectorAll('iframe'), lines = ['measured ' + frames.length];
          function channels(color) { return (color.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number); }
          function luminance(c) {
            var s = c.slice(0, 3).map(function (v) {
              v /= 255; return v <= 0.04045 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4); });
            return 0.2126 * s[0] + 0.7152 * s[1] + 0.0722 * s[2];
          }
          frames.forEach(function (frame) {
            var page = frame.contentDocument, view = frame.contentWindow, root = page.documentElement;
            if (!page.querySelector('h1')) { lines.push(frame.title + ': no page'); }
            if (root.scrollWidth > frame.width) {
              lines.push(frame.title + ': ' + root.scrollWidth + ' px wide');
              page.querySelectorAll('main *').forEach(function (element) {
                if (element.getBoundingClientRect().right > Number(frame.width) + 1) {
                  lines.push('  ' + element.tagName + '.' + element.className + ' ' + element.textContent.slice(0, 40));
                } });
            }
            page.querySelectorAll('body *').forEach(function (element) {
              var hasText = Array.from(element.childNodes).some(function (node) {
                return node.nodeType === 3 && node.data.trim(); });
              if (!hasText || !element.getClientRects().length || element.closest('script,style,svg,progress')) { return; }
              var behind = element, back;
              do { back = channels(view.getComputedStyle(behind).backgroundColor); behind = behind.parentElement;
              } while (behind && back.length === 4 && back[3] === 0);
              var a = luminance(channels(view.getComputedStyle(element).color)), b = luminance(back);
              var contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
              if (contrast < 4.5) {
                lines.push(frame.title + ': contrast ' + contrast.toFixed(2) + ' ' + element.tagName + '.' +
                  element.className + ' ' + element.textContent.slice(0, 30)); }
            });
          });
          document.getElementById('result').textContent = lines.join('\\n').replace(/[<&]/g, '?') + '\\n';
        });
        </script>
        """

    /// The page under its own Content-Security-Policy: style and script are taken, the script fetches what is new, and
    /// the console stays empty.
    @Test func theServedPageRenewsItself() async throws {
        let server = try StatusServer(address: "127.0.0.1:0", control: RenewedControl(), logger: quiet)
        let url = try server.listen()
        try await beside({ try await server.run() }) {
            let dom = try await Chromium.run(
                ["--dump-dom", "--virtual-time-budget=12000", "--enable-logging=stderr", url])
            #expect(dom.output.contains("etl-nightly"))
            #expect(dom.output.contains("3 workspaces: 1 busy, 2 in sync."), "\(dom.output.suffix(3000))")
            #expect(!dom.errors.contains("Content Security Policy") && !dom.errors.contains("CONSOLE"), "\(dom.errors)")
        }
    }

    @Test func hostileNamesRunNothing() async throws {
        let state = PageFixtures.hostile
        try await Self.serve(SaidControl(state.status, details: state.details)) { url in
            for page in ["/", "/workspaces/0"] {
                let dom = try await Chromium.run(["--dump-dom", "--enable-logging=stderr", url + page])
                #expect(dom.output.contains("<title>") && !dom.output.contains("<title>owned"))
                #expect(!dom.output.contains("<img") && !dom.errors.contains("CONSOLE"), "\(dom.errors)")
            }
        }
    }

    /// Pictures for people to look at.
    @Test(
        .enabled(if: Chromium.pictures != nil, "ENVSYNC_TEST_SCREENSHOTS names no directory"),
        arguments: PageFixtures.all.map(\.name))
    func pictures(name: String) async throws {
        let state = try #require(PageFixtures.all.first { $0.name == name })
        let directory = try #require(Chromium.pictures)
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try await Self.serve(SaidControl(state.status, details: state.details)) { url in
            for (page, path) in [("overview", "/"), ("workspace", "/workspaces/0")] {
                for (width, height) in [(390, 1600), (1280, 1600)] {
                    for scheme in [Chromium.Scheme.light, .dark] {
                        let file = "\(directory)/\(name)-\(page)-\(width)-\(scheme).png"
                        unlink(file)
                        _ = try await Chromium.run(
                            [
                                "--screenshot=" + file, "--window-size=\(width),\(height)", "--hide-scrollbars",
                                url + path,
                            ], scheme: scheme)
                        let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
                        #expect(bytes.count > 5000 && bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]))
                    }
                }
            }
        }
    }
}

/// A daemon that is busy whenever it is asked again.
private final class RenewedControl: DaemonControl {
    private let calls = Mutex(0)

    func status() async -> DaemonStatus {
        var status = PageFixtures.idle.status
        let call = calls.withLock { calls in
            calls += 1
            return calls
        }
        if call > 1 { status.workspaces[0].phase = .examining }
        return status
    }

    func detail(of directory: String) async -> WorkspaceDetail? { nil }
    func wait(for directory: String) async -> WaitOutcome { WaitOutcome(isInSync: false) }
    func reload() async -> ReloadOutcome { ReloadOutcome() }
    func stop() async {}
}

/// A headless Chromium, with a profile of its own for each run.
enum Chromium {
    enum Scheme: Int, Sendable {
        // Values of Chromium's blink::mojom::PreferredColorScheme.
        case dark = 0
        case light = 1
    }

    static let path = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }
    static let pictures = ProcessInfo.processInfo.environment["ENVSYNC_TEST_SCREENSHOTS"].flatMap {
        $0.isEmpty ? nil : $0
    }

    static func run(
        _ arguments: [String], scheme: Scheme = .light
    ) async throws -> (output: String, errors: String) {
        let scratch = try Scratch()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(path))
        process.arguments =
            [
                "--headless=new", "--disable-gpu", "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-dev-shm-usage", "--no-proxy-server",
                "--user-data-dir=" + scratch.path, "--blink-settings=preferredColorScheme=\(scheme.rawValue)",
            ]
            // The superuser can't have Chromium's sandbox; the pages are the test's own.
            + (geteuid() == 0 ? ["--no-sandbox"] : []) + arguments
        let output = scratch.path + "/output", errors = scratch.path + "/errors"
        for file in [output, errors] { try Data().write(to: URL(fileURLWithPath: file)) }
        process.standardOutput = FileHandle(forWritingAtPath: output)
        process.standardError = FileHandle(forWritingAtPath: errors)
        process.standardInput = FileHandle.nullDevice
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { _ in continuation.resume() }
            do {
                try process.run()
            } catch {
                process.terminationHandler = nil
                continuation.resume(throwing: error)
                return
            }
            let identifier = process.processIdentifier
            DispatchQueue.global().asyncAfter(deadline: .now() + 60) { [process] in
                if process.isRunning { kill(identifier, SIGKILL) }
            }
        }
        try #require(process.terminationStatus == 0, "Chromium ended with \(process.terminationStatus)")
        let text = { String(decoding: (try? Data(contentsOf: URL(fileURLWithPath: $0))) ?? Data(), as: UTF8.self) }
        return (text(output), text(errors))
    }
}
