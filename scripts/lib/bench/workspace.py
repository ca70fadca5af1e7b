"""The workspaces that envsync is measured in."""

import os
import shutil
import sqlite3
import time

# envsync relies on a file's fingerprint only if the file was left alone for two seconds before it was read.
SETTLING = 2.2


class Workspace:
    """A directory with an envsync.toml that lists plain files."""

    def __init__(self, directory):
        self.directory = directory
        self.files = []
        os.makedirs(directory)

    def add(self, source):
        """Takes over a file: by a link, or else by a copy."""
        target = os.path.join(self.directory, os.path.basename(source))
        try:
            os.link(source, target)
        except OSError:
            shutil.copyfile(source, target)
        self.files.append(target)

    def write(self, name, content):
        target = os.path.join(self.directory, name)
        with open(target, "wb") as output:
            output.write(content)
        self.files.append(target)

    def write_random(self, name, size):
        target = os.path.join(self.directory, name)
        with open(target, "wb") as output:
            left = size
            while left > 0:
                left -= output.write(os.urandom(min(left, 1 << 22)))
        self.files.append(target)

    def configure(self, store):
        """Writes envsync.toml; the lock says nothing about the store and stays as it is."""
        names = "".join(f'    "{os.path.basename(file)}",\n' for file in self.files)
        with open(os.path.join(self.directory, "envsync.toml"), "w", encoding="utf-8") as output:
            output.write(
                f'[store]\nurl = "{store}"\nreplication = 1\n\n[environment]\nname = "bench"\nfiles = [\n{names}]\n\n'
                '[jobs.nightly]\nmaster = "yarn"\ndeploy-mode = "cluster"\n')

    def configure_lockfile(self, store, requirements):
        """Writes an envsync.toml that has a lockfile choose among the files."""
        shutil.copyfile(requirements, os.path.join(self.directory, "requirements.txt"))
        with open(os.path.join(self.directory, "envsync.toml"), "w", encoding="utf-8") as output:
            output.write(
                f'[store]\nurl = "{store}"\n\n[environment]\nname = "bench"\nlockfile = "requirements.txt"\n'
                'target = { python = "3.11", platform = "manylinux_2_28_x86_64" }\nwheelhouse = ["."]\n\n'
                '[jobs.nightly]\nmaster = "yarn"\ndeploy-mode = "cluster"\n')

    def forget(self):
        """Removes all that envsync remembers and built."""
        shutil.rmtree(os.path.join(self.directory, ".envsync"), ignore_errors=True)

    def forget_layers(self):
        """Makes envsync build all layers again, without reading the wheels for anything else."""
        shutil.rmtree(os.path.join(self.directory, ".envsync", "build"), ignore_errors=True)
        with sqlite3.connect(os.path.join(self.directory, ".envsync", "state.sqlite")) as database:
            database.execute("DELETE FROM fingerprint WHERE path LIKE 'layer:%'")
        database.close()

    def settle(self):
        os.sync()
        time.sleep(SETTLING)

    def change(self, file):
        """Gives a file other content of the same size; the original, which may be a link, stays as it is."""
        with open(file, "rb") as original:
            content = bytearray(original.read())
        content[-64:] = os.urandom(64)
        with open(f"{file}.new", "wb") as output:
            output.write(content)
        os.rename(f"{file}.new", file)
