import Crypto
import Foundation
import Glibc
import Testing

/// A virtual environment with packages of a few files, installed as pip installs them.
struct SmallEnvironment {
    let prefix: String

    /// Makes one with this machine's `python3`.
    init(_ prefix: String) throws {
        self.prefix = prefix
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-m", "venv", "--without-pip", prefix]
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
    }

    private var library: String {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: prefix + "/lib")) ?? []
        return names.first { $0.hasPrefix("python3") } ?? "python3"
    }

    var sitePackages: String { "\(prefix)/lib/\(library)/site-packages" }
    /// `3.11`
    var python: String { String(library.dropFirst(6)) }

    private func information(_ name: String) throws -> String? {
        try FileManager.default.contentsOfDirectory(atPath: sitePackages)
            .first { $0.hasPrefix(name + "-") && $0.hasSuffix(".dist-info") }
    }

    /// Installs a package in the place of any other version of it.
    ///
    /// - Parameters:
    ///   - size: of its incompressible data.
    ///   - script: whether it has a file in `bin`.
    func install(_ name: String, _ version: String, size: Int = 0, script: Bool = false) throws {
        try uninstall(name)
        // Different for each version, and the same in every run.
        var data: [UInt8] = []
        var seed = Array(SHA256.hash(data: Array("\(name) \(version)".utf8)))
        while data.count < size {
            data += seed
            seed = Array(SHA256.hash(data: seed))
        }
        let directory = "\(name)-\(version).dist-info"
        var files: [(String, [UInt8])] = [
            ("\(name)/__init__.py", Array("VERSION = \"\(version)\"\n".utf8)),
            ("\(directory)/METADATA", Array("Metadata-Version: 2.1\nName: \(name)\nVersion: \(version)\n".utf8)),
            ("\(directory)/WHEEL", Array("Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n".utf8)),
            ("\(directory)/INSTALLER", Array("pip\n".utf8)),
        ]
        if size > 0 { files.append(("\(name)/data.bin", data)) }
        if script {
            files.append(("../../../bin/\(name)", Array("#!\(prefix)/bin/python\nprint(\"\(version)\")\n".utf8)))
        }
        var record = ""
        for (path, bytes) in files {
            let file = URL(fileURLWithPath: "\(sitePackages)/\(path)")
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(bytes).write(to: file)
            let hash = Data(SHA256.hash(data: bytes)).base64EncodedString().replacing("+", with: "-")
                .replacing("/", with: "_").replacing("=", with: "")
            record += "\(path),sha256=\(hash),\(bytes.count)\n"
        }
        if script { chmod("\(prefix)/bin/\(name)", 0o755) }
        record += "\(directory)/RECORD,,\n"
        try Data(record.utf8).write(to: URL(fileURLWithPath: "\(sitePackages)/\(directory)/RECORD"))
    }

    func uninstall(_ name: String) throws {
        guard let directory = try information(name) else { return }
        let record = try String(contentsOfFile: "\(sitePackages)/\(directory)/RECORD", encoding: .utf8)
        for line in record.split(separator: "\n") {
            let path = String(line.split(separator: ",", omittingEmptySubsequences: false)[0])
            unlink("\(sitePackages)/\(path)")
        }
        try FileManager.default.removeItem(atPath: "\(sitePackages)/\(directory)")
        try FileManager.default.removeItem(atPath: "\(sitePackages)/\(name)")
    }
}
