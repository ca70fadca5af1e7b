import Glibc

/// The caches of pip and uv, as far as they keep whole wheels: pip keeps each download under a name that tells nothing,
/// and both keep the wheels they built. What uv unpacked is no wheel any more.
struct ToolCaches {
    private let directories: [String]

    /// At most this many files are looked at.
    private static let limit = 200_000

    /// - Parameter environment: the process's environment variables.
    init(environment: [String: String]) {
        let home = environment["HOME"] ?? "/"
        let base = environment["XDG_CACHE_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? home + "/.cache"
        let pip = environment["PIP_CACHE_DIR"].flatMap { $0.isEmpty ? nil : $0 } ?? base + "/pip"
        let uv = environment["UV_CACHE_DIR"].flatMap { $0.isEmpty ? nil : $0 } ?? base + "/uv"
        directories = [pip + "/http-v2", pip + "/wheels", uv]
    }

    /// The files that may be wheels: those that begin like a zip file.
    ///
    /// - Parameter sizes: only files of these sizes, in bytes; `nil` is any size.
    func files(ofSizes sizes: Set<Int64>?) -> [String] {
        var found: [String] = []
        var pending = directories
        var seen = 0
        while let directory = pending.popLast(), seen < Self.limit {
            guard let stream = opendir(directory) else { continue }
            defer { closedir(stream) }
            while let entry = readdir(stream) {
                let bytes = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
                guard bytes != [0x2E], bytes != [0x2E, 0x2E], let name = String(validating: bytes, as: UTF8.self) else {
                    continue
                }
                let path = "\(directory)/\(name)"
                var info = stat()
                // Links are not followed: uv's cache links directories to each other.
                guard lstat(path, &info) == 0 else { continue }
                seen += 1
                if info.st_mode & S_IFMT == S_IFDIR {
                    // uv's archives are unpacked wheels: many files, no wheel.
                    if !name.hasPrefix("archive-v") { pending.append(path) }
                } else if info.st_mode & S_IFMT == S_IFREG,
                    sizes?.contains(Int64(info.st_size)) ?? (info.st_size > 100),
                    name.hasSuffix(".body") || name.hasSuffix(".whl"), Self.isZip(path)
                {
                    found.append(path)
                }
            }
        }
        return found.sorted()
    }

    private static func isZip(_ path: String) -> Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var magic: [UInt8] = [0, 0, 0, 0]
        return read(descriptor, &magic, 4) == 4 && magic == [0x50, 0x4B, 3, 4]
    }
}
