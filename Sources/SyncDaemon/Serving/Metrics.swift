/// What `/metrics` tells, as a function of what the daemon and the kernel say.
enum Metrics {
    private typealias Sample = MetricsText.Sample

    /// The whole answer.
    static func text(_ status: DaemonStatus, process: ProcessFigures?) -> String {
        var metrics = MetricsText()
        metrics.add(
            "envsync_build_info", .gauge, "The daemon's version, as a label of the number 1.",
            [Sample(["version": status.version], 1)])
        metrics.add(
            "envsync_start_time_seconds", .gauge, "When the daemon started, in seconds since 1970.",
            [Sample(status.startedAt)])
        metrics.add(
            "envsync_workspaces", .gauge, "Workspaces that the daemon serves.", [Sample(status.workspaces.count)])
        addCounters(status.workspaces, to: &metrics)
        addState(status.workspaces, to: &metrics)
        if let process { add(process, to: &metrics) }
        return metrics.text
    }

    private static func labels(_ workspace: WorkspaceStatus) -> KeyValuePairs<String, String> {
        ["workspace": workspace.directory, "environment": workspace.environment ?? ""]
    }

    private static func addCounters(_ workspaces: [WorkspaceStatus], to metrics: inout MetricsText) {
        metrics.add(
            "envsync_pushes_total", .counter,
            "Looks at the store since the daemon started: published a generation, found nothing to do, or failed.",
            workspaces.flatMap { workspace in
                [
                    ("published", workspace.counters.published), ("unchanged", workspace.counters.unchanged),
                    ("failed", workspace.counters.failed),
                ].map { outcome, count in
                    Sample(
                        [
                            "workspace": workspace.directory, "environment": workspace.environment ?? "",
                            "outcome": outcome,
                        ], count)
                }
            })
        func counter(_ name: String, _ help: String, _ value: (WorkspaceStatus.Counters) -> Int64) {
            metrics.add(
                name, .counter, help, workspaces.map { Sample(labels($0), Double(value($0.counters))) })
        }
        counter("envsync_sent_objects_total", "Objects sent to the store.") { Int64($0.objectsSent) }
        counter("envsync_sent_bytes_total", "Bytes of objects sent to the store.") { $0.bytesSent }
        counter("envsync_objects_verified_total", "Published objects compared with the server's checksums.") {
            Int64($0.objectsVerified)
        }
        counter("envsync_objects_healed_total", "Published objects that were missing or damaged, and sent again.") {
            Int64($0.objectsHealed)
        }
        counter("envsync_examinations_total", "Times that a workspace's files were looked at.") {
            Int64($0.examinations)
        }
        counter("envsync_watch_overflows_total", "Times that the kernel lost events of watched files.") {
            Int64($0.overflows)
        }
        metrics.addHistogram(
            "envsync_publish_lag_seconds", "From the first change of a file to the published generation.",
            bounds: WorkspaceStatus.Lag.bounds,
            workspaces.map { (labels($0), $0.counters.lag.counts, $0.counters.lag.sum) })
    }

    private static func addState(_ workspaces: [WorkspaceStatus], to metrics: inout MetricsText) {
        func gauge(_ name: String, _ help: String, _ value: (WorkspaceStatus) -> Double?) {
            metrics.add(
                name, .gauge, help,
                workspaces.compactMap { workspace in value(workspace).map { Sample(labels(workspace), $0) } })
        }
        gauge("envsync_in_sync", "1 if the store has what is on disk, as far as is known.") { $0.isInSync ? 1 : 0 }
        metrics.add(
            "envsync_phase", .gauge, "1 for what the daemon is doing for a workspace now.",
            workspaces.flatMap { workspace in
                WorkspaceStatus.Phase.allCases.map { phase in
                    Sample(
                        [
                            "workspace": workspace.directory, "environment": workspace.environment ?? "",
                            "phase": phase.rawValue,
                        ], workspace.phase == phase ? 1 : 0)
                }
            })
        metrics.add(
            "envsync_problem", .gauge, "1 for what keeps a workspace from being in sync.",
            workspaces.compactMap { workspace in
                workspace.problem.map {
                    Sample(
                        [
                            "workspace": workspace.directory, "environment": workspace.environment ?? "",
                            "code": $0.code,
                        ], 1)
                }
            })
        gauge("envsync_drift_findings", "Known differences between a workspace and the store.") {
            Double($0.drift.count)
        }
        metrics.add(
            "envsync_drift", .gauge,
            "Known differences between a workspace and the store, by the code of envsync check.",
            workspaces.flatMap { workspace in
                Dictionary(grouping: workspace.drift, by: \.code).sorted { $0.key < $1.key }.map { code, findings in
                    Sample(
                        ["workspace": workspace.directory, "environment": workspace.environment ?? "", "code": code],
                        findings.count)
                }
            })
        gauge("envsync_generation", "The generation that the store's ref names, when last asked.") {
            $0.generation.map { Double($0.number) }
        }
        gauge("envsync_last_publish_timestamp_seconds", "When that generation was published.") {
            $0.generation?.publishedAt
        }
        gauge("envsync_in_sync_timestamp_seconds", "When the store was last seen to have what is on disk.") {
            $0.inSyncAt
        }
        gauge("envsync_pending_changes", "Paths that changed and were not dealt with yet.") {
            Double($0.pendingChanges)
        }
        gauge("envsync_watched_paths", "Directories and files that are watched.") { Double($0.watched) }
        gauge("envsync_watch_polling", "1 if files are looked at again and again for want of the kernel's events.") {
            $0.watchMode == .polling ? 1 : 0
        }
        gauge("envsync_objects_unhealed", "Objects that the last scrub found missing or damaged and could not heal.") {
            $0.scrub.map { Double($0.unhealed) }
        }
        gauge("envsync_scrub_timestamp_seconds", "When the last scrub ended.") { $0.scrub?.finishedAt }
    }

    private static func add(_ process: ProcessFigures, to metrics: inout MetricsText) {
        metrics.add(
            "process_cpu_seconds_total", .counter, "Total user and system CPU time spent in seconds.",
            [Sample(process.cpuSeconds)])
        metrics.add(
            "process_resident_memory_bytes", .gauge, "Resident memory size in bytes.", [Sample(process.residentBytes)])
        metrics.add(
            "process_virtual_memory_bytes", .gauge, "Virtual memory size in bytes.", [Sample(process.virtualBytes)])
        metrics.add(
            "process_open_fds", .gauge, "Number of open file descriptors.", [Sample(process.openDescriptors)])
        metrics.add(
            "process_max_fds", .gauge, "Maximum number of open file descriptors.", [Sample(process.maximumDescriptors)])
        metrics.add("process_threads", .gauge, "Number of OS threads in the process.", [Sample(process.threads)])
        metrics.add(
            "process_start_time_seconds", .gauge, "Start time of the process since unix epoch in seconds.",
            [Sample(process.startedAt)])
    }
}
