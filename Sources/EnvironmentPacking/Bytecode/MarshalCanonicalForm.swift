/// Marshal data of a module's code in a form that depends on its source and on Python's version only, not on the
/// process that compiled it, nor on where.
///
/// `marshal.c` marks an object as one that references may name if somebody else happened to hold it at that moment, and
/// counts the marked ones. Here only those are marked that are really named again, and they are numbered in order of
/// their first byte. The elements of a frozen set are put into an order of their own, because Python's depends on the
/// seed of its hashes (before 3.11) or on the marks (since). Strings of one character below U+0100, which exist once
/// in a process, count as interned always, not only if somebody interned them before.
/// Equal frozen sets are one object, and (since 3.13) so are strings equal to an interned one. Everything else
/// stays as it is.
enum MarshalCanonicalForm {
    /// Goes into the identity of everything made with it; to be raised when the bytes change.
    static let version = 1

    /// - Parameters:
    ///   - data: marshal data; what follows the first object is ignored, as Python does.
    ///   - fileName: the new `co_filename` of all code objects, in UTF-8 (see ``UTF8Text/decodingFileName(_:)``).
    ///   - header: bytes to put before it.
    /// - Returns: `nil` if the data isn't the code of a module, is damaged, or holds what no compiler puts there.
    static func make(
        _ data: UnsafeRawBufferPointer, layout: MarshalLayout, fileName: [UInt8], header: [UInt8] = []
    ) -> [UInt8]? {
        guard let base = data.baseAddress else { return nil }
        let start = base.assumingMemoryBound(to: UInt8.self)
        guard let scan = MarshalScan(start, count: data.count, layout: layout) else { return nil }
        // Nothing grows but file names: the first to the new one, others to a reference at most.
        let capacity = header.count + data.count + scan.codes * 5 + fileName.count + 16
        var isComplete = false
        let bytes = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, initialized in
            guard let output = buffer.baseAddress else { return }
            for (index, byte) in header.enumerated() { output[index] = byte }
            var writer = MarshalWriter(scan, fileName: fileName, output: output + header.count)
            isComplete = writer.write()
            initialized = isComplete ? header.count + writer.written : 0
        }
        return isComplete ? bytes : nil
    }
}
