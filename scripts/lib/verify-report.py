"""Compares what the executors of manifests/demo reported with what `envsync args --json` said they get.

usage: verify-report.py PLAN REPORT EXECUTORS
"""

import json
import sys

plan_file, report_file, executors = sys.argv[1:]
with open(plan_file, encoding="utf-8") as file:
    plan = json.load(file)
with open(report_file, encoding="utf-8") as file:
    report = json.load(file)

problems = []
reports = report["executors"]
directories = {each["directory"] for each in reports}
if len(directories) != int(executors):
    problems.append(f"{len(directories)} executors reported, not {executors}")

for each in reports:
    if plan["archives"]:
        expected = f"{each['directory']}/{plan['archives'][0]['alias']}/bin/python"
        if each["python"] != expected:
            problems.append(f"an executor ran {each['python']}, not {expected}")
    for entry in plan["pyFiles"]:
        leaf = entry["uri"].rsplit("/", 1)[-1]
        name = entry["name"].replace("-", "_")
        module = each["modules"][name]
        if f"/{leaf}/{name}" not in module["file"]:
            problems.append(f"{name} was imported from {module['file']}, not from {leaf}")
        if module["archiveSHA256"] != entry["sha256"]:
            problems.append(f"{name} was imported from a zip with other bytes than the published ones")
        if entry.get("version") and module["version"] != entry["version"]:
            problems.append(f"{name} is {module['version']}, not {entry['version']}")

for problem in problems:
    print(f"error: {problem}", file=sys.stderr)
if problems:
    sys.exit(2)
print(
    f"verified: {len(directories)} executor(s) imported {len(plan['pyFiles'])} artifacts from the published objects"
    + (", on the archive's Python" if plan["archives"] else "")
)
