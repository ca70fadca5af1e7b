# Shared shell functions: the state and the processes of one HDFS instance, all of it under $DIR.
# Needs common.sh, java.sh and hdfs-config.sh.
# shellcheck shell=bash

# In $DIR: instance (these variables), conf, namenode, datanode-<i>/{conf,data}, logs, run/<role>.pid.
instance_exists() { [[ -f $DIR/instance ]]; }

load_instance() {
    instance_exists || die "there is no HDFS in $DIR; start one with: scripts/hdfs start --dir $DIR"
    # shellcheck disable=SC1091 # written by save_instance
    source "$DIR/instance"
    SUPERUSER=$(superuser)
    WEBHDFS="http://127.0.0.1:$HTTP_PORT/webhdfs/v1"
}

save_instance() {
    {
        printf '# Written by scripts/hdfs.\n'
        declare -p RPC_PORT HTTP_PORT TRANSFER_PORTS DATANODE_HTTP_PORTS IPC_PORTS \
            DATANODES REPLICATION BLOCK_SIZE PERMISSIONS | sed 's/^declare \(-[-a]*\)/declare -g \1/'
    } >"$DIR/instance.new"
    mv "$DIR/instance.new" "$DIR/instance"
}

# HDFS's superuser is whoever runs the NameNode: the operating system's name for us.
superuser() { id -un; }

datanode_data() { printf '%s\n' "$DIR/datanode-$1/data"; }

# The argument by which a process of this instance is known again in /proc, whatever has become of its process id.
process_mark() { printf -- '-Denvsync.hdfs=%s/%s' "$DIR" "$1"; }

# pid_of ROLE: prints the process id of the running NameNode or DataNode; fails if it doesn't run.
pid_of() {
    local pid
    [[ -f $DIR/run/$1.pid ]] || return 1
    pid=$(<"$DIR/run/$1.pid")
    [[ $pid =~ ^[0-9]+$ ]] && is_ours "$pid" "$1" && printf '%s\n' "$pid"
}

is_ours() {
    tr '\0' '\n' 2>/dev/null <"/proc/$1/cmdline" | grep --quiet --line-regexp --fixed-strings -e "$(process_mark "$2")"
}

roles() {
    local index
    printf 'namenode\n'
    for ((index = 1; index <= DATANODES; index++)); do printf 'datanode-%s\n' "$index"; done
}

# launch ROLE CONFIGURATION CLASS: starts the server in the background.
launch() {
    local role=$1 configuration=$2 class=$3 log
    log=$DIR/logs/$role.log
    printf '=== %s %s\n' "$(date --iso-8601=seconds)" "$role" >>"$log"
    (
        # The caller's Hadoop settings, above all the name it acts under, are not the server's.
        unset HADOOP_USER_NAME HADOOP_PROXY_USER HADOOP_CONF_DIR CLASSPATH JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS
        mkdir -p "$DIR/tmp" && cd "$DIR" || exit
        # shellcheck disable=SC2086 # ENVSYNC_HDFS_JAVA_OPTIONS may be several words
        spawn "$log" "$JAVA" "$(process_mark "$role")" -Djava.io.tmpdir="$DIR/tmp" -Xmx512m -XX:+UseSerialGC "${HADOOP_JAVA_OPTIONS[@]}" \
            -Dhadoop.root.logger=INFO,console -Dproc_"${role%%-*}" ${ENVSYNC_HDFS_JAVA_OPTIONS:-} \
            -cp "$(hadoop_class_path "$configuration" "$DIR/webapps-path")" "$class"
        printf '%s\n' "$SPAWNED" >"$DIR/run/$role.pid"
        # Until it has become java it can't be known by its arguments.
        wait_for 10 launched "$SPAWNED" "$role"
    )
}

launched() { is_ours "$1" "$2" || ! kill -0 "$1" 2>/dev/null; }

launch_namenode() { launch namenode "$DIR/conf" org.apache.hadoop.hdfs.server.namenode.NameNode; }

launch_datanode() {
    launch "datanode-$1" "$DIR/datanode-$1/conf" org.apache.hadoop.hdfs.server.datanode.DataNode
}

# exec_tool CLASS ARGUMENTS...: turns this shell into a Hadoop program, acting as HADOOP_USER_NAME if that is set.
exec_tool() {
    exec "$JAVA" -Xmx512m -XX:+UseSerialGC "${HADOOP_JAVA_OPTIONS[@]}" \
        -cp "$(hadoop_class_path "$DIR/conf" "$DIR/webapps-path")" "$@"
}

# end_process SIGNAL ROLE: ends it if it runs and waits until it is gone.
end_process() {
    local pid
    if pid=$(pid_of "$2"); then
        say "ending $2 (process $pid, SIG$1)"
        kill -s "$1" "$pid" 2>/dev/null || true
        if ! wait_for 10 process_gone "$pid" "$2"; then
            kill -s KILL "$pid" 2>/dev/null || true
            wait_for 10 process_gone "$pid" "$2" || die "process $pid ($2) does not end"
        fi
    fi
    rm -f "$DIR/run/$2.pid"
}

process_gone() { ! is_ours "$1" "$2"; }

# webhdfs METHOD PATH QUERY [CURL OPTIONS...]: one request as the superuser; fails on an HTTP error.
webhdfs() {
    local method=$1 path=$2 query=$3
    shift 3
    curl --silent --show-error --fail --location --noproxy '*' --max-time 20 --request "$method" "$@" \
        "$WEBHDFS$path?$query&user.name=$SUPERUSER"
}

namenode_answers() { webhdfs GET / op=GETFILESTATUS >/dev/null 2>&1; }

# namenode_ready: it answers and lets us write; a NameNode that has died ends the wait.
namenode_ready() {
    pid_of namenode >/dev/null || return 0
    namenode_answers && [[ $(namenode_state FSState) == Operational ]]
}

# namenode_state KEY: one value of the NameNode's FSNamesystemState bean.
namenode_state() {
    curl --silent --fail --noproxy '*' --max-time 20 \
        "http://127.0.0.1:$HTTP_PORT/jmx?qry=Hadoop:service=NameNode,name=FSNamesystemState" |
        sed -n "s/.*\"$1\" : \"\{0,1\}\([^\",]*\).*/\1/p"
}

# write_works INDEX: creates, reads and deletes a file whose one replica lies on that DataNode.
write_works() {
    local name=/.envsync-probe-$$-$1 excluded="" index target
    for ((index = 1; index <= DATANODES; index++)); do
        if ((index != $1)); then excluded+=${excluded:+,}127.0.0.1:${TRANSFER_PORTS[index - 1]}; fi
    done
    # Asked without following the redirect, so that we see which DataNode it is.
    target=$(curl --silent --fail --noproxy '*' --max-time 20 --request PUT --output /dev/null \
        --write-out '%{redirect_url}' "$WEBHDFS$name?op=CREATE&overwrite=true&replication=1&user.name=$SUPERUSER$(
            printf '%s' "${excluded:+&excludedatanodes=$excluded}"
        )" 2>/dev/null) || return 1
    [[ $target == "http://127.0.0.1:${DATANODE_HTTP_PORTS[$1 - 1]}/"* ]] || return 1
    printf 'ready %s' "$1" | curl --silent --fail --noproxy '*' --max-time 20 --request PUT --upload-file - \
        --header 'Expect:' "$target" 2>/dev/null || return 1
    [[ $(webhdfs GET "$name" op=OPEN 2>/dev/null) == "ready $1" ]] || return 1
    webhdfs DELETE "$name" op=DELETE >/dev/null 2>&1
}

# datanode_settled INDEX: it takes a write, or it has died, which ends the wait.
datanode_settled() { ! pid_of "datanode-$1" >/dev/null || write_works "$1"; }

fail_with_log() {
    say "the last lines of $DIR/logs/$1.log:"
    { tail -n 30 "$DIR/logs/$1.log" | cut -c 1-240 >&2; } || true
    die "$2"
}

await_namenode() {
    wait_for 60 namenode_ready ||
        fail_with_log namenode "the NameNode was not ready in time (state: $(namenode_state FSState || true))"
    pid_of namenode >/dev/null || fail_with_log namenode "the NameNode ended by itself"
}

await_datanode() {
    wait_for 60 datanode_settled "$1" || fail_with_log "datanode-$1" "DataNode $1 took no write in time"
    pid_of "datanode-$1" >/dev/null || fail_with_log "datanode-$1" "DataNode $1 ended by itself"
}
