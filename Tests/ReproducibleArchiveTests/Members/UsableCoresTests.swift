import Foundation
import Testing

@testable import ReproducibleArchive

/// On copies of what the kernel shows in `/proc` and `/sys`.
@Suite struct UsableCoresTests {
    private func root(_ files: [String: String], _ body: (String) -> Void) throws {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("cores-" + UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: root) }
        for (path, text) in files {
            let file = root.appendingPathComponent(path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        body(root.path)
    }

    @Test(
        "the smallest limit of a group and those that it is in counts, rounded up",
        arguments: [
            (["": "max 100000", "/a": "250000 100000", "/a/b": "max 100000"], 3),
            (["/a": "250000 100000", "/a/b": "50000 100000"], 1), (["/a": "max 100000"], nil), ([:], nil),
            (["/a/b": "nonsense"], nil), (["/a/b": "400000 100000"], 4), (["/a/b": "-1 0"], nil),
        ] as [([String: String], Int?)])
    func unified(_ limits: [String: String], _ wanted: Int?) throws {
        var files = ["proc/self/cgroup": "1:cpu:/\n0::/a/b\n"]
        for (group, text) in limits { files["sys/fs/cgroup\(group)/cpu.max"] = text + "\n" }
        try root(files) { #expect(ControlGroup.quota(root: $0) == wanted) }
    }

    @Test("the groups of older systems have files of their own")
    func legacy() throws {
        let files = [
            "proc/self/cgroup": "9:name=systemd:/x\n4:cpu,cpuacct:/docker/1\n",
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "150000\n", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
        ]
        try root(files) { #expect(ControlGroup.quota(root: $0) == 2) }
        try root(files.merging(["sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n"]) { $1 }) {
            #expect(ControlGroup.quota(root: $0) == nil)
        }
    }

    @Test("cores that the process is kept from don't count")
    func scheduled() throws {
        try root(["proc/self/status": "Name:\tx\nCpus_allowed:\t0000000f,00000003\nCpus_allowed_list:\t0\n"]) {
            #expect(ControlGroup.scheduledCores(root: $0) == 6)
        }
        try root([:]) { #expect(ControlGroup.scheduledCores(root: $0) == nil) }
        #expect((1...4096).contains(WorkThread.usableCores))
    }
}
