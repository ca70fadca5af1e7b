import Glibc

extension CompilerProcess {
    /// What the interpreter is told to do. It writes no file, and imports nothing that isn't part of the interpreter
    /// itself but for the codec that a source may ask for.
    ///
    /// A source's compilation is limited by an alarm, which ends the process even when we are no longer there, and by
    /// the memory. Version 2 of the marshal format has no references; it is for versions whose own format isn't known
    /// to us.
    static let program = """
        import sys, posix, marshal, _signal
        sys.path[:] = [p for p in sys.path if p]
        posix.chdir('/')
        try:
            import resource
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
        except Exception:
            pass
        limit, plain = int(sys.argv[1]), 3 <= sys.version_info[0] and not (3, 8) <= sys.version_info[:2] <= (3, 14)
        _signal.signal(_signal.SIGINT, _signal.SIG_IGN)
        def get(n):
            parts = []
            while n:
                part = posix.read(0, min(n, 1 << 20))
                if not part:
                    posix._exit(0)
                parts.append(part)
                n -= len(part)
            return b''.join(parts)
        def put(data):
            view = memoryview(data)
            while view:
                view = view[posix.write(0, view):]
        def made(name, source):
            code = compile(source, name, 'exec', dont_inherit=True, optimize=0)
            if plain:
                try:
                    return marshal.dumps(code, 2)
                except ValueError:
                    pass
            return marshal.dumps(code)
        put(b'pyc1')
        while True:
            kind = get(1)
            sizes = get(8)
            name = get(int.from_bytes(sizes[:4], 'little')).decode('utf-8', 'surrogateescape')
            source = get(int.from_bytes(sizes[4:], 'little'))
            status, body = b'\\0', b''
            if kind == b'\\2':
                import _imp, _frozen_importlib_external
                body = _frozen_importlib_external.MAGIC_NUMBER
            else:
                _signal.alarm(limit)
                try:
                    body = made(name, source)
                except BaseException:
                    status = b'\\1'
                _signal.alarm(0)
            source = None
            put(status + len(body).to_bytes(4, 'little') + body)

        """

    /// Starts the interpreter with a socket as its standard input, nothing else that is ours, and an empty environment.
    static func spawn(_ interpreter: String, socket: Int32, seconds: Int) -> (process: pid_t?, code: Int32) {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_adddup2(&actions, socket, 0)
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // What a library may have opened without `O_CLOEXEC`.
        if let closeFrom = addCloseFrom { _ = closeFrom(&actions, 3) }
        // Threads of Dispatch block all signals, and a program would inherit that, as it would an ignored SIGPIPE.
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        // A group of its own: an interrupt from the terminal is for us to deal with.
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        // Not -E or -I, with which the seed would be ignored; there are no other variables to ignore.
        let command = [interpreter, "-s", "-S", "-B", "-W", "ignore", "-c", program, String(seconds)]
        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) }
        arguments.append(nil)
        var variables = ["PYTHONHASHSEED=0"]
        // An interpreter may need it to find its own shared library.
        if let path = getenv("LD_LIBRARY_PATH") { variables.append("LD_LIBRARY_PATH=" + String(cString: path)) }
        var environment: [UnsafeMutablePointer<CChar>?] = variables.map { strdup($0) }
        environment.append(nil)
        defer { for pointer in arguments + environment { free(pointer) } }
        var process: pid_t = 0
        let code = posix_spawn(&process, interpreter, &actions, &attributes, arguments, environment)
        return (code == 0 ? process : nil, code)
    }

    // glibc has this since 2.34; its header shows it to GNU programs only.

    private static let addCloseFrom: CloseFrom? = dlsym(nil, "posix_spawn_file_actions_addclosefrom_np")
        .map { unsafeBitCast($0, to: CloseFrom.self) }

    private typealias CloseFrom = @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32
}
