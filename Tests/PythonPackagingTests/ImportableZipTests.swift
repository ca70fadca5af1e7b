import Foundation
import Testing

@testable import PythonPackaging
@testable import ReproducibleArchive

@Suite struct ImportableZipTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func makeZip(_ files: [String: String], directoryEntries: Bool = false) throws -> String {
        var entries: [(name: String, path: String)] = []
        for (index, (name, text)) in files.enumerated() {
            let path = scratch.path + "/f\(index)"
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            entries.append((name, path))
        }
        let path = scratch.path + "/x.zip"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        defer { close(descriptor) }
        try ReproducibleZip(entries: entries, writesDirectories: directoryEntries).write(toDescriptor: descriptor)
        return path
    }

    @Test func describesAPlainZip() throws {
        let path = try makeZip(["a.py": "", "pkg/__init__.py": "", "pkg/data.json": "{}", "README": ""])
        let zip = try ImportableZip.inspect(path: path)
        #expect(zip.kind == .plain)
        #expect(zip.topLevel == ["a", "pkg"])
        #expect(zip.deliverability == .importable)
        #expect(zip.project == nil)
    }

    @Test func describesAnEgg() throws {
        let info = "Metadata-Version: 1.0\nName: Old.Thing\nVersion: 2.0\n"
        let egg = try ImportableZip.inspect(path: try makeZip(["EGG-INFO/PKG-INFO": info, "old.py": ""]))
        #expect(egg.kind == .egg)
        #expect(egg.project == .init(name: "Old.Thing", version: "2.0"))
        #expect(egg.topLevel == ["old"])
        #expect(egg.deliverability == .importable)
        let unsafe = try makeZip(["EGG-INFO/PKG-INFO": info, "EGG-INFO/not-zip-safe": "", "old.py": ""])
        #expect(try ImportableZip.inspect(path: unsafe).deliverability == .notImportable([.notZipSafe]))
    }

    @Test func recognisesAWheel() throws {
        #expect(try ImportableZip.kind(ofFileAt: try TinyWheel().write(to: scratch)) == .wheel)
        #expect(try ImportableZip.kind(ofFileAt: try makeZip(["a/b.dist-info/WHEEL": ""])) == .plain)
    }

    @Test func refusesNativeCodeAndEmptiness() throws {
        let native = try ImportableZip.inspect(
            path: try makeZip(["a.py": "", "b.cpython-311-x86_64-linux-gnu.so": ""]))
        let path = "b.cpython-311-x86_64-linux-gnu.so"
        #expect(native.deliverability == .notImportable([.extensionModule(path: path, others: 0)]))
        #expect(
            try ImportableZip.inspect(path: try makeZip(["a.txt": ""])).deliverability == .notImportable([.noModules]))
    }

    @Test func namesDirectoriesThatPythonDoesNotFind() throws {
        let files = ["space/inner/a.py": "", "my-scripts/run.py": "", "pkg/__init__.py": ""]
        let bare = try ImportableZip.inspect(path: try makeZip(files))
        #expect(bare.namespaceDirectories == ["space", "space/inner"])
        let listed = try ImportableZip.inspect(path: try makeZip(files, directoryEntries: true))
        #expect(listed.namespaceDirectories.isEmpty)
        #expect(listed.deliverability == .importable)
    }
}
