import Testing

@testable import EnvSyncModel

struct StoreLocationTests {
    @Test(
        arguments: [
            ("hdfs://ns1/apps/envsync", StoreLocation.Scheme.hdfs, "ns1", "/apps/envsync"),
            ("hdfs://nn:8020/a", .hdfs, "nn:8020", "/a"), ("HDFS://nn/a", .hdfs, "nn", "/a"),
            ("webhdfs://nn.example:9870//a///b/", .webhdfs, "nn.example:9870", "/a/b"),
            ("swebhdfs://[::1]:9871/a", .swebhdfs, "[::1]:9871", "/a"), ("file:///w/store", .file, "", "/w/store"),
            ("file://localhost/w", .file, "", "/w"), ("file:///a b/é,#%", .file, "", "/a b/é,#%"),
            ("hdfs://n/a+b=c@d~e", .hdfs, "n", "/a+b=c@d~e"),
        ])
    func good(_ text: String, _ scheme: StoreLocation.Scheme, _ authority: String, _ path: String) throws {
        let location = try StoreLocation(parsing: text)
        #expect(location == StoreLocation(scheme: scheme, authority: authority, path: path))
        #expect(try StoreLocation(parsing: location.description) == location)
    }

    @Test(
        arguments: [
            ("", "no scheme"), ("/a/b", "no scheme"), ("hdfs:/a", "no scheme"), ("s3://b/a", "unknown scheme"),
            ("://a/b", "unknown scheme"),
            ("hdfs:///a", "host"), ("hdfs://a b/c", "host"), ("hdfs://h%41/c", "host"), ("hdfs://h\n/c", "host"),
            ("file://host/a", "names a host"),
            ("hdfs://ns1", "no directory"), ("hdfs://ns1/", "no directory"), ("file:///", "no directory"),
            ("file://", "no directory"),
            ("hdfs://n/a/../b", "component"), ("hdfs://n/./b", "component"), ("file:///a/../b", "component"),
            ("file:///a\nb", "component"),
            ("hdfs://n/a b", "component"), ("hdfs://n/a:b", "component"), ("hdfs://n/a%b", "component"),
            ("hdfs://n/a,b", "component"),
            ("hdfs://n/a#b", "component"), ("hdfs://n/a*", "component"), ("hdfs://n/$(x)", "component"),
            ("hdfs://n/'", "component"),
        ])
    func bad(_ text: String, _ rule: String) {
        let error = #expect(throws: InvalidName.self) { try StoreLocation(parsing: text) }
        #expect(error?.description.contains(rule) == true, "\(String(describing: error))")
        #expect(error?.description.contains("\n") == false)
    }

    @Test(arguments: ["hdfs://ana:secret@nn/a", "webhdfs://secret@nn:1/a", "file://u:secret@/a"])
    func credentialsAreRefusedAndNotRepeated(_ text: String) {
        let error = #expect(throws: InvalidName.self) { try StoreLocation(parsing: text) }
        #expect(error?.description.contains("credentials") == true)
        #expect(error?.description.contains("secret") == false)
    }

    @Test func sharingModes() {
        #expect(StoreSharing.allCases.map(\.directoryMode) == [0o755, 0o775, 0o1777])
        #expect(StoreSharing.allCases.map(\.environmentMode) == [0o755, 0o775, 0o777])
    }
}

struct SparkMasterTests {
    @Test(
        arguments: [
            ("yarn", SparkMaster.yarn), ("local", .local("local")), ("local[4]", .local("local[4]")),
            ("local[*]", .local("local[*]")),
            ("local[4,2]", .local("local[4,2]")), ("local[*,3]", .local("local[*,3]")),
            ("local-cluster[2,1,1024]", .localCluster("local-cluster[2,1,1024]")),
            ("local-cluster[2, 1, 1024]", .localCluster("local-cluster[2, 1, 1024]")),
            ("spark://host:7077", .standalone("spark://host:7077")),
            ("spark://a:1,b:2", .standalone("spark://a:1,b:2")),
            ("k8s://https://api:6443", .kubernetes("k8s://https://api:6443")),
            ("k8s://http://api", .kubernetes("k8s://http://api")),
            ("k8s://api:6443/path", .kubernetes("k8s://api:6443/path")),
            ("k8s://https://[::1]:6443", .kubernetes("k8s://https://[::1]:6443")),
        ])
    func good(_ text: String, _ master: SparkMaster) {
        #expect(SparkMaster(text) == master)
        #expect(SparkMaster(text)?.description == text)
    }

    @Test(
        arguments: [
            "", " ", "YARN", "yarn ", "yarn-client", "local[", "local[]", "local[0]", "local[-1]", "local[a]",
            "local[1,2,3]", "local[1,]", "localhost",
            "local-cluster[1,1]", "local-cluster[1,1,0]", "local-cluster[,,]", "local-cluster[a,b,c]", "spark://",
            "spark://a b", "spark://a\n:1",
            "mesos://a:1", "spark://\u{7f}:1", "k8s", "k8s://", "k8s://https://", "k8s://https:///x", "k8s://:6443",
            "k8s://ftp://a", "k8s://https://http://a", "k8s://https://a b", "k8s://a\n", "K8S://a",
        ])
    func bad(_ text: String) {
        #expect(SparkMaster(text) == nil)
    }
}

struct WorkspaceConfigurationTests {
    @Test func jobsAreSortedAndFound() throws {
        let jobs = try ["b", "a", "C"].map { Job(name: try JobName($0)) }
        let configuration = WorkspaceConfiguration(
            store: StoreConfiguration(), environment: try EnvironmentName("e"), jobs: jobs)
        #expect(configuration.jobs.map(\.name.text) == ["C", "a", "b"])
        #expect(configuration.job(try JobName("a")) == jobs[1])
        #expect(configuration.job(try JobName("z")) == nil)
    }

    @Test func errorsAsLines() {
        let error = EnvSyncError(
            .refused, "cannot", reason: "one\ntwo", suggestion: "do this", consequence: "nothing was published")
        #expect(
            error.lines == [
                "cannot", "  server:  one\n           two", "  try:     do this", "  nothing was published",
            ])
        #expect(error.description == error.lines.joined(separator: "\n"))
    }
}
