"""Asks both executors what they import from where, and prints the answers as JSON."""

import json
import sys

from pyspark import SparkConf, SparkContext

# Distributions and the modules that are imported of them.
MODULES = {"markupsafe": "markupsafe._speedups"}


def answer():
    """What is safe to show."""
    import markupsafe

    return str(markupsafe.escape("<north>"))


def report(numbers):
    """Runs on an executor."""
    import importlib
    import importlib.metadata
    import os

    yield {
        "directory": os.getcwd(),
        "pid": os.getpid(),
        "python": sys.executable,
        "versions": {name: importlib.metadata.version(name) for name in MODULES},
        "files": {module: importlib.import_module(module).__file__ for module in MODULES.values()},
        "installed": sorted({each.metadata["Name"].lower() for each in importlib.metadata.distributions()}),
        "answer": json.dumps(answer()),
    }


def main():
    """Runs in the driver. A barrier stage starts its tasks at once, so that each executor, with one core, gets one."""
    configuration = SparkConf().set("spark.scheduler.barrier.maxConcurrentTasksCheck.interval", "1s")
    context = SparkContext(appName="report", conf=configuration)
    executors = context.parallelize(range(2), 2).barrier().mapPartitions(report).collect()
    context.stop()
    json.dump({"executors": executors}, sys.stdout, indent=2, sort_keys=True)
    print()


if __name__ == "__main__":
    main()
