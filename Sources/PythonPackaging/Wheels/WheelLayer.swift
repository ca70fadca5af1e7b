import Glibc
import ReproducibleArchive

/// Installs wheels into one reproducible `tar.gz` whose root is a directory for `PYTHONPATH`.
///
/// The layout is that of `pip install --target` (binary distribution format, "Installing a wheel"): modules at the root,
/// scripts in `bin`, headers in `include/NAME`, other data where the wheel says, below the root. No `.pyc` files are made.
/// The compressed contents are copied from the wheels, see ``/ReproducibleArchive/TarGzWriter``.
public enum WheelLayer {
    /// Changes whenever the same wheels would make other bytes.
    public static let formatVersion = 1

    /// A file that two wheels bring with different content.
    public struct Conflict: Hashable, Sendable {
        /// Relative to the root of the layer.
        public var path: String
        /// The wheel whose file was taken: name and version, `numpy 1.26.4`.
        public var winner: String
        /// The wheel whose file was left out; the winner itself, if it brings the file twice.
        public var loser: String
    }

    /// What was built.
    public struct Report: Hashable, Sendable {
        /// The size of the layer in bytes.
        public var size: Int64
        /// The SHA-256 of the layer.
        public var sha256: [UInt8]
        /// Files that could not all be taken, by path. The wheel later in the order of names wins, as if the wheels were
        /// installed one after the other.
        public var conflicts: [Conflict]
        /// What a directory on `PYTHONPATH` can't do for these wheels, for example `.pth` files; one line each.
        public var warnings: [String]
        /// Bytes of all files in the layer when unpacked.
        public var unpackedSize: Int64
    }

    /// Builds a layer.
    ///
    /// The bytes depend on the contents of the wheels only: not on their order or paths, nor on the machine.
    ///
    /// - Parameters:
    ///   - wheels: paths of wheels; the order doesn't matter for the bytes.
    ///   - descriptor: open for writing, empty. It stays open.
    ///   - isCancelled: asked now and then, on several threads.
    /// - Throws: ``WheelError`` for a wheel that isn't sound: every file's hash is compared with RECORD;
    ///   ``/ReproducibleArchive/ArchiveError`` when the layer can't be written; `CancellationError`. What was written until
    ///   then is worthless.
    public static func build(
        wheels: [String], to descriptor: Int32, isCancelled: @Sendable () -> Bool = { false }
    ) throws -> Report {
        try build(wheels: wheels, to: descriptor, threads: max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))), isCancelled)
    }

    static func build(
        wheels: [String], to descriptor: Int32, threads: Int, _ isCancelled: @Sendable () -> Bool
    ) throws -> Report {
        do {
            let installed = try wheels.map { path in
                if isCancelled() { throw CancellationError() }
                return try InstalledWheel(path: path)
            }
            let layer = try LayerPlan(installed)
            let written = try layer.write(to: descriptor, threads: threads, isCancelled)
            return Report(
                size: written.size, sha256: written.sha256, conflicts: layer.conflicts, warnings: layer.warnings,
                unpackedSize: layer.unpackedSize)
        } catch let error as ArchiveError where error.code != .writeFailed && error.code != .noSpace {
            throw WheelError(error)
        }
    }
}
