# Shared shell functions: the configuration files of one HDFS instance. Needs java.sh.
# Reads the instance's variables (see load_instance in hdfs-instance.sh).
# shellcheck shell=bash disable=SC2154

property() { printf '    <property><name>%s</name><value>%s</value></property>\n' "$1" "$2"; }

# configuration_file FILE: standard input, properties, becomes a Hadoop configuration file.
configuration_file() {
    {
        printf '<?xml version="1.0" encoding="UTF-8"?>\n<configuration>\n'
        cat
        printf '</configuration>\n'
    } >"$1.new"
    mv "$1.new" "$1"
}

write_configuration() {
    local webapp index
    mkdir -p "$DIR/conf" "$DIR/logs" "$DIR/run"
    for webapp in hdfs datanode; do
        mkdir -p "$DIR/webapps-path/webapps/$webapp/WEB-INF"
        printf '<web-app version="2.4"></web-app>\n' >"$DIR/webapps-path/webapps/$webapp/WEB-INF/web.xml"
    done
    mkdir -p "$DIR/webapps-path/webapps/static"
    cat >"$DIR/conf/log4j.properties" <<'LOG4J'
log4j.rootLogger=${hadoop.root.logger}
hadoop.root.logger=WARN,console
log4j.appender.console=org.apache.log4j.ConsoleAppender
log4j.appender.console.target=System.err
log4j.appender.console.layout=org.apache.log4j.PatternLayout
log4j.appender.console.layout.ConversionPattern=%d{ISO8601} %p %c{2}: %m%n
log4j.logger.org.apache.hadoop.util.NativeCodeLoader=ERROR
LOG4J
    {
        property fs.defaultFS "hdfs://127.0.0.1:$RPC_PORT"
        property hadoop.tmp.dir "$DIR/tmp"
        # Two users who share the group etl, and a third who doesn't.
        property hadoop.user.group.static.mapping.overrides 'dr.who=;ana=ana,etl;bob=bob,etl;carol=carol'
    } | configuration_file "$DIR/conf/core-site.xml"
    {
        property dfs.namenode.rpc-address "127.0.0.1:$RPC_PORT"
        property dfs.namenode.http-address "127.0.0.1:$HTTP_PORT"
        property dfs.namenode.name.dir "file://$DIR/namenode"
        property dfs.webhdfs.enabled true
        property dfs.permissions.enabled "$PERMISSIONS"
        property dfs.namenode.acls.enabled true
        property dfs.replication "$REPLICATION"
        property dfs.blocksize "$BLOCK_SIZE"
        property dfs.namenode.datanode.registration.ip-hostname-check false
        # Faults are noticed after 2 * 0.5 s + 10 * 1 s instead of ten and a half minutes.
        property dfs.heartbeat.interval 1
        property dfs.namenode.heartbeat.recheck-interval 500
        property dfs.namenode.stale.datanode.interval 5000
        # Out of safe mode as soon as the blocks are reported.
        property dfs.namenode.safemode.extension 0
        property dfs.namenode.safemode.min.datanodes 0
        # With one, two or three DataNodes there is nowhere else to go: a busy one is still chosen, and a write
        # goes on with the DataNodes that are left.
        property dfs.namenode.replication.considerLoad false
        property dfs.client.block.write.replace-datanode-on-failure.best-effort true
        # The background scanner would find a replica that a test damages at a moment of its own.
        property dfs.block.scanner.volume.bytes.per.second 0
        # Many concurrent uploads, as on a real cluster.
        property dfs.namenode.handler.count 32
        property dfs.datanode.handler.count 32
        property dfs.datanode.hostname 127.0.0.1
    } | configuration_file "$DIR/conf/hdfs-site.xml"
    for ((index = 1; index <= DATANODES; index++)); do
        mkdir -p "$DIR/datanode-$index/conf" "$(datanode_data "$index")"
        cp "$DIR/conf/core-site.xml" "$DIR/conf/log4j.properties" "$DIR/datanode-$index/conf/"
        {
            sed '/<?xml/d; /configuration>/d' "$DIR/conf/hdfs-site.xml"
            property dfs.datanode.address "127.0.0.1:${TRANSFER_PORTS[index - 1]}"
            property dfs.datanode.http.address "127.0.0.1:${DATANODE_HTTP_PORTS[index - 1]}"
            property dfs.datanode.ipc.address "127.0.0.1:${IPC_PORTS[index - 1]}"
            property dfs.datanode.data.dir "file://$(datanode_data "$index")"
            property dfs.datanode.du.reserved 0
        } | configuration_file "$DIR/datanode-$index/conf/hdfs-site.xml"
    done
}
