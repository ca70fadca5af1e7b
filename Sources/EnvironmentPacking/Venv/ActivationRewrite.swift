/// Makes an activation script find the environment from its own place.
///
/// The script stays as the tool that made the environment wrote it; the places that name the environment's directory read a
/// variable that is set before its first line. A prompt that somebody chose stays.
struct ActivationRewrite: FileRewrite {
    enum Shell: String {
        /// `activate`: bash, zsh, dash, busybox.
        case posix
        /// `activate.fish`
        case fish
    }

    let spellings: PrefixSpellings
    let shell: Shell
    /// Names of the environment's directory that may be the prompt's; empty if a prompt was chosen.
    var promptNames: [[UInt8]] = []

    var identity: String {
        let names = spellings.spellings.map { String(decoding: $0, as: UTF8.self) }
        return (["activation 2", shell.rawValue, promptNames.isEmpty ? "prompt stays" : "neutral prompt"] + names)
            .joined(separator: "\n")
    }
    var purpose: String { "activation: finds the environment from its own place" }

    func effect(_ files: () throws -> [OpenSource]) throws -> RewriteEffect? { try effectIfChanged(files) }

    private static let limit = 1 << 20

    func rewrite(_ files: [OpenSource]) throws -> Rewritten {
        guard let file = files.first else { return .unchanged }
        return rewritten(try file.bytes(limit: Self.limit))
    }

    func rewritten(_ text: [UInt8]) -> Rewritten {
        let patches = quoted(text) + plain(text) + relocatable(text) + prompts(text)
        guard !patches.isEmpty else { return .unchanged }
        let sorted = patches.sorted { $0.range.lowerBound < $1.range.lowerBound }
        let last = Array((text.last == UInt8(ascii: "\n") ? closing : "\n" + closing).utf8)
        return .patched(
            [.init(range: 0..<0, bytes: Array(opening.utf8))] + sorted
                + [.init(range: Int64(text.count)..<Int64(text.count), bytes: last)])
    }

    /// Places where the path has quotes of its own; the tools quote as Python's `shlex.quote` does.
    private func quoted(_ text: [UInt8]) -> [Rewritten.Patch] {
        let quote = UInt8(ascii: "'")
        var patches: [Rewritten.Patch] = []
        for spelling in spellings.spellings where spelling.contains(quote) {
            let inner = spelling.split(separator: quote, omittingEmptySubsequences: false).joined(
                separator: Array("'\"'\"'".utf8))
            let needle = [quote] + Array(inner) + [quote]
            text.withUnsafeBytes { bytes in
                var start = 0
                while let range = PrefixSpellings.find(needle, in: bytes, from: start) {
                    patches.append(patch(range, "\"\(variable)\""))
                    start = range.upperBound
                }
            }
        }
        return patches
    }

    /// How uv's scripts of relocatable environments find their place, which only bash and zsh can.
    private func relocatable(_ text: [UInt8]) -> [Rewritten.Patch] {
        guard shell == .posix else { return [] }
        let expression = Array("\"$(dirname -- \"$(dirname -- \"$(realpath -- \"$SCRIPT_PATH\")\")\")\"".utf8)
        let range = text.withUnsafeBytes { PrefixSpellings.find(expression, in: $0, from: 0) }
        return range.map { [patch($0, "\"\(variable)\"")] } ?? []
    }

    private func plain(_ text: [UInt8]) -> [Rewritten.Patch] {
        let ranges = text.withUnsafeBytes { spellings.occurrences(in: $0) }
        return ranges.map { range in
            let before = range.lowerBound > 0 ? text[range.lowerBound - 1] : 0
            let after = range.upperBound < text.count ? text[range.upperBound] : 0
            let isQuote = before == UInt8(ascii: "'") || before == UInt8(ascii: "\"")
            if isQuote, before == after {
                return patch(range.lowerBound - 1..<range.upperBound + 1, "\"\(variable)\"")
            }
            if before == UInt8(ascii: "'") { return patch(range, "'\"\(variable)\"'") }
            if before == UInt8(ascii: "\"") { return patch(range, variable) }
            return patch(range, "\"\(variable)\"")
        }
    }

    private func patch(_ range: Range<Int>, _ text: String) -> Rewritten.Patch {
        .init(range: Int64(range.lowerBound)..<Int64(range.upperBound), bytes: Array(text.utf8))
    }

    private var variable: String {
        switch shell {
        case .posix: "${_ENVIRONMENT_DIRECTORY}"
        case .fish: "$_environment_directory"
        }
    }

    private var closing: String {
        switch shell {
        case .posix: "unset _ENVIRONMENT_DIRECTORY\n"
        case .fish: ""
        }
    }

    private var opening: String {
        switch shell {
        case .posix:
            """
            # The environment is where this file is.
            if [ -n "${BASH_VERSION-}" ]; then
                _ENVIRONMENT_DIRECTORY=${BASH_SOURCE-}
            elif [ -n "${ZSH_VERSION-}" ]; then
                eval '_ENVIRONMENT_DIRECTORY=${(%):-%x}'
            else
                # Other shells don't say which file they read, but have it open.
                _ENVIRONMENT_DIRECTORY=
                read -r _ENVIRONMENT_SHELL _ENVIRONMENT_FILE < /proc/self/stat
                for _ENVIRONMENT_FILE in "/proc/$_ENVIRONMENT_SHELL/fd"/*; do
                    _ENVIRONMENT_FILE=$(readlink -f -- "$_ENVIRONMENT_FILE")
                    case $_ENVIRONMENT_FILE in
                        */bin/activate) _ENVIRONMENT_DIRECTORY=$_ENVIRONMENT_FILE ;;
                    esac
                done
                unset _ENVIRONMENT_SHELL _ENVIRONMENT_FILE
            fi
            if [ -z "$_ENVIRONMENT_DIRECTORY" ]; then
                echo "this shell can't tell where the environment is: source bin/activate from bash or zsh" >&2
                return 1
            fi
            _ENVIRONMENT_DIRECTORY=$(CDPATH= cd -- "$(dirname -- "$_ENVIRONMENT_DIRECTORY")/.." && pwd)

            """
        case .fish:
            """
            # The environment is where this file is.
            set -l _environment_directory (realpath (dirname (status -f))/..)

            """
        }
    }
}
