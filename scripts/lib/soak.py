"""Runs daemons on workspaces for a while, looks at their processes, and tells what was seen.

usage: soak.py idle|edits|all --minutes N --binary FILE --directory DIR --samples DIR --webhdfs URL --user NAME
"""

import argparse
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import threading
import time
import urllib.request

WORKSPACES = 10
FILES = 1000  # of each workspace
EDIT_EVERY = 5
SAMPLE_EVERY = 10
TICK = os.sysconf("SC_CLK_TCK")


def say(text):
    print(f"soak: {text}", file=sys.stderr, flush=True)


class Failure(Exception):
    pass


class Store:
    """The environments in HDFS, seen without envsync."""

    def __init__(self, webhdfs, user):
        self.rest = "http://" + webhdfs.removeprefix("webhdfs://") + "/webhdfs/v1"
        self.user = user
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def call(self, path, query, method="GET"):
        request = urllib.request.Request(f"{self.rest}{path}?{query}&user.name={self.user}", method=method)
        with self.opener.open(request, timeout=30) as answer:
            return answer.read()

    def make(self, path):
        self.call(path, "op=MKDIRS&permission=755", "PUT")

    def ref(self, directory):
        return json.loads(self.call(directory + "/current.json", "op=OPEN"))

    def generations(self, directory):
        entries = json.loads(self.call(directory, "op=LISTSTATUS"))["FileStatuses"]["FileStatus"]
        return sum(entry["pathSuffix"] != "current.json" for entry in entries)


class Workspace:
    """A source tree, and some files beside it."""

    def __init__(self, path, name, store):
        self.path, self.name = path, name
        files = [f"conf/{index}.yaml" for index in range(20)]
        for name in files:
            self.write(name, f"name: {name}\n")
        for index in range(FILES - len(files)):
            self.write(f"src/own/p{index % 40}/m{index}.py", f"VALUE = {index}\n")
        listed = ", ".join(f'"{name}"' for name in files)
        self.write(
            "envsync.toml",
            f'[store]\nurl = "{store}"\n[environment]\nname = "{self.name}"\nfiles = [{listed}]\n'
            '[[source]]\npath = "src/own"\n',
        )

    def write(self, name, text):
        path = f"{self.path}/{name}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def edit(self, count):
        index = random.randrange(20, FILES)
        index -= 20
        self.write(f"src/own/p{index % 40}/m{index}.py", f"EDIT = {count}\n")


class Daemon:
    """One daemon with workspaces of its own."""

    def __init__(self, role, arguments, store):
        self.role, self.binary, self.store = role, arguments.binary, store
        self.home = f"{arguments.directory}/{role}"
        self.root = f"/tmp/soak-{role}-{os.getpid()}"
        self.csv = f"{arguments.samples}/{role}.csv"
        self.samples, self.failures, self.lags, self.edits = [], [], [], 0
        self.process = None
        store.make(self.root)
        say(f"{role}: making {WORKSPACES} workspaces of {FILES} files")
        self.workspaces = [
            Workspace(f"{self.home}/w{index}", f"soak{index}", arguments.webhdfs + self.root)
            for index in range(WORKSPACES)
        ]
        self.environment = dict(os.environ, HOME=self.home)
        # A socket's path can't be long.
        self.runtime = subprocess.check_output(["mktemp", "-d"], text=True).strip()
        for name in ("config", "state"):
            os.makedirs(f"{self.home}/{name}")
        self.environment |= {
            "XDG_RUNTIME_DIR": self.runtime,
            "XDG_CONFIG_HOME": f"{self.home}/config",
            "XDG_STATE_HOME": f"{self.home}/state",
        }

    def start(self):
        log = open(f"{self.home}/daemon.log", "w")
        self.process = subprocess.Popen(
            [self.binary, "daemon", "run", "--auto-lock", "--http", "127.0.0.1:0"]
            + [each.path for each in self.workspaces],
            env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )
        end = time.monotonic() + 300
        while True:
            if self.process.poll() is not None or time.monotonic() > end:
                raise Failure(f"{self.role}: the daemon did not publish everything: {self.log()}")
            try:
                if all(each["isInSync"] for each in self.status()):
                    break
            except Failure:
                pass
            time.sleep(0.5)
        say(f"{self.role}: everything is published; process {self.process.pid}")

    def log(self):
        with open(f"{self.home}/daemon.log", encoding="utf-8") as file:
            return file.read()[-3000:]

    def ask(self, *words):
        return subprocess.run(
            [self.binary, "daemon", *words, "--json"], env=self.environment, capture_output=True, text=True,
            timeout=180, cwd=self.home,
        )

    def status(self):
        result = self.ask("status")
        if result.returncode != 0:
            raise Failure(f"{self.role}: daemon status: {result.stderr}")
        return json.loads(result.stdout)["workspaces"]

    def sample(self, begin):
        process = f"/proc/{self.process.pid}"
        with open(f"{process}/stat", encoding="utf-8") as file:
            fields = file.read().rpartition(")")[2].split()
        memory = threads = 0
        with open(f"{process}/status", encoding="utf-8") as file:
            for line in file:
                if line.startswith("VmRSS:"):
                    memory = int(line.split()[1]) / 1024
                elif line.startswith("Threads:"):
                    threads = int(line.split()[1])
        used = (int(fields[11]) + int(fields[12])) / TICK
        sample = (time.monotonic() - begin, used, memory, len(os.listdir(f"{process}/fd")), threads)
        self.samples.append(sample)
        with open(self.csv, "a", encoding="utf-8") as file:
            print(*(f"{value:.2f}" for value in sample), sep=",", file=file)

    def watch(self, seconds):
        with open(self.csv, "w", encoding="utf-8") as file:
            print("seconds,processor seconds,memory MiB,descriptors,threads", file=file)
        begin = time.monotonic()
        next_sample, next_edit = 0.0, float(EDIT_EVERY)
        while True:
            now = time.monotonic() - begin
            if now >= next_sample:
                self.sample(begin)
                next_sample += SAMPLE_EVERY
            if now >= seconds:
                return
            if self.role == "edits" and now >= next_edit:
                self.edit()
                next_edit += EDIT_EVERY
            time.sleep(max(0.01, min(next_sample, next_edit if self.role == "edits" else next_sample, seconds)
                           - (time.monotonic() - begin)))

    def edit(self):
        """Saves a file, and looks when the ref changes; a thread looks, so that the next edit is in time."""
        workspace = random.choice(self.workspaces)
        directory = f"{self.root}/environments/{workspace.name}"
        self.edits += 1
        try:
            before = self.store.ref(directory)["generation"]
        except OSError as error:
            self.failures.append(f"the ref of {workspace.name} could not be read: {error}")
            return
        workspace.edit(self.edits)
        saved = time.monotonic()

        def look():
            while time.monotonic() < saved + 60:
                try:
                    if self.store.ref(directory)["generation"] > before:
                        self.lags.append(time.monotonic() - saved)
                        return
                except (OSError, ValueError):
                    pass
                time.sleep(0.1)
            self.failures.append(f"an edit in {workspace.name} was not published within 60 s")

        threading.Thread(target=look, daemon=True).start()

    def finish(self):
        """Whether everything arrived, and the daemon ends when it is told to."""
        for workspace in self.workspaces:
            result = self.ask("wait", workspace.path, "--timeout", "120")
            if result.returncode != 0:
                self.failures.append(f"{workspace.name}: daemon wait: {result.stderr.strip()}")
        self.generations = 0
        for status in self.status():
            if status["counters"]["failed"]:
                self.failures.append(f"{status['directory']}: {status['counters']['failed']} failures: {self.log()}")
        for workspace in self.workspaces:
            self.generations += self.store.generations(f"{self.root}/environments/{workspace.name}")
            check = subprocess.run(
                [self.binary, "check", "--deep"], cwd=workspace.path, env=self.environment, capture_output=True,
                text=True,
            )
            if check.returncode != 0:
                self.failures.append(f"{workspace.name}: check: {check.stdout}{check.stderr}")
        self.process.send_signal(signal.SIGTERM)
        try:
            if self.process.wait(12) != 0:
                self.failures.append(f"the daemon ended with {self.process.returncode}: {self.log()}")
        except subprocess.TimeoutExpired:
            self.failures.append("the daemon did not end within 12 s of SIGTERM")

    def end(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        subprocess.run(["rm", "-rf", self.runtime], check=False)

    def row(self):
        seconds, used, memory, descriptors, threads = zip(*self.samples)
        hours = (seconds[-1] - seconds[0]) / 3600
        slope = slope_of(seconds, memory) * 3600 if len(seconds) > 2 else 0.0
        lags = sorted(self.lags)
        lag = "-"
        if lags:
            lag = f"{statistics.median(lags):.2f} / {lags[int(len(lags) * 0.95)]:.2f} / {lags[-1]:.2f}"
        return [
            self.role, f"{hours * 60:.1f}", f"{(used[-1] - used[0]) / (hours * 36):.3f}",
            f"{memory[0]:.1f} / {statistics.median(memory):.1f} / {memory[-1]:.1f} / {max(memory):.1f}",
            f"{slope:+.2f}", f"{descriptors[0]} / {descriptors[-1]} / {max(descriptors)}",
            f"{threads[0]} / {threads[-1]} / {max(threads)}", str(self.edits), str(self.generations), lag,
            str(len(self.failures)),
        ]


HEADER = [
    "", "minutes", "processor %", "memory MiB: first / median / last / max", "MiB an hour",
    "descriptors: first / last / max", "threads: first / last / max", "edits", "generations",
    "lag s: median / p95 / max", "failures",
]


def slope_of(xs, ys):
    mean_x, mean_y = statistics.fmean(xs), statistics.fmean(ys)
    return sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys)) / sum((x - mean_x) ** 2 for x in xs)


def show(daemons):
    rows = [HEADER] + [daemon.row() for daemon in daemons]
    width = max(len(title) for title in HEADER)
    for column, title in enumerate(HEADER):
        print(f"{title:{width}}  " + "  ".join(f"{row[column]:>28}" for row in rows[1:]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["idle", "edits", "all"])
    parser.add_argument("--minutes", type=int, required=True)
    for name in ("binary", "directory", "samples", "webhdfs", "user"):
        parser.add_argument(f"--{name}", required=True)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    store = Store(arguments.webhdfs, arguments.user)
    daemons = []
    try:
        for role in ["idle", "edits"] if arguments.what == "all" else [arguments.what]:
            daemons.append(Daemon(role, arguments, store))
            daemons[-1].start()
        # What the start has taken is not what is measured.
        time.sleep(10)
        say(f"watching for {arguments.minutes} min")
        threads = [threading.Thread(target=watch, args=(each, arguments.minutes * 60), daemon=True) for each in daemons]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for daemon in daemons:
            daemon.finish()
        show(daemons)
    except Failure as failure:
        say(str(failure))
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        for daemon in daemons:
            daemon.end()
    failures = [f"{daemon.role}: {failure}" for daemon in daemons for failure in daemon.failures]
    for failure in failures:
        say(failure)
    return 1 if failures else 0


def watch(daemon, seconds):
    try:
        daemon.watch(seconds)
    except OSError as error:
        daemon.failures.append(f"the daemon's process could not be read: {error}")


sys.exit(main())
