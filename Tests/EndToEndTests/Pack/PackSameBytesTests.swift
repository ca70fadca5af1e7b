import Foundation
import Testing

/// The same environment, made twice: at another place, by another user, at another time, in another order.
@Suite(
    "The same bytes from everywhere", .serialized, .tags(.pack, .local),
    .enabled(if: TestPack.areAvailable, "scripts/test installs what makes environments, for Python 3.11 on x86_64"),
    .enabled(if: OtherUser.isAvailable, "the superuser can't become another user here"))
struct PackSameBytesTests {
    private static let packages = ["numpy", "pyyaml", "requests", "urllib3", "idna", "certifi", "charset-normalizer"]
    private static let otherPlace = "at/another/place/with a space and a much longer name"

    /// Without its base interpreter, an environment depends on where that is; with it, not even on that.
    @Test func virtualEnvironments() throws {
        let workspace = try TestWorkspace()
        try TestPack.copyBase(to: workspace.path("base"))
        try TestPack.copyBase(to: workspace.path("other/base of the others"))
        // One base has modules compiled by another program at another place, and the other has none.
        try Tool.shell("find . -name __pycache__ -prune -exec rm -rf {} +", directory: workspace.path("other"))
        try TestPack.makeVenv(workspace.path("env"), base: workspace.path("base"), packages: Self.packages)

        let theirs = workspace.path("theirs")
        try Self.makeDirectory(workspace, "theirs")
        let place = "\(theirs)/\(Self.otherPlace)"
        // The user may not reach the cache of wheels.
        let wheels = workspace.path("wheels")
        try Tool.shell(
            """
            mkdir '\(wheels)' && cd '\(TestPack.wheels)' &&
            cp numpy-* PyYAML-* requests-* urllib3-* idna-* certifi-* charset_normalizer-* '\(wheels)/'
            """)
        try TestPack.makeVenv(
            place, base: workspace.path("base"), packages: Self.packages.reversed(), compile: false,
            through: OtherUser.prefix, umask: "077", wheels: wheels)
        let onOtherBase = "\(theirs)/e"
        try TestPack.makeVenv(
            onOtherBase, base: workspace.path("other/base of the others"), packages: Self.packages,
            through: OtherUser.prefix, umask: "027", wheels: wheels)
        // Some modules are compiled by an import, as another version of the file system's clock would have it.
        try Self.runAsOther(
            ["\(place)/bin/python", "-c", "import numpy, requests, yaml"], directory: theirs)
        try Tool.shell("find . -exec touch -h -d '2001-02-03 04:05:06' {} +", directory: place)

        for format in TestPack.formats where format != "tar.zst" || TestPack.zstd {
            let mine = try Self.pack(workspace, "env", "mine.\(format)")
            let other = try Self.packAsOther(workspace, place, "other.\(format)")
            try Self.expectSame(workspace, mine, other)
            let whole = try Self.pack(workspace, "env", "mine-whole.\(format)", "--with-python")
            let otherWhole = try Self.packAsOther(workspace, place, "other-whole.\(format)", "--with-python")
            try Self.expectSame(workspace, whole, otherWhole)
            let third = try Self.packAsOther(workspace, onOtherBase, "third-whole.\(format)", "--with-python")
            try Self.expectSame(workspace, whole, third)
            #expect(try workspace.sha256(mine) != workspace.sha256(whole))
        }
    }

    @Test func condaEnvironments() throws {
        let workspace = try TestWorkspace()
        try TestPack.makeConda(workspace.path("env"))
        try Self.makeDirectory(workspace, "theirs")
        let place = workspace.path("theirs/\(Self.otherPlace)")
        try TestPack.makeConda(place)
        try Tool.shell(
            """
            find . -name __pycache__ -prune -exec rm -rf {} +
            find . -type f -exec chmod go-rwx {} +
            find . -exec touch -h -d '2001-02-03 04:05:06' {} +
            """, directory: place)
        if !OtherUser.prefix.isEmpty { try Tool.shell("chown -R 65534:65534 '\(workspace.path("theirs"))'") }
        for format in TestPack.formats where format != "tar.zst" || TestPack.zstd {
            let mine = try Self.pack(workspace, "env", "mine.\(format)")
            let other = try Self.packAsOther(workspace, place, "other.\(format)")
            try Self.expectSame(workspace, mine, other)
        }
        let mine = try Self.pack(workspace, "env", "mine-there.tar.gz", "--dest-prefix", "/opt/environments/there")
        let other = try Self.packAsOther(
            workspace, place, "other-there.tar.gz", "--dest-prefix", "/opt/environments/there")
        try Self.expectSame(workspace, mine, other)
    }

    private static func makeDirectory(_ workspace: TestWorkspace, _ name: String) throws {
        try Tool.shell("mkdir -p '\(workspace.path(name))'")
        if !OtherUser.prefix.isEmpty { try Tool.shell("chown 65534:65534 '\(workspace.path(name))'") }
    }

    private static func runAsOther(_ words: [String], directory: String) throws {
        let all = OtherUser.prefix + words
        let result = try Tool.run(
            all[0], Array(all.dropFirst()), environment: ["HOME": directory], directory: directory)
        guard result.status == 0 else { throw ToolError(description: "\(words): \(result)") }
    }

    private static func pack(
        _ workspace: TestWorkspace, _ prefix: String, _ output: String, _ more: String...
    ) throws -> String {
        let result = try workspace.beginPack(prefix, output, more).wait()
        guard result.status == 0 else { throw ToolError(description: "\(result)") }
        return output
    }

    /// Packs as another user, in another locale and time zone, without a cache.
    private static func packAsOther(
        _ workspace: TestWorkspace, _ prefix: String, _ output: String, _ more: String...
    ) throws -> String {
        let binary = try OtherUser.binary(in: workspace)
        let words =
            ["umask 077; exec \"$@\"", "sh", binary, "pack", prefix, "-o", output, "--no-cache"] + more
            // A zip of a virtual environment without its Python is refused.
            + (output.hasSuffix(".zip") ? ["--ignore", "interpreter"] : [])
        let all = OtherUser.prefix + ["/bin/sh", "-c"] + words
        let result = try RunningCommand(
            all[0], Array(all.dropFirst()),
            environment: Local.environment(
                [
                    "HOME": workspace.path("theirs"), "TZ": "Asia/Kathmandu", "LC_ALL": "C", "XDG_CACHE_HOME": nil,
                ].compactMapValues { $0 }), directory: workspace.path("theirs")
        ).wait()
        guard result.status == 0 else { throw ToolError(description: "as another user: \(result)") }
        return "theirs/" + output
    }

    private static func expectSame(_ workspace: TestWorkspace, _ one: String, _ other: String) throws {
        let digests = try (workspace.sha256(one), workspace.sha256(other))
        guard digests.0 != digests.1 else { return }
        let archives = try (PackedArchive(workspace.path(one)), PackedArchive(workspace.path(other)))
        Issue.record("\(one) and \(other) differ: \(differences(archives.0, archives.1))")
    }
}
