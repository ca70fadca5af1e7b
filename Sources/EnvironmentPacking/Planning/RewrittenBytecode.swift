/// The compiled module of a source that is itself rewritten: of the source as it is in the archive.
struct RewrittenBytecode: FileRewrite {
    let source: any FileRewrite
    /// How many of the files are the source's; one more may follow, its `.pyc` on disk.
    let sources: Int
    let bytecode: PycRewrite

    var identity: String { "\(bytecode.identity) of \(source.identity)" }
    var purpose: String { bytecode.purpose }

    func rewrite(_ files: [OpenSource]) throws -> Rewritten {
        let own = Array(files[..<sources])
        let text: [UInt8]
        switch try source.rewrite(own) {
        // What is on disk may serve.
        case .unchanged: return try bytecode.rewrite([files[0]] + files[sources...])
        case .absent: return .absent
        case .bytes(let bytes): text = bytes
        case .patched(let patches):
            guard files[0].size <= Int64(PycRewrite.sourceLimit) else { return .absent }
            let patched = try PatchedSource(own, patches)
            text = try [UInt8](unsafeUninitializedCapacity: Int(patched.size)) { buffer, count in
                count = try patched.read(into: UnsafeMutableRawBufferPointer(buffer), at: 0)
            }
        }
        guard let code = try bytecode.compiler.compile(text, name: bytecode.path) else { return .absent }
        let header = PycHeader.unchecked(bytecode.python, hash: text.withUnsafeBytes { bytecode.python.sourceHash($0) })
        guard let layout = bytecode.python.layout else { return .bytes(header + code) }
        let canonical = code.withUnsafeBytes {
            MarshalCanonicalForm.make(
                $0, layout: layout, fileName: UTF8Text.decodingFileName(bytecode.path), header: header)
        }
        return .bytes(canonical ?? header + code)
    }
}
