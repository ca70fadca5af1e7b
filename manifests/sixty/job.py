"""Asks both executors what they import of what was pushed, and from where, and prints the answers as JSON."""

import argparse
import json
import sys

from pyspark import SparkConf, SparkContext

# Distributions and the modules that are imported of them, where those are called otherwise.
MODULES = {
    "cryptography": "cryptography.fernet",
    "fonttools": "fontTools.ttLib",
    "grpcio": "grpc",
    "lxml": "lxml.etree",
    "markupsafe": "markupsafe._speedups",
    "msgpack": "msgpack._cmsgpack",
    "pillow": "PIL.Image",
    "protobuf": "google.protobuf.message",
    "psycopg2-binary": "psycopg2",
    "python-dateutil": "dateutil.parser",
    "pyyaml": "yaml._yaml",
    "rpds-py": "rpds",
    "scikit-learn": "sklearn",
    "scipy": "scipy.linalg",
}


def answer():
    """What some of the packages compute, on an executor."""
    import botocore.loaders
    import certifi
    import numpy
    import pandas
    import pyarrow
    import pydantic
    import sqlalchemy

    frame = pandas.DataFrame({"station": ["north", "south", "north"], "celsius": [11.5, 24.0, 13.0]})
    table = pyarrow.Table.from_pandas(frame.groupby("station").max())
    with open(certifi.where(), encoding="utf-8") as file:
        certificates = file.read().count("BEGIN CERTIFICATE")
    with sqlalchemy.create_engine("sqlite://").connect() as connection:
        selected = connection.execute(sqlalchemy.text("select 6 * 7")).scalar()
    return {
        "botocore": "s3" in botocore.loaders.create_loader().list_available_services("service-2"),
        "certifi": certificates > 100,
        "numpy": float(numpy.linalg.det(numpy.array([[1.0, 2.0], [3.0, 4.0]])).round(6)),
        "pyarrow": table.to_pydict(),
        "pydantic": pydantic.TypeAdapter(list[int]).validate_python(["1", 2]),
        "sqlalchemy": selected,
    }


def report(named, groups):
    """Returns what runs on an executor: it imports everything that was pushed."""

    def run(numbers):
        import importlib
        import importlib.metadata
        import os
        import re

        modules, versions = {**MODULES, **named}, {}
        for distribution in importlib.metadata.distributions():
            if os.path.abspath(str(distribution.locate_file(""))).startswith(os.getcwd() + "/"):
                name = re.sub("[-_.]+", "-", distribution.metadata["Name"]).lower()
                versions[name] = distribution.version
        yield {
            "directory": os.getcwd(),
            "pid": os.getpid(),
            "python": sys.executable,
            "versions": versions,
            "files": {
                name: importlib.import_module(modules.get(name, name.replace("-", "_"))).__file__ for name in versions
            },
            "entryPoints": {
                entry.name: entry.load()() for group in groups for entry in importlib.metadata.entry_points(group=group)
            },
            "answer": json.dumps(answer(), sort_keys=True),
        }

    return run


def main():
    """Runs in the driver. A barrier stage starts its tasks at once, so that each executor, with one core, gets one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entry-points", action="append", default=[], metavar="GROUP", help="to be called")
    parser.add_argument("modules", nargs="*", metavar="DISTRIBUTION=MODULE", help="called otherwise than one thinks")
    arguments = parser.parse_args()

    configuration = SparkConf().set("spark.scheduler.barrier.maxConcurrentTasksCheck.interval", "1s")
    context = SparkContext(appName="report", conf=configuration)
    run = report(dict(each.split("=") for each in arguments.modules), arguments.entry_points)
    executors = context.parallelize(range(2), 2).barrier().mapPartitions(run).collect()
    context.stop()
    json.dump({"executors": executors}, sys.stdout, indent=2, sort_keys=True)
    print()


if __name__ == "__main__":
    main()
