import Foundation
import Testing

@testable import EnvironmentPacking

@Suite struct RewriteEffectTests {
    @Test("each file that is not packed as it is says why")
    func words() throws {
        let fixture = try PackFixture()
        try fixture.install(
            "one",
            files: [
                "one.py": "x = 1\n", "../../../bin/one": "#!\(fixture.prefix)/bin/python\nprint(1)\n",
                "../../../bin/both": "#!\(fixture.prefix)/bin/python\nprint('\(fixture.prefix)/x')\n",
                "../../../bin/own": "#!/bin/sh\n", "paths.pth": "\(fixture.prefix)/share\n",
                "../../../share/jupyter/kernels/k/kernel.json": "{\"argv\": [\"\(fixture.prefix)/bin/python\"]}",
            ])
        try fixture.write(fixture.site + "/loose.cfg", "home=\(fixture.prefix)/x\n")
        try fixture.write(fixture.site + "/plain.cfg", "home=/x\n")
        let plan = try fixture.packer.plan(prefix: fixture.prefix, PackOptions())
        let tag = "cpython-\(plan.python.replacing(".", with: ""))"
        let script = "finds its interpreter from its own place"
        let named = "names /opt/environment for the environment's directory"
        let wanted: [String: String] = [
            "bin": "directory", "bin/python": "link", "bin/one": script, "bin/both": "\(script), \(named)",
            "bin/own": "as it is", "bin/activate": "activation: finds the environment from its own place",
            "pyvenv.cfg": "generated: what Python reads of it",
            "share/jupyter/kernels/k/kernel.json": "kernel: starts the Python that is first on the path",
            fixture.packed("one.py"): "as it is",
            fixture.packed("paths.pth"): "its lines are relative to its own directory",
            fixture.packed("one-1.0.dist-info/RECORD"): "list of files as they are packed",
            fixture.packed("__pycache__/one.\(tag).pyc"): "bytecode that depends on neither time nor place",
            fixture.packed("loose.cfg"): named, fixture.packed("plain.cfg"): "as it is",
        ]
        for (path, words) in wanted.sorted(by: { $0.key < $1.key }) {
            #expect(plan.entry(path)?.effect.words == words, "\(path)")
        }
        let replacing = plan.entries.filter(\.effect.replacesPrefix).map { String(decoding: $0.path, as: UTF8.self) }
        #expect(replacing == ["bin/both", fixture.packed("loose.cfg")])
    }

    @Test("conda's placeholders say whether they are in text or in a binary file")
    func placeholders() {
        func purpose(_ mode: CondaRecord.Placeholder.Mode, _ destination: String?, isCommand: Bool) -> String {
            PlaceholderRewrite(
                placeholder: .init(text: Array("/opt/placehold".utf8), mode: mode), sha256: nil,
                prefixes: [Array("/env".utf8)], destination: destination.map { Array($0.utf8) }, isCommand: isCommand
            ).purpose
        }
        #expect(purpose(.binary, nil, isCommand: false) == "binary: conda's placeholder for the prefix")
        #expect(purpose(.text, "/srv/e", isCommand: true) == "text: /srv/e for the prefix")
        #expect(
            purpose(.text, nil, isCommand: true)
                == "text: conda's placeholder for the prefix, finds its interpreter from its own place")
    }
}
