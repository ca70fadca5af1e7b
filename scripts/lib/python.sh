# Shared shell functions: virtual environments and packages, fetched by pip as it is set up on this machine.
# Needs common.sh.
# shellcheck shell=bash

# Building and even downloading a source distribution runs its setup.py. These versions do that for both PySpark
# releases that we use, on Python 3.8 to 3.13; setuptools 72 and later no longer do.
BUILD_REQUIREMENTS=(setuptools==69.5.1 wheel==0.43.0)

base_python() {
    local python=${ENVSYNC_PYTHON:-python3}
    command -v "$python" >/dev/null 2>&1 || die "no Python: '$python' is not on PATH; run scripts/setup first"
    printf '%s\n' "$python"
}

# The version and the base interpreter decide which cached virtual environment fits: prints for example 3.11-1a2b3c4d.
python_key() {
    "$1" -c 'import hashlib, sys
print("%d.%d-%s" % (*sys.version_info[:2], hashlib.sha256(sys.base_prefix.encode()).hexdigest()[:8]))'
}

# make_venv DIRECTORY: a new virtual environment (PEP 668: the system's own Python is left alone).
make_venv() {
    local python
    python=$(base_python)
    rm -rf "$1"
    mkdir -p "$(dirname "$1")"
    "$python" -m venv "$1" ||
        die "'$python -m venv' failed; on Debian it needs the package python3-venv: run scripts/setup first"
    "$1/bin/python" -m pip install --quiet --disable-pip-version-check "${BUILD_REQUIREMENTS[@]}" ||
        die "pip could not install ${BUILD_REQUIREMENTS[*]} (its message is above); is a package index reachable?"
}

# download_sdist REQUIREMENT SHA256 DIRECTORY: pip fetches the source distribution into the directory and checks
# its hash; so do we, since a pip configuration may name other sources.
download_sdist() {
    local requirement=$1 sha256=$2 directory=$3 venv=$3/venv file
    make_venv "$venv"
    printf '%s --hash=sha256:%s\n' "$requirement" "$sha256" >"$directory/requirements.txt"
    "$venv/bin/python" -m pip download --disable-pip-version-check --progress-bar off --quiet \
        --no-deps --no-build-isolation --require-hashes \
        --dest "$directory/download" --requirement "$directory/requirements.txt" >&2 ||
        die "pip could not fetch $requirement (its message is above); is a package index reachable?"
    for file in "$directory"/download/*.tar.gz; do
        printf '%s  %s\n' "$sha256" "$file" | sha256sum --check --status || die "$file has not the SHA-256 $sha256"
        printf '%s\n' "$file"
    done
}
