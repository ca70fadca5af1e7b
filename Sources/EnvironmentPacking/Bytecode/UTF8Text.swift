/// Text as marshal data holds it: UTF-8 in which lone surrogates are allowed ("surrogatepass").
enum UTF8Text {
    /// Whether Python would decode it.
    static func isValid(_ start: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        var index = 0
        while index < count {
            let byte = start[index]
            if byte < 0x80 {
                index += 1
                continue
            }
            let length: Int
            // The lowest second byte that isn't an overlong form, and the highest that isn't beyond U+10FFFF.
            var lowest: UInt8 = 0x80
            var highest: UInt8 = 0xBF
            switch byte {
            case 0xC2...0xDF: length = 2
            case 0xE0...0xEF:
                length = 3
                if byte == 0xE0 { lowest = 0xA0 }
            case 0xF0...0xF4:
                length = 4
                if byte == 0xF0 { lowest = 0x90 }
                if byte == 0xF4 { highest = 0x8F }
            default: return false
            }
            guard count - index >= length, start[index + 1] >= lowest, start[index + 1] <= highest else { return false }
            for next in 2..<max(2, length) where start[index + next] & 0xC0 != 0x80 { return false }
            index += length
        }
        return true
    }

    /// A file name as Python decodes it (PEP 383, "surrogateescape"): each byte that isn't UTF-8 becomes a lone
    /// surrogate.
    static func decodingFileName(_ name: [UInt8]) -> [UInt8] {
        guard String(validating: name, as: UTF8.self) == nil else { return name }
        var text: [UInt8] = []
        var rest = name[...]
        while let byte = rest.first {
            let length = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
            if String(validating: rest.prefix(length), as: UTF8.self)?.unicodeScalars.count == 1 {
                text += rest.prefix(length)
                rest = rest.dropFirst(length)
            } else {
                // U+DC80 to U+DCFF, in three bytes.
                text += [0xED, 0xB0 | byte >> 6, 0x80 | byte & 0x3F]
                rest = rest.dropFirst()
            }
        }
        return text
    }
}
