import Glibc
import Synchronization

/// Memory that a push needed, and nobody needs while the daemon sleeps.
enum MemoryUse {
    private typealias Trim = @convention(c) (Int) -> Int32

    /// glibc's `malloc_trim(3)`, which Swift's module of glibc leaves out.
    private static let trim: Trim? = dlsym(nil, "malloc_trim").map { unsafeBitCast($0, to: Trim.self) }

    /// Gives free pages of the heap back to the system, which glibc alone does only for the heap's end, and lets go of
    /// the pages of program code: a push runs through some 30 MB of it, of the program and of libcurl and what that
    /// needs. They stay in the system's cache, from where what is run again is mapped again.
    static func giveBack() {
        _ = trim?(0)
        for code in codeMappings(lines: maps()) {
            guard let start = UnsafeMutableRawPointer(bitPattern: code.lowerBound) else { continue }
            // For a private mapping of a file that nobody wrote to, madvise(2) promises the file's content afterwards.
            _ = madvise(start, code.count, Int32(MADV_DONTNEED))
        }
    }

    private static let isPlanned = Mutex(false)

    /// Gives back in a while, once for all who asked meanwhile.
    static func giveBackSoon() {
        let isFirst = isPlanned.withLock { isPlanned in
            defer { isPlanned = true }
            return !isPlanned
        }
        guard isFirst else { return }
        Task.detached {
            try? await Task.sleep(for: .seconds(10))
            isPlanned.withLock { $0 = false }
            giveBack()
        }
    }

    /// The address ranges of private, read-only mappings of files that hold code, from the lines of `/proc/self/maps`
    /// (proc(5)). Others may have been written to by the loader.
    static func codeMappings(lines: some Sequence<Substring>) -> [Range<UInt>] {
        lines.compactMap { line in
            let fields = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
            guard fields.count == 6, fields[1] == "r-xp", fields[5].drop(while: { $0 == " " }).hasPrefix("/") else {
                return nil
            }
            let ends = fields[0].split(separator: "-")
            guard ends.count == 2, let start = UInt(ends[0], radix: 16), let end = UInt(ends[1], radix: 16), start < end
            else { return nil }
            return start..<end
        }
    }

    private static func maps() -> [Substring] {
        let descriptor = open("/proc/self/maps", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 14)
        while bytes.count < 1 << 20 {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    }
}
