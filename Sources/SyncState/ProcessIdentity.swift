import Glibc

/// A process, told apart from a later one that was given the same number.
public struct ProcessIdentity: Sendable, Hashable {
    /// The process id.
    public var id: Int32
    /// When it started, in clock ticks since the machine did: field 22 of `/proc/<pid>/stat`, see proc(5). 0: unknown.
    public var start: Int64

    /// Makes an identity.
    public init(id: Int32, start: Int64) {
        self.id = id
        self.start = start
    }

    /// The process that runs under that number now.
    public init(running id: Int32) { self.init(id: id, start: Self.startTime(of: id) ?? 0) }

    /// This process.
    public static let current = ProcessIdentity(id: getpid(), start: startTime(of: getpid()) ?? 0)

    /// This machine's name; `nil` if it has none.
    public static let hostName: String? = {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return nil }
        let name = String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return name.isEmpty ? nil : name
    }()

    /// Whether the process still runs, on this machine. When in doubt, it does.
    public var isRunning: Bool {
        guard id > 0 else { return false }
        guard kill(id, 0) == 0 || errno == EPERM else { return false }
        guard start != 0, let now = Self.startTime(of: id) else { return true }
        return now == start
    }

    private static func startTime(of process: pid_t) -> Int64? {
        let descriptor = Glibc.open("/proc/\(process)/stat", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        guard count > 0 else { return nil }
        return startTime(inStat: String(decoding: buffer[..<count], as: UTF8.self))
    }

    /// Field 22 of a `stat` line. The program's name is in parentheses and may hold spaces and parentheses itself.
    static func startTime(inStat line: String) -> Int64? {
        guard let end = line.lastIndex(of: ")") else { return nil }
        let fields = line[line.index(after: end)...].split(whereSeparator: \.isWhitespace)
        // The first of these is field 3.
        return fields.count > 19 ? Int64(fields[19]) : nil
    }
}
