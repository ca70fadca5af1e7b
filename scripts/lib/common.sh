# Shared shell functions: messages, directories, deadlines, free ports, locks.
# Sourced by the scripts beside this folder, which have set -euo pipefail.
# shellcheck shell=bash

# A failure inside $(…) is a failure.
shopt -s inherit_errexit

# What is being done goes to standard error, so that a script's standard output holds only its result.
say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

# Exit code 2 everywhere means "could not do its work".
die() {
    printf '%s: error: %s\n' "${0##*/}" "$*" >&2
    exit 2
}

usage_error() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    printf "Try '%s --help'.\n" "$0" >&2
    exit 64
}

# Prints the comment block at the top of the running script, which is its help text.
print_help() { awk 'NR == 1 { next } /^#/ { sub(/^# ?/, ""); print; next } { exit }' "$0"; }

REPOSITORY=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
# Downloads and virtual environments that every clone can share; safe to delete at any time nothing of it runs.
CACHE=${ENVSYNC_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/envsync-dev}
export REPOSITORY CACHE

need_command() {
    command -v "$1" >/dev/null 2>&1 || die "'$1' is not installed; run scripts/setup${2:+ $2} first"
}

absolute_path() {
    case $1 in
    /*) printf '%s\n' "$1" ;;
    *) printf '%s/%s\n' "$PWD" "$1" ;;
    esac
}

# wait_for SECONDS COMMAND...: runs the command five times a second until it succeeds; fails at the deadline.
wait_for() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        if ((SECONDS >= deadline)); then return 1; fi
        sleep 0.2
    done
}

# free_ports COUNT: prints that many different free loopback TCP ports, one a line.
# They lie below the range from which the kernel takes ports for outgoing connections, so that a server that is
# stopped and started again on its port finds it free.
free_ports() {
    need_command python3
    python3 - "$1" <<'PYTHON'
import random, socket, sys

with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
    ceiling = int(file.read().split()[0])
low, high = (10240, ceiling) if ceiling > 12000 else (10240, 65536)
taken = []
for _ in range(10000):
    if len(taken) == int(sys.argv[1]):
        break
    candidate = socket.socket()
    try:
        candidate.bind(("127.0.0.1", random.randrange(low, high)))
        taken.append(candidate)
    except OSError:
        candidate.close()
else:
    sys.exit("no free loopback ports")
for each in taken:
    print(each.getsockname()[1])
PYTHON
}

# ports_are_free PORT...: whether a server could listen on each of them now.
ports_are_free() {
    python3 - "$@" <<'PYTHON'
import socket, sys

for port in sys.argv[1:]:
    with socket.socket() as candidate:
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind(("127.0.0.1", int(port)))
        except OSError:
            sys.exit(1)
PYTHON
}

# with_lock FILE COMMAND...: runs the command (which may be a function) while holding an exclusive lock on FILE.
# The command runs in a subshell whose descriptor 9 is the lock: a process it leaves behind must not inherit it.
with_lock() {
    local file=$1
    shift
    need_command flock
    mkdir -p "$(dirname "$file")"
    (
        if ! flock --nonblock 9; then
            say "waiting for another run to finish ($file)"
            flock 9
        fi
        "$@"
    ) 9>>"$file"
}

# spawn LOG COMMAND...: starts a process that outlives this shell, in a session of its own, with none of our
# descriptors but standard output and error in LOG. Its process id is left in SPAWNED.
spawn() {
    local log=$1
    shift
    (
        for descriptor in /proc/"$BASHPID"/fd/*; do
            descriptor=${descriptor##*/}
            if ((descriptor > 2)); then eval "exec $descriptor>&-"; fi
        done
        ulimit -c 0
        exec setsid "$@"
    ) </dev/null >>"$log" 2>&1 &
    SPAWNED=$!
    disown "$SPAWNED" 2>/dev/null || true
}
