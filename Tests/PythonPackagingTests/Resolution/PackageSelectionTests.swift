import Testing

@testable import PythonPackaging

@Suite struct PackageSelectionTests {
    /// One package that is marked with everything that decides whether it is installed.
    struct Marked: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var marker: String?
        var isMain = true
        var groups: Set<String> = []
        var wantedExtras: Set<String> = []
        var wantedGroups: Set<String>?
        var isSelected: Bool
    }

    @Test(arguments: [
        Marked(testDescription: "plain", isSelected: true),
        Marked(testDescription: "marker holds", marker: "python_version == '3.11'", isSelected: true),
        Marked(testDescription: "marker fails", marker: "sys_platform == 'win32'", isSelected: false),
        Marked(testDescription: "extra not asked for", marker: "'gpu' in extras", isSelected: false),
        Marked(testDescription: "extra asked for", marker: "'gpu' in extras", wantedExtras: ["GPU"], isSelected: true),
        Marked(testDescription: "extra of PEP 508", marker: "extra == 'gpu'", wantedExtras: ["gpu"], isSelected: true),
        Marked(testDescription: "default group by marker", marker: "'docs' in dependency_groups", isSelected: true),
        Marked(
            testDescription: "default group not wanted", marker: "'docs' in dependency_groups", wantedGroups: [],
            isSelected: false),
        Marked(testDescription: "default group", isMain: false, groups: ["docs"], isSelected: true),
        Marked(testDescription: "other group", isMain: false, groups: ["dev"], isSelected: false),
        Marked(
            testDescription: "other group wanted", isMain: false, groups: ["dev"], wantedGroups: ["Dev"],
            isSelected: true),
        Marked(
            testDescription: "groups replace the default", isMain: false, groups: ["docs"], wantedGroups: ["dev"],
            isSelected: false),
        Marked(testDescription: "main in any case", groups: ["dev"], wantedGroups: [], isSelected: true),
        Marked(testDescription: "nothing asks for it", isMain: false, isSelected: false),
    ])
    func selectsMarkedPackages(marked: Marked) throws {
        var package = SelectionFixture.package("a", isMain: marked.isMain)
        package.marker = try marked.marker.map { text throws(LockfileError) in try Marker(text) }
        package.groups = marked.groups
        let lockfile = PythonLockfile(
            format: .pylock, packages: [package], extras: ["gpu"], groups: ["dev", "docs"], defaultGroups: ["docs"])
        let selection = try PackageSelection.select(
            from: lockfile, for: SelectionFixture.linux(), extras: marked.wantedExtras, groups: marked.wantedGroups)
        #expect(selection.choices.map(\.package.name) == (marked.isSelected ? ["a"] : []))
        #expect(selection.problems.isEmpty)
    }

    @Test func sortsChoicesByName() throws {
        let lockfile = PythonLockfile(format: .pylock, packages: ["c", "a", "b"].map { SelectionFixture.package($0) })
        let selection = try PackageSelection.select(from: lockfile, for: SelectionFixture.linux())
        #expect(selection.choices.map(\.package.name) == ["a", "b", "c"])
    }

    @Test(
        arguments: [
            (nil, "3.11", nil), (">=3.9", "3.11", nil), ("nonsense", "3.11", nil), ("", "3.11", nil),
            (
                ">=3.12", "3.11",
                "the lockfile is for Python \">=3.12\", but the target has Python 3.11; lock for Python 3.11, or change "
                    + "environment.target"
            ),
            (">=3.11.4,<3.12", "3.11.5", nil),
            (
                ">=3.11.4,<3.12", "3.11",
                "the lockfile is for Python \">=3.11.4,<3.12\", but the target has Python 3.11; if the cluster's Python is new "
                    + "enough, say so in environment.target: python = \"3.11.4\" or what it is"
            ),
        ] as [(String?, String, String?)])
    func holdsTheLockAgainstTheTarget(required: String?, python: String, message: String?) throws {
        let lockfile = PythonLockfile(format: .uv, requiresPython: required, packages: [])
        let target = try TargetEnvironment(python: python, platform: "manylinux_2_28_x86_64")
        guard let message else {
            #expect(try PackageSelection.select(from: lockfile, for: target).choices.isEmpty)
            return
        }
        let error = #expect(throws: LockfileError.self) { try PackageSelection.select(from: lockfile, for: target) }
        #expect(error?.message == message)
    }

    @Test func holdsEnvironmentsAgainstTheTarget() throws {
        var lockfile = PythonLockfile(format: .pylock, packages: [SelectionFixture.package("a")])
        lockfile.environments = [try Marker("sys_platform == 'win32'"), try Marker("sys_platform == 'linux'")]
        #expect(try PackageSelection.select(from: lockfile, for: SelectionFixture.linux()).choices.count == 1)
        lockfile.environments = [try Marker("sys_platform == 'win32'")]
        let error = #expect(throws: LockfileError.self) {
            try PackageSelection.select(from: lockfile, for: SelectionFixture.linux())
        }
        #expect(
            error?.message
                == "the lockfile is not for Python 3.11 on manylinux_2_28_x86_64, but for \"sys_platform == 'win32'\"; "
                + "lock for this target as well, or change environment.target")
    }

    @Test(
        arguments: [
            (["gup"], nil, "there is no extra \"gup\"; the lockfile has \"gpu\", \"all\""),
            ([], ["docks"], "there is no dependency group \"docks\"; the lockfile has \"docs\", \"dev\""),
        ] as [(Set<String>, Set<String>?, String)])
    func namesWhatThereIs(extras: Set<String>, groups: Set<String>?, message: String) throws {
        let lockfile = PythonLockfile(
            format: .pylock, extras: ["gpu", "all"], groups: ["dev"], defaultGroups: ["docs"])
        let error = #expect(throws: LockfileError.self) {
            try PackageSelection.select(from: lockfile, for: SelectionFixture.linux(), extras: extras, groups: groups)
        }
        #expect(error?.message == message)
    }

    @Test func namesThatThereAreNone() throws {
        let error = #expect(throws: LockfileError.self) {
            try PackageSelection.select(
                from: PythonLockfile(format: .requirements), for: SelectionFixture.linux(), extras: ["x\u{7}"])
        }
        #expect(error?.message == "there is no extra \"x\\u{7}\": the lockfile names none")
    }

    /// One name, several entries.
    @Test func choosesTheForkForTheTarget() throws {
        let old = SelectionFixture.package("a", "1", requiresPython: "<3.11")
        let new = SelectionFixture.package("a", "2", requiresPython: ">=3.11")
        var windows = SelectionFixture.package("a", "3")
        windows.marker = try Marker("sys_platform == 'win32'")
        let lockfile = PythonLockfile(format: .pylock, packages: [old, new, windows])
        let selection = try PackageSelection.select(from: lockfile, for: SelectionFixture.linux())
        #expect(selection.choices.map(\.package.version) == ["2"])
        #expect(selection.problems.isEmpty)
    }

    @Test func reportsTwoVersions() throws {
        let lockfile = PythonLockfile(
            format: .pylock, packages: [SelectionFixture.package("a", "1"), SelectionFixture.package("a", "2")])
        let selection = try PackageSelection.select(from: lockfile, for: SelectionFixture.linux())
        #expect(selection.choices.isEmpty)
        #expect(selection.problems.map(\.message) == ["is locked more than once for the target: 1, 2"])
    }

    /// pdm lists a package once more for its extras.
    @Test func makesOneOfEqualVersions() throws {
        var first = SelectionFixture.package("a", "1.0")
        var second = SelectionFixture.package("a", "1")
        first.hashes = ["aa"]
        second.hashes = ["aa", "bb"]
        second.hasSourceDistribution = true
        let lockfile = PythonLockfile(format: .pdm, packages: [first, second])
        let choice = try #require(
            try PackageSelection.select(from: lockfile, for: SelectionFixture.linux()).choices.first)
        #expect(choice.package.version == "1.0")
        #expect(choice.package.hashes == ["aa", "bb"])
        #expect(choice.package.hasSourceDistribution)
        // 1.0 and 1 have wheels of different names here.
        #expect(choice.package.wheels.count == 2)
        second.location = "https://example.org/simple"
        let other = PythonLockfile(format: .pdm, packages: [first, second])
        #expect(
            try PackageSelection.select(from: other, for: SelectionFixture.linux()).problems.map(\.message)
                == ["is locked more than once for the target: 1.0, 1 from \"https://example.org/simple\""])
    }
}
