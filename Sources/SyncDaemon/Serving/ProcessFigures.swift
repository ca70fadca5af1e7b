import Foundation
import Glibc

/// What this process uses, as the client libraries of Prometheus tell it under the names `process_*`.
struct ProcessFigures: Sendable, Hashable {
    /// User and system time together.
    var cpuSeconds: Double
    var residentBytes: Int
    var virtualBytes: Int
    var openDescriptors: Int
    var maximumDescriptors: Int
    var threads: Int
    /// Seconds since 1970.
    var startedAt: Double

    /// As proc(5) has it; `nil` where there is no such file system.
    static func current() -> ProcessFigures? {
        guard let text = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),
            let uptimeText = try? String(contentsOfFile: "/proc/uptime", encoding: .utf8),
            let uptime = uptimeText.split(separator: " ").first.flatMap({ Double($0) }),
            let end = text.lastIndex(of: ")")
        else { return nil }
        // The fields after the program's name, which may hold spaces, begin with the third.
        let fields = text[end...].dropFirst().split(separator: " ")
        func field(_ number: Int) -> Double { fields.count > number - 3 ? Double(fields[number - 3]) ?? 0 : 0 }
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit)
        // One of them is that of the directory that is being read.
        let descriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count - 1) ?? 0
        return ProcessFigures(
            cpuSeconds: (field(14) + field(15)) / ticks, residentBytes: Int(field(24)) * sysconf(Int32(_SC_PAGESIZE)),
            virtualBytes: Int(field(23)), openDescriptors: descriptors,
            maximumDescriptors: Int(clamping: limit.rlim_cur), threads: Int(field(20)),
            startedAt: Date().timeIntervalSince1970 - uptime + field(22) / ticks)
    }
}
