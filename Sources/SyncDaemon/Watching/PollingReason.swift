import Glibc

/// Why files are polled, and what to do about it.
struct PollingReason: Hashable {
    let reason: String
    let remedy: String?
    /// Whether there may be events some time later.
    let mayPass: Bool

    init(_ reason: String, _ remedy: String?, mayPass: Bool) {
        self.reason = reason
        self.remedy = remedy
        self.mayPass = mayPass
    }

    /// One line for people.
    func message(interval: Duration) -> String {
        let seconds = Double(interval.components.seconds) + Double(interval.components.attoseconds) / 1e18
        let shown = seconds == seconds.rounded() ? "\(Int(seconds))" : "\(seconds)"
        return "looking at the files every \(shown) s: \(reason)" + (remedy.map { "; \($0)" } ?? "")
    }

    /// Directories can't be watched any more.
    static func outOfWatches() -> PollingReason {
        let setting = "fs.inotify.max_user_watches"
        return PollingReason(
            "this user's watches ran out" + (value(of: setting).map { " (\(setting) is \($0))" } ?? ""),
            "sudo sysctl \(setting)=1048576, then envsync daemon reload", mayPass: true)
    }

    /// There is no inotify instance to be had.
    static func noInstance(_ code: Int32) -> PollingReason {
        let setting = "fs.inotify.max_user_instances"
        let problem = "the kernel gives no more events: \(String(cString: strerror(code)))"
        guard code == EMFILE else { return PollingReason(problem, nil, mayPass: true) }
        return PollingReason(
            problem + (value(of: setting).map { " (\(setting) is \($0))" } ?? ""),
            "sudo sysctl \(setting)=1024, or ulimit -n 4096 before the daemon starts, then envsync daemon reload",
            mayPass: true)
    }

    /// Changes on other machines give no events.
    static func remote(_ directory: String, _ type: String) -> PollingReason {
        PollingReason(
            "\(directory) is on a file system (\(type)) that doesn't tell of changes made elsewhere", nil,
            mayPass: false)
    }

    private static func value(of setting: String) -> String? {
        let path = "/proc/sys/" + setting.map { $0 == "." ? "/" : String($0) }.joined()
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var value: Int = 0
        return withUnsafeMutablePointer(to: &value) { pointer in
            withVaList([pointer]) { vfscanf(file, "%ld", $0) }
        } == 1 ? String(value) : nil
    }
}
