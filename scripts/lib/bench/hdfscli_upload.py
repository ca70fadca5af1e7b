"""Uploads with HdfsCLI, 16 threads; what is there with the same size is not sent again.

Arguments: the NameNode's URL, the user, a directory in HDFS, and a file that lists local files, one a line.
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

from hdfs import InsecureClient


def main():
    url, user, directory, listing = sys.argv[1:]
    client = InsecureClient(url, user=user)
    client._session.trust_env = False  # as for the others: no proxy to a server on this machine

    def send(file):
        target = f"{directory}/{os.path.basename(file)}"
        known = client.status(target, strict=False)
        if known is None or known["length"] != os.path.getsize(file):
            client.upload(target, file, overwrite=True)

    with open(listing, encoding="utf-8") as lines:
        files = sorted(lines.read().splitlines(), key=os.path.getsize, reverse=True)
    with ThreadPoolExecutor(16) as pool:
        for _ in pool.map(send, files):
            pass


main()
