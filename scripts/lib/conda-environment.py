#!/usr/bin/env python3
"""Builds a conda-style environment from the Python that runs this and from wheels, for tests.

    conda-environment.py --prefix P [--wheel FILE]... [--packages DIR]
    conda-environment.py P --wheels DIR NAME...

There are two steps, as in conda. Packages are made in a package cache (`--packages`; default: a temporary directory that is removed):
the interpreter with its standard library, each wheel, and a small package with a symbolic link and activation scripts. Then they are
linked into the prefix: placeholders become the prefix, in text and in strings of binaries; `noarch: python` packages get commands
and compiled modules; conda-meta says so. The form of conda-meta and of a package's `info` is that of conda 23 (`conda/models/records.py`,
`conda/core/path_actions.py`, `conda/core/portability.py`), its placeholder that of conda-build (255 bytes).

Nothing but times and the prefix differs from one run to the next. Linux only; needs nothing but the standard library.
"""
import argparse
import base64
import configparser
import csv
import glob
import hashlib
import io
import json
import os
import py_compile
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import zipfile

MINOR = "%d.%d" % sys.version_info[:2]
LIBRARY = "lib/python" + MINOR
SITE = LIBRARY + "/site-packages"
PYTHON = "bin/python" + MINOR
TAG = sys.implementation.cache_tag
PLACEHOLDER = ("/opt/conda-build/_h_env" + "_placehold" * 30)[:255].encode()
# When the packages were made: what is in a package keeps its times.
BUILT = 1_700_000_000
NOARCH = "noarch"
SUBDIR = "linux-64" if os.uname().machine == "x86_64" else "linux-" + os.uname().machine
LEFT_OUT = {"test", "tests", "idle_test", "site-packages", "__pycache__", "turtledemo"}


# The package cache


class Package:
    """A package that is being made, at DIR/NAME-VERSION-BUILD."""

    def __init__(self, packages, name, version, noarch=False):
        self.name, self.version, self.noarch = name, version, noarch
        self.build = "pyhd8ed1ab_0" if noarch else "h1234567_0"
        self.directory = os.path.join(packages, "-".join((name, version, self.build)))
        self.paths, self.entry_points, self.depends = [], [], []

    @property
    def is_made(self):
        return os.path.exists(os.path.join(self.directory, "info", "index.json"))

    def add(self, path, data, executable=False, mode=None):
        if PLACEHOLDER in data:
            mode = mode or "text"
        else:
            mode = None
        target = os.path.join(self.directory, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as output:
            output.write(data)
        os.chmod(target, 0o755 if executable else 0o644)
        os.utime(target, (BUILT, BUILT))
        entry = {"_path": path, "path_type": "hardlink", "sha256": sha256(data), "size_in_bytes": len(data)}
        if mode:
            entry.update(file_mode=mode, prefix_placeholder=PLACEHOLDER.decode())
        self.paths.append(entry)

    def link(self, path, target):
        place = os.path.join(self.directory, path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        os.symlink(target, place)
        # conda-build hashes what the link leads to.
        with open(place, "rb") as source:
            data = source.read()
        self.paths.append(
            {"_path": path, "path_type": "softlink", "sha256": sha256(data), "size_in_bytes": len(data)})

    def compile(self, path):
        """Adds the compiled module, with the path that conda-build's environment had."""
        source = os.path.join(self.directory, path)
        compiled = compiled_path(path)
        place = os.path.join(self.directory, compiled)
        if not compile_module(source, place, os.path.join(PLACEHOLDER.decode(), path)):
            return
        with open(place, "rb") as file:
            data = file.read()
        os.utime(place, (BUILT, BUILT))
        # conda-build doesn't look for placeholders in compiled modules.
        self.paths.append(
            {"_path": compiled, "path_type": "hardlink", "sha256": sha256(data), "size_in_bytes": len(data)})

    def finish(self):
        self.paths.sort(key=lambda entry: entry["_path"])
        info = os.path.join(self.directory, "info")
        os.makedirs(info, exist_ok=True)
        write_json(os.path.join(info, "paths.json"), {"paths": self.paths, "paths_version": 1})
        link = {"package_metadata_version": 1}
        if self.noarch:
            link["noarch"] = {"type": "python", "entry_points": self.entry_points}
        write_json(os.path.join(info, "link.json"), link)
        index = {
            "arch": None if self.noarch else os.uname().machine, "build": self.build, "build_number": 0,
            "depends": self.depends, "license": "unknown", "name": self.name,
            "platform": None if self.noarch else "linux", "subdir": NOARCH if self.noarch else SUBDIR,
            "timestamp": BUILT * 1000, "version": self.version,
        }
        if self.noarch:
            index["noarch"] = "python"
        write_json(os.path.join(info, "index.json"), index)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def write_json(path, value):
    with open(path, "w") as output:
        json.dump(value, output, indent=2, sort_keys=True)


def compiled_path(path):
    directory, name = os.path.split(path)
    return "%s/__pycache__/%s.%s.pyc" % (directory, name[:-3], TAG)


def compile_module(source, compiled, name):
    os.makedirs(os.path.dirname(compiled), exist_ok=True)
    try:
        py_compile.compile(
            source, compiled, name, doraise=True, invalidation_mode=py_compile.PycInvalidationMode.TIMESTAMP)
        return True
    except (py_compile.PyCompileError, SyntaxError, ValueError):
        return False


# The interpreter


def make_python(packages):
    base = os.path.realpath(sys.base_prefix)
    if base == "/usr":
        sys.exit("conda-environment.py: run it by a Python that has a prefix of its own, not the system's in /usr")
    package = Package(packages, "python", "%d.%d.%d" % sys.version_info[:3])
    if package.is_made:
        return package
    package.depends = ["libdemo"]
    names = {base, os.path.normpath(sys.base_prefix)}
    links = []
    for path in sorted(python_files(base)):
        source = os.path.join(base, path)
        if os.path.islink(source):
            links.append((path, os.readlink(source)))
            continue
        with open(source, "rb") as file:
            data = file.read()
        mode = "text"
        if data.startswith(b"\x7fELF"):
            data, mode = packaged_binary(path, data, names), "binary"
        elif b"\0" not in data:
            for name in names:
                data = data.replace(name.encode(), PLACEHOLDER)
        package.add(path, data, os.access(source, os.X_OK), mode)
    for path, target in links:
        if os.path.exists(os.path.join(package.directory, os.path.dirname(path), target)):
            package.link(path, target)
    for name in ("bin/python", "bin/python3"):
        if not os.path.lexists(os.path.join(package.directory, name)):
            package.link(name, "python" + MINOR)
    for entry in list(package.paths):
        if entry["_path"].endswith(".py") and entry["_path"].startswith(LIBRARY):
            package.compile(entry["_path"])
    package.finish()
    return package


def python_files(base):
    for pattern in ("python", "python3", "python" + MINOR, "python%s-config" % MINOR, "pydoc" + MINOR, "2to3-" + MINOR):
        if os.path.exists(os.path.join(base, "bin", pattern)):
            yield "bin/" + pattern
    for pattern in ("lib/libpython*", "lib/pkgconfig/python*.pc"):
        for path in glob.glob(os.path.join(base, pattern)):
            if not path.endswith(".a"):
                yield os.path.relpath(path, base)
    for top in (LIBRARY, "include/python" + MINOR):
        for directory, directories, files in os.walk(os.path.join(base, top)):
            directories[:] = [name for name in directories if name not in LEFT_OUT]
            for name in files:
                if not name.endswith((".a", ".pyc", ".o")):
                    yield os.path.relpath(os.path.join(directory, name), base)


def packaged_binary(path, data, names):
    """A binary as conda-build leaves it: it finds its libraries beside itself, and names the prefix in a long string."""
    up = os.path.relpath("lib", os.path.dirname(path))
    origin = b"$ORIGIN" if up == "." else b"$ORIGIN/" + up.encode()
    if path == PYTHON or re.fullmatch(r"lib/libpython%s\w*\.so\.1\.0" % re.escape(MINOR), path):
        data = ELF(data).with_run_path(origin + b":" + PLACEHOLDER + b"/lib")
    else:
        for name in names:
            own = name.encode() + b"/lib\0"
            if len(origin) < len(own):
                data = data.replace(own, origin + b"\0" * (len(own) - len(origin)))
    for name in sorted(names, key=len, reverse=True):
        # What else names the directory of the Python that this is made from must not be found by accident. Its end stays: a
        # linker lets one string be the end of another ("3.11.7").
        top, slash, rest = name[1:].partition("/")
        data = data.replace(name.encode(), ("/" + "0" * len(top) + slash + rest).encode())
    return data


class ELF:
    """A 64-bit little-endian ELF file (System V ABI, chapters 4 and 5)."""

    LOAD, DYNAMIC, NOTE = 1, 2, 4
    STRTAB, STRSZ, RPATH, RUNPATH = 5, 10, 15, 29
    HEADER = struct.Struct("<IIQQQQQQ")

    def __init__(self, data):
        if data[4:6] != b"\x02\x01":
            sys.exit("conda-environment.py: only 64-bit little-endian binaries can be changed")
        self.data = bytearray(data)
        self.table, = struct.unpack_from("<Q", data, 32)
        self.sections, = struct.unpack_from("<Q", data, 40)
        self.count, = struct.unpack_from("<H", data, 56)
        self.section_count, = struct.unpack_from("<H", data, 60)
        self.headers = [
            list(self.HEADER.unpack_from(data, self.table + i * self.HEADER.size)) for i in range(self.count)]

    def offset(self, address):
        for kind, _, offset, start, _, size, _, _ in self.headers:
            if kind == self.LOAD and start <= address < start + size:
                return offset + address - start
        raise ValueError("no such address")

    def with_run_path(self, run_path):
        """Moves the dynamic strings to a new segment at the end of the file, with a longer run path. A note gives its place in
        the table of segments, which must be in order of address."""
        dynamic = next(header for header in self.headers if header[0] == self.DYNAMIC)
        entries = [
            list(struct.unpack_from("<QQ", self.data, dynamic[2] + i * 16)) for i in range(dynamic[5] // 16)]
        values = dict(reversed([tuple(entry) for entry in entries]))
        old = values[self.STRTAB]
        start = self.offset(old)
        strings = bytes(self.data[start:start + values[self.STRSZ]])
        position = len(strings)
        strings += run_path + b"\0"
        loads = [header for header in self.headers if header[0] == self.LOAD]
        alignment = max(0x10000, max(header[7] for header in loads))
        address = max(header[3] + header[6] for header in loads)
        address = (address + alignment - 1) // alignment * alignment
        self.data += b"\0" * (-len(self.data) % alignment)
        segment = [self.LOAD, 4, len(self.data), address, address, len(strings), len(strings), alignment]
        self.data += strings
        for entry in entries:
            if entry[0] == self.STRTAB:
                entry[1] = address
            elif entry[0] == self.STRSZ:
                entry[1] = len(strings)
            elif entry[0] in (self.RPATH, self.RUNPATH):
                entry[:] = [self.RUNPATH, position]
        if self.RPATH not in values and self.RUNPATH not in values:
            spare = [entry for entry in entries if entry[0] == 0]
            if len(spare) < 2:
                raise ValueError("no room for a run path")
            spare[0][:] = [self.RUNPATH, position]
        for index, entry in enumerate(entries):
            struct.pack_into("<QQ", self.data, dynamic[2] + index * 16, *entry)
        self.headers.remove(next(header for header in reversed(self.headers) if header[0] == self.NOTE))
        last = max(index for index, header in enumerate(self.headers) if header[0] == self.LOAD)
        self.headers.insert(last + 1, segment)
        for index, header in enumerate(self.headers):
            self.HEADER.pack_into(self.data, self.table + index * self.HEADER.size, *header)
        # For tools that read sections.
        for index in range(self.section_count):
            place = self.sections + index * 64
            if struct.unpack_from("<Q", self.data, place + 16)[0] == old:
                struct.pack_into("<QQQ", self.data, place + 16, address, segment[2], len(strings))
        return bytes(self.data)


# Wheels


def make_wheel(packages, wheel):
    name, version = os.path.basename(wheel).split("-")[:2]
    with zipfile.ZipFile(wheel) as archive:
        contents = {info.filename: archive.read(info) for info in archive.infolist() if not info.is_dir()}
    info = next(path.split("/")[0] for path in contents if re.fullmatch(r"[^/]+\.dist-info/WHEEL", path))
    is_pure = b"Root-Is-Purelib: true" in contents[info + "/WHEEL"]
    package = Package(packages, re.sub(r"[-_.]+", "-", name).lower(), version, noarch=is_pure)
    if package.is_made:
        return package
    package.depends = ["python >=" + MINOR]
    site = "site-packages" if is_pure else SITE
    rows, modules = [], []

    def install(path, data, executable=False):
        if path.startswith("bin/"):
            if data.startswith(b"#!python"):
                data = b"#!" + PLACEHOLDER + b"/" + PYTHON.encode() + data[len(b"#!python"):]
            place = ("python-scripts/" if is_pure else "bin/") + path[4:]
            listed = "../../../" + path
        elif path.startswith("site/"):
            place, listed = site + path[4:], path[5:]
        else:
            place, listed = path, "../../../" + path
        package.add(place, data, executable)
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        rows.append((listed, "sha256=" + digest, str(len(data))))
        if path.startswith("site/") and path.endswith(".py"):
            modules.append(place)

    for path, data in sorted(contents.items()):
        if path == info + "/RECORD" or path.endswith(".pyc"):
            continue
        match = re.fullmatch(r"[^/]+\.data/(\w+)/(.+)", path)
        if not match:
            install("site/" + path, data)
        elif match[1] == "scripts":
            install("bin/" + match[2], data, True)
        elif match[1] == "headers":
            install("include/python%s/%s/%s" % (MINOR, name, match[2]), data)
        else:
            install(("" if match[1] == "data" else "site/") + match[2], data)
    install("site/%s/INSTALLER" % info, b"conda\n")
    for command, module, function in commands(contents.get(info + "/entry_points.txt", b"")):
        if is_pure:
            package.entry_points.append("%s = %s:%s" % (command, module, function))
            rows.append(("../../../bin/" + command, "", ""))
        else:
            install("bin/" + command, command_text(PLACEHOLDER.decode(), module, function), True)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(sorted(rows) + [(info + "/RECORD", "", "")])
    package.add("%s/%s/RECORD" % (site, info), text.getvalue().encode())
    if not is_pure:
        for path in modules:
            package.compile(path)
    package.finish()
    return package


def commands(text):
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    parser.optionxform = str
    parser.read_string(text.decode())
    for group in ("console_scripts", "gui_scripts"):
        for command, reference in parser.items(group) if parser.has_section(group) else ():
            module, _, function = reference.partition("[")[0].strip().partition(":")
            yield command, module.strip(), function.strip()


def command_text(prefix, module, function):
    """A command as conda generates it; a long path of the interpreter needs a shell."""
    interpreter = prefix + "/" + PYTHON
    first = "#!%s\n" % interpreter
    if prefix.encode() != PLACEHOLDER and (len(first) > 127 or " " in interpreter):
        first = "#!/bin/sh\n'''exec' \"%s\" \"$0\" \"$@\" #'''\n" % interpreter
    return (first + "# -*- coding: utf-8 -*-\nimport re\nimport sys\n\nfrom %s import %s\n\n"
            "if __name__ == '__main__':\n"
            "    sys.argv[0] = re.sub(r'(-script\\.pyw?|\\.exe)?$', '', sys.argv[0])\n"
            "    sys.exit(%s())\n" % (module, function.split(".")[0], function)).encode()


def make_demo(packages):
    """A library's link and activation scripts, as packages of no language have them."""
    package = Package(packages, "libdemo", "1.2.3")
    if package.is_made:
        return package
    package.add("lib/libdemo.so.1.2.3", b"not a library\n", True)
    package.link("lib/libdemo.so.1", "libdemo.so.1.2.3")
    package.link("lib/libdemo.so", "libdemo.so.1.2.3")
    package.add("lib/pkgconfig/demo.pc", b"prefix=%s\nlibdir=${prefix}/lib\n" % PLACEHOLDER)
    package.add("etc/conda/activate.d/libdemo.sh", b'export DEMO_DATA="%s/share/demo"\n' % PLACEHOLDER)
    package.add("etc/conda/deactivate.d/libdemo.sh", b"unset DEMO_DATA\n")
    package.add("bin/demo-config", b"#!/bin/sh\necho %s\n" % PLACEHOLDER, True)
    package.finish()
    return package


# The environment


def replaced_binary(data, prefix):
    def shorten(match):
        text = match.group().replace(PLACEHOLDER, prefix)
        return text + b"\0" * (len(match.group()) - len(text))

    return re.sub(re.escape(PLACEHOLDER) + b"[^\0]*\0", shorten, data)


def replaced_text(data, prefix):
    data = data.replace(PLACEHOLDER, prefix)
    line, newline, rest = data.partition(b"\n")
    if line.startswith(b"#!" + prefix) and (len(line) > 127 or b" " in prefix):
        command, space, options = line[2 + len(prefix):].partition(b" ")
        line = b"#!/usr/bin/env " + command.rsplit(b"/", 1)[1] + space + options
    return line + newline + rest


def link(package, prefix, when):
    """Puts a package into the prefix; returns its record."""
    with open(os.path.join(package.directory, "info", "index.json")) as file:
        record = json.load(file)
    with open(os.path.join(package.directory, "info", "paths.json")) as file:
        paths = json.load(file)["paths"]
    with open(os.path.join(package.directory, "info", "link.json")) as file:
        entry_points = json.load(file).get("noarch", {}).get("entry_points", [])
    installed, files, modules, linked = [], [], [], 1
    for entry in paths:
        place = entry["_path"]
        if package.noarch:
            place = re.sub("^site-packages/", SITE + "/", re.sub("^python-scripts/", "bin/", place))
        source, target = os.path.join(package.directory, entry["_path"]), os.path.join(prefix, place)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        entry = dict(entry)
        if entry["path_type"] == "softlink":
            os.symlink(os.readlink(source), target)
        elif "prefix_placeholder" in entry:
            with open(source, "rb") as file:
                data = file.read()
            replace = replaced_binary if entry["file_mode"] == "binary" else replaced_text
            data = replace(data, prefix.encode())
            with open(target, "wb") as file:
                file.write(data)
            shutil.copystat(source, target)
            entry["sha256_in_prefix"] = sha256(data)
        else:
            try:
                os.link(source, target)
            except OSError:
                shutil.copy2(source, target)
                linked = 3
            entry["sha256_in_prefix"] = entry["sha256"]
        installed.append(entry)
        files.append(place)
        if package.noarch and place.endswith(".py") and place.startswith(SITE):
            modules.append(place)
    for path in modules:
        # conda compiles in the prefix, by relative names.
        if compile_module(os.path.join(prefix, path), os.path.join(prefix, compiled_path(path)), path):
            installed.append({"_path": compiled_path(path), "path_type": "pyc_file"})
            files.append(compiled_path(path))
    for entry_point in entry_points:
        command, _, reference = (part.strip() for part in entry_point.partition("="))
        module, _, function = reference.partition(":")
        path = os.path.join(prefix, "bin", command)
        with open(path, "wb") as file:
            file.write(command_text(prefix, module, function))
        os.chmod(path, 0o755)
        installed.append({"_path": "bin/" + command, "path_type": "unix_python_entry_point"})
        files.append("bin/" + command)
    name = os.path.basename(package.directory)
    channel = "https://index.example/conda-forge/" + record["subdir"]
    record.update(
        channel=channel, constrains=[], extracted_package_dir=package.directory, files=files, fn=name + ".conda",
        link={"source": package.directory, "type": linked},
        md5=hashlib.md5(name.encode()).hexdigest(), package_tarball_full_path=package.directory + ".conda",
        paths_data={"paths": installed, "paths_version": 1}, requested_spec="None",
        sha256=sha256(name.encode()), size=sum(entry.get("size_in_bytes", 0) for entry in paths),
        url="%s/%s.conda" % (channel, name))
    meta = os.path.join(prefix, "conda-meta", name + ".json")
    write_json(meta, record)
    os.utime(meta, (when, when))
    return "%s::%s" % (record["subdir"], name)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", nargs="?", help="the environment's prefix")
    parser.add_argument("names", nargs="*", help="packages of --wheels; all if none is given")
    parser.add_argument("--prefix", help="the environment's prefix")
    parser.add_argument("--wheel", action="append", default=[], help="a wheel to install; repeatable")
    parser.add_argument("--wheels", help="a directory of wheels")
    parser.add_argument("--packages", help="the package cache; used again if it has what is needed")
    arguments = parser.parse_args()
    prefix = os.path.abspath(arguments.prefix or arguments.directory or parser.error("no prefix is given"))
    names = ([arguments.directory] if arguments.prefix and arguments.directory else []) + arguments.names
    if os.path.lexists(prefix) and (not os.path.isdir(prefix) or os.listdir(prefix)):
        sys.exit("conda-environment.py: %s is there already" % prefix)
    if len(prefix.encode()) > len(PLACEHOLDER):
        sys.exit("conda-environment.py: the prefix is longer than conda allows: %d bytes" % len(PLACEHOLDER))
    wheels = list(arguments.wheel)
    if arguments.wheels:
        wanted = {re.sub(r"[-_.]+", "-", name).lower() for name in names}
        for wheel in sorted(glob.glob(os.path.join(arguments.wheels, "*.whl"))):
            name = re.sub(r"[-_.]+", "-", os.path.basename(wheel).split("-")[0]).lower()
            if not names or name in wanted:
                wheels.append(wheel)
                wanted.discard(name)
        if wanted:
            sys.exit("conda-environment.py: no wheel of %s in %s" % (", ".join(sorted(wanted)), arguments.wheels))
    packages = os.path.abspath(arguments.packages or tempfile.mkdtemp(prefix="conda-packages."))
    try:
        os.makedirs(packages, exist_ok=True)
        made = [make_demo(packages), make_python(packages)] + [make_wheel(packages, wheel) for wheel in wheels]
        os.makedirs(os.path.join(prefix, "conda-meta"))
        when = int(time.time())
        linked = [link(package, prefix, when) for package in made]
        with open(os.path.join(prefix, "conda-meta", "history"), "w") as history:
            history.write("==> %s <==\n" % time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(when)))
            history.write("# cmd: conda create --prefix %s\n# conda version: 23.11.0\n" % prefix)
            history.writelines("+%s\n" % name for name in linked)
    finally:
        if not arguments.packages:
            shutil.rmtree(packages)
    subprocess.run(
        [os.path.join(prefix, "bin", "python"), "-I", "-c", "import ssl, sys; assert sys.prefix == %r, sys.prefix" % prefix],
        check=True)


if __name__ == "__main__":
    main()
