import Testing

@testable import PythonPackaging

@Suite struct WheelChoiceTests {
    private func select(_ packages: LockedPackage..., format: LockfileFormat = .uv) throws -> PackageSelection {
        try PackageSelection.select(
            from: PythonLockfile(format: format, packages: packages), for: SelectionFixture.linux())
    }

    @Test func ordersWheels() throws {
        let best = [
            "a-1.0-10b-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
            "a-1.0-10a-cp311-cp311-manylinux_2_17_x86_64.whl", "a-1.0-9-cp311-cp311-manylinux_2_17_x86_64.whl",
            "a-1.0-cp311-cp311-manylinux_2_17_x86_64.whl", "A-1.0.0-cp311-cp311-manylinux_2_12_x86_64.whl",
            "a-1.0-cp311-abi3-manylinux_2_28_x86_64.whl", "a-1.0-cp39-abi3-manylinux_2_28_x86_64.whl",
            "a-1.0-py3-none-any.whl", "a-1-py2.py3-none-any.whl",
        ]
        let others = [
            "a-1.0-cp310-cp310-manylinux_2_17_x86_64.whl", "a-1.0-cp311-cp311-manylinux_2_34_x86_64.whl",
            "a-1.0-cp311-cp311-win_amd64.whl", "b-1.0-py3-none-any.whl", "a-2.0-py3-none-any.whl", "a-1.0.zip", "",
        ]
        let selection = try select(SelectionFixture.package("a", wheels: others + best.reversed()))
        // Equal ranks are in the order of the names.
        let expected = best.dropLast(2) + ["a-1-py2.py3-none-any.whl", "a-1.0-py3-none-any.whl"]
        #expect(selection.choices.first?.wheels.map(\.fileName) == Array(expected))
        #expect(selection.choices.first?.acceptsLocalBuild == false)
    }

    @Test func takesWheelsWithSHA256Only() throws {
        var package = SelectionFixture.package(
            "a", wheels: ["a-1.0-cp311-cp311-manylinux_2_17_x86_64.whl", "a-1.0-py3-none-any.whl"])
        package.wheels[0].sha256 = nil
        #expect(try select(package).choices.first?.wheels.map(\.fileName) == ["a-1.0-py3-none-any.whl"])
        package.wheels[1].sha256 = nil
        let selection = try select(package, format: .poetry)
        #expect(selection.choices.isEmpty)
        #expect(
            selection.problems == [
                PackageSelection.Problem(
                    package: "a", version: "1.0", message: "has no SHA-256 in the lockfile for its wheels",
                    suggestion: "lock again with \"poetry lock\"")
            ])
    }

    @Test(arguments: [LockedPackage.Source.directory, .conda])
    func needsNoWheel(source: LockedPackage.Source) throws {
        let selection = try select(SelectionFixture.package("a", source: source, requiresPython: ">=3.12", wheels: []))
        #expect(selection.others.map(\.name) == ["a"])
        #expect(selection.choices.isEmpty && selection.problems.isEmpty)
    }

    @Test func leavesSourcesToLocalBuilds() throws {
        let sdist = SelectionFixture.package("sdist", wheels: [], hasSourceDistribution: true)
        let checkout = SelectionFixture.package("checkout", source: .vcs, wheels: [], hashes: [SelectionFixture.sha256])
        let selection = try select(sdist, checkout)
        #expect(selection.choices.map(\.package.name) == ["checkout", "sdist"])
        #expect(selection.choices.allSatisfy { $0.acceptsLocalBuild && $0.wheels.isEmpty && $0.package.hashes.isEmpty })
    }

    @Test func leavesBareHashesToTheFinder() throws {
        let package = SelectionFixture.package(
            "a", wheels: [], hashes: [SelectionFixture.sha256], hasSourceDistribution: true)
        let choice = try #require(try select(package, format: .requirements).choices.first)
        #expect(choice.wheels.isEmpty && !choice.acceptsLocalBuild)
        #expect(choice.package.hashes == [SelectionFixture.sha256])
    }

    @Test func reportsPackagesWithoutFiles() throws {
        let selection = try select(SelectionFixture.package("a", wheels: []), format: .requirements)
        #expect(selection.problems.map(\.message) == ["has neither a wheel nor a hash in the lockfile"])
        #expect(selection.problems.first?.suggestion.contains("--generate-hashes") == true)
    }

    @Test func holdsPackagesAgainstTheTargetsPython() throws {
        let selection = try select(
            SelectionFixture.package("a", requiresPython: ">=3.12"),
            SelectionFixture.package("b", requiresPython: ">=3.11.2"),
            SelectionFixture.package("c", requiresPython: ">=3.6.*, !=3.10.*"),
            SelectionFixture.package("d", requiresPython: "?"))
        #expect(selection.choices.map(\.package.name) == ["c", "d"])
        #expect(
            selection.problems.map(\.message) == [
                "needs Python \">=3.12\", but the target has Python 3.11",
                "needs Python \">=3.11.2\", but the target has Python 3.11",
            ])
        #expect(
            selection.problems.map(\.suggestion) == [
                "lock for Python 3.11, or change environment.target",
                "if the cluster's Python is new enough, say so in environment.target: python = \"3.11.2\" or what it is",
            ])
    }

    @Test func saysWhyNoWheelSuits() throws {
        let wheels = [
            "a-1.0-cp38-cp38-manylinux_2_17_x86_64.whl", "a-1.0-cp39-cp39-win_amd64.whl",
            "a-1.0-cp311-cp311-macosx_11_0_arm64.whl", "a-1.0-cp311-cp311-macosx_11_0_arm64.macosx_12_0_arm64.whl",
            "a-1.0-cp311-cp311-manylinux_2_34_x86_64.whl", "a-1.0-cp311-cp311d-linux_x86_64.whl", "bad\u{1B}",
        ]
        let selection = try select(SelectionFixture.package("a", wheels: wheels))
        #expect(
            selection.problems == [
                PackageSelection.Problem(
                    package: "a", version: "1.0",
                    message: "has no wheel for Python 3.11 on manylinux_2_28_x86_64: "
                        + "a-1.0-cp311-cp311-manylinux_2_34_x86_64.whl needs glibc 2.34, not 2.28; "
                        + "a-1.0-cp311-cp311-macosx_11_0_arm64.macosx_12_0_arm64.whl is for macosx_11_0_arm64, "
                        + "macosx_12_0_arm64, not manylinux_2_28_x86_64; "
                        + "a-1.0-cp311-cp311-macosx_11_0_arm64.whl is for macosx_11_0_arm64, not manylinux_2_28_x86_64; "
                        + "and 4 more",
                    suggestion:
                        "if the cluster's system is newer, say so in environment.target; else lock a version with "
                        + "a wheel for it")
            ])
    }

    @Test func suggestsAnotherVersion() throws {
        let wheels = ["a-1.0-cp39-cp39-win_amd64.whl"]
        let selection = try select(
            SelectionFixture.package("a", wheels: wheels, hasSourceDistribution: true),
            SelectionFixture.package("b", wheels: ["b.whl\n"])
        )
        #expect(
            selection.problems.map(\.message) == [
                "has no wheel for Python 3.11 on manylinux_2_28_x86_64: a-1.0-cp39-cp39-win_amd64.whl is for cp39, not cp311",
                "has no wheel for Python 3.11 on manylinux_2_28_x86_64: \"b.whl\\u{a}\" is no file name of a wheel",
            ])
        #expect(
            selection.problems.map(\.suggestion) == [
                "lock a version that has a wheel for the target; this one could only be built from its source distribution",
                "lock a version that has a wheel for the target, or change environment.target",
            ])
    }

    /// No file system has such names.
    @Test(.timeLimit(.minutes(1))) func survivesHostileFileNames() throws {
        let set = String(repeating: "a.", count: 40) + "a"
        let wide = "a-1-\(set)-\(set)-\(set).whl"
        #expect(WheelFileName("a-1-py2.py3-none-any.whl")?.compressedTags == "py2.py3-none-any")
        #expect(wide.utf8.count < 256 && WheelFileName(wide) != nil)
        #expect(WheelFileName("a-1-\(set)-\(set)-\(set).\(set).whl") == nil)
        let huge = String(repeating: "a.", count: 300_000)
        let selection = try select(
            SelectionFixture.package(
                "a", wheels: Array(repeating: wide, count: 5000) + ["a-1-\(huge)a-\(huge)a-\(huge)a.whl"]))
        #expect(selection.problems.count == 1)
        #expect((selection.problems.first?.message.utf8.count ?? .max) < 1000)
    }
}
