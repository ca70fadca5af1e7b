import EnvSyncModel
import Testing

@testable import SparkSubmission

/// One job and environment in each format, to the letter. The digests are `printf %s LEAF | sha256sum`.
struct GoldenFormatTests {
    static let kubernetes = "k8s://https://api.example:6443"
    static let base = "hdfs://ns1/apps/envsync"
    static let environment = "\(base)/\(GoldenWordsTests.environment)#environment"
    static let layer =
        "\(base)/objects/8f/8f247d253d34e4f9c184091d91d58d0136f2aca9a56cf47bbca3e095c25a7969/"
        + "layer-numpy-0a1b2c3d4e5f.tar.gz#layer-numpy"
    static let six = "\(base)/\(GoldenWordsTests.six)"
    static let settings = "\(base)/\(GoldenWordsTests.settings)"
    static let main = "\(base)/\(GoldenWordsTests.main)"

    static func text(
        _ format: LaunchFormat, _ master: String = "yarn", _ mode: Job.DeployMode = .cluster,
        arguments: [String] = ["--date", "2026-01-01"], conf: [String: String] = ["spark.executor.memory": "4g"],
        unpacked: [String: String] = [:], warnings: [PreflightFinding.Code] = []
    ) throws -> String {
        let job = try Fixture.job(master, mode, main: "jobs/nightly.py", arguments: arguments, conf: conf)
        let plan = try Fixture.plan(job, try Fixture.typical(), format: format, unpacked: unpacked)
        #expect(plan.errors == [])
        #expect(plan.warnings.map(\.code) == warnings)
        let text = try plan.text(format)
        #expect(try Fixture.plan(job, try Fixture.typical(), format: format, unpacked: unpacked).text(format) == text)
        #expect(!text.hasSuffix("\n"))
        return text
    }

    // MARK: conf

    @Test func confOnYARN() throws {
        #expect(
            try Self.text(.conf) == """
                # spark-submit --properties-file FILE \(Self.main) --date 2026-01-01
                spark.executor.memory=4g
                spark.executorEnv.PYTHONPATH=./layer-numpy
                spark.master=yarn
                spark.pyspark.python=./environment/bin/python
                spark.submit.deployMode=cluster
                spark.submit.pyFiles=\(Self.six)
                spark.yarn.appMasterEnv.PYTHONPATH=./layer-numpy
                spark.yarn.dist.archives=\(Self.environment),\(Self.layer)
                spark.yarn.dist.files=\(Self.settings)
                """)
    }

    @Test(arguments: ["spark://m:7077", "k8s://https://api.example:6443", "local-cluster[2,1,1024]"])
    func confElsewhere(_ master: String) throws {
        #expect(
            try Self.text(.conf, master, .client, warnings: [.driverPath]) == """
                # spark-submit --properties-file FILE \(Self.main) --date 2026-01-01
                spark.archives=\(Self.environment),\(Self.layer)
                spark.executor.memory=4g
                spark.executorEnv.PYTHONPATH=./layer-numpy
                spark.files=\(Self.settings)
                spark.master=\(master)
                spark.pyspark.driver.python=python3
                spark.pyspark.python=./environment/bin/python
                spark.submit.deployMode=client
                spark.submit.pyFiles=\(Self.six)
                """)
    }

    /// A property of the job that YARN merges with ours, one that needs escapes, and an argument with a line break.
    @Test func confOfHostileText() throws {
        let text = try Self.text(
            .conf, arguments: ["a\nspark.master=local"],
            conf: ["spark.yarn.dist.files": "hdfs://x/own", "spark.x!:#": "=a:b #!\\ü\u{1F600}\tc"],
            warnings: [.confHazard])
        let lines = text.split(separator: "\n").map(String.init)
        #expect(lines[0] == "# spark-submit --properties-file FILE \(Self.main) 'a")
        #expect(lines[1] == "# spark.master=local'")
        #expect(lines.contains("spark.yarn.dist.files=hdfs://x/own,\(Self.settings)"))
        #expect(lines.contains(##"spark.x\!\:\#==a:b #!\\\u00FC\uD83D\uDE00\tc"##))
        #expect(lines.filter { $0.hasPrefix("spark.master=") } == ["spark.master=yarn"])
    }

    // MARK: python

    /// The values; what is done with them is run by `LauncherTests`.
    @Test func python() throws {
        let text = try Self.text(.python, unpacked: ["layer-numpy-0a1b2c3d4e5f.tar.gz": "/home/ana/it's \"here\""])
        #expect(
            text.contains(
                """
                    properties = {
                        "spark.master": "yarn",
                        "spark.executor.memory": "4g",
                        "spark.executorEnv.PYTHONPATH": "./layer-numpy",
                        "spark.pyspark.python": "./environment/bin/python",
                        "spark.yarn.appMasterEnv.PYTHONPATH": "./layer-numpy",
                    }
                    py_files = [
                        "\(Self.six)",
                    ]
                    files = [
                        "\(Self.settings)",
                    ]
                    archives = [
                        ("\(Self.environment)", "environment"),
                        ("\(Self.layer)", "layer-numpy"),
                    ]
                    packages = [
                        "layer-numpy",
                    ]
                    unpacked = {
                        "layer-numpy": "/home/ana/it's \\"here\\"",
                    }

                """), "\(text)")
        #expect(text.hasSuffix("\n_envsync_add()"))
    }

    @Test func pythonOfAnEmptyEnvironment() throws {
        let text = try Fixture.plan(try Fixture.job("local[2]"), format: .python).text(.python)
        for name in ["py_files", "files", "archives", "packages"] { #expect(text.contains("\n    \(name) = []\n")) }
        #expect(text.contains("\n    unpacked = {}\n"))
    }

    // MARK: livy

    @Test func livy() throws {
        #expect(
            try Self.text(.livy) == """
                {
                  "archives" : [
                    "\(Self.environment)",
                    "\(Self.layer)"
                  ],
                  "args" : [
                    "--date",
                    "2026-01-01"
                  ],
                  "conf" : {
                    "spark.executor.memory" : "4g",
                    "spark.executorEnv.PYTHONPATH" : "./layer-numpy",
                    "spark.pyspark.python" : "./environment/bin/python",
                    "spark.yarn.appMasterEnv.PYTHONPATH" : "./layer-numpy"
                  },
                  "file" : "\(Self.main)",
                  "files" : [
                    "\(Self.settings)"
                  ],
                  "pyFiles" : [
                    "\(Self.six)"
                  ]
                }
                """)
    }

    /// Livy gives `archives` to YARN only.
    @Test func livyOffYARN() throws {
        let text = try Self.text(.livy, Self.kubernetes)
        #expect(text.contains("    \"spark.archives\" : \"\(Self.environment),\(Self.layer)\","))
        #expect(!text.contains("\"archives\""))
    }

    // MARK: airflow

    @Test func airflow() throws {
        #expect(
            try Self.text(.airflow) == """
                # conn_id: a Spark connection whose master is yarn
                application="\(Self.main)",
                application_args=[
                    "--date",
                    "2026-01-01",
                ],
                deploy_mode="cluster",
                name="nightly",
                py_files="\(Self.six)",
                files="\(Self.settings)",
                archives="\(Self.environment),\(Self.layer)",
                conf={
                    "spark.executor.memory": "4g",
                    "spark.executorEnv.PYTHONPATH": "./layer-numpy",
                    "spark.pyspark.python": "./environment/bin/python",
                    "spark.yarn.appMasterEnv.PYTHONPATH": "./layer-numpy",
                },
                """)
    }

    // MARK: spark-operator

    @Test func sparkOperator() throws {
        #expect(
            try Self.text(.sparkOperator, Self.kubernetes) == """
                # Add to spec: sparkVersion, image, driver, executor.
                apiVersion: sparkoperator.k8s.io/v1beta2
                kind: SparkApplication
                metadata:
                  name: "nightly"
                spec:
                  type: Python
                  pythonVersion: "3"
                  mode: cluster
                  mainApplicationFile: "\(Self.main)"
                  arguments:
                    - "--date"
                    - "2026-01-01"
                  deps:
                    pyFiles:
                      - "\(Self.six)"
                    files:
                      - "\(Self.settings)"
                  sparkConf:
                    "spark.archives": "\(Self.environment),\(Self.layer)"
                    "spark.executor.memory": "4g"
                    "spark.executorEnv.PYTHONPATH": "./layer-numpy"
                    "spark.kubernetes.driverEnv.PYTHONPATH": "./layer-numpy"
                    "spark.pyspark.python": "./environment/bin/python"
                """)
    }

    @Test(
        arguments: [
            ("nightly", "nightly"), ("Nightly_Run.2", "nightly-run-2"), ("2-x", "x"), ("+", "job"), ("a-", "a"),
            (String(repeating: "a", count: 90), String(repeating: "a", count: 50)),
        ])
    func namesForKubernetes(_ name: String, _ object: String) {
        #expect(SparkOperatorEmitter.objectName(name) == object)
    }
}
