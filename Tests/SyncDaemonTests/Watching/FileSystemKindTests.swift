import Testing

@testable import SyncDaemon

@Suite struct FileSystemKindTests {
    @Test(arguments: [
        ("ext4", false), ("xfs", false), ("btrfs", false), ("tmpfs", false), ("overlay", false), ("zfs", false),
        ("fuseblk", false), ("fuse.fuse-overlayfs", false), ("nfs", true), ("nfs4", true), ("cifs", true),
        ("smb3", true),
        ("9p", true), ("virtiofs", true), ("ceph", true), ("lustre", true), ("gpfs", true), ("fuse", true),
        ("fuse.sshfs", true), ("fuse.glusterfs", true), ("fuse.s3fs", true),
    ])
    func typesAreKnown(type: String, lacksEvents: Bool) {
        #expect(FileSystemKind.lacksEvents(type) == lacksEvents)
    }

    /// As proc_pid_mountinfo(5) describes it.
    static let mountInfo = #"""
        22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
        30 22 0:26 / /home rw shared:7 master:1 - nfs4 server:/home rw,vers=4.2
        31 30 0:27 / /home/me/My\040Data rw - fuse.sshfs other:/data rw
        32 22 0:28 / /scratch rw,noatime - lustre mds@tcp:/scratch rw
        33 32 0:29 / /scratch rw - tmpfs tmpfs rw
        34 22 0:30 / /back\134slash rw - cifs //server/share rw
        broken
        """#

    @Test(arguments: [
        ("/", "ext4"), ("/etc", "ext4"), ("/homeless", "ext4"), ("/home", "nfs4"), ("/home/me/x/y", "nfs4"),
        ("/home/me/My Data/x", "fuse.sshfs"), ("/home/me/My Database", "nfs4"), ("/scratch/a", "tmpfs"),
        (#"/back\slash/a"#, "cifs"),
    ])
    func theInnermostMountThatCanBeSeenCounts(path: String, type: String) {
        #expect(FileSystemKind.Mounts(Self.mountInfo).type(of: path) == type)
    }

    @Test func itIsKnownWhetherOneOfThemLacksEvents() {
        #expect(FileSystemKind.Mounts(Self.mountInfo).lackEvents)
        #expect(!FileSystemKind.Mounts("22 1 254:0 / / rw - ext4 /dev/vda rw\n").lackEvents)
        #expect(FileSystemKind.Mounts("").type(of: "/") == nil)
    }

    @Test func thisMachineHasARoot() {
        #expect(FileSystemKind.mounts().type(of: "/") != nil)
        #expect(FileSystemKind.mounts().type(of: "/proc/self") == "proc")
    }
}
