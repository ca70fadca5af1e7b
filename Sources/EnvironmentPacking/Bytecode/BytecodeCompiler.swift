import Dispatch
import Glibc
import Synchronization

/// Compiles Python sources with a given interpreter, in a few processes that stay for all of them.
///
/// Safe to use from any number of threads, each of which blocks until its source is done. The processes are started
/// when they are first needed and end with this object, or with us.
public final class BytecodeCompiler: Sendable {
    /// Absolute; for example "/home/ana/venv/bin/python".
    public let interpreter: String
    /// How long a source may take.
    public let timeout: Duration
    private let free: DispatchSemaphore
    private let state = Mutex(State())

    private struct State {
        var idle: [CompilerProcess] = []
        var notes: [String] = []
        var failure: BytecodeError?
        var magic: UInt16?
    }

    /// - Parameters:
    ///   - interpreter: the absolute path of a Python 3.
    ///   - processes: how many of them may run at a time.
    ///   - timeout: how long a source may take before it counts as one that doesn't compile.
    public init(interpreter: String, processes: Int = 2, timeout: Duration = .seconds(60)) {
        self.interpreter = interpreter
        self.timeout = timeout
        free = DispatchSemaphore(value: max(1, processes))
    }

    /// Sentences about sources that Python couldn't cope with; not about ordinary syntax errors.
    public var notes: [String] { state.withLock { $0.notes } }

    /// Compiles a source without optimization.
    ///
    /// - Parameters:
    ///   - source: the file's content, in whichever encoding it says.
    ///   - name: what becomes `co_filename`.
    /// - Returns: marshal data; `nil` if it doesn't compile, or takes too much time or memory.
    /// - Throws: ``BytecodeError`` if the interpreter can't be used.
    public func compile(_ source: [UInt8], name: [UInt8]) throws(BytecodeError) -> [UInt8]? {
        switch try ask(.compile, name: name, source) {
        case .code(let bytes): return bytes
        case .refused: return nil
        case .lost(let reason):
            let file = String(decoding: name, as: UTF8.self)
            state.withLock { $0.notes.append("\(file) has no bytecode: compiling it \(reason)") }
            return nil
        }
    }

    /// The interpreter's magic number (`importlib.util.MAGIC_NUMBER`).
    /// - Throws: ``BytecodeError`` if the interpreter can't be used.
    public func magic() throws(BytecodeError) -> UInt16 {
        if let known = state.withLock({ $0.magic }) { return known }
        guard case .code(let bytes) = try ask(.magic, name: [], []), bytes.count == 4 else {
            throw .unusable(interpreter: interpreter, reason: "it doesn't tell its magic number")
        }
        let magic = UInt16(bytes[0]) | UInt16(bytes[1]) << 8
        state.withLock { $0.magic = magic }
        return magic
    }

    private func ask(
        _ request: CompilerProcess.Request, name: [UInt8], _ source: [UInt8]
    ) throws(BytecodeError) -> CompilerProcess.Answer {
        free.wait()
        defer { free.signal() }
        if let failure = state.withLock({ $0.failure }) { throw failure }
        let process: CompilerProcess
        if let idle = state.withLock({ $0.idle.popLast() }) {
            process = idle
        } else {
            do throws(BytecodeError) {
                process = try CompilerProcess(interpreter: interpreter, timeout: timeout)
            } catch {
                // It would fail the same way for each of thousands of sources.
                state.withLock { $0.failure = error }
                throw error
            }
        }
        let answer = process.ask(request, name: name, source, timeout: timeout)
        if process.isUsable { state.withLock { $0.idle.append(process) } }
        return answer
    }
}
