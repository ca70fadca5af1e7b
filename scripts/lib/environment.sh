# Shared shell functions: wheels, packed environments, and a Spark that keeps what it writes where it is told.
# Needs common.sh and python.sh.
# shellcheck shell=bash

# What packs environments; pip refuses anything but this.
PACKER=venv-pack==0.2.0
PACKER_SHA256=95c5a51b8e5576143843b7693e1ac275c627348477562669bcd250847fa08136

# ensure_tools: sets TOOLS to a virtual environment that holds pip and venv-pack.
ensure_tools() {
    local python
    python=$(base_python)
    TOOLS=$CACHE/tools-$(python_key "$python")
    [[ -f $TOOLS/complete ]] || with_lock "$TOOLS.lock" install_tools
}

install_tools() {
    [[ ! -f $TOOLS/complete ]] || return 0
    say "installing $PACKER (once) into $TOOLS"
    rm -rf "$TOOLS"
    mkdir -p "$(dirname "$TOOLS")"
    "$(base_python)" -m venv "$TOOLS" || die "'python3 -m venv' failed; run scripts/setup first"
    printf '%s --hash=sha256:%s\n' "$PACKER" "$PACKER_SHA256" >"$TOOLS/requirements.txt"
    "$TOOLS/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: \
        --require-hashes --requirement "$TOOLS/requirements.txt" >&2 ||
        die "pip could not install $PACKER (its message is above); is a package index reachable?"
    touch "$TOOLS/complete"
}

# fetch_wheels REQUIREMENTS DIRECTORY: pip downloads the wheels of a file of requirements with hashes.
fetch_wheels() {
    ensure_tools
    "$TOOLS/bin/python" -m pip download --quiet --disable-pip-version-check --progress-bar off \
        --require-hashes --no-deps --only-binary :all: --dest "$2" --requirement "$1" >&2 ||
        die "pip could not fetch the wheels of $1 (its message is above); is a package index reachable?"
}

# pack_environment REQUIREMENTS ARCHIVE: a relocatable virtual environment as a .tar.gz. Its interpreter is a symbolic
# link to this machine's Python.
pack_environment() {
    local work
    ensure_tools
    work=$(mktemp -d)
    "$(base_python)" -m venv --without-pip "$work/environment"
    "$TOOLS/bin/python" -m pip --python "$work/environment/bin/python" install --quiet --disable-pip-version-check \
        --no-deps --only-binary :all: --require-hashes --requirement "$1" >&2 ||
        die "pip could not install the packages of $1 (its message is above); is a package index reachable?"
    "$TOOLS/bin/venv-pack" --quiet --force --prefix "$work/environment" --output "$2" ||
        die "venv-pack could not pack an environment"
    chmod 644 "$2"
    rm -rf "$work"
}

# private_spark DIRECTORY: a SPARK_HOME made of symbolic links to the one there is. Spark's local-cluster mode unpacks
# everything under $SPARK_HOME/work and leaves it there.
private_spark() {
    local entry
    rm -rf "$1"
    mkdir -p "$1/work"
    for entry in "$SPARK_HOME"/*; do
        if [[ ${entry##*/} != work ]]; then ln -s "$entry" "$1/"; fi
    done
}
