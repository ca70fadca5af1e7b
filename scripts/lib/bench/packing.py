"""Packing a virtual environment, beside venv-pack and conda-pack."""

import base64
import hashlib
import json
import os
import secrets
import shutil
import time
import zipfile

from measure import Failure, Series, call, paired, rounds, run, turns
from table import MIB, mebibytes, ratio

PEAK = 200 * MIB
# What changes: 300 kB in ten files.
CHANGING = "idna"
# A file that changes while it is read is not trusted to be what its times say; the environment is left alone first.
SETTLING = 1.0


class Peer:
    """A program that packs, and always packs everything."""

    def __init__(self, name, title, output, command):
        self.name = name
        self.title = title
        self.output = output
        self.command = command
        self.cold = Series()
        self.sizes = []

    def pack(self):
        remove(self.output)
        self.cold.add(run([*self.command, self.output]))
        self.sizes.append(os.path.getsize(self.output))


class EnvSync:
    """envsync, with a cache of its own."""

    name = title = "envsync"

    def __init__(self, options, directory, prefix):
        self.output = os.path.join(directory, "envsync.tar.gz")
        self.cache = os.path.join(directory, "cache")
        self.environment = {**os.environ, "XDG_CACHE_HOME": self.cache}
        self.command = [options.binary, "pack", prefix, "--json", "-o"]
        self.cold = Series()
        self.sizes = []

    def run(self, output=None, *flags):
        outcome = run([*self.command, output or self.output, *flags], environment=self.environment)
        outcome.document = json.loads(outcome.output)
        return outcome

    def pack(self):
        remove(self.output)
        shutil.rmtree(self.cache, ignore_errors=True)
        self.cold.add(self.run())
        self.sizes.append(os.path.getsize(self.output))

    def expect_cold_bytes(self):
        """What was made from the cache must be what is made without it."""
        other = os.path.join(os.path.dirname(self.output), "cold.tar.gz")
        self.run(other, "--no-cache")
        if digest(other) != digest(self.output):
            raise Failure("envsync made other bytes from its cache than without it")
        remove(other)


class Changes:
    """A small package in ever new versions, each a wheel."""

    def __init__(self, options, directory, prefix):
        self.directory = os.path.join(directory, "changes")
        self.python = os.path.join(prefix, "bin", "python")
        self.original = next(
            os.path.join(options.packing_wheels, name) for name in os.listdir(options.packing_wheels)
            if name.startswith(f"{CHANGING}-"))
        self.count = 0
        os.makedirs(self.directory)

    def install(self):
        """pip installs a version that nothing has seen yet, and compiles it."""
        self.count += 1
        name, former, tag = os.path.basename(self.original).split("-", 2)
        version = f"{former}.post{self.count}"
        wheel = os.path.join(self.directory, f"{name}-{version}-{tag}")
        record = []
        with zipfile.ZipFile(self.original) as old, zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as new:
            for entry in old.namelist():
                data = old.read(entry)
                target = entry.replace(f"{name}-{former}.dist-info", f"{name}-{version}.dist-info")
                if target.endswith(".dist-info/RECORD"):
                    continue
                if target.endswith(".dist-info/METADATA"):
                    data = data.replace(f"\nVersion: {former}\n".encode(), f"\nVersion: {version}\n".encode(), 1)
                elif target.endswith(".py"):
                    data += f"\n# {secrets.token_hex(32)}\n".encode()
                checksum = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
                record.append(f"{target},sha256={checksum},{len(data)}\n")
                new.writestr(target, data)
            listing = f"{name}-{version}.dist-info/RECORD"
            new.writestr(listing, "".join(record) + f"{listing},,\n")
        call([
            self.python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps",
            "--force-reinstall", wheel])
        settle()


def remove(path):
    if os.path.exists(path):
        os.remove(path)


def settle():
    os.sync()
    time.sleep(SETTLING)


def pieces(path):
    """A file in small pieces: what this process once held in memory counts as a child's peak."""
    with open(path, "rb") as file:
        while piece := file.read(1 << 18):
            yield piece


def digest(path):
    sha256 = hashlib.sha256()
    for piece in pieces(path):
        sha256.update(piece)
    return sha256.hexdigest()


def install(options, prefix):
    call([options.python, "-m", "venv", prefix])
    call([
        os.path.join(prefix, "bin", "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
        "--no-index", "--no-deps", "--find-links", options.packing_wheels, "--require-hashes",
        "--requirement", options.packing_requirements])


def read_all(directory):
    """Brings all files into the page cache; their number and size."""
    count = size = 0
    for parent, _, names in os.walk(directory):
        for name in names:
            path = os.path.join(parent, name)
            if not os.path.islink(path):
                size += sum(map(len, pieces(path)))
                count += 1
    return count, size


def expect_it_runs(archive, directory):
    """Unpacks the archive elsewhere and imports what is in it."""
    place = os.path.join(directory, "unpacked")
    os.makedirs(place)
    call(["tar", "-xzf", archive, "-C", place])
    call([
        os.path.join(place, "bin", "python"), "-I", "-c",
        "import numpy, pandas, pyarrow, requests, sqlalchemy, sys, yaml\n"
        "assert all(m.__file__.startswith(sys.prefix) for m in (numpy, pandas, pyarrow, requests, sqlalchemy, yaml))"])
    shutil.rmtree(place)


def measure_pack(options, _, table):
    directory = os.path.join(options.directory, "pack")
    os.makedirs(directory)
    prefix = os.path.join(directory, "venv")
    install(options, prefix)
    # What conda-pack takes for a conda environment: the same files.
    likeness = os.path.join(directory, "conda")
    shutil.copytree(prefix, likeness, symlinks=True)
    os.makedirs(os.path.join(likeness, "conda-meta"))
    with open(os.path.join(likeness, "conda-meta", "history"), "w", encoding="utf-8"):
        pass
    count, size = read_all(prefix)
    read_all(likeness)
    tools = options.packing_tools
    venv_pack = Peer(
        "venv-pack", "venv-pack", os.path.join(directory, "venv-pack.tar.gz"),
        [os.path.join(tools, "venv-pack"), "--quiet", "--prefix", prefix, "--output"])
    conda_pack = Peer(
        "conda-pack", "conda-pack -j 2", os.path.join(directory, "conda-pack.tar.gz"),
        [os.path.join(tools, "conda-pack"), "--quiet", "-j", "2", "--prefix", likeness, "--output"])
    envsync = EnvSync(options, directory, prefix)
    changes = Changes(options, directory, prefix)
    unchanged, again, changed, replaced = Series(), Series(), Series(), Series()
    for number in rounds(options, "packing"):
        for way in turns([venv_pack, conda_pack, envsync], number):
            settle()
            way.pack()
        sha256 = digest(envsync.output)
        for _ in range(3):
            unchanged.add(envsync.run())
        if digest(envsync.output) != sha256:
            raise Failure("envsync made other bytes of the same environment")
        # The archive is gone, all its pieces are known.
        remove(envsync.output)
        again.add(envsync.run())
        if digest(envsync.output) != sha256:
            raise Failure("envsync made other bytes of the same pieces")
        # Where there is no archive, as the others pack; and in place of the last one, which nothing of theirs is compared
        # with: a file system that is mounted with `discard` waits for the disk to forget the old archive.
        for series in (changed, replaced):
            changes.install()
            if series is changed:
                remove(envsync.output)
            series.add(envsync.run())
            former, sha256 = sha256, digest(envsync.output)
            if sha256 == former:
                raise Failure("envsync did not see that a package changed")
    envsync.expect_cold_bytes()
    expect_it_runs(envsync.output, directory)
    table.heading(f"packing a virtual environment, {count:,} files of {size / 1e6:.0f} MB, into a tar.gz")
    for way in (venv_pack, conda_pack, envsync):
        table.add(way.title, way.cold, memory=mebibytes(way.cold.peak))
    quotient = lambda one, other: one / other
    table.add("envsync ÷ venv-pack", paired(envsync.cold, venv_pack.cold, quotient), ratio, limit=1 / 5)
    table.add("envsync ÷ conda-pack -j 2", paired(envsync.cold, conda_pack.cold, quotient), ratio, limit=1 / 3)
    for way in (venv_pack, conda_pack, envsync):
        table.fact(f"size by {way.title}", f"{way.sizes[-1] / 1e6:.1f} MB")
    larger = envsync.sizes[0] / venv_pack.sizes[0]
    table.fact("envsync's size ÷ venv-pack's", f"{larger:.3f}", "≤ 1.12", larger <= 1.12)
    table.heading("packing it again with envsync")
    table.add("nothing changed", unchanged, limit=0.1, memory=mebibytes(unchanged.peak))
    table.add("the archive was removed", again, memory=mebibytes(again.peak))
    table.add(f"one small package changed ({CHANGING})", changed, memory=mebibytes(changed.peak))
    table.add("the same, in place of the last archive", replaced, memory=mebibytes(replaced.peak))
    table.add(
        "one package changed ÷ venv-pack", paired(changed, venv_pack.cold, quotient), lambda value: f"{value:.4f}", limit=1 / 30)
    table.memory("peak memory of envsync", max(each.peak for each in (envsync.cold, unchanged, again, changed, replaced)), PEAK)
