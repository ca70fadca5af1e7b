"""Asks the executors which Python they run and what they import from where, and prints the answers as JSON."""

import argparse
import json
import sys

from pyspark import SparkConf, SparkContext, SparkFiles

MODULES = ["attrs", "inflection", "more_itertools", "six", "sortedcontainers", "stations", "tabulate"]
# With native code: there only where the executors run on a packed environment that has it.
NATIVE_MODULES = ["markupsafe", "markupsafe._speedups"]


def report(numbers):
    """Runs on an executor."""
    import hashlib
    import importlib
    import os
    import socket

    modules = {}
    for name in MODULES + NATIVE_MODULES:
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError:
            if name in MODULES:
                raise
            continue
        modules[name] = {"version": getattr(module, "__version__", None), "file": module.__file__}
        archive = getattr(module.__spec__.loader, "archive", None)
        if archive is not None:
            with open(archive, "rb") as file:
                modules[name]["archiveSHA256"] = hashlib.sha256(file.read()).hexdigest()

    from stations import Reading, warmest

    readings = [Reading("north", 11.5), Reading("south", 24.0), Reading("north", 13.0)]
    with open(SparkFiles.get("app.yaml"), encoding="utf-8") as file:
        configuration = file.read()
    yield {
        "task": list(numbers),
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "directory": os.getcwd(),
        "python": sys.executable,
        "prefix": sys.prefix,
        "pythonVersion": sys.version.split()[0],
        "modules": modules,
        "configuration": configuration,
        "warmest": {name: reading.celsius for name, reading in warmest(readings).items()},
    }


def main():
    """Runs in the driver."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=2, help="how many, at the same time; each needs a core")
    parser.add_argument("--exit-code", type=int, default=0, help="to end with")
    parser.add_argument("words", nargs="*", help="to be found in the answer")
    arguments = parser.parse_args()

    # A barrier stage starts all its tasks at once, so that with one core each every executor gets one. Spark waits this
    # long before it asks again whether there are cores enough.
    configuration = SparkConf().set("spark.scheduler.barrier.maxConcurrentTasksCheck.interval", "1s")
    context = SparkContext(appName="report", conf=configuration)
    numbers = context.parallelize(range(arguments.tasks), arguments.tasks)
    answer = {
        "application": context.applicationId,
        "arguments": arguments.words,
        "driver": {"python": sys.executable},
        "properties": {key: value for key, value in context.getConf().getAll() if key.startswith("spark.demo.")},
        "executors": numbers.barrier().mapPartitions(report).collect(),
    }
    context.stop()
    json.dump(answer, sys.stdout, indent=2, sort_keys=True)
    print()
    sys.exit(arguments.exit_code)


if __name__ == "__main__":
    main()
