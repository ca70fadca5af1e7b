import EnvSyncModel
internal import GRDB
import Glibc

extension StateOpener {
    /// Opens the file for reading alone, without writing anything next to it.
    func openReadOnly() throws -> StateDatabase {
        guard try fileSize() > 0 else {
            throw unusable("there is none, and it can't be made: the directory is read-only")
        }
        let queue = try openUnwritable()
        let content: Content
        do {
            content = try queue.unsafeRead(Self.content)
        } catch {
            throw unusable(StateDatabase.words(of: error))
        }
        switch content {
        case .current: return StateDatabase(queue: queue, access: .readOnly, path: path, problem: nil)
        case .older: throw unusable("an older envsync made it, and it can't be brought up to date")
        default:
            _ = try settled(nil, content)
            throw unusable("it is damaged")
        }
    }

    /// A connection that works without writing.
    ///
    /// A database in WAL mode needs its `-shm` file even to be read (<https://www.sqlite.org/wal.html#readonly>).
    /// Without a log there is nothing to coordinate and the file is opened as immutable; with one, SQLite can read it
    /// only if the `-shm` file is there as well; otherwise both are copied to a place that can be written.
    private func openUnwritable() throws -> DatabaseQueue {
        let configuration = StateDatabase.configuration(readOnly: true)
        var failure: any Error
        do {
            let name = Self.size(of: path + "-wal") > 0 ? path : "file:\(Self.percentEncoded(path))?immutable=1"
            return try DatabaseQueue(path: name, configuration: configuration)
        } catch {
            failure = error
        }
        if let error = failure as? DatabaseError, Self.isDamage(error) {
            throw unusable(StateDatabase.words(of: error))
        }
        do {
            return try openCopy()
        } catch let error as DatabaseError {
            failure = error
        } catch {}
        throw unusable(StateDatabase.words(of: failure))
    }

    private func openCopy() throws -> DatabaseQueue {
        var template = Array("\(getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp")/envsync-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw unusable(String(cString: strerror(errno))) }
        let folder = String(decoding: template.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let copy = "\(folder)/\(StateDatabase.fileName)"
        defer {
            // An open file outlives its name.
            for suffix in ["", "-wal", "-shm", "-journal"] { unlink(copy + suffix) }
            rmdir(folder)
        }
        for suffix in ["", "-wal"] { try Self.copy(path + suffix, to: copy + suffix) }
        let queue = try DatabaseQueue(path: copy, configuration: StateDatabase.configuration())
        _ = try queue.unsafeRead(Self.content)
        return queue
    }

    private static func copy(_ source: String, to destination: String) throws {
        let input = Glibc.open(source, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard input >= 0 else {
            throw EnvSyncError(.state, "cannot read \(source)", reason: String(cString: strerror(errno)))
        }
        defer { close(input) }
        let output = Glibc.open(destination, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard output >= 0 else {
            throw EnvSyncError(.state, "cannot write \(destination)", reason: String(cString: strerror(errno)))
        }
        defer { close(output) }
        while true {
            let count = sendfile(output, input, nil, 1 << 20)
            if count == 0 { return }
            guard count > 0 || errno == EINTR else {
                throw EnvSyncError(.state, "cannot copy \(source)", reason: String(cString: strerror(errno)))
            }
        }
    }

    private static func size(of path: String) -> Int64 {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : 0
    }

    private static func percentEncoded(_ path: String) -> String {
        var result = ""
        for byte in path.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "-"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = Array("0123456789ABCDEF")
                result += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
        return result
    }
}
