import Foundation
import Glibc
import Testing

extension FaultyHDFSTests {
    @Test("DataNodes that checksum in other chunks, or with CRC-32: verified, checked and healed all the same")
    func otherChecksumParameters() throws {
        // The writer is the DataNode, with what its own configuration says (hdfs-default.xml).
        let parameters = ["dfs.bytes-per-checksum": "1024", "dfs.checksum.type": "CRC32"].sorted { $0.key < $1.key }
        let files = (1...2).map { "\(hdfs.directory)/datanode-\($0)/conf/hdfs-site.xml" }
        let originals = try files.map { try String(contentsOfFile: $0, encoding: .utf8) }
        func restart(_ texts: [String]) throws {
            for index in 1...2 { try hdfs.script("kill-datanode", String(index)) }
            for (file, text) in zip(files, texts) { try text.write(toFile: file, atomically: true, encoding: .utf8) }
            for index in 1...2 { try hdfs.script("start-datanode", String(index)) }
        }
        try restart(
            zip(originals, parameters).map { text, parameter in
                let property = "<property><name>\(parameter.key)</name><value>\(parameter.value)</value></property>"
                return text.replacing("</configuration>", with: property + "</configuration>")
            })

        let root = try hdfs.makeRoot()
        let workspace = try TestWorkspace.random(
            on: hdfs, root: root, sizes: [0, 1, 511, 512, 513, 1023, 1024, 1025, 70_000, 80_000, 90_000, 3_000_001])
        try workspace.succeed("push")
        let paths = try workspace.storePaths()
        let answers = try hdfs.getAll(Array(paths.values), "op=GETFILECHECKSUM").map(\.body).joined()
        #expect(answers.contains("1024CRC32C") && answers.contains("512CRC32\""), "\(answers)")
        let rows = try workspace.succeed("status", "--json").json()["artifacts"] as? [[String: Any]] ?? []
        #expect(Set(rows.map { $0["verification"] as? String }) == ["checksum"])
        #expect(try workspace.succeed("check", "--deep", "--json").findings() == [])
        #expect(try workspace.succeed("push", "--json").number("requests") <= 10)

        for name in ["data/f004.bin", "data/f011.bin"] {
            let path = try #require(paths[name])
            var bytes = [UInt8](try workspace.data(name))
            bytes[bytes.count - 1] ^= 1
            try hdfs.put(bytes, to: path)
            // Rewritten by the same DataNode, the checksum is of the recorded kind and differs; by another one, it is of
            // another kind, which is computed anew from the local file.
            for option in ["--deep", "--read-back"] {
                let check = try workspace.envsync("check", option, "--json")
                #expect(check.status == 1)
                #expect(try check.findings() == [.init(code: "object-content", subject: path)])
            }
            #expect(try workspace.succeed("push", "--repair", "--json").number("objectsRepaired") == 1)
        }
        #expect(try workspace.succeed("check", "--deep", "--json").findings() == [])
        try restart(originals)
    }
}
