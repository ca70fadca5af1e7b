import Foundation
import Testing

/// A TLS server in a child process, `openssl s_server -www`, with a certificate for 127.0.0.1 from an authority of its
/// own that nobody else trusts.
final class OpenSSLServer {
    let url: String
    let authorityFile: String
    private let directory: URL
    private let process: Process

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "curlhttp-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        authorityFile = directory.appending(path: "ca.pem").path
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        try Self.run(
            ["req", "-x509"] + key + ["-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Test authority"],
            in: directory)
        try Self.run(
            ["req", "-x509"] + key + ["-keyout", "server.key", "-out", "server.pem", "-subj", "/CN=test server"]
                + ["-CA", "ca.pem", "-CAkey", "ca.key", "-addext", "subjectAltName=IP:127.0.0.1"]
                + ["-addext", "basicConstraints=critical,CA:FALSE"],
            in: directory)

        let output = Pipe()
        process = Self.openssl(
            ["s_server", "-accept", "127.0.0.1:0", "-cert", "server.pem", "-key", "server.key", "-www"], in: directory)
        process.standardOutput = output
        try process.run()
        url = try Self.announcedURL(output.fileHandleForReading)
    }

    func stop() {
        // It inherits the signal mask of a worker thread of libdispatch, which blocks SIGTERM.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: directory)
    }

    /// It says `ACCEPT 127.0.0.1:<port>` when it is ready.
    private static func announcedURL(_ output: FileHandle) throws -> String {
        var text = ""
        while !text.contains(/ACCEPT 127\.0\.0\.1:\d+\s/) {
            let piece = output.availableData
            try #require(!piece.isEmpty, "openssl s_server ended: \(text)")
            text += String(decoding: piece, as: UTF8.self)
        }
        let match = try #require(text.firstMatch(of: /ACCEPT (127\.0\.0\.1:\d+)\s/))
        return "https://\(match.1)/"
    }

    private static func openssl(_ arguments: [String], in directory: URL) -> Process {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.currentDirectoryURL = directory
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        return process
    }

    private static func run(_ arguments: [String], in directory: URL) throws {
        let process = openssl(arguments, in: directory)
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "openssl \(arguments.joined(separator: " "))")
    }
}
