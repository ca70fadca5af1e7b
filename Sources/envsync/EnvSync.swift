import ArgumentParser
import EnvSyncCommands
import Glibc

/// The `envsync` executable; everything it does is in `EnvSyncCommands`.
@main
struct EnvSync {
    static func main() async {
        do {
            var command = try EnvSyncCommand.parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            end(0)
        } catch let code as ExitCode {
            end(code.rawValue)
        } catch {
            // Wrong usage, or help: nothing was begun.
            EnvSyncCommand.exit(withError: error)
        }
    }

    /// Ends without the clean-up that libraries have registered for `exit`: TLS libraries take away then what the
    /// transfer thread may still be closing its connections with. All output was written without buffers.
    private static func end(_ code: Int32) -> Never { _exit(code) }
}
