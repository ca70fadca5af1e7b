import ArgumentParser
import EnvSyncModel
import Glibc

/// A file that a report is written to, as `--report FORMAT=FILE` names it.
struct ReportFile: Sendable, Hashable {
    let format: DriftFormat
    /// Absolute, or relative to the current directory.
    let path: String

    init(_ word: String) throws {
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let formats = DriftFormat.allCases.map(\.rawValue).joined(separator: ", ")
        guard parts.count == 2, !parts[1].isEmpty else {
            throw ValidationError("A report is FORMAT=FILE, and FORMAT is one of \(formats).")
        }
        guard let format = DriftFormat(rawValue: String(parts[0])) else {
            throw ValidationError("There is no format \(QuotedText.visible(String(parts[0]))); there are \(formats).")
        }
        self.format = format
        path = String(parts[1])
    }

    /// Replaces the file: readers see the old text or the new one, whole. What is no regular file, a FIFO for example,
    /// is written to.
    func write(_ text: String) throws(EnvSyncError) {
        var info = stat()
        let isSpecial = stat(path, &info) == 0 && info.st_mode & S_IFMT != S_IFREG
        var target = path
        // Through a symbolic link, what it points to is replaced and not the link.
        if !isSpecial, let real = realpath(path, nil) {
            target = String(cString: real)
            free(real)
        }
        let written = isSpecial ? path : "\(target).new-\(getpid())"
        let flags = isSpecial ? O_WRONLY | O_CLOEXEC : O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW
        let descriptor = open(written, flags, 0o666)
        guard descriptor >= 0 else { throw failure(errno) }
        var code: Int32 = 0
        if !Self.put(Array((text + "\n").utf8), to: descriptor) { code = errno }
        if !isSpecial, code == 0, fsync(descriptor) != 0 { code = errno }
        // Some file systems tell of a full disk only now.
        if close(descriptor) != 0, code == 0 { code = errno }
        guard !isSpecial else {
            if code != 0 { throw failure(code) }
            return
        }
        if code == 0, rename(written, target) != 0 { code = errno }
        if code != 0 {
            unlink(written)
            throw failure(code)
        }
    }

    private static func put(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress.map { $0 + written }, $0.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            written += count
        }
        return true
    }

    private func failure(_ code: Int32) -> EnvSyncError {
        EnvSyncError(
            .system, "cannot write the report \(QuotedText.visible(path))", reason: String(cString: strerror(code)))
    }
}
