import Foundation
import Testing

@testable import PythonPackaging

/// A lockfile of `Resources/lockfiles`, whose README says where it comes from.
struct LockfileFixture: CustomTestStringConvertible, Sendable {
    let directory: String
    let fileName: String

    var testDescription: String { directory }

    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Resources/lockfiles").path

    static let all = [
        LockfileFixture(directory: "uv", fileName: "uv.lock"),
        LockfileFixture(directory: "pylock-uv", fileName: "pylock.toml"),
        LockfileFixture(directory: "pylock-pip", fileName: "pylock.pip.toml"),
        LockfileFixture(directory: "requirements-uv", fileName: "requirements.txt"),
        LockfileFixture(directory: "requirements-pip-tools", fileName: "requirements.txt"),
        LockfileFixture(directory: "poetry-2.1", fileName: "poetry.lock"),
        LockfileFixture(directory: "poetry-2.0", fileName: "poetry.lock"),
        LockfileFixture(directory: "pdm", fileName: "pdm.lock"),
        LockfileFixture(directory: "pipenv", fileName: "Pipfile.lock"),
        LockfileFixture(directory: "conda-lock", fileName: "conda-lock.yml"),
        LockfileFixture(directory: "conda-environment", fileName: "environment.yml"),
    ]

    static func named(_ directory: String) throws -> LockfileFixture {
        try #require(all.first { $0.directory == directory })
    }

    func file(_ name: String) -> [UInt8]? {
        (try? Data(contentsOf: URL(fileURLWithPath: "\(Self.root)/\(directory)/\(name)"))).map(Array.init)
    }

    func content() throws -> [UInt8] { try #require(file(fileName)) }

    func read() throws -> PythonLockfile {
        try LockfileReader.read(try content(), fileName: fileName, companion: file)
    }

    /// The lines of `expected-NAME.txt`.
    func expected(_ name: String) throws -> [String] {
        let text = String(decoding: try #require(file("expected-\(name).txt")), as: UTF8.self)
        return text.split(separator: "\n").map(String.init)
    }
}

/// Reads a lockfile that is written in the test.
func readLockfile(
    _ text: String, _ fileName: String, companions: [String: String] = [:]
) throws(LockfileError) -> PythonLockfile {
    try LockfileReader.read(Array(text.utf8), fileName: fileName) { companions[$0].map { Array($0.utf8) } }
}

/// What is thrown when a lockfile is read, in one line; empty if it can be read.
func lockfileError(_ text: String, _ fileName: String, companions: [String: String] = [:]) -> String {
    do {
        _ = try readLockfile(text, fileName, companions: companions)
        return ""
    } catch {
        return error.description
    }
}
