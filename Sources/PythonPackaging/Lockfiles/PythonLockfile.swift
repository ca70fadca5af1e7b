/// What a Python lockfile says, whichever tool wrote it: packages, how they depend on each other, and the files that may
/// be installed for them.
public struct PythonLockfile: Hashable, Sendable {
    /// The format it was read from.
    public var format: LockfileFormat
    /// The format's version as the file spells it; `nil` for formats without one.
    public var formatVersion: String?
    /// The name of the environment that it describes; `environment.yml` only.
    public var environmentName: String?
    /// The Python versions the lock was made for (`>=3.10`), as the file spells it.
    public var requiresPython: String?
    /// The environments the lock was made for; empty is all. It can't be used for a target in which none of them holds.
    public var environments: [Marker]
    /// Every package, in the order of the file. One name may occur several times, with other versions or markers.
    public var packages: [LockedPackage]
    /// What the locked project itself asks for. Where it is `nil`, the format marks each package with all that decides
    /// whether it is installed; else packages are reached from here along ``LockedPackage/dependencies``.
    public var roots: [LockedDependency]?
    /// The extras that the locked project offers, normalized; as far as the format tells.
    public var extras: Set<String>
    /// The dependency groups that the locked project has, normalized; as far as the format tells.
    public var groups: Set<String>
    /// Those of ``groups`` that are installed unless the user says otherwise.
    public var defaultGroups: Set<String>

    /// Makes a lockfile from its parts.
    public init(
        format: LockfileFormat, formatVersion: String? = nil, requiresPython: String? = nil,
        packages: [LockedPackage] = [], roots: [LockedDependency]? = nil, extras: Set<String> = [],
        groups: Set<String> = [], defaultGroups: Set<String> = [], environments: [Marker] = []
    ) {
        self.format = format
        self.formatVersion = formatVersion
        self.requiresPython = requiresPython
        self.packages = packages
        self.roots = roots
        self.extras = extras
        self.groups = groups
        self.defaultGroups = defaultGroups
        self.environments = environments
    }
}

/// The lockfiles that are understood.
public enum LockfileFormat: String, CaseIterable, Sendable {
    /// `pylock.toml`, `pylock.NAME.toml` (PEP 751).
    case pylock
    /// `requirements.txt` with `--hash` (pip, pip-tools, `uv pip compile`).
    case requirements
    /// `uv.lock`.
    case uv
    /// `poetry.lock`.
    case poetry
    /// `Pipfile.lock`.
    case pipfile
    /// `pdm.lock`.
    case pdm
    /// `conda-lock.yml`.
    case condaLock = "conda-lock"
    /// A conda `environment.yml`: names and pins without files, held against what an archive holds.
    case condaEnvironment = "conda-environment"
}

/// A package at one version.
public struct LockedPackage: Hashable, Sendable {
    /// Where a package comes from.
    public enum Source: String, Hashable, Sendable {
        /// An index, or files listed one by one.
        case registry
        /// A wheel or sdist at a URL or path of its own.
        case direct
        /// A checkout of a version control system.
        case vcs
        /// A directory of sources, such as the project itself or a member of its workspace.
        case directory
        /// A conda package, which is no wheel and comes with the packed environment.
        case conda
    }

    /// The name, normalized as PEP 503 says.
    public var name: String
    /// The version, as the file spells it; `nil` where it has none, as for a directory.
    public var version: String?
    /// Where it comes from.
    public var source: Source
    /// Where it comes from, for messages: a URL or path without credentials; `nil` for the default index.
    public var location: String?
    /// The environments it is meant for; `nil` is all.
    public var marker: Marker?
    /// The Python versions it accepts (`>=3.8`), as the file spells it.
    public var requiresPython: String?
    /// The groups it belongs to; empty where the format doesn't tell or it belongs to none.
    public var groups: Set<String>
    /// Whether it belongs to the project's own dependencies, and not only to groups or extras.
    public var isMain: Bool
    /// The wheels that may be installed.
    public var wheels: [LockedWheel]
    /// SHA-256 digests of files of which the format gives no name, lower-case hexadecimal; wheels and sdists alike.
    public var hashes: [String]
    /// Whether a source distribution is listed.
    public var hasSourceDistribution: Bool
    /// What it needs, where ``PythonLockfile/roots`` are given.
    public var dependencies: [LockedDependency]
    /// What each of its extras needs besides, by the extra's normalized name.
    public var extraDependencies: [String: [LockedDependency]]

    /// Makes a package from its parts; normalizes the name.
    public init(
        name: String, version: String? = nil, source: Source = .registry, location: String? = nil,
        marker: Marker? = nil, requiresPython: String? = nil, groups: Set<String> = [], isMain: Bool = true,
        wheels: [LockedWheel] = [], hashes: [String] = [], hasSourceDistribution: Bool = false,
        dependencies: [LockedDependency] = [], extraDependencies: [String: [LockedDependency]] = [:]
    ) {
        self.name = PythonNames.normalize(name)
        self.version = version
        self.source = source
        self.location = location
        self.marker = marker
        self.requiresPython = requiresPython
        self.groups = groups
        self.isMain = isMain
        self.wheels = wheels
        self.hashes = hashes
        self.hasSourceDistribution = hasSourceDistribution
        self.dependencies = dependencies
        self.extraDependencies = extraDependencies
    }
}

/// A wheel as a lockfile lists it.
public struct LockedWheel: Hashable, Sendable {
    /// `numpy-1.26.4-cp311-cp311-manylinux_2_17_x86_64.whl`.
    public var fileName: String
    /// The SHA-256 of its bytes, 64 lower-case hexadecimal digits; `nil` where the lock has none, or other hashes only.
    public var sha256: String?
    /// Its size in bytes.
    public var size: Int64?
    /// Where it can be fetched from, without credentials.
    public var url: String?
    /// Where it is, relative to the lockfile's directory, or absolute.
    public var path: String?

    /// Makes a wheel.
    public init(fileName: String, sha256: String?, size: Int64? = nil, url: String? = nil, path: String? = nil) {
        self.fileName = fileName
        self.sha256 = sha256
        self.size = size
        self.url = url
        self.path = path
    }
}

/// That something is needed.
public struct LockedDependency: Hashable, Sendable {
    /// The name of what is needed, normalized as PEP 503 says.
    public var name: String
    /// The version, where several are locked and the format says which one is meant.
    public var version: String?
    /// The extras of it that are wanted, normalized.
    public var extras: Set<String>
    /// Where it is needed; `nil` is everywhere. It may ask for extras of what needs it.
    public var marker: Marker?
    /// Of a root: the extra of the project that asks for it.
    public var extra: String?
    /// Of a root: the dependency group that asks for it.
    public var group: String?

    /// Makes a dependency; normalizes the name.
    public init(
        name: String, version: String? = nil, extras: Set<String> = [], marker: Marker? = nil, extra: String? = nil,
        group: String? = nil
    ) {
        self.name = PythonNames.normalize(name)
        self.version = version
        self.extras = extras
        self.marker = marker
        self.extra = extra
        self.group = group
    }
}

/// A lockfile that can't be used.
public struct LockfileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Where in the file, counted from 1, where that is known.
    public var line: Int?
    /// Which entry, for example `package "numpy"`, where that is known.
    public var entry: String?
    /// What is wrong, in one line.
    public var message: String

    /// Makes an error.
    public init(_ message: String, line: Int? = nil, entry: String? = nil) {
        self.line = line
        self.entry = entry
        self.message = message
    }

    /// All of it, in one line.
    public var description: String {
        [line.map { "line \($0)" }, entry, message].compactMap { $0 }.joined(separator: ": ")
    }
}
