# Shared shell functions: the Java runtime and the real Hadoop's class path. Needs common.sh and python.sh.
# shellcheck shell=bash

# Hadoop 2.7.4 with its server classes: the only place outside Apache's own where they are found complete is the
# source distribution of this PySpark release, which carries them as deps/jars.
HADOOP_REQUIREMENT=pyspark==3.0.2
HADOOP_SDIST_SHA256=d4f2ced43394ad773f7b516a4bbcb5821a940462a17b1a25f175c83771b62ebc
HADOOP_JARS=$CACHE/hadoop-2.7.4/jars

# Debian's JAX-RS 1 and Jersey 1, which must come before Spark's JAX-RS 2 or WebHDFS answers 500.
JERSEY_JARS=(/usr/share/java/jsr311-api.jar /usr/share/java/jersey1-core.jar
    /usr/share/java/jersey1-server.jar /usr/share/java/jersey1-servlet.jar)

# Hadoop 2.7.4 and Spark 3.5 reflect into these packages.
HADOOP_JAVA_OPTIONS=()
for package in java.lang java.lang.reflect java.net java.nio java.util sun.nio.ch; do
    HADOOP_JAVA_OPTIONS+=("--add-opens=java.base/$package=ALL-UNNAMED")
done

# java_major JAVA: its feature release, for example 17; nothing if it doesn't run.
java_major() { "$1" -version 2>&1 | sed -n '1s/.* version "\([0-9]*\).*/\1/p'; }

# find_java: sets JAVA_HOME and JAVA to a runtime that Hadoop 2.7.4 and Spark 3.5 both run on (11 or 17).
find_java() {
    local candidate major
    for candidate in ${JAVA_HOME:+"$JAVA_HOME/bin/java"} "$(command -v java || true)" \
        /usr/lib/jvm/java-17-openjdk-*/bin/java /usr/lib/jvm/java-11-openjdk-*/bin/java; do
        [[ -x $candidate ]] || continue
        major=$(java_major "$candidate")
        if [[ $major == 17 || $major == 11 ]]; then
            JAVA=$(readlink -f "$candidate")
            JAVA_HOME=${JAVA%/bin/java}
            export JAVA JAVA_HOME
            return
        fi
    done
    die "no Java 17 runtime found; run scripts/setup --servers first"
}

# ensure_hadoop: the jars in the cache, fetched on first use.
ensure_hadoop() {
    local jar
    for jar in "${JERSEY_JARS[@]}"; do
        [[ -f $jar ]] || die "$jar is missing; run scripts/setup --servers first"
    done
    [[ -d $HADOOP_JARS ]] || with_lock "$CACHE/hadoop-2.7.4.lock" fetch_hadoop
}

fetch_hadoop() {
    local work sdist
    [[ ! -d $HADOOP_JARS ]] || return 0
    work=$(mktemp -d "$CACHE/hadoop.XXXXXX")
    # shellcheck disable=SC2064 # this run's directory, whatever the variable holds later
    trap "rm -rf '$work'" EXIT
    say "fetching Hadoop 2.7.4 (205 MB, once) into $CACHE"
    sdist=$(download_sdist "$HADOOP_REQUIREMENT" "$HADOOP_SDIST_SHA256" "$work")
    [[ -f $sdist ]] || die "pip gave no source distribution of $HADOOP_REQUIREMENT"
    mkdir "$work/unpacked"
    tar -xzf "$sdist" -C "$work/unpacked" --strip-components=2 --wildcards '*/deps/jars'
    [[ -f $work/unpacked/jars/hadoop-hdfs-2.7.4.jar ]] || die "$HADOOP_REQUIREMENT holds no hadoop-hdfs-2.7.4.jar"
    mkdir -p "${HADOOP_JARS%/*}"
    mv "$work/unpacked/jars" "$HADOOP_JARS"
    say "Hadoop 2.7.4 is in $HADOOP_JARS"
}

# hadoop_class_path CONFIGURATION WEBAPPS: the order matters (see JERSEY_JARS).
hadoop_class_path() {
    local IFS=:
    printf '%s' "$1:$2:${JERSEY_JARS[*]}:$HADOOP_JARS/*"
}
