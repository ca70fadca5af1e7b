import Foundation
import Testing

/// One object as a lock or a manifest lists it.
struct ListedObject: Hashable, Decodable {
    var name: String
    var leaf: String
    var sha256: String
    var size: Int64
}

extension TestWorkspace {
    /// What `envsync lock` makes of a fresh copy of the workspace, without anything remembered.
    func freshLock() throws -> [ListedObject] {
        let copy = try TestWorkspace(environment: environment)
        try Tool.shell(
            "tar -C '\(directory)' --exclude ./.envsync --exclude ./envsync.lock -cf - . | tar -C '\(copy.directory)' -xf -"
        )
        try copy.succeed("lock")
        return try copy.lockedObjects()
    }

    /// What envsync.lock lists.
    func lockedObjects() throws -> [ListedObject] {
        let text = try Local.python(
            """
            import json, sys, tomllib
            lock = tomllib.load(open(sys.argv[1], "rb"))
            print(json.dumps([{k: a[k] for k in ("name", "leaf", "sha256", "size")} for a in lock.get("artifact", [])]))
            """, [path("envsync.lock")])
        return try JSONDecoder().decode([ListedObject].self, from: Data(text.utf8))
    }
}

/// What a generation's manifest lists.
func listedObjects(inManifest text: String) throws -> [ListedObject] {
    struct Manifest: Decodable {
        struct Environment: Decodable { var artifacts: [ListedObject] }
        var environment: Environment
    }
    return try JSONDecoder().decode(Manifest.self, from: Data(text.utf8)).environment.artifacts
}

extension StoreProbe {
    /// What the newest generation lists; the ref must name it.
    func newest(_ environment: String = "etl") throws -> [ListedObject] {
        let published = try #require(try follow(environment))
        return try listedObjects(
            inManifest: String(
                contentsOfFile: "\(root)/environments/\(environment)/\(published.number)-\(published.id).json",
                encoding: .utf8))
    }

    /// How many generations were published.
    func generations(_ environment: String = "etl") -> Int {
        Local.names("\(root)/environments/\(environment)").count { $0 != "current.json" && $0.hasSuffix(".json") }
    }

    /// What each generation lists, oldest first.
    func history(_ environment: String = "etl") throws -> [[ListedObject]] {
        let folder = "\(root)/environments/\(environment)"
        return try Local.names(folder).filter { $0 != "current.json" && $0.hasSuffix(".json") }
            .sorted { (Int($0.prefix { $0 != "-" }) ?? 0) < (Int($1.prefix { $0 != "-" }) ?? 0) }
            .map { try listedObjects(inManifest: String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8)) }
    }
}
