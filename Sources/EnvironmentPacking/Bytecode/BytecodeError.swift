/// Why the environment's Python can't compile.
public enum BytecodeError: Error, Sendable, Hashable {
    /// It can't be started; the reason, for example "No such file or directory".
    case cannotRun(interpreter: String, reason: String)
    /// It starts, but isn't the Python that was expected, or doesn't answer.
    case unusable(interpreter: String, reason: String)
}

extension BytecodeError: CustomStringConvertible {
    /// A sentence without an end.
    public var description: String {
        switch self {
        case .cannotRun(let interpreter, let reason): "cannot run \(interpreter): \(reason)"
        case .unusable(let interpreter, let reason): "cannot compile with \(interpreter): \(reason)"
        }
    }
}
