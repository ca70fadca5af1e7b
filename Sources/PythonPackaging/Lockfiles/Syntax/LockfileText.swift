/// Text of a lockfile, on its way in and into messages.
enum LockfileText {
    /// The text of a file: UTF-8, with or without a byte order mark, without NUL.
    static func decode(_ content: [UInt8]) throws(LockfileError) -> String {
        guard content.count <= LockfileReader.maximumSize else {
            throw LockfileError("larger than \(LockfileReader.maximumSize >> 20) MiB, which no lockfile is")
        }
        let body = content.starts(with: [0xEF, 0xBB, 0xBF]) ? content[3...] : content[...]
        guard let text = String(validating: body, as: UTF8.self) else { throw LockfileError("is not UTF-8 text") }
        if let nul = body.firstIndex(of: 0) {
            throw LockfileError("holds a NUL character", line: lineNumber(at: nul, in: content))
        }
        return text
    }

    /// The number of the line that holds a byte, counted from 1.
    static func lineNumber(at offset: Int, in content: [UInt8]) -> Int {
        content.prefix(offset).reduce(1) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 }
    }

    /// For messages: in quotation marks, of bounded length, and without characters that a terminal would act on.
    static func quoted(_ text: some StringProtocol) -> String {
        var shown = "\""
        var count = 0
        for scalar in text.unicodeScalars {
            guard count < 120 else { return shown + "…\"" }
            count += 1
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned:
                shown.unicodeScalars.append("\u{FFFD}")
            default: shown.unicodeScalars.append(scalar)
            }
        }
        return shown + "\""
    }
}
