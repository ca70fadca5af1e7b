import Crypto
import Glibc

/// A directory of sources outside of the environment in which a new file would be packed, too.
///
/// Its times don't tell: archives, editors' files and compiled modules come and go in it. What counts is which names it has.
struct WatchedDirectory: Sendable, Hashable {
    /// Absolute.
    var path: [UInt8]
    /// Whether only modules and directories in it could be packed: that of a project, with much else.
    var hasModulesOnly: Bool
    /// SHA-256 of the names and the links' targets; empty if it can't be listed.
    var state: [UInt8]

    /// As it is now.
    init(_ path: [UInt8], hasModulesOnly: Bool) {
        self.path = path
        self.hasModulesOnly = hasModulesOnly
        state = []
        state = current
    }

    /// One that was remembered.
    init(path: [UInt8], hasModulesOnly: Bool, state: [UInt8]) {
        self.path = path
        self.hasModulesOnly = hasModulesOnly
        self.state = state
    }

    var isUnchanged: Bool { state == current }

    /// What builds, editors and version control leave among sources.
    static func isLeftOut(_ name: [UInt8]) -> Bool {
        name.first == UInt8(ascii: ".") || name.elementsEqual("__pycache__".utf8) || name.hasSuffix(".egg-info")
            || name.hasSuffix(".pyc") || name.hasSuffix("~") || name.elementsEqual("node_modules".utf8)
    }

    private var current: [UInt8] {
        guard let stream = path.withTerminator({ opendir($0) }) else { return [] }
        defer { closedir(stream) }
        var entries: [[UInt8]] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: UInt8.self, capacity: 256) { start in
                    Array(UnsafeBufferPointer(start: start, count: 256).prefix { $0 != 0 })
                }
            }
            guard !Self.isLeftOut(name) else { continue }
            let isModule = !name.contains(UInt8(ascii: ".")) || name.hasSuffix(".py") || name.hasSuffix(".so")
            guard isModule || !hasModulesOnly else { continue }
            var line: [UInt8] = []
            line.append(counted: name)
            if Int32(entry.pointee.d_type) == Int32(DT_LNK) { line.append(counted: target(of: name)) }
            entries.append(line)
        }
        entries.sort { $0.lexicographicallyPrecedes($1) }
        return Array(SHA256.hash(data: Array(entries.joined())))
    }

    private func target(of name: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
            let length = (path + [0x2F] + name).withTerminator { link in
                buffer.withMemoryRebound(to: CChar.self) { $0.baseAddress.map { readlink(link, $0, 4096) } ?? -1 }
            }
            count = max(0, length)
        }
    }
}
