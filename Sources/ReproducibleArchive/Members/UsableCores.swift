import Glibc

extension WorkThread {
    /// The cores that this process may use: those that it may be scheduled on (`taskset`), and not more than the time that
    /// its control group is given (Linux: Documentation/admin-guide/cgroup-v2.rst, `cpu.max`), rounded up.
    static let usableCores: Int = {
        let cores = ControlGroup.scheduledCores(root: "") ?? max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        return max(1, min(cores, ControlGroup.quota(root: "") ?? cores))
    }()
}

/// The processor time that the system gives to this process.
enum ControlGroup {
    /// On how many cores it may run; `nil` if that can't be read.
    ///
    /// - Parameter root: what `/proc` is in.
    static func scheduledCores(root: String) -> Int? {
        for line in text(root + "/proc/self/status")?.split(separator: "\n") ?? [] where line.hasPrefix(allowed) {
            let digits = line.dropFirst(allowed.count).compactMap(\.hexDigitValue)
            let count = digits.reduce(0) { $0 + $1.nonzeroBitCount }
            return count > 0 ? count : nil
        }
        return nil
    }

    private static let allowed = "Cpus_allowed:"

    /// In cores, rounded up; `nil` if there is no limit, or none that can be read.
    ///
    /// - Parameter root: what `/proc` and `/sys` are in.
    static func quota(root: String) -> Int? {
        guard let groups = text(root + "/proc/self/cgroup") else { return nil }
        for line in groups.split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            if fields[0] == "0", fields[1].isEmpty {
                // A group has no more than those that it is in.
                if let quota = smallest(below: root + "/sys/fs/cgroup", String(fields[2]), unified) { return quota }
            } else if fields[1].split(separator: ",").contains("cpu") {
                if let quota = smallest(below: "\(root)/sys/fs/cgroup/cpu", String(fields[2]), legacy) { return quota }
            }
        }
        return nil
    }

    private static func smallest(below mount: String, _ group: String, _ read: (String) -> Double?) -> Int? {
        var parts = group.split(separator: "/")
        var found: Double?
        while true {
            // In a container, the path may be one of the machine's that isn't there.
            if let quota = read(([mount] + parts.map(String.init)).joined(separator: "/")) {
                found = min(found ?? quota, quota)
            }
            guard parts.popLast() != nil else { break }
        }
        return found.map { max(1, Int($0.rounded(.up))) }
    }

    /// `cpu.max`: microseconds in each period, or `max`, and the period's.
    private static func unified(_ directory: String) -> Double? {
        let words = text(directory + "/cpu.max")?.split(whereSeparator: \.isWhitespace) ?? []
        guard words.count == 2 else { return nil }
        return cores(Double(words[0]), of: Double(words[1]))
    }

    private static func legacy(_ directory: String) -> Double? {
        func number(_ name: String) -> Double? {
            text("\(directory)/\(name)").flatMap { Double($0.split(whereSeparator: \.isWhitespace).first ?? "") }
        }
        return cores(number("cpu.cfs_quota_us"), of: number("cpu.cfs_period_us"))
    }

    private static func cores(_ quota: Double?, of period: Double?) -> Double? {
        guard let quota, let period, quota > 0, period > 0, quota / period < 100_000 else { return nil }
        return quota / period
    }

    /// A small file of the kernel's.
    private static func text(_ path: String) -> String? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 1 << 14)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
        return count >= 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }
}
