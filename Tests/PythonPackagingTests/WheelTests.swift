import Foundation
import Testing

@testable import PythonPackaging

@Suite struct WheelTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func inspect(_ change: (inout TinyWheel) -> Void = { _ in }) throws -> Wheel {
        var tiny = TinyWheel()
        change(&tiny)
        return try Wheel.inspect(path: try tiny.write(to: scratch))
    }

    @Test func readsASoundWheel() throws {
        let wheel = try inspect { $0.files["top.py"] = "" }
        #expect(
            wheel
                == Wheel(
                    name: "Tiny.Pkg", normalizedName: "tiny-pkg", version: "1.0", tags: ["py3-none-any"],
                    rootIsPurelib: true, generator: "by hand (1)", topLevel: ["tiny_pkg", "top"],
                    requiresPython: ">=3.8", deliverability: .importable))
    }

    @Test func isFoundByContentsWhateverItsName() throws {
        #expect(try inspect { $0.fileName = "whatever.zip" }.name == "Tiny.Pkg")
    }

    @Test func takesTagsFromTheFileNameWhenWHEELHasNone() throws {
        let wheel = try inspect {
            $0.fileName = "tiny_pkg-1.0-py2.py3-none-any.whl"
            $0.wheel = "Wheel-Version: 1.0\nRoot-Is-Purelib: True\n"
        }
        #expect(wheel.tags == ["py2-none-any", "py3-none-any"])
        #expect(wheel.generator == nil)
        #expect(wheel.deliverability == .importable)
    }

    struct Sound: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var change: @Sendable (inout TinyWheel) -> Void
    }

    /// Oddities of real wheels that installers accept.
    static let sound: [Sound] = [
        Sound(testDescription: "names with commas and quotes") {
            $0.files["tiny_pkg/a,b.pyi"] = "1"
            $0.files["tiny_pkg/a \"q\".pyi"] = "2"
        },
        Sound(testDescription: "RECORD with CRLF") { $0.lineEnd = "\r\n" },
        Sound(testDescription: "RECORD with blank lines and a BOM") {
            $0.record = { ["\u{FEFF}" + $0[0]] + [""] + $0.dropFirst() + ["", ""] }
        },
        Sound(testDescription: "RECORD with ./ and backslashes") {
            $0.record = { $0.map { $0.hasPrefix("tiny_pkg/") ? ".\\tiny_pkg\\" + $0.dropFirst(9) : $0 } }
        },
        Sound(testDescription: "RECORD listing directories") { $0.record = { $0 + ["tiny_pkg/,,"] } },
        Sound(testDescription: "RECORD with a line twice") { $0.record = { $0 + [$0[0]] } },
        Sound(testDescription: "RECORD that doesn't list itself") { $0.record = { $0.filter { !$0.hasSuffix(",,") } } },
        Sound(testDescription: "RECORD without sizes") {
            $0.record = {
                $0.map {
                    $0.split(separator: ",", omittingEmptySubsequences: false).prefix(2).joined(separator: ",") + ","
                }
            }
        },
        Sound(testDescription: "unlisted signatures") { tiny in
            tiny.files["tiny_pkg-1.0.dist-info/RECORD.jws"] = "{}"
            tiny.record = { $0.filter { !$0.contains("RECORD.jws") } }
        },
        Sound(testDescription: "licenses and other metadata") {
            $0.files["tiny_pkg-1.0.dist-info/licenses/a/LICENSE.txt"] = "MIT"
            $0.files["tiny_pkg-1.0.dist-info/entry_points.txt"] = ""
        },
        Sound(testDescription: "file name with another spelling of the version") {
            $0.fileName = "Tiny_PKG-1.0.0-1build-py3-none-any.whl"
        },
        Sound(testDescription: "METADATA with CRLF") { $0.metadata = "Name: tiny-pkg\r\nVersion: 1.0\r\n\r\nbody" },
        Sound(testDescription: "hyphens in the directory's name") { $0.distInfo = "tiny-pkg-1.0.dist-info" },
    ]

    @Test(arguments: sound) func accepts(_ example: Sound) throws {
        #expect(try inspect(example.change).deliverability == .importable)
    }

    struct Broken: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var code: WheelError.Code
        var change: @Sendable (inout TinyWheel) -> Void
    }

    static let broken: [Broken] = [
        Broken(testDescription: "no WHEEL", code: .missingWHEEL) { $0.wheel = nil },
        Broken(testDescription: "WHEEL without version", code: .malformedWHEEL) {
            $0.wheel = "Root-Is-Purelib: true\n"
        },
        Broken(testDescription: "WHEEL without purelib", code: .malformedWHEEL) { $0.wheel = "Wheel-Version: 1.0\n" },
        Broken(testDescription: "wheel format 2", code: .unsupportedWheelVersion) {
            $0.wheel = "Wheel-Version: 2.0\nRoot-Is-Purelib: true\n"
        },
        Broken(testDescription: "no METADATA", code: .missingMETADATA) { $0.metadata = nil },
        Broken(testDescription: "no name", code: .malformedMETADATA) { $0.metadata = "Version: 1.0\n" },
        Broken(testDescription: "no version", code: .malformedMETADATA) {
            $0.metadata = "Name: tiny-pkg\n\nVersion: 1.0"
        },
        Broken(testDescription: "name with a quote", code: .malformedMETADATA) {
            $0.metadata = "Name: tiny\"pkg\nVersion: 1.0\n"
        },
        Broken(testDescription: "name with a newline", code: .malformedMETADATA) {
            $0.metadata = "Name: tiny\n pkg\nVersion: 1.0\n"
        },
        Broken(testDescription: "version with a path", code: .malformedMETADATA) {
            $0.metadata = "Name: tiny-pkg\nVersion: ../1.0\n"
        },
        Broken(testDescription: "another name in METADATA", code: .nameMismatch) {
            $0.metadata = "Name: other\nVersion: 1.0\n"
        },
        Broken(testDescription: "another name in the file name", code: .nameMismatch) {
            $0.fileName = "other-1.0-py3-none-any.whl"
        },
        Broken(testDescription: "another version in the file name", code: .nameMismatch) {
            $0.fileName = "tiny_pkg-1.0.1-py3-none-any.whl"
        },
        Broken(testDescription: "file name of no form", code: .malformedFileName) { $0.fileName = "tiny_pkg.whl" },
        Broken(testDescription: "file name with a newline", code: .malformedFileName) {
            $0.fileName = "tiny\npkg-1.0-py3-none-any.whl"
        },
        Broken(testDescription: "two dist-info directories", code: .severalDistInfo) {
            $0.files["other-1.0.dist-info/METADATA"] = ""
        },
        Broken(testDescription: "no RECORD", code: .missingRECORD) { $0.record = { _ in nil } },
        Broken(testDescription: "a wrong hash", code: .recordMismatch) {
            $0.record = {
                $0.map {
                    $0.contains("__init__")
                        ? $0.replacingOccurrences(of: "sha256=", with: "sha256=A").replacingOccurrences(
                            of: ",10", with: ""
                        ).dropLast() + ",10" : $0
                }
            }
        },
        Broken(testDescription: "a wrong size", code: .recordMismatch) {
            $0.record = { $0.map { $0.replacingOccurrences(of: ",10", with: ",11") } }
        },
        Broken(testDescription: "a weak hash", code: .malformedRECORD) {
            $0.record = { $0.map { $0.replacingOccurrences(of: "sha256=", with: "md5=") } }
        },
        Broken(testDescription: "no hash", code: .malformedRECORD) {
            $0.record = { $0.map { $0.contains("__init__") ? "tiny_pkg/__init__.py,," : $0 } }
        },
        Broken(testDescription: "an unlisted file", code: .unlistedFile) {
            $0.files["tiny_pkg/extra.py"] = ""
            $0.record = { $0.filter { !$0.contains("extra") } }
        },
        Broken(testDescription: "a missing file", code: .missingFile) { $0.record = { $0 + ["tiny_pkg/gone.py,,0"] } },
        Broken(testDescription: "contradicting lines", code: .malformedRECORD) {
            $0.record = { $0 + ["tiny_pkg/__init__.py,,7"] }
        },
        Broken(testDescription: "two fields", code: .malformedRECORD) { $0.record = { $0 + ["x,y"] } },
        Broken(testDescription: "an open quote", code: .malformedRECORD) { $0.record = { $0 + ["\"x,,"] } },
        Broken(testDescription: "a size that is no number", code: .malformedRECORD) { $0.record = { $0 + ["x,,ten"] } },
    ]

    @Test(arguments: broken) func refuses(_ example: Broken) throws {
        #expect(wheelErrorCode { _ = try inspect(example.change) } == example.code)
    }

    @Test func refusesZipFilesThatAreNoWheels() throws {
        var tiny = TinyWheel()
        tiny.distInfo = "tiny_pkg-1.0.info"
        #expect(wheelErrorCode { _ = try Wheel.inspect(path: try tiny.write(to: scratch)) } == .noDistInfo)
    }

    @Test func refusesWhatIsNoZip() throws {
        let path = scratch.path + "/tiny_pkg-1.0-py3-none-any.whl"
        #expect(wheelErrorCode { _ = try Wheel.inspect(path: path) } == .unreadable)
        for text in ["", "<html>404 Not Found</html> and some more text"] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            #expect(wheelErrorCode { _ = try Wheel.inspect(path: path) } == .notAZip)
        }
    }

    @Test func refusesDamagedAndHostileZips() throws {
        var tiny = TinyWheel()
        tiny.files["xx/evil.py"] = "1"
        let cases: [(WheelError.Code, (inout [UInt8]) -> Void)] = [
            (.damagedZip, { $0.removeLast(30) }),
            (.damagedZip, { $0.removeLast($0.count / 2) }),
            (.damagedZip, { $0.replace("VALUE = 1", by: "VALUE = 2") }),
            (.unsafeZip, { $0.replace("xx/evil.py", by: "../evil.py") }),
            (.unsafeZip, { $0.replace("xx/evil.py", by: "/x/evil.py") }),
            (.unsafeZip, { $0.replace("xx/evil.py", by: "xx/ev\nl.py") }),
        ]
        for (index, (code, patch)) in cases.enumerated() {
            let found = wheelErrorCode {
                _ = try Wheel.inspect(path: try tiny.write(to: scratch, directoryEntries: true, patch: patch))
            }
            #expect(found == code, "case \(index)")
        }
    }

    struct Delivery: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var topLevel: [String]
        var reasons: [ZipImportability.Reason]
        var change: @Sendable (inout TinyWheel) -> Void
    }

    static let deliveries: [Delivery] = [
        Delivery(testDescription: "single module", topLevel: ["six"], reasons: []) { $0.files = ["six.py": ""] },
        Delivery(testDescription: "typed", topLevel: ["tiny_pkg"], reasons: []) {
            $0.files["tiny_pkg/py.typed"] = ""
            $0.files["tiny_pkg/a.pyi"] = ""
        },
        Delivery(
            testDescription: "extension module", topLevel: ["_fast", "tiny_pkg"],
            reasons: [.notPurelib, .extensionModule(path: "_fast.abi3.so", others: 1)]
        ) {
            $0.files["_fast.abi3.so"] = "ELF"
            $0.files["tiny_pkg/x.pyd"] = "MZ"
            $0.wheel = "Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: cp311-abi3-linux_x86_64\n"
        },
        Delivery(
            testDescription: "shared library in a pure wheel", topLevel: ["tiny_pkg"],
            reasons: [.extensionModule(path: "tiny_pkg/libx.so.1.2", others: 0)]
        ) { $0.files["tiny_pkg/libx.so.1.2"] = "ELF" },
        Delivery(
            testDescription: "package data", topLevel: ["tiny_pkg"],
            reasons: [.packageData(path: "tiny_pkg/cacert.pem", others: 1)]
        ) {
            $0.files["tiny_pkg/cacert.pem"] = ""
            $0.files["tiny_pkg/z.json"] = ""
        },
        Delivery(
            testDescription: "path configuration file", topLevel: ["tiny_pkg"],
            reasons: [.packageData(path: "tiny.pth", others: 0)]
        ) { $0.files["tiny.pth"] = "" },
        Delivery(
            testDescription: "scripts", topLevel: ["tiny_pkg"], reasons: [.dataDirectory(path: "tiny_pkg-1.0.data")]
        ) {
            $0.files["tiny_pkg-1.0.data/scripts/run"] = ""
            $0.files["tiny_pkg-1.0.data/data/x"] = ""
        },
        Delivery(testDescription: "stubs only", topLevel: [], reasons: [.noModules]) {
            $0.files = ["tiny-stubs/__init__.pyi": ""]
        },
        Delivery(testDescription: "metadata only", topLevel: [], reasons: [.noModules]) { $0.files = [:] },
        Delivery(
            testDescription: "namespace package", topLevel: ["google"],
            reasons: [.namespacePackage(path: "google", others: 1)]
        ) {
            $0.files = ["google/cloud/storage/__init__.py": "", "google/cloud/storage/a.py": ""]
        },
        // As in toolz 1.0.0 from PyPI.
        Delivery(testDescription: "tests without __init__.py inside a package", topLevel: ["toolz"], reasons: []) {
            $0.files = [
                "toolz/__init__.py": "", "toolz/tests/test_it.py": "", "toolz/a/tests/deep/x.py": "",
                "toolz/a/__init__.py": "",
            ]
        },
        Delivery(testDescription: "licences and documentation", topLevel: ["foo"], reasons: []) {
            $0.files = ["foo/__init__.py": "", "foo/LICENSE": "", "foo/README.md": "", "foo/notice.txt": ""]
        },
        Delivery(
            testDescription: "data that only looks like documentation", topLevel: ["foo"],
            reasons: [.packageData(path: "foo/words.txt", others: 0)]
        ) {
            $0.files = ["foo/__init__.py": "", "foo/words.txt": ""]
        },
        Delivery(
            testDescription: "a namespace package called tests", topLevel: ["tests"],
            reasons: [.namespacePackage(path: "tests", others: 0)]
        ) {
            $0.files = ["tests/a.py": ""]
        },
    ]

    @Test(arguments: deliveries) func decidesHowItTravels(_ example: Delivery) throws {
        let wheel = try inspect(example.change)
        #expect(wheel.deliverability.reasons == example.reasons)
        #expect(wheel.topLevel == example.topLevel)
    }

    @Test func namespacePackagesWithDirectoryEntriesAreImportable() throws {
        var tiny = TinyWheel()
        tiny.files = ["google/cloud/storage/__init__.py": ""]
        let wheel = try Wheel.inspect(path: try tiny.write(to: scratch, directoryEntries: true))
        #expect(wheel.deliverability == .importable)
        #expect(wheel.topLevel == ["google"])
    }
}
