import Glibc

/// Which file systems can't be watched by events.
enum FileSystemKind {
    /// File systems whose files change on other machines, or on the other side of a virtual machine's wall: the kernel
    /// here tells only of what is done through it (inotify(7), "Limitations and caveats"). Names as in
    /// `/proc/self/mountinfo`, the `name` of the kernel's `struct file_system_type`; those of modules outside the kernel
    /// are Lustre, GPFS (IBM Storage Scale), BeeGFS, PanFS, OpenAFS, VirtualBox, VMware and Parallels.
    private static let remote: Set<String> = [
        "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "virtiofs", "ceph", "afs", "coda", "ncpfs", "ocfs2", "gfs2",
        "orangefs",
        "pvfs2", "lustre", "gpfs", "mmfs", "beegfs", "panfs", "vboxsf", "vmhgfs", "prl_fs", "fuse",
    ]
    /// File systems of user space over local files: everything goes through the kernel here.
    private static let local: Set<String> = ["fuse.fuse-overlayfs", "fuse.bindfs", "fuse.encfs", "fuse.gocryptfs"]

    /// Whether a file system of this type gives no events of some changes.
    static func lacksEvents(_ type: String) -> Bool {
        remote.contains(type) || (type.hasPrefix("fuse.") && !local.contains(type))
    }

    /// The mounts of `/proc/self/mountinfo` (proc_pid_mountinfo(5)).
    struct Mounts {
        private var mounts: [(point: String, type: String)] = []

        init(_ mountInfo: String) {
            for line in mountInfo.split(separator: "\n") {
                // ID, parent, device, root, mount point, options, any number of tags, "-", type, source, options.
                let fields = line.split(separator: " ")
                guard fields.count > 6, let dash = fields.dropFirst(6).firstIndex(of: "-"), dash + 1 < fields.count
                else { continue }
                mounts.append((FileSystemKind.unescaped(fields[4]), String(fields[dash + 1])))
            }
        }

        /// Whether any of them gives no events of some changes.
        var lackEvents: Bool { mounts.contains { FileSystemKind.lacksEvents($0.type) } }

        /// The type of the file system that a path is on.
        ///
        /// - Parameter path: absolute, without symbolic links; need not exist.
        func type(of path: String) -> String? {
            var best: (point: String, type: String)?
            for mount in mounts where mount.point == "/" || path == mount.point || path.hasPrefix(mount.point + "/") {
                // Of several at one point, the last one is seen.
                if mount.point.utf8.count >= best?.point.utf8.count ?? 0 { best = mount }
            }
            return best?.type
        }
    }

    /// Undoes the octal escapes of blanks, tabs, newlines and backslashes.
    fileprivate static func unescaped(_ field: Substring) -> String {
        guard field.contains("\\") else { return String(field) }
        var bytes: [UInt8] = []
        var rest = Array(field.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\"), rest.count >= 3,
                let value = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8)
            {
                bytes.append(value)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The mounts of this process.
    static func mounts() -> Mounts { Mounts(mountInfo()) }

    private static func mountInfo() -> String {
        guard let file = fopen("/proc/self/mountinfo", "re") else { return "" }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 14)
        while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { bytes += chunk[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }
}
