import Testing

@testable import PythonPackaging

@Suite struct DependencyWalkTests {
    private func select(
        _ roots: [LockedDependency], _ packages: [LockedPackage], extras: Set<String> = [],
        groups: Set<String>? = nil, python: String = "3.11"
    ) throws -> PackageSelection {
        let lockfile = PythonLockfile(
            format: .uv, packages: packages, roots: roots, extras: ["gpu"], groups: ["dev", "docs"],
            defaultGroups: ["docs"])
        return try PackageSelection.select(
            from: lockfile, for: SelectionFixture.linux(python), extras: extras, groups: groups)
    }

    private func names(_ selection: PackageSelection) -> [String] { selection.choices.map(\.package.name) }

    @Test(
        arguments: [
            ([], nil, ["docs", "main"]), (["gpu"], nil, ["docs", "gpu", "main"]), ([], ["dev"], ["dev", "main"]),
            ([], [], ["main"]), (["gpu"], ["docs", "dev"], ["dev", "docs", "gpu", "main"]),
        ] as [(Set<String>, Set<String>?, [String])])
    func startsAtWantedRoots(extras: Set<String>, groups: Set<String>?, expected: [String]) throws {
        let roots = [
            try SelectionFixture.need("main"), try SelectionFixture.need("gpu", extra: "gpu"),
            try SelectionFixture.need("dev", group: "dev"),
            try SelectionFixture.need("docs", group: "docs"),
            try SelectionFixture.need("windows", if: "sys_platform == 'win32'"),
        ]
        let packages = ["main", "gpu", "dev", "docs", "windows", "unreached"].map { SelectionFixture.package($0) }
        let selection = try select(roots, packages, extras: extras, groups: groups)
        #expect(names(selection) == expected)
        #expect(selection.problems.isEmpty)
    }

    @Test func followsDependenciesInCircles() throws {
        let packages = [
            SelectionFixture.package("a", dependencies: [try SelectionFixture.need("b")]),
            SelectionFixture.package(
                "b", dependencies: [try SelectionFixture.need("c"), try SelectionFixture.need("b")]),
            SelectionFixture.package(
                "c",
                dependencies: [try SelectionFixture.need("a"), try SelectionFixture.need("d", if: "os_name == 'nt'")]),
            SelectionFixture.package("d"),
        ]
        #expect(names(try select([try SelectionFixture.need("a")], packages)) == ["a", "b", "c"])
    }

    /// What an extra needs is reached however late the extra is asked for.
    @Test func carriesExtras() throws {
        let packages = [
            SelectionFixture.package(
                "a",
                dependencies: [
                    try SelectionFixture.need("marked", if: "extra == 'x'"), try SelectionFixture.need("b"),
                ],
                extraDependencies: [
                    "x": [try SelectionFixture.need("of-x")], "y": [try SelectionFixture.need("of-y")],
                    "all": [try SelectionFixture.need("a", extras: ["x"])],
                ]),
            SelectionFixture.package("b", dependencies: [try SelectionFixture.need("c")]),
            SelectionFixture.package("c", dependencies: [try SelectionFixture.need("a", extras: ["all"])]),
            SelectionFixture.package("marked"), SelectionFixture.package("of-x"), SelectionFixture.package("of-y"),
        ]
        let selection = try select([try SelectionFixture.need("a")], packages)
        #expect(names(selection) == ["a", "b", "c", "marked", "of-x"])
        let fewer = try select(
            [try SelectionFixture.need("a")], packages.filter { $0.name != "c" } + [SelectionFixture.package("c")])
        #expect(names(fewer) == ["a", "b", "c"])
    }

    /// The extras of one package are not those of another.
    @Test func keepsExtrasApart() throws {
        let packages = [
            SelectionFixture.package(
                "a", dependencies: [try SelectionFixture.need("b"), try SelectionFixture.need("c", if: "extra == 'x'")]),
            SelectionFixture.package("b", dependencies: [try SelectionFixture.need("d", if: "extra == 'x'")]),
            SelectionFixture.package("c"), SelectionFixture.package("d"),
        ]
        #expect(names(try select([try SelectionFixture.need("a", extras: ["x"])], packages)) == ["a", "b", "c"])
    }

    @Test func findsTheVersionThatIsMeant() throws {
        let packages = [
            SelectionFixture.package("a", "1", dependencies: [try SelectionFixture.need("old")]),
            SelectionFixture.package("a", "2.0", dependencies: [try SelectionFixture.need("new")]),
            SelectionFixture.package("old"),
            SelectionFixture.package("new"),
        ]
        let selection = try select([try SelectionFixture.need("a", "2")], packages)
        #expect(selection.choices.map(\.package.version) == ["2.0", "1.0"])
        #expect(names(selection) == ["a", "new"])
    }

    @Test(arguments: [("3.11", "2"), ("3.9", "1")])
    func findsTheForkThatIsMeant(python: String, version: String) throws {
        var old = SelectionFixture.package("a", "1")
        var new = SelectionFixture.package("a", "2")
        old.marker = try Marker("python_version < '3.10'")
        new.marker = try Marker("python_version >= '3.10'")
        let selection = try select([try SelectionFixture.need("a")], [old, new], python: python)
        #expect(selection.choices.map(\.package.version) == [version])
        #expect(selection.problems.isEmpty)
    }

    /// One entry is what is meant, even if its marker is about forks that are gone.
    @Test func takesTheOnlyEntry() throws {
        var only = SelectionFixture.package("a")
        only.marker = try Marker("python_version < '3.10'")
        #expect(names(try select([try SelectionFixture.need("a")], [only])) == ["a"])
    }

    @Test func reportsWhatIsMissing() throws {
        let packages = [
            SelectionFixture.package(
                "a", dependencies: [try SelectionFixture.need("gone"), try SelectionFixture.need("b", "3")]),
            SelectionFixture.package("b", "1"), SelectionFixture.package("b", "2"),
        ]
        let selection = try select([try SelectionFixture.need("a"), try SelectionFixture.need("lost")], packages)
        #expect(selection.problems.map(\.package) == ["b", "gone", "lost"])
        #expect(
            selection.problems.map(\.message) == [
                "is needed by \"a\", but the lockfile has 1, 2 only", "is needed by \"a\", but not in the lockfile",
                "is needed by the project, but not in the lockfile",
            ])
        #expect(selection.problems.allSatisfy { $0.suggestion == "lock again with \"uv lock\"" })
        #expect(names(selection) == ["a"])
    }

    @Test func reportsForksThatDoNotFit() throws {
        let packages = [
            SelectionFixture.package("a", "1", requiresPython: "<3.9"),
            SelectionFixture.package("a", "2", requiresPython: "<3.10"),
            SelectionFixture.package("b", "1"), SelectionFixture.package("b", "2"),
            SelectionFixture.package("c", dependencies: [try SelectionFixture.need("d", "1")]),
            SelectionFixture.package("d", "1"),
            SelectionFixture.package("d", "2"),
        ]
        let roots = [
            try SelectionFixture.need("a"), try SelectionFixture.need("b"), try SelectionFixture.need("c"),
            try SelectionFixture.need("d", "2"),
        ]
        let selection = try select(roots, packages)
        #expect(
            selection.problems.map(\.message) == [
                "is locked as 1, 2, none of which is for Python 3.11 on manylinux_2_28_x86_64",
                "is locked more than once for the target: 1, 2", "is locked more than once for the target: 1, 2",
            ])
        #expect(names(selection) == ["c"])
    }

    /// A path of 20,000 packages, and a package that is asked for 2,000 extras, one after the other.
    @Test(.timeLimit(.minutes(1))) func followsLongPaths() throws {
        let count = 20_000
        var packages = try (0..<count).map {
            SelectionFixture.package(
                "p\($0)", dependencies: $0 + 1 < count ? [try SelectionFixture.need("p\($0 + 1)")] : [])
        }
        #expect(try select([try SelectionFixture.need("p0")], packages).choices.count == count)
        packages = try (0..<2000).map {
            SelectionFixture.package(
                "p\($0)",
                dependencies: [
                    try SelectionFixture.need("p\($0 + 1)"), try SelectionFixture.need("p2000", extras: ["e\($0)"]),
                ])
        }
        packages.append(
            SelectionFixture.package("p2000", extraDependencies: ["e1999": [try SelectionFixture.need("end")]]))
        packages.append(SelectionFixture.package("end"))
        #expect(try select([try SelectionFixture.need("p0")], packages).choices.count == 2002)
    }

    /// Each of 5,000 packages asks one package for another extra, and has it look at 5,000 dependencies again.
    @Test(.timeLimit(.minutes(1))) func refusesEntangledLocks() throws {
        var packages = try (0..<5000).map {
            SelectionFixture.package(
                "p\($0)",
                dependencies: [
                    try SelectionFixture.need("hub", extras: ["e\($0)"]), try SelectionFixture.need("p\($0 + 1)"),
                ])
        }
        packages.append(SelectionFixture.package("p5000"))
        packages.append(
            SelectionFixture.package(
                "hub", dependencies: try (0..<5000).map { try SelectionFixture.need("p\($0)", if: "extra == 'x'") }))
        let error = #expect(throws: LockfileError.self) { try select([try SelectionFixture.need("p0")], packages) }
        #expect(error?.message == "the dependencies in the lockfile are too entangled to be followed")
    }
}
