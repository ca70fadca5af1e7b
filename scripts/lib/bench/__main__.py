"""scripts/bench: what is measured, in which order, and how it is printed. See scripts/bench --help."""

import argparse
import json
import os
import sys
import time

from measure import Failure, Series, load, note, paired, rounds, run, turns
from packing import measure_pack
from table import MIB, Table, mebibytes, ratio
from ways import Curl, EnvSync, FsShell, HdfsCLI, Server
from workspace import Workspace

MEMORY_LIMIT = 64 * MIB
MANY = 10_000
LARGE = 1_000_000_000
# The file that changes: half a megabyte, one of the middling ones.
CHANGING = "pytz-"


def cold_runs(ways, number, files, figures):
    """Each way in turn into an empty directory, at rest."""
    for way in turns(ways, number):
        way.begin(number, files)
        os.sync()
        time.sleep(1)
        figures[way.name].add(way.cold())
        way.verify()


def measure_push(options, server, table):
    workspace = Workspace(os.path.join(options.directory, "wheels"))
    for name in sorted(os.listdir(options.wheels)):
        workspace.add(os.path.join(options.wheels, name))
    files = workspace.files
    changing = next(file for file in files if os.path.basename(file).startswith(CHANGING))
    curl = Curl(server)
    envsync = EnvSync(server, workspace)
    others = [FsShell(server), HdfsCLI(server)]
    ways = [envsync, curl, *others]
    cold, again, changed = ({way.name: Series() for way in ways} for _ in range(3))
    first_lock, lock, relock, args, version, check, deep, own, steady = (Series() for _ in range(9))
    requests = received = 0
    workspace.configure("file:///nowhere")
    workspace.settle()
    first_lock.add(envsync.lock())
    for number in rounds(options, "64 wheels"):
        cold_runs(ways, number, files, cold)
        for way in turns([envsync, *others], number):
            outcome = way.again()
            again[way.name].add(outcome)
        # Short ones are repeated more often.
        for _ in range(4):
            outcome = envsync.again()
            steady.add(outcome)
            requests = max(requests, outcome.document["requests"])
            args.add(envsync.envsync("args", "nightly"))
            version.add(run([options.binary, "--version"]))
            lock.add(envsync.lock())
        check.add(envsync.check())
        outcome = deep.add(envsync.check("--deep"))
        received = max(received, outcome.document["bytesReceived"])
        for _ in range(2):
            workspace.change(changing)
            relock.add(envsync.lock())
            actions = [lambda: own.add(curl.one(changing))] + [
                lambda way=way: changed[way.name].add(way.changed(changing)) for way in [envsync, *others]]
            for action in turns(actions, number):
                action()
        for way in ways:
            way.end()
    mine = cold["envsync"]
    size = sum(map(os.path.getsize, files))
    table.heading(f"cold push: {len(files)} wheels, {size / 1e6:.0f} MB, into an empty directory")
    for way in ways:
        count = "16 × " if way is curl else ""
        table.add(way.title, cold[way.name], memory=count + mebibytes(cold[way.name].peak))
    table.add(
        "envsync ÷ curl, which verifies nothing", paired(mine, cold["curl"], lambda a, b: a / b), ratio, limit=1.25)
    table.memory("peak memory of envsync", mine.peak, MEMORY_LIMIT)
    table.heading("nothing changed")
    table.add("envsync", steady, limit=0.1, memory=mebibytes(steady.peak))
    table.fact("requests of envsync", str(requests))
    for way in others:
        table.add(way.title, again[way.name], memory=mebibytes(again[way.name].peak))
    table.heading(f"one file changed, {os.path.getsize(changing) / 1e6:.1f} MB")
    table.add(
        "envsync", changed["envsync"], limit=steady.median + 2 * own.median, memory=mebibytes(changed["envsync"].peak))
    table.add("curl -T of that file alone", own)
    for way in others:
        table.add(way.title, changed[way.name], memory=mebibytes(changed[way.name].peak))
    table.heading("envsync's other commands, 64 objects")
    table.add("lock, everything read", first_lock, memory=mebibytes(first_lock.peak))
    table.add("lock, nothing changed", lock, memory=mebibytes(lock.peak))
    table.add("lock, one file changed", relock)
    table.add("args", args, limit=0.02, memory=mebibytes(args.peak))
    table.add("--version", version)
    table.add("check", check, memory=mebibytes(check.peak))
    table.add("check --deep", deep, memory=mebibytes(deep.peak))
    table.fact("bytes received by check --deep", f"{received / 1e3:.0f} kB", "none of any object", received < 256_000)


def measure_many(options, server, table):
    # A DataNode serves WebHDFS with two threads a core, and each waits where a file is closed: with two cores that are
    # four files in 0.4 s, and 10,000 would take 17 minutes whatever sends them.
    server.restart("-Dio.netty.eventLoopThreads=32")
    workspace = Workspace(os.path.join(options.directory, "many"))
    for index in range(MANY):
        workspace.write(f"artifact-{index:05}.dat", os.urandom(100 + index % 700))
    envsync = EnvSync(server, workspace, jobs=64)
    cold, steady, lock, check, first_lock = (Series() for _ in range(5))
    envsync.begin(0, workspace.files)
    workspace.settle()
    first_lock.add(envsync.lock())
    note(f"{MANY} files, cold: this takes minutes (load {load()})")
    cold.add(envsync.cold())
    requests = 0
    for _ in rounds(options, f"{MANY} files"):
        for _ in range(2):
            outcome = steady.add(envsync.again())
            requests = max(requests, outcome.document["requests"])
        check.add(envsync.check())
        lock.add(envsync.lock())
    envsync.end()
    table.heading(f"{MANY:,} files of some hundred bytes, to a DataNode that has threads as one with 16 cores has")
    table.add("cold push, --jobs 64", cold, memory=mebibytes(cold.peak))
    table.add("push, nothing changed", steady, limit=0.5, memory=mebibytes(steady.peak))
    table.fact("its requests", str(requests), "≤ 10", requests <= 10)
    table.add("check", check, limit=10, memory=mebibytes(check.peak))
    table.add("lock, everything read", first_lock, memory=mebibytes(first_lock.peak))
    table.add("lock, nothing changed", lock, memory=mebibytes(lock.peak))


def measure_large(options, server, table):
    workspace = Workspace(os.path.join(options.directory, "large"))
    workspace.write_random("large.bin", LARGE)
    curl = Curl(server)
    envsync = EnvSync(server, workspace)
    ways = [envsync, curl, FsShell(server), HdfsCLI(server)]
    cold = {way.name: Series() for way in ways}
    lock = Series()
    workspace.configure("file:///nowhere")
    workspace.settle()
    lock.add(envsync.lock())
    for number in rounds(options, "1 GB"):
        cold_runs(ways, number, workspace.files, cold)
        for way in ways:
            way.end()
    table.heading("one file of 1 GB")
    for way in ways:
        title = "curl -T" if way is curl else way.title
        table.add(title, cold[way.name], memory=mebibytes(cold[way.name].peak))
    table.add("envsync ÷ curl", paired(cold["envsync"], cold["curl"], lambda a, b: a / b), ratio, limit=1.25)
    table.memory("peak memory of envsync", max(cold["envsync"].peak, lock.peak), MEMORY_LIMIT)
    table.add("envsync lock, everything read", lock, memory=mebibytes(lock.peak))


def measure_lockfile(options, server, table):
    workspace = Workspace(os.path.join(options.directory, "lockfile"))
    for name in sorted(os.listdir(options.wheels)):
        workspace.add(os.path.join(options.wheels, name))
    envsync = EnvSync(server, workspace)
    workspace.configure_lockfile(f"file://{options.directory}/lockfile-store", options.requirements)
    workspace.settle()
    hashing, cold, warm, args = (Series() for _ in range(4))
    rebuilt = Series()
    for _ in rounds(options, "64 wheels of a lockfile"):
        hashing.add(run(["sha256sum", *workspace.files]))
        workspace.forget()
        cold.add(envsync.lock())
        # The wheels are known, the layers aren't: what this takes is building them.
        os.truncate(os.path.join(workspace.directory, "envsync.lock"), 0)
        workspace.forget_layers()
        rebuilt.add(envsync.lock())
        envsync.push()
        for _ in range(4):
            warm.add(envsync.lock())
            args.add(envsync.envsync("args", "nightly"))
    explained = json.loads(envsync.envsync("explain", "--json").output)
    layered = sum(package["bytes"] for package in explained["packages"] if package["travelsAs"] == "layer")
    building = rebuilt.median - warm.median
    table.heading("64 wheels by a lockfile, 277 MB of them into layers")
    table.add("sha256sum of the wheels", hashing)
    table.add("lock, nothing known", cold, limit=2 * hashing.median + building, memory=mebibytes(cold.peak))
    table.add("lock, layers to be built", rebuilt, memory=mebibytes(rebuilt.peak))
    rate = layered / 1e6 / building
    table.fact("building layers, wheels in", f"{rate:.0f} MB/s", "≥ 150 MB/s", rate >= 150)
    table.add("lock, nothing changed", warm, limit=0.1, memory=mebibytes(warm.peak))
    table.add("args", args)


# The one that restarts the HDFS comes last.
PARTS = {
    "pack": measure_pack, "push": measure_push, "lockfile": measure_lockfile, "large": measure_large,
    "many": measure_many,
}


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench")
    parser.add_argument("what", choices=[*PARTS, "all"])
    parser.add_argument("--runs", type=int, required=True)
    for name in ("binary", "directory"):
        parser.add_argument(f"--{name}", required=True)
    # What only some of the parts need.
    for name in (
            "wheels", "requirements", "hdfs-script", "hdfs-directory", "webhdfs", "user", "hdfscli-python", "python",
            "packing-tools", "packing-wheels", "packing-requirements"):
        parser.add_argument(f"--{name}", default="")
    options = parser.parse_args()
    server = Server(options)
    table = Table()
    begin = load()
    failure = None
    try:
        for name, measure in PARTS.items():
            if options.what in (name, "all"):
                measure(options, server, table)
    except Failure as found:
        failure = found
    version = run([options.binary, "--version"]).output.strip()
    if table.lines:
        print(
            f"envsync {version}{server.title}: medians of {options.runs} runs or more, in turns;\n"
            f"{os.cpu_count()} cores, load average {begin} at the beginning, {load()} at the end\n")
        print(table.text())
        print(f"\n{table.missed} figure(s) miss what is wanted" if table.missed else "\nall that is wanted is met")
    if failure:
        print(f"bench: error: {failure}", file=sys.stderr)
        sys.exit(2)
    if table.missed:
        sys.exit(1)


try:
    main()
except KeyboardInterrupt:
    sys.exit(130)
