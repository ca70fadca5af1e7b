/// What lets an archive be fitted to the place where it is unpacked, without conda: `bin/conda-unpack`, named as conda-pack's so
/// that scripts that call it go on working, and the list of files that it rewrites.
struct CondaUnpack {
    static let scriptPath = Array("bin/conda-unpack".utf8)
    static let listPath = Array(".envsync/relocation.json".utf8)

    struct Relocation {
        var path: [UInt8]
        var placeholder: CondaRecord.Placeholder
    }
    /// In order of path.
    var relocations: [Relocation]

    /// JSON: `{"schemaVersion": 1, "placeholders": [P…], "files": [[path, "text" or "binary", index of P]…]}`.
    var list: [UInt8] {
        var placeholders: [String] = []
        var indices: [String: Int] = [:]
        let files = relocations.map { relocation -> CondaJSON in
            let text = String(decoding: relocation.placeholder.text, as: UTF8.self)
            let index = indices[text] ?? placeholders.count
            if index == placeholders.count { placeholders.append(text) }
            indices[text] = index
            return .array([
                .string(String(decoding: relocation.path, as: UTF8.self)),
                .string(relocation.placeholder.mode.rawValue), .literal(String(index)),
            ])
        }
        return CondaJSON.object([
            .init(key: "schemaVersion", value: .literal("1")),
            .init(key: "placeholders", value: .array(placeholders.map(CondaJSON.string))),
            .init(key: "files", value: .array(files)),
        ]).text
    }

    /// The script; run by the archive's own Python, with nothing but the standard library of 3.6 and later.
    static func script(python: String) -> [UInt8] {
        CondaScript.beginning(python: Array(python.utf8), options: Array("-IB".utf8)) + Array(body.utf8)
    }

    private static let body = #"""
        """Fits this environment to the directory that it was unpacked in.

        Files that name the environment's directory hold a placeholder in its place. Each gets the directory's path; strings of
        binary files keep their length. May be run again: what has no placeholder stays as it is.
        """
        import argparse
        import json
        import os
        import re
        import sys
        import tempfile

        LIST = os.path.join(".envsync", "relocation.json")
        STATE = os.path.join(".envsync", "relocated.json")
        ENCODINGS = (("utf-8", 1), ("utf-16-le", 2), ("utf-16-be", 2), ("utf-32-le", 4), ("utf-32-be", 4))
        LONGEST_SHEBANG = 127


        def find_prefix():
            script = os.path.abspath(__file__)
            for path in (script, os.path.realpath(script)):
                prefix = os.path.dirname(os.path.dirname(path))
                if os.path.isfile(os.path.join(prefix, LIST)):
                    return prefix
            sys.exit("conda-unpack: there is no %s beside %s" % (LIST, os.path.dirname(script)))


        def in_text(data, placeholder, prefix):
            line, newline, rest = data.partition(b"\n")
            if line.startswith(b"#!" + placeholder):
                line = line.replace(placeholder, prefix)
                if len(line) > LONGEST_SHEBANG or b" " in prefix:
                    command, _, options = data.partition(b"\n")[0].partition(b" ")
                    line = b"#!/usr/bin/env " + command.rsplit(b"/", 1)[1] + (b" " + options if options else b"")
            return line.replace(placeholder, prefix) + newline + rest.replace(placeholder, prefix)


        def in_binary(data, placeholder, prefix):
            for encoding, width in ENCODINGS:
                old = placeholder.decode().encode(encoding)
                if old not in data:
                    continue
                new = prefix.decode().encode(encoding)
                end = b"\0" * width

                def replaced(match):
                    text = match.group()
                    result = text.replace(old, new)
                    return result + b"\0" * (len(text) - len(result))

                units = b"(?:(?!" + end + b")" + b"." * width + b")*"
                data = re.sub(re.escape(old) + units + end, replaced, data, flags=re.DOTALL)
            return data


        def write(path, data):
            """Puts a new file in the old one's place, so that a program that runs from it keeps what it has."""
            status = os.stat(path)
            directory, name = os.path.split(path)
            handle, temporary = tempfile.mkstemp(prefix="." + name[:100] + ".", dir=directory)
            try:
                with os.fdopen(handle, "wb") as output:
                    output.write(data)
                    output.flush()
                    os.fchmod(output.fileno(), status.st_mode & 0o777)
                os.utime(temporary, ns=(status.st_atime_ns, status.st_mtime_ns))
                os.replace(temporary, path)
            except BaseException:
                os.unlink(temporary)
                raise


        def relocate(path, mode, placeholder, prefix):
            with open(path, "rb") as source:
                data = source.read()
            result = (in_binary if mode == "binary" else in_text)(data, placeholder, prefix)
            if result == data:
                return False
            write(path, result)
            return True


        def check_place(prefix):
            """What was written can't be found again: a moved environment has to be unpacked anew."""
            path = os.path.join(prefix, STATE)
            try:
                with open(path) as state:
                    before = json.load(state)["prefix"]
            except FileNotFoundError:
                with open(path + ".new", "w") as state:
                    json.dump({"prefix": prefix}, state)
                os.replace(path + ".new", path)
                return
            if before != prefix:
                sys.exit("conda-unpack: this environment was made to run in %s, and is in %s now;"
                         " unpack the archive again" % (before, prefix))


        def main():
            parser = argparse.ArgumentParser(prog="conda-unpack", description=__doc__.splitlines()[0])
            parser.add_argument("--version", action="store_true", help="tell the version and do nothing")
            parser.add_argument("-v", "--verbose", action="store_true", help="tell each file that is changed")
            arguments = parser.parse_args()
            if arguments.version:
                print("conda-unpack (envsync) 1")
                return 0
            prefix = find_prefix()
            new = os.fsencode(prefix)
            with open(os.path.join(prefix, LIST), encoding="utf-8") as source:
                listed = json.load(source)
            placeholders = [text.encode("utf-8") for text in listed["placeholders"]]
            short = [len(placeholders[index]) for _, mode, index in listed["files"] if mode == "binary"]
            if short and min(short) < len(new):
                sys.exit("conda-unpack: binary files have room for a path of %d bytes, and %s has %d;"
                         " unpack at a shorter path" % (min(short), prefix, len(new)))
            check_place(prefix)
            changed = failed = 0
            for name, mode, index in listed["files"]:
                path = os.path.join(prefix, name)
                # Left out by a filter, or deleted since.
                if os.path.islink(path) or not os.path.isfile(path):
                    continue
                try:
                    if relocate(path, mode, placeholders[index], new):
                        changed += 1
                        if arguments.verbose:
                            print(name)
                except (OSError, ValueError) as error:
                    failed += 1
                    print("conda-unpack: %s: %s" % (name, error), file=sys.stderr)
            if arguments.verbose or failed:
                print("conda-unpack: %d files changed, %d failed" % (changed, failed), file=sys.stderr)
            return 1 if failed else 0


        if __name__ == "__main__":
            sys.exit(main())

        """#
}
