"""Runs programs and takes their time and memory. Imports little: a child's peak memory counts from its parent's."""

import os
import subprocess
import sys
import time


class Failure(Exception):
    """Something could not be measured."""


class Outcome:
    """What one run of a program took."""

    def __init__(self, seconds, peak, output):
        self.seconds = seconds
        self.peak = peak  # bytes of the largest process among it and its children
        self.output = output


def run(arguments, expected=(0,), environment=None, error_output=None):
    """Runs a program to its end, with its output kept and its errors shown only if it fails.

    The time is that of the whole process, from its start until it was reaped. `wait4` gives the peak memory of the
    largest of the processes, at least that of this Python itself.
    """
    read, write = os.pipe()
    errors = os.memfd_create("errors")
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_DUP2, write, 1),
        (os.POSIX_SPAWN_DUP2, errors, 2),
        (os.POSIX_SPAWN_CLOSE, read),
    ]
    begin = time.perf_counter()
    child = os.posix_spawnp(arguments[0], arguments, environment or os.environ, file_actions=actions)
    os.close(write)
    chunks = []
    while chunk := os.read(read, 1 << 16):
        chunks.append(chunk)
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - begin
    os.close(read)
    code = os.waitstatus_to_exitcode(status)
    text = os.pread(errors, 1 << 20, 0).decode(errors="replace")
    os.close(errors)
    if code not in expected:
        command = " ".join(arguments)
        raise Failure(f"exit code {code} of: {command[:300]}\n{text[-2000:]}")
    return Outcome(seconds, usage.ru_maxrss * 1024, b"".join(chunks).decode(errors="replace"))


class Series:
    """Figures of one kind, a run each."""

    def __init__(self, values=()):
        self.values = list(values)
        self.peaks = []

    def add(self, outcome):
        self.values.append(outcome.seconds)
        self.peaks.append(outcome.peak)
        return outcome

    @property
    def median(self):
        ordered = sorted(self.values)
        middle = len(ordered) // 2
        return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2

    @property
    def peak(self):
        return max(self.peaks, default=0)


def paired(left, right, combine):
    """A series of what `combine` makes of the figures of one round each: a machine's drift hits both of them alike."""
    return Series([combine(one, other) for one, other in zip(left.values, right.values, strict=True)])


def turns(things, round_number):
    """The things in an order of their own for each round, so that none is always first."""
    things = list(things)
    shift = round_number % len(things)
    order = things[shift:] + things[:shift]
    return order if round_number % 2 == 0 else order[::-1]


def rounds(options, what):
    """The numbers of the rounds, each announced."""
    for number in range(options.runs):
        note(f"{what}, round {number + 1} of {options.runs} (load {load()})")
        yield number


def note(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def load():
    return " ".join(f"{value:.1f}" for value in os.getloadavg())


def call(arguments):
    """Runs something that isn't measured; its output."""
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failure(f"exit code {done.returncode} of: {' '.join(arguments)[:300]}\n{done.stderr[-2000:]}")
    return done.stdout
