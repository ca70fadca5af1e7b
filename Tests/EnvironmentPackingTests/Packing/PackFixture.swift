import Crypto
import EnvironmentPacking
import Foundation
import ReproducibleArchive
import Testing

/// A real virtual environment in a directory of its own, with packages as an installer leaves them.
final class PackFixture {
    let directory: String
    var prefix: String { directory + "/env" }
    let site: String
    var packer: EnvironmentPacker { EnvironmentPacker(cacheDirectory: directory + "/cache") }

    /// - Parameter name: of the environment's directory.
    init() throws {
        let made = FileManager.default.temporaryDirectory.appendingPathComponent("pack-" + UUID().uuidString)
        try FileManager.default.createDirectory(at: made, withIntermediateDirectories: true)
        directory = try #require(realpath(made.path, nil).map { String(cString: $0) })
        try Self.run("python3", ["-m", "venv", "--without-pip", directory + "/env"])
        let library = try FileManager.default.contentsOfDirectory(atPath: directory + "/env/lib")
        site = directory + "/env/lib/" + (try #require(library.first)) + "/site-packages"
    }

    deinit { _ = try? Self.run("rm", ["-rf", directory]) }

    /// The path inside the archive of something in site-packages.
    func packed(_ path: String) -> String { String(site.dropFirst(prefix.count + 1)) + "/" + path }

    func write(_ path: String, _ text: String, executable: Bool = false) throws {
        try write(path, Array(text.utf8), executable: executable)
    }

    /// - Parameter path: absolute.
    func write(_ path: String, _ bytes: [UInt8], executable: Bool = false) throws {
        let url = URL(fileURLWithPath: path)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
        chmod(path, executable ? 0o755 : 0o644)
    }

    /// Installs a package: its files, and metadata with a RECORD of them all.
    func install(_ name: String, _ version: String = "1.0", files: [String: String], extraRows: [String] = []) throws {
        let metadata = "\(name)-\(version).dist-info"
        var files = files
        files["\(metadata)/METADATA"] = "Metadata-Version: 2.1\nName: \(name)\nVersion: \(version)\n"
        files["\(metadata)/INSTALLER"] = "pip\n"
        var rows: [String] = extraRows
        for (path, text) in files.sorted(by: { $0.key < $1.key }) {
            try write(site + "/" + path, text, executable: path.hasPrefix("../../../bin/"))
            rows.append("\(path),sha256=\(Self.recordHash(Array(text.utf8))),\(text.utf8.count)")
        }
        rows.append("\(metadata)/RECORD,,")
        try write("\(site)/\(metadata)/RECORD", rows.joined(separator: "\n") + "\n")
    }

    static func recordHash(_ bytes: [UInt8]) -> String {
        Data(SHA256.hash(data: bytes)).base64EncodedString().replacingOccurrences(of: "+", with: "-")
            .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
    }

    func pack(_ options: PackOptions = PackOptions(), to name: String = "out.tar.gz") throws -> PackResult {
        try packer.pack(prefix: prefix, options, to: directory + "/" + name)
    }

    func contents(_ name: String = "out.tar.gz") throws -> [String] {
        try Self.run("tar", ["--quoting-style=literal", "-tf", directory + "/" + name]).split(separator: "\n").map(
            String.init)
    }

    func text(_ path: String, in name: String = "out.tar.gz") throws -> String {
        try Self.run("tar", ["-xOf", directory + "/" + name, path])
    }

    @discardableResult
    static func run(_ program: String, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failed(program: program, status: process.terminationStatus) }
        return String(decoding: data, as: UTF8.self)
    }

    struct Failed: Error {
        var program: String
        var status: Int32
    }
}

extension PackPlan {
    func entry(_ path: String) -> Entry? { entries.first { $0.path.elementsEqual(path.utf8) } }

    func owner(_ path: String) -> String? { entry(path)?.package.map { packages[$0].name } }

    func reason(_ path: String) -> String? { omissions.first { $0.path.elementsEqual(path.utf8) }?.reason }

    func problems(_ code: PackProblem.Code) -> [PackProblem] { problems.filter { $0.code == code } }
}
