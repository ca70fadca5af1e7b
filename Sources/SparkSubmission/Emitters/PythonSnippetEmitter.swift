/// Writes a submission as Python that adds it to a running Spark session, for notebooks and shells.
///
/// - `SparkContext.getOrCreate` is whatever session there is, since a process has one at most; without one it starts one
///   with the job's properties.
/// - What a session has already is not added again: the context remembers what was, and `spark.files` and
///   `spark.archives` say what it was submitted with. Another version of an archive under the same alias is refused,
///   because driver and executors would then unpack different ones.
/// - An archive is unpacked by the driver below `SparkFiles`, and by each executor into its own directory, which on one
///   machine (`local[…]`) is the driver's.
/// - `SparkContext.environment` is what Python workers are started with (`rdd.py` and `udf.py` pass it on with each
///   function); changed, it makes Spark start new workers (`PythonWorkerFactory`).
public struct PythonSnippetEmitter: Sendable {
    /// Makes an emitter.
    public init() {}

    /// The snippet, for Python 3.6 and later.
    public func text(_ submission: Submission) -> String {
        let indentation = "    "
        let archives = submission.archives.map { ($0.argument, $0.linkName) }
        let unpacked = submission.pythonPath.compactMap { entry in entry.unpacked.map { (entry.name, $0) } }
        let properties = [("spark.master", submission.master.description)] + submission.conf.map { ($0.key, $0.value) }
        let values = [
            ("properties", PythonLiteral.dictionary(properties, indentation: indentation)),
            ("py_files", PythonLiteral.list(submission.pyFiles.map(\.argument), indentation: indentation)),
            ("files", PythonLiteral.list(submission.files.map(\.argument), indentation: indentation)),
            ("archives", PythonLiteral.pairs(archives, indentation: indentation)),
            ("packages", PythonLiteral.list(submission.pythonPath.map(\.name), indentation: indentation)),
            ("unpacked", PythonLiteral.dictionary(unpacked, indentation: indentation)),
        ]
        return Self.opening + values.map { "\(indentation)\($0.0) = \($0.1)\n" }.joined() + Self.body
    }

    private static let opening = """
        # Adds an environment to the running Spark session. Run it again, and nothing changes.
        def _envsync_add():
            import importlib
            import os
            import re
            import sys
            import warnings

            from pyspark import SparkConf, SparkContext, SparkFiles


        """

    private static let body = """

            if type(globals().get("spark")).__module__.startswith("pyspark.sql.connect"):
                raise RuntimeError("Spark Connect takes local files only; give these to the server when it starts")
            python = properties.get("spark.pyspark.python")
            if SparkContext._active_spark_context is None and python:
                os.environ.setdefault("PYSPARK_PYTHON", python)
            context = SparkContext.getOrCreate(SparkConf().setAll(list(properties.items())))
            configuration = context.getConf()
            if archives and not hasattr(context, "addArchive"):
                raise RuntimeError("archives need Spark 3.1 or later, and this is " + context.version)
            if python and context.pythonExec != python:
                warnings.warn("the workers of this session run %s, not %s; only a new session can change that"
                              % (context.pythonExec, python))
            different = [
                key for key, value in properties.items()
                if key != "spark.master" and not key.startswith("spark.pyspark.") and not key.endswith(".PYTHONPATH")
                and configuration.get(key) != value
            ]
            if different:
                warnings.warn("only a new session can have these as the job does: " + ", ".join(different))

            done = context.__dict__.setdefault("_envsync_done", {})
            submitted = set()
            for key in ("spark.files", "spark.archives"):
                submitted.update((configuration.get(key) or "").split(","))

            def add(method, argument, name, is_exclusive=True):
                if argument not in submitted and done.get(name) != argument:
                    if name in done or is_exclusive and os.path.lexists(SparkFiles.get(name)):
                        raise RuntimeError("this session has another %s already; start a new one" % name)
                    method(argument)
                done[name] = argument

            for uri in py_files:
                # On YARN, Spark itself has copied those that the session was submitted with.
                add(context.addPyFile, uri, uri.rsplit("/", 1)[1], is_exclusive=False)
            for uri in files:
                add(context.addFile, uri, uri.rsplit("/", 1)[1])
            for argument, name in archives:
                add(context.addArchive, argument, name)

            here = [unpacked[name] if os.path.isdir(unpacked.get(name, "")) else SparkFiles.get(name)
                    for name in packages]
            for directory in reversed(here):
                if directory not in sys.path:
                    sys.path.insert(1, directory)
            importlib.invalidate_caches()
            is_local = re.match(r"local(\\[|$)", context.master)
            there = here if is_local else ["./" + name for name in packages]
            others = context.environment.get("PYTHONPATH", "").split(":")
            path = there + [entry for entry in others if entry and entry not in there]
            if path:
                context.environment["PYTHONPATH"] = ":".join(path)


        _envsync_add()
        """
}
