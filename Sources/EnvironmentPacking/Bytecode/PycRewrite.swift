import Glibc

/// Makes a module's `.pyc`: one that Python uses without a look at the source's time, the same wherever it is made.
///
/// Of the files, the first is the source, the second, if there is one, its `.pyc` in `__pycache__`. That is made use
/// of if it is valid for the source and sound; otherwise the environment's own Python compiles the source.
struct PycRewrite: FileRewrite {
    /// The source's path in the archive, which becomes `co_filename`.
    let path: [UInt8]
    let python: PythonBytecode
    let compiler: BytecodeCompiler

    /// Larger sources and `.pyc` files are not taken for anything of a program's.
    static let sourceLimit = 32 << 20
    static let pycLimit = 128 << 20

    init(path: [UInt8], python: PythonBytecode, compiler: BytecodeCompiler) {
        self.path = path
        self.python = python
        self.compiler = compiler
    }

    var identity: String { String(decoding: identityBytes, as: UTF8.self) }

    var identityBytes: [UInt8] {
        var text = Array("pyc \(MarshalCanonicalForm.version) 3.\(python.minor) \(python.magic) ".utf8)
        text.reserveCapacity(text.count + path.count + 16)
        for byte in path {
            if (0x21...0x7E).contains(byte), byte != UInt8(ascii: "%") {
                text.append(byte)
            } else {
                text.append(UInt8(ascii: "%"))
                text += String(0x100 | Int(byte), radix: 16).utf8.dropFirst()
            }
        }
        return text
    }

    var purpose: String { "bytecode that depends on neither time nor place" }

    func rewrite(_ files: [OpenSource]) throws -> Rewritten {
        guard let source = files.first, source.size <= Self.sourceLimit else { return .absent }
        let text = try source.bytes(limit: Self.sourceLimit)
        let hash = text.withUnsafeBytes { python.sourceHash($0) }
        let header = PycHeader.unchecked(python, hash: hash)
        if files.count > 1, let bytes = try existing(files[1], source: source, size: text.count, hash, header) {
            return .bytes(bytes)
        }
        guard let code = try compiler.compile(text, name: path) else { return .absent }
        guard let layout = python.layout else { return .bytes(header + code) }
        let canonical = code.withUnsafeBytes {
            MarshalCanonicalForm.make($0, layout: layout, fileName: UTF8Text.decodingFileName(path), header: header)
        }
        // What a compiler made is only refused if it's something beyond all measure. Python can use it as it is.
        return .bytes(canonical ?? header + code)
    }

    /// The canonical form of a `.pyc`; `nil` if it's stale or damaged.
    private func existing(
        _ pyc: OpenSource, source: OpenSource, size: Int, _ hash: [UInt8], _ header: [UInt8]
    ) throws -> [UInt8]? {
        guard let layout = python.layout, pyc.size >= PycHeader.size, pyc.size <= Self.pycLimit else { return nil }
        let bytes = try pyc.bytes(limit: Self.pycLimit)
        return bytes.withUnsafeBytes { bytes in
            guard let found = PycHeader(bytes) else { return nil }
            let modified = source.file.fingerprint.modified
            guard found.isValid(for: python, modified: modified, size: Int64(size), hash: { hash }) else { return nil }
            return MarshalCanonicalForm.make(
                UnsafeRawBufferPointer(rebasing: bytes[PycHeader.size...]), layout: layout,
                fileName: UTF8Text.decodingFileName(path), header: header)
        }
    }
}
