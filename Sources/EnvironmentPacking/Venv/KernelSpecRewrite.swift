/// Makes a Jupyter kernel's `kernel.json` start the interpreter that is first on the path, as the ones do that come in wheels.
///
/// Source: "Making kernels for Jupyter", Kernel specs: `argv[0]` may be a name that is looked for on the path.
struct KernelSpecRewrite: FileRewrite {
    let prefix: PrefixRewrite
    var identity: String { "kernel 1\n" + prefix.identity }
    var purpose: String { "kernel: starts the Python that is first on the path" }

    func effect(_ files: () throws -> [OpenSource]) throws -> RewriteEffect? { try effectIfChanged(files) }

    func rewrite(_ files: [OpenSource]) throws -> Rewritten {
        guard let file = files.first, file.size <= 1 << 20 else { return try prefix.rewrite(files) }
        return rewritten(try file.bytes(limit: 1 << 20))
    }

    func rewritten(_ text: [UInt8]) -> Rewritten {
        guard case .patched(let patches) = prefix.rewritten(text) else { return .unchanged }
        let quote = UInt8(ascii: "\"")
        return .patched(
            patches.map { patch in
                // The whole string if it is the interpreter's path.
                let start = Int(patch.range.lowerBound)
                let rest = text[Int(patch.range.upperBound)...]
                guard start > 0, text[start - 1] == quote, let end = rest.firstIndex(of: quote),
                    rest.starts(with: Array("/bin/".utf8)),
                    ScriptHeader.isPython(String(decoding: rest[(rest.startIndex + 5)..<end], as: UTF8.self))
                else { return patch }
                return .init(range: Int64(start)..<Int64(end), bytes: Array("python".utf8))
            })
    }
}

/// Makes the lines of a `.pth` file that name directories of the environment relative to the file's own directory.
///
/// Source: Python's documentation of `site`: a line is joined to the directory of the file.
struct PathFileRewrite: FileRewrite {
    let prefix: PrefixRewrite
    var identity: String { "pth 1\n" + prefix.identity }
    var purpose: String { "its lines are relative to its own directory" }

    func effect(_ files: () throws -> [OpenSource]) throws -> RewriteEffect? { try effectIfChanged(files) }

    func rewrite(_ files: [OpenSource]) throws -> Rewritten {
        guard let file = files.first, file.size <= 1 << 20 else { return try prefix.rewrite(files) }
        return rewritten(try file.bytes(limit: 1 << 20))
    }

    func rewritten(_ text: [UInt8]) -> Rewritten {
        guard case .patched(let patches) = prefix.rewritten(text) else { return .unchanged }
        return .patched(
            patches.map { patch in
                let start = Int(patch.range.lowerBound)
                guard start == 0 || text[start - 1] == UInt8(ascii: "\n") else { return patch }
                return .init(range: patch.range, bytes: Array(prefix.up.utf8))
            })
    }
}
