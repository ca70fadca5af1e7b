import EnvSyncCommands

/// The `envsync` executable; everything it does is in `EnvSyncCommands`.
@main
struct EnvSync {
    static func main() async {
        await EnvSyncCommand.main()
    }
}
