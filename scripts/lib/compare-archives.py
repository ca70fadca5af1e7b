"""Compares an archive of envsync's file by file with one that conda-pack or venv-pack made of the same environment.

    compare-archives.py OURS THEIRS --peer conda-pack|venv-pack --explained DIFFERENCES.toml [--json | --markdown]

Every difference must be explained by a row of the list of differences, and every row for that peer must explain one:
exit code 1 otherwise. Where a row names a check, the difference must pass it: modules must hold the same code, rewritten
scripts the same text, and so on. Whatever differs, the rows of each RECORD of ours must be true of the files beside it.

Run it with the Python that the environment has: others can't read its compiled modules.
"""

import argparse
import base64
import csv
import fnmatch
import hashlib
import importlib.util
import io
import json
import marshal
import os
import re
import sys
import tarfile
import tomllib
import types


class Entry:
    def __init__(self, member, data):
        self.mode = member.mode
        self.owner = (member.uid, member.gid, member.uname, member.gname)
        self.time = member.mtime
        self.data = data
        self.link = None
        if member.issym():
            self.type, self.link = "link", member.linkname
        elif member.isdir():
            self.type = "directory"
        elif member.isreg() or member.islnk():
            self.type = "file"
        else:
            self.type = "special"


class Archive:
    """All entries of a tar by their paths, but for directories that have something in them."""

    def __init__(self, path):
        self.entries = {}
        self.repeated = set()
        with tarfile.open(path, errors="surrogateescape") as tar:
            for member in tar:
                name = os.path.normpath(member.name)
                if name == ".":
                    continue
                if name in self.entries:
                    self.repeated.add(name)
                # A hard link is as good as the file that it stands for.
                data = tar.extractfile(member).read() if member.isreg() or member.islnk() else None
                self.entries[name] = Entry(member, data)
            # tarfile takes a damaged header for the end.
            tar.fileobj.seek(tar.offset)
            if tar.fileobj.read(512).strip(b"\0"):
                sys.exit(f"{path}: damaged at byte {tar.offset} of the tar")
        parents = {os.path.dirname(name) for name in self.entries}
        self.entries = {
            name: entry for name, entry in self.entries.items() if entry.type != "directory" or name not in parents}

    def data(self, name):
        entry = self.entries.get(name)
        return entry.data if entry else None


def same_constant(one, other):
    if isinstance(one, types.CodeType) and isinstance(other, types.CodeType):
        return same_code(one, other)
    if type(one) is not type(other):
        return False
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same_constant, one, other))
    # The representation tells 0.0 from -0.0, and not-a-number is like itself.
    return one == other if isinstance(one, (frozenset, str, bytes)) else repr(one) == repr(other)


def same_code(one, other):
    """Whether they do the same at the same lines; all but the name of the file is compared."""
    names = [name for name in dir(one) if name.startswith("co_") and not callable(getattr(one, name))]
    for name in names:
        # The table of lines is compared in the form that is stored, not in the older one that is made of it.
        if name in ("co_filename", "co_consts", "co_lnotab"):
            continue
        if getattr(one, name) != getattr(other, name):
            return False
    return same_constant(one.co_consts, other.co_consts)


def file_names(code):
    yield code.co_filename
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from file_names(constant)


class Checks:
    """What a difference must be like for its explanation to hold. Each returns what is wrong, or None."""

    def __init__(self, ours, theirs):
        self.ours = ours
        self.theirs = theirs

    def module(self, name):
        """PEP 552: an unchecked hash of the source beside it, and code that names no machine."""
        data = self.ours.data(name)
        source_name = self.source(name)
        source = self.ours.data(source_name)
        if source is None:
            return "there is no source for it"
        if data[:4] != importlib.util.MAGIC_NUMBER or data[4:8] != b"\1\0\0\0":
            return "it isn't one with an unchecked hash"
        if data[8:16] != importlib.util.source_hash(source):
            return "its hash isn't that of the source"
        code = marshal.loads(data[16:])
        if any(os.path.isabs(file) for file in file_names(code)):
            return "it names an absolute path"
        former = self.theirs.data(name)
        if former is not None and self.theirs.data(source_name) == source:
            if same_code(code, marshal.loads(former[16:])):
                return None
            # Theirs may have been compiled before its source was rewritten.
        return None if same_code(code, compile(source, "", "exec", dont_inherit=True)) else "it isn't what its source says"

    def stale_module(self, name):
        """Python would not load theirs: its source is gone, or another one."""
        data, source = self.theirs.data(name), self.theirs.data(self.source(name))
        if source is None or data[:4] != importlib.util.MAGIC_NUMBER:
            return None
        return "its source is there, in that size" if data[12:16] == len(source).to_bytes(4, "little") else None

    @staticmethod
    def source(name):
        directory, file = os.path.split(name)
        return os.path.join(os.path.dirname(directory), file.split(".")[0] + ".py")

    def script(self, name):
        """The same but for the lines that find the interpreter."""
        ours, theirs = (self.text_of_script(archive.data(name)) for archive in (self.ours, self.theirs))
        if ours is None or theirs is None:
            return "it doesn't begin with a shebang"
        return None if ours == theirs else "its text differs"

    @staticmethod
    def text_of_script(data):
        """What follows the shebang, without the lines of one that has a shell find the interpreter."""
        if not data.startswith(b"#!"):
            return None
        return re.sub(rb"^'''exec' .*(?:\n' '''| #''')\n", b"", data.partition(b"\n")[2], count=1, flags=re.MULTILINE)

    def record(self, name):
        """Rows differ only for files that differ, or where theirs isn't true of theirs."""
        rows = [
            {row[0]: row for row in csv.reader(io.StringIO(archive.data(name).decode()))}
            for archive in (self.ours, self.theirs)]
        base = os.path.dirname(os.path.dirname(name))
        for path in sorted(set(rows[0]) | set(rows[1])):
            if rows[0].get(path) == rows[1].get(path):
                continue
            file = os.path.normpath(os.path.join(base, path))
            data = self.theirs.data(file)
            row = rows[1].get(path)
            if self.ours.data(file) == data and data is not None and (row is None or is_true(row, data)):
                return f"its row of {path!r} differs, the file doesn't"
        return None

    def json_subset(self, name):
        """The same but for members that hold paths of the machine that it was made on."""
        ours, theirs = (json.loads(archive.data(name)) for archive in (self.ours, self.theirs))
        for key in set(ours) | set(theirs):
            if ours.get(key) != theirs.get(key) and key not in (
                    "extracted_package_dir", "package_tarball_full_path", "link", "files", "paths_data",
                    "requested_spec"):
                return f"{key!r} differs"
        return None

    def executable_alike(self, name):
        ours, theirs = self.ours.entries[name].mode, self.theirs.entries[name].mode
        return None if ours & 0o100 == theirs & 0o100 and ours in (0o644, 0o755) else f"{ours:o} of {theirs:o}"

    def placeholder(self, name):
        """The same bytes but where theirs, or the rest of a string in a binary file, names a prefix."""
        ours, theirs = self.ours.data(name), self.theirs.data(name)
        if b"\0" in theirs and len(ours) != len(theirs):
            return "its length differs"
        return None

    def fixed_time(self, name):
        return None if self.ours.entries[name].time == 315532800 else "it isn't of 1980-01-01"

    def nobody(self, name):
        return None if self.ours.entries[name].owner[:2] == (0, 0) else "it has an owner"


def differences(ours, theirs):
    """Pairs of a kind and a path."""
    for archive, kind in ((ours, "repeated-in-ours"), (theirs, "repeated-in-theirs")):
        for name in sorted(archive.repeated):
            yield kind, name
    for name in sorted(set(ours.entries) | set(theirs.entries)):
        mine, other = ours.entries.get(name), theirs.entries.get(name)
        if other is None:
            yield "only-ours", name
        elif mine is None:
            yield "only-theirs", name
        else:
            if mine.type != other.type:
                yield "type", name
            elif mine.link != other.link:
                yield "link", name
            elif mine.data != other.data:
                yield "content", name
            if mine.type == "file" == other.type and mine.mode != other.mode:
                yield "mode", name
            if mine.owner != other.owner:
                yield "owner", name
            if mine.time != other.time:
                yield "time", name


def is_true(row, data):
    """Whether a row of a RECORD is true of the file; one without a hash says nothing."""
    _, checksum, size = row
    algorithm, _, wanted = checksum.partition("=")
    if not wanted:
        return True
    found = base64.urlsafe_b64encode(hashlib.new(algorithm, data).digest()).rstrip(b"=").decode()
    return found == wanted and (not size or int(size) == len(data))


def false_records(archive):
    """What the lists of installed files say that isn't so."""
    for name, entry in sorted(archive.entries.items()):
        if not name.endswith(".dist-info/RECORD") or entry.data is None:
            continue
        base = os.path.dirname(os.path.dirname(name))
        for path, checksum, size in csv.reader(io.StringIO(entry.data.decode())):
            data = archive.data(os.path.normpath(os.path.join(base, path)))
            if data is None:
                yield f"{name}: {path!r} isn't in the archive"
            elif not is_true((path, checksum, size), data):
                yield f"{name}: the row of {path!r} isn't true"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("ours")
    parser.add_argument("theirs")
    parser.add_argument("--peer", required=True)
    parser.add_argument("--explained", required=True)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    with open(options.explained, "rb") as file:
        rows = [row for row in tomllib.load(file)["difference"] if options.peer in row["peers"]]
    ours, theirs = Archive(options.ours), Archive(options.theirs)
    checks = Checks(ours, theirs)
    unexplained = []
    for row in rows:
        row["found"] = []
    for kind, name in differences(ours, theirs):
        reasons = []
        for row in rows:
            if kind not in row["kinds"] or not any(fnmatch.fnmatchcase(name, each) for each in row["paths"]):
                continue
            wrong = getattr(checks, row["check"])(name) if "check" in row else None
            if wrong is None:
                row["found"].append(name)
                break
            reasons.append(wrong)
        else:
            unexplained.append({"kind": kind, "path": name, "why": "; ".join(reasons)})
    idle = [row["because"] for row in rows if not row["found"]]
    untrue = list(false_records(ours))
    same = sum(
        entry.type == other.type and entry.data == other.data and entry.link == other.link
        for name, entry in ours.entries.items() if (other := theirs.entries.get(name)) is not None)
    result = {
        "ours": len(ours.entries), "theirs": len(theirs.entries), "same": same,
        "explained": [
            {"kinds": row["kinds"], "count": len(row["found"]), "example": row["found"][0], "because": row["because"]}
            for row in rows if row["found"]],
        "unexplained": unexplained, "idle": idle, "untrue": untrue,
    }
    if options.json:
        print(json.dumps(result, indent=1))
    elif options.markdown:
        print(f"{len(theirs.entries):,} entries by {options.peer}, {len(ours.entries):,} by envsync, {same:,} the same.\n")
        print("| what differs | entries | for example | why |\n|---|---|---|---|")
        for row in result["explained"]:
            print(f"| {', '.join(row['kinds'])} | {row['count']:,} | `{row['example']}` | {row['because']} |")
    else:
        print(f"{same} entries are the same; {len(ours.entries)} of ours, {len(theirs.entries)} of {options.peer}'s")
        for row in result["explained"]:
            print(f"{row['count']:6}  {'/'.join(row['kinds'])}  {row['because']}  ({row['example']})")
        for each in unexplained:
            print(f"UNEXPLAINED  {each['kind']}  {each['path']!r}  {each['why']}")
        for each in idle:
            print(f"EXPLAINS NOTHING  {each}")
        for each in untrue:
            print(f"UNTRUE  {each}")
    if unexplained or idle or untrue:
        sys.exit(1)


main()
