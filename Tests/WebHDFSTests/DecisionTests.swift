import CurlHTTP
import Testing

@testable import WebHDFS

@Suite("Redirect decision")
struct RedirectTests {
    static let plain = WebHDFSEndpoint(scheme: .http, host: "nn", port: 9870)
    static let secure = WebHDFSEndpoint(scheme: .https, host: "nn", port: 9871)

    static func decide(
        _ location: String?, status: Int = 307, body: String = "", purpose: RedirectDecision.Purpose = .upload,
        from endpoint: WebHDFSEndpoint = plain, insecure: Bool = false
    ) -> RedirectDecision {
        var headers: HTTPHeaders = [:]
        headers["location"] = location
        return RedirectDecision.decide(
            HTTPResponse(status: status, headers: headers, body: Array(body.utf8)), for: purpose, from: endpoint,
            allowsInsecureRedirects: insecure)
    }

    @Test(arguments: [
        (
            "http://dn1:50075/webhdfs/v1/a?op=CREATE&user.name=x",
            "http://dn1:50075/webhdfs/v1/a?op=CREATE&user.name=x",
            "dn1:50075"
        ),
        ("https://dn1/p?_=AA", "https://dn1:443/p?_=AA", "dn1:443"),
        ("http://dn1", "http://dn1:80/", "dn1:80"),
        ("http://dn1?q", "http://dn1:80/?q", "dn1:80"),
        ("HTTP://[fe80::1]:1/p#fragment", "http://[fe80::1]:1/p", "[fe80::1]:1"),
        ("/webhdfs/v1/a?op=CREATE&data=true", "http://nn:9870/webhdfs/v1/a?op=CREATE&data=true", "nn:9870"),
    ])
    func follows(location: String, url: String, authority: String) throws {
        for status in [307, 308] {
            guard case .follow(let target) = Self.decide(location, status: status) else {
                Issue.record("not followed: \(location)")
                continue
            }
            #expect(target.text == url)
            #expect(target.authority == authority)
        }
        // The form that noredirect and gateways give.
        let escaped = location.replacing("/", with: "\\/")
        guard case .follow(let target) = Self.decide(nil, status: 200, body: #"{"Location":"\#(escaped)"}"#) else {
            Issue.record("not followed: \(location)")
            return
        }
        #expect(target.text == url)
    }

    @Test(arguments: [
        "", "ftp://dn/SECRET", "file:///etc/SECRET", "http:///SECRET", "http://:80/SECRET", "//dn:1/SECRET", "SECRET",
        "http://user:SECRET@dn/p", "http://dn:99999/SECRET", "http://dn/a b SECRET", "http://dn/SECRET\u{7}",
        "http://dn\\@evil/SECRET", "http://dn/é", "javascript:SECRET",
    ])
    func refuses(location: String) {
        guard case .refuse(let reason) = Self.decide(location) else {
            Issue.record("not refused: \(location)")
            return
        }
        #expect(!reason.contains("SECRET"))
    }

    @Test(arguments: [301, 302, 303, 304, 300, 204, 200, 201])
    func otherAnswersToAnUploadAreRefused(status: Int) {
        guard case .refuse = Self.decide(status >= 300 ? "http://login/" : nil, status: status) else {
            Issue.record("not refused: \(status)")
            return
        }
    }

    @Test func redirectWithoutLocationIsRefused() {
        #expect(Self.decide(nil) == .refuse("redirect without a Location"))
    }

    @Test func insecureRedirectNeedsConsent() {
        #expect(
            Self.decide("http://dn/p", from: Self.secure) == .refuse("the redirect leads from https to http"))
        guard case .follow = Self.decide("http://dn/p", from: Self.secure, insecure: true) else {
            Issue.record("not followed")
            return
        }
    }

    @Test func contentOfADownloadIsNeverARedirect() {
        #expect(
            Self.decide(nil, status: 200, body: #"{"Location":"http://evil/"}"#, purpose: .download) == .complete)
    }

    @Test func resultMayComeAtOnce() {
        #expect(Self.decide(nil, status: 200, body: #"{"FileChecksum":{}}"#, purpose: .result) == .complete)
        guard case .follow = Self.decide(nil, status: 200, body: #"{"Location":"http://dn/"}"#, purpose: .result) else {
            Issue.record("not followed")
            return
        }
    }

    @Test(arguments: [
        ("http://NN:9870/x", true), ("http://nn:9871/x", false), ("https://nn:9870/x", false),
        ("http://dn:9870", false),
    ])
    func sameOrigin(location: String, same: Bool) {
        guard case .follow(let url) = Self.decide(location) else {
            Issue.record("not followed")
            return
        }
        #expect(url.isSameOrigin(as: Self.plain) == same)
    }
}

@Suite("Retry decision")
struct RetryTests {
    static func error(
        _ code: WebHDFSError.Code, _ leg: WebHDFSError.Leg = .namenode,
        _ disposition: WebHDFSError.Disposition? = nil
    ) -> WebHDFSError {
        WebHDFSError(code, operation: "CREATE", path: "/p", endpoint: "dn:1", leg: leg, disposition: disposition)
    }

    static func decide(
        _ error: WebHDFSError, _ history: RetryHistory, namenodes: Int = 1, policy: RetryPolicy = .default,
        random: Double = 0.5
    ) -> RetryDecision {
        RetryDecision.decide(error, history: history, policy: policy, namenodes: namenodes, random: random)
    }

    static func history(
        _ failures: Int = 1, dataNodes: Int = 0, failOvers: Int = 0, connection: Duration = .zero,
        safeMode: Duration = .zero
    ) -> RetryHistory {
        var history = RetryHistory()
        history.failures = failures
        history.dataNodeFailures = dataNodes
        history.failOvers = failOvers
        history.connectionTrouble = connection
        history.safeModeTrouble = safeMode
        return history
    }

    /// With the default policy: 200 ms doubling to 4 s, and half of that by `random`.
    @Test(arguments: [
        ("final at once", error(.accessDenied), history(), 1, RetryDecision.giveUp),
        ("already exists", error(.alreadyExists), history(), 2, .giveUp),
        ("401", error(.authenticationRequired), history(), 2, .giveUp),
        ("retriable", error(.retriable), history(), 1, .retry(after: .milliseconds(100))),
        ("retriable, third", error(.retriable), history(3), 1, .retry(after: .milliseconds(400))),
        ("retriable, seventh", error(.retriable), history(7), 1, .retry(after: .seconds(2))),
        ("retriable, eighth", error(.retriable), history(8), 1, .giveUp),
        ("retriable with two NameNodes", error(.retriable), history(), 2, .retry(after: .milliseconds(100))),
        ("dead NameNode", error(.connectionFailed), history(), 1, .retry(after: .milliseconds(100))),
        ("dead NameNode, patience ends", error(.connectionFailed), history(3, connection: .seconds(6)), 1, .giveUp),
        (
            "dead NameNode of two", error(.connectionFailed), history(1, connection: .seconds(10)), 2,
            .failOver(after: .zero)
        ),
        (
            "both dead", error(.connectionFailed), history(2, failOvers: 1, connection: .seconds(2)), 2,
            .failOver(after: .milliseconds(200))
        ),
        (
            "both dead for long", error(.connectionFailed), history(3, failOvers: 1, connection: .seconds(20)), 2,
            .giveUp
        ),
        ("standby of two", error(.standby), history(), 2, .failOver(after: .zero)),
        ("single standby", error(.standby), history(), 1, .retry(after: .milliseconds(100))),
        ("safe mode", error(.safeMode), history(), 1, .retry(after: .seconds(1))),
        (
            "safe mode, later", error(.safeMode), history(5, safeMode: .seconds(5)), 1,
            .retry(after: .milliseconds(1600))
        ),
        ("safe mode, patience ends", error(.safeMode), history(5, safeMode: .seconds(6)), 1, .giveUp),
        ("safe mode through a DataNode", error(.safeMode, .datanode), history(), 1, .retry(after: .seconds(1))),
        (
            "dead DataNode", error(.connectionFailed, .datanode, .retry), history(1, dataNodes: 1), 2,
            .retry(after: .milliseconds(100))
        ),
        ("eight dead DataNodes", error(.connectionFailed, .datanode, .retry), history(8, dataNodes: 8), 2, .giveUp),
        ("no space", error(.noSpace), history(1, dataNodes: 1), 1, .retry(after: .milliseconds(100))),
        ("no space, eighth", error(.noSpace), history(8, dataNodes: 8), 1, .giveUp),
    ])
    func decides(
        name: String, error: WebHDFSError, history: RetryHistory, namenodes: Int, expected: RetryDecision
    ) {
        #expect(Self.decide(error, history, namenodes: namenodes) == expected, "\(name)")
    }

    @Test func nonePolicyNeverRetries() {
        for code in [WebHDFSError.Code.retriable, .safeMode, .standby, .connectionFailed, .noSpace] {
            #expect(Self.decide(Self.error(code), Self.history(), namenodes: 2, policy: .none) == .giveUp)
        }
    }

    @Test func jitterSpansTheWholeDelay() {
        let error = Self.error(.retriable)
        #expect(Self.decide(error, Self.history(), random: 0) == .retry(after: .zero))
        let policy = RetryPolicy(maximumAttempts: 100)
        #expect(policy.delayBound(afterFailures: 1) == .milliseconds(200))
        #expect(policy.delayBound(afterFailures: 99) == .seconds(4))
    }

    @Test func historyKeepsAccounts() {
        var history = RetryHistory()
        history.record(Self.error(.connectionFailed), duration: .seconds(1))
        history.record(Self.error(.standby), duration: .seconds(2), pause: .seconds(3))
        #expect(history.connectionTrouble == .seconds(6))
        #expect(history.excludedDataNodes == [])
        history.record(Self.error(.connectionFailed, .datanode, .retry), duration: .seconds(600))
        #expect(history.connectionTrouble == .zero)
        #expect(history.dataNodeFailures == 1)
        #expect(history.excludedDataNodes == ["dn:1"])
        history.record(Self.error(.safeMode, .datanode), duration: .seconds(1))
        history.record(Self.error(.safeMode, .datanode), duration: .seconds(1), pause: .seconds(1))
        #expect(history.safeModeTrouble == .seconds(3))
        #expect(history.dataNodeFailures == 1)
        #expect(history.failures == 5)
    }

    /// Which failures leave it open whether the operation was carried out.
    @Test(arguments: [
        (HTTPTransferError.Code.couldNotConnect, false), (.couldNotResolve, false), (.connectTimedOut, false),
        (.tlsFailed, false), (.connectionLost, true), (.stalled, true), (.responseTooLarge, true),
    ])
    func mayHaveHappened(code: HTTPTransferError.Code, expected: Bool) {
        let transfer = HTTPTransferError(code: code, message: "m", url: "http://h/")
        let make = { (operation: String, leg: WebHDFSError.Leg) in
            WebHDFSError.transfer(transfer, operation: operation, path: "/p", endpoint: "h", leg: leg)
        }
        #expect(make("RENAME", .namenode).mayHaveHappened == expected)
        #expect(make("CREATE", .datanode).mayHaveHappened == expected)
        // The first leg of CREATE changes nothing.
        #expect(!make("CREATE", .namenode).mayHaveHappened)
    }

    @Test(arguments: [
        (HTTPTransferError.Code.couldNotConnect, WebHDFSError.Code.connectionFailed, WebHDFSError.Disposition.failOver),
        (.connectionLost, .connectionFailed, .failOver), (.stalled, .connectionFailed, .failOver),
        (.tlsFailed, .connectionFailed, .final), (.bodyChanged, .uploadSource, .final),
        (.bodyUnreadable, .uploadSource, .final), (.responseTooLarge, .tooLarge, .final),
        (.authenticationFailed, .authenticationRequired, .final), (.clientShutDown, .other, .final),
        (.invalidResponse, .badResponse, .final),
    ])
    func transferErrors(
        code: HTTPTransferError.Code, expected: WebHDFSError.Code, disposition: WebHDFSError.Disposition
    ) {
        let transfer = HTTPTransferError(code: code, message: "m", url: "http://h/")
        let error = WebHDFSError.transfer(transfer, operation: "MKDIRS", path: "/p", endpoint: "h", leg: .namenode)
        #expect(error.code == expected)
        #expect(error.disposition == disposition)
    }
}

@Suite("Rename outcome")
struct RenameOutcomeTests {
    static let file = FileStatus(kind: .file, length: 10, permission: 0o644, fileId: 7)
    static let other = FileStatus(kind: .file, length: 10, permission: 0o644, fileId: 8)
    static let anonymous = FileStatus(kind: .file, length: 10, permission: 0o644)
    static let longer = FileStatus(kind: .file, length: 11, permission: 0o644)

    @Test(
        arguments: [
            (nil, nil, nil, RenameOutcome.failed(.notFound)),
            (file, nil, nil, .notDone),
            (file, other, file, .failed(.alreadyExists)),
            (nil, file, nil, .done),
            (nil, file, file, .done),
            (nil, other, file, .unknown),
            (nil, anonymous, anonymous, .done),
            (nil, longer, anonymous, .unknown),
        ] as [(FileStatus?, FileStatus?, FileStatus?, RenameOutcome)])
    func judges(source: FileStatus?, destination: FileStatus?, expected: FileStatus?, outcome: RenameOutcome) {
        #expect(
            RenameOutcome.judge(source: source, destination: destination, expected: expected, mode: .noReplace)
                == outcome)
    }

    @Test func replacingCanBeRepeated() {
        #expect(
            RenameOutcome.judge(source: Self.file, destination: Self.other, expected: nil, mode: .replace) == .notDone)
    }
}
