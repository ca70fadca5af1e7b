import EnvironmentPacking
import Foundation
import Glibc
import Synchronization
import Testing

@Suite("Environments that somebody changes while they are packed") struct ChangingEnvironmentTests {
    /// Changes a file's mode over and over.
    private final class Changer: Sendable {
        private let isStopped = Atomic(false)
        private let thread: DispatchGroup

        init(_ path: String) {
            let group = DispatchGroup()
            group.enter()
            thread = group
            Thread.detachNewThread { [self] in
                var mode: mode_t = 0o600
                while !isStopped.load(ordering: .relaxed) {
                    mode ^= 0o044
                    chmod(path, mode)
                }
                group.leave()
            }
        }

        func stop() {
            isStopped.store(true, ordering: .relaxed)
            thread.wait()
        }
    }

    private static let ways: [(String, @Sendable (PackFixture) throws -> Void)] = [
        ("pack", { _ = try $0.pack() }),
        ("describe", { _ = try $0.packer.describe(prefix: $0.prefix, PackOptions()) }),
        (
            "overlay",
            {
                _ = try $0.packer.packOverlay(
                    prefix: $0.prefix, PackOptions(), packages: ["one"], to: $0.directory + "/overlay.tar.gz")
            }
        ),
    ]

    @Test("a problem is one of the change, and one of the environment when that is over", arguments: ways.indices)
    func problem(_ way: Int) throws {
        let (name, run) = Self.ways[way]
        let fixture = try PackFixture()
        // As pip leaves it half-way: metadata of a file that isn't there yet.
        try fixture.install("one", files: ["one.py": "x = 1\n", "two.py": ""])
        unlink(fixture.site + "/two.py")
        let settled = #expect(throws: PackError.self, "\(name)") { try run(fixture) }
        #expect(settled?.isOfChange == false && settled?.problems.map(\.code) == [.missingFiles])

        let changer = Changer(fixture.site + "/one.py")
        // The other thread may not have been let run just then.
        var isOfChange = false
        for _ in 0..<50 where !isOfChange {
            let error = #expect(throws: PackError.self, "\(name)") { try run(fixture) }
            isOfChange = error?.isOfChange == true
        }
        changer.stop()
        #expect(isOfChange)
        let after = #expect(throws: PackError.self, "\(name)") { try run(fixture) }
        #expect(after?.isOfChange == false)
    }

    @Test("whether it is still what was packed, by every kind of change")
    func current() throws {
        let fixture = try PackFixture()
        try fixture.install("one", files: ["one.py": "x = 1\n"])
        let output = fixture.directory + "/out.tar.gz"
        var result = try fixture.pack()
        #expect(fixture.packer.isCurrent(result, prefix: fixture.prefix, output: output))
        let changes: [(String, () throws -> Void)] = [
            ("new", { try fixture.write(fixture.site + "/new.txt", "") }),
            ("written", { try fixture.write(fixture.site + "/one.py", "x = 2\n") }),
            ("removed", { unlink(fixture.site + "/new.txt") }),
            ("mode", { chmod(fixture.site + "/one.py", 0o755) }),
        ]
        for (name, change) in changes {
            try change()
            #expect(!fixture.packer.isCurrent(result, prefix: fixture.prefix, output: output), "\(name)")
            var options = PackOptions()
            options.tolerated = [.missingFiles]
            result = try fixture.pack(options)
            #expect(fixture.packer.isCurrent(result, prefix: fixture.prefix, output: output), "\(name)")
        }
    }
}
