"""The ways to get local files to HDFS that are compared."""

import json
import os

from measure import Failure, call, run

# No proxy to a server on this machine.
CURL = ["curl", "-sS", "-f", "--noproxy", "*"]
HERE = os.path.dirname(os.path.abspath(__file__))


class Server:
    """The HDFS, for what is not measured: directories and sizes."""

    def __init__(self, options):
        self.options = options

    @property
    def title(self):
        return " on HDFS 2.7.4, one DataNode, replication 1" if self.options.webhdfs else ""

    def restart(self, java_options):
        """Ends and starts the HDFS, with further options for its Java; its port may be another one then."""
        script, directory = self.options.hdfs_script, self.options.hdfs_directory
        call([script, "stop", "--dir", directory])
        os.environ["ENVSYNC_HDFS_JAVA_OPTIONS"] = java_options
        self.options.webhdfs = call([script, "start", "--dir", directory]).split()[0]

    def url(self, path, operation):
        base = self.options.webhdfs.replace("webhdfs://", "http://")
        return f"{base}/webhdfs/v1{path}?op={operation}&user.name={self.options.user}"

    def request(self, method, path, operation):
        return call([*CURL, "-X", method, self.url(path, operation)])

    def make(self, path):
        self.request("PUT", path, "MKDIRS")

    def remove(self, path):
        self.request("DELETE", path, "DELETE&recursive=true")

    def size(self, path):
        summary = json.loads(self.request("GET", path, "GETCONTENTSUMMARY"))["ContentSummary"]
        return summary["fileCount"], summary["length"]


class Way:
    """A way to send `files` (local paths) to a directory in HDFS."""

    def __init__(self, server, name):
        self.server = server
        self.options = server.options
        self.name = name
        self.directory = ""

    def begin(self, round_number, files):
        """An empty place for a cold run."""
        self.files = files
        self.directory = f"/bench/{self.name}-{round_number}"
        self.server.make(self.directory)

    def verify(self):
        """Whether all that was sent is there."""
        wanted = (len(self.files), sum(map(os.path.getsize, self.files)))
        found = self.server.size(self.directory)
        if found != wanted:
            raise Failure(f"{self.name} left {found[0]} files, {found[1]} bytes; {wanted[0]}, {wanted[1]} were sent")

    def end(self):
        self.server.remove(self.directory)


class Curl(Way):
    title = "curl -T, 16 at once"

    def __init__(self, server):
        super().__init__(server, "curl")

    def cold(self):
        # Large files first, as is best for it; two words a file.
        words = []
        for file in sorted(self.files, key=os.path.getsize, reverse=True):
            words += [file, self.target(file)]
        listing = os.path.join(self.options.directory, "curl-files")
        with open(listing, "w", encoding="utf-8") as output:
            output.write("\0".join(words) + "\0")
        return run(["xargs", "-0", "-a", listing, "-P", "16", "-n", "2", *CURL, "-L", "-T"])

    def target(self, file):
        return self.server.url(f"{self.directory}/{os.path.basename(file)}", "CREATE&overwrite=true")

    def one(self, file):
        """One file's own upload."""
        return run([*CURL, "-L", "-T", file, self.target(file)])


class FsShell(Way):
    title = "FsShell -put, one JVM"

    def __init__(self, server):
        super().__init__(server, "fsshell")

    def put(self, files, *flags, expected=(0,)):
        options = self.options
        return run(
            [options.hdfs_script, "dfs", "--dir", options.hdfs_directory, "--", "-put", *flags, *files, self.directory],
            expected)

    def cold(self):
        return self.put(self.files)

    def again(self):
        # It says of each file that it exists, and exits with 1.
        return self.put(self.files, expected=(1,))

    def changed(self, file):
        return self.put([file], "-f")


class HdfsCLI(Way):
    title = "HdfsCLI, 16 threads"

    def __init__(self, server):
        super().__init__(server, "hdfscli")

    def send(self, files):
        options = self.options
        listing = os.path.join(options.directory, "hdfscli-files")
        with open(listing, "w", encoding="utf-8") as output:
            output.write("\n".join(files))
        return run(
            [options.hdfscli_python, os.path.join(HERE, "hdfscli_upload.py"),
             options.webhdfs.replace("webhdfs://", "http://"), options.user, self.directory, listing])

    def cold(self):
        return self.send(self.files)

    def again(self):
        return self.send(self.files)

    def changed(self, file):
        return self.send(self.files)


class EnvSync(Way):
    title = "envsync"

    def __init__(self, server, workspace, jobs=16):
        super().__init__(server, "envsync")
        self.workspace = workspace
        self.jobs = jobs

    def begin(self, round_number, files):
        super().begin(round_number, files)
        self.workspace.configure(f"{self.options.webhdfs}{self.directory}/store")

    def envsync(self, *words, expected=(0,)):
        return run([self.options.binary, *words, "-C", self.workspace.directory], expected)

    def push(self):
        outcome = self.envsync("push", "--json", "--quiet", "--jobs", str(self.jobs))
        outcome.document = json.loads(outcome.output)
        return outcome

    def cold(self):
        outcome = self.push()
        if outcome.document["objectsSent"] != len(self.files):
            raise Failure(f"envsync sent {outcome.document['objectsSent']} of {len(self.files)} objects")
        return outcome

    def again(self):
        outcome = self.push()
        if outcome.document["objectsSent"] != 0:
            raise Failure("envsync sent something that was there")
        return outcome

    def changed(self, file):
        outcome = self.push()
        if outcome.document["objectsSent"] != 1:
            raise Failure(f"envsync sent {outcome.document['objectsSent']} objects, not the one that changed")
        return outcome

    def lock(self):
        return self.envsync("lock", "--quiet")

    def check(self, *flags):
        outcome = self.envsync("check", "--json", "--quiet", *flags)
        outcome.document = json.loads(outcome.output)
        return outcome

    def verify(self):
        self.check("--deep")
