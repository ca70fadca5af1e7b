import EnvSyncModel

/// What `envsync init` writes.
public enum ConfigurationTemplate {
    /// A name for an environment, made from that of its directory.
    public static func environmentName(forDirectory name: String) -> EnvironmentName? {
        try? EnvironmentName(String(LeafName.sanitized(name).prefix(100)))
    }

    /// A configuration with every key that there is, explained in one line each.
    ///
    /// Lines that begin with `#` and no space are keys to be used by removing the `#`.
    public static func text(environmentName: EnvironmentName) -> String {
        """
        # envsync.toml: what to ship to the workers of a Spark cluster, and where to.
        # Remove the # in front of the keys that you want. Paths are relative to this file.

        [environment]
        # The environment's name in the store.
        name = "\(environmentName.text)"
        # What to install: pylock.toml, requirements.txt with hashes, uv.lock, poetry.lock, Pipfile.lock, pdm.lock,
        # conda-lock.yml, or a conda environment.yml to hold an archive against.
        #lockfile = "uv.lock"
        # For which Python and platform: that of the workers, whatever this machine is.
        #target = { python = "3.11", platform = "manylinux_2_28_x86_64" }
        # Extras and dependency groups of the lockfile.
        #extras = ["parquet"]
        #groups = ["jobs"]
        # What gets wheels that are nowhere here: "pip" or "uv" (a pip that uv brings).
        #fetch = "pip"
        # Wheels that can't travel as they are become layers; those of so many MiB or more one each, the others share one.
        #layer-limit = 2
        # Directories of wheels, all of which are shipped; with a lockfile, where its wheels are looked for.
        #wheelhouse = ["wheelhouse"]
        # Files that jobs open by their own name.
        #files = ["conf/app.yaml"]
        # Zips, eggs, pure wheels and single modules to be imported.
        #py-files = ["lib/helpers.py"]

        [store]
        # A directory on hdfs://, webhdfs://, swebhdfs:// or file://; without it, .envsync/store on this machine.
        #url = "hdfs://ns1/apps/envsync"
        # What jobs put in front of the store's path; without it, found out from HADOOP_CONF_DIR or the cluster.
        #spark-url = "hdfs://ns1"
        # Who may write: "private" (you), "group" (the directory's group) or "world" (everybody).
        #sharing = "private"
        # Copies of each object in HDFS, 1 to 512; without it, the server's default.
        #replication = 10
        # The HDFS user; without it, HADOOP_USER_NAME or your own name.
        #user = "etl"
        # Certificate authorities (PEM) for swebhdfs.
        #ca-file = "/etc/ssl/certs/cluster-ca.pem"

        # Your own code: a directory, shipped as a zip. Repeat [[source]] for more.
        #[[source]]
        # The directory.
        #path = "src/etl"
        # The zip's name; without it, the directory's.
        #name = "etl"
        # The directory inside the zip; without it, the package's own name, or the root if it is no package.
        #prefix = "etl"
        # What to leave out, as in .gitignore.
        #exclude = ["tests/", "*.csv"]

        # A whole environment, which lock packs when it changed. Repeat [[archive]] for more.
        #[[archive]]
        # The directory that workers unpack it into; with prefix, "environment" if not given.
        #alias = "environment"
        # The environment's directory: a venv, a conda environment, or a Python that can be moved.
        #prefix = ".venv"
        # Take the interpreter along, so that workers need none.
        #with-python = true
        # Compiled modules: "compile" (every module has one) or "omit".
        #bytecode = "compile"
        # Editable packages: "workspace" (those below it are shipped as if installed), "include" or "refuse".
        #editable = "workspace"
        # What to leave out, as globs of paths inside the archive; * matches / too.
        #exclude = ["*/tests/*"]
        # What to take nevertheless.
        #include = ["*/tests/data/*"]
        # Where the workers' copy is, if it has to know that.
        #dest-prefix = "/opt/environment"
        # Problems that shall stop nothing, by the words that pack tells them with.
        #ignore = ["missing-files"]
        # Up to this share of it, changed packages travel as a layer over the published archive; 0: never.
        #overlay = 0.25

        # An archive that something else makes: conda-pack, venv-pack, a script.
        #[[archive]]
        #alias = "models"
        # The .tar.gz or .zip; what is packed from a prefix needs none.
        #path = "models.tar.gz"
        # What makes it, without a shell, in this directory: run by lock when the file is missing or its inputs changed.
        #command = ["tar", "-czf", "models.tar.gz", "-C", "models", "."]
        # The files and directories that it is made of.
        #inputs = ["models"]

        # A job, for `envsync args nightly` and `envsync submit nightly`. Repeat with other names.
        #[jobs.nightly]
        # The main program.
        #main = "jobs/nightly.py"
        # Its arguments.
        #args = ["--date", "today"]
        # "yarn", "spark://host:port", "local[*]" or "local-cluster[2,1,1024]".
        #master = "yarn"
        # Where the driver runs: "client" or "cluster".
        #deploy-mode = "cluster"
        # Files for this job alone.
        #files = ["conf/nightly.yaml"]
        # Python files for this job alone.
        #py-files = ["lib/nightly_helpers.py"]
        # The archives that it wants, by alias; without it, all.
        #archives = ["environment"]
        # The executors' Python; without it, the one in the archive.
        #python = "./environment/bin/python"
        # The driver's Python in client mode.
        #driver-python = "/usr/bin/python3"
        # Further Spark properties.
        #conf = { "spark.executor.memory" = "4g", "spark.executor.instances" = 4 }

        """
    }
}
