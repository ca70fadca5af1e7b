// swift-tools-version: 6.2
import PackageDescription

/// `ENVSYNC_WERROR=1` (set by `scripts/check` and CI) makes warnings in our own targets errors.
let warnings: [SwiftSetting] = Context.environment["ENVSYNC_WERROR"] == "1" ? [.treatAllWarnings(as: .error)] : []
let plain: [SwiftSetting] = warnings
/// For targets that touch C: every unsafe expression is marked.
let strict: [SwiftSetting] = warnings + [.strictMemorySafety()]

let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")

let package = Package(
    name: "envsync",
    products: [
        .executable(name: "envsync", targets: ["envsync"]),
        .library(name: "WebHDFS", targets: ["WebHDFS"]),
        .library(name: "PythonPackaging", targets: ["PythonPackaging"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/swhitty/FlyingFox", exact: "0.27.1"),
    ],
    targets: [
        .target(name: "CCurl"),
        .systemLibrary(name: "CISAL", pkgConfig: "libisal", providers: [.apt(["libisal-dev"])]),
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .target(name: "CurlHTTP", dependencies: ["CCurl"], swiftSettings: strict),
        .target(name: "WebHDFS", dependencies: ["CurlHTTP", "CISAL", crypto, logging], swiftSettings: strict),
        .target(
            name: "ReproducibleArchive", dependencies: ["CISAL", "CLinux", "CZstd", crypto], swiftSettings: strict),
        .target(name: "TOML", swiftSettings: plain),
        .target(
            name: "PythonPackaging",
            dependencies: ["ReproducibleArchive", "TOML", crypto, .product(name: "Yams", package: "Yams")],
            swiftSettings: plain),
        .target(
            name: "EnvironmentPacking", dependencies: ["CLinux", "PythonPackaging", "ReproducibleArchive", crypto],
            swiftSettings: plain),
        .target(name: "EnvSyncModel", dependencies: [crypto], swiftSettings: plain),
        .target(name: "ObjectStore", dependencies: ["EnvSyncModel", "WebHDFS", crypto, logging], swiftSettings: plain),
        .target(
            name: "SyncState",
            dependencies: ["EnvSyncModel", .product(name: "GRDB", package: "GRDB.swift")], swiftSettings: plain),
        .target(name: "SparkSubmission", dependencies: ["EnvSyncModel"], swiftSettings: plain),
        .target(
            name: "SyncEngine",
            dependencies: [
                "EnvSyncModel", "ObjectStore", "SyncState", "SparkSubmission", "PythonPackaging", "ReproducibleArchive",
                "EnvironmentPacking", "WebHDFS", "CurlHTTP", "TOML", crypto, logging,
            ], swiftSettings: plain),
        .target(
            name: "SyncDaemon",
            dependencies: [
                "SyncEngine", "SyncState", "EnvSyncModel", "CurlHTTP", "TOML", logging,
                .product(name: "FlyingSocks", package: "FlyingFox"),
            ], swiftSettings: plain),
        .target(
            name: "EnvSyncCommands",
            dependencies: [
                "SyncDaemon", "SyncEngine", "SparkSubmission", "SyncState", "EnvSyncModel", logging,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], swiftSettings: plain),
        // What scripts/fuzz runs.
        .executableTarget(name: "LockfileFuzzer", dependencies: ["PythonPackaging"], swiftSettings: plain),
        .executableTarget(
            name: "envsync",
            dependencies: [
                "EnvSyncCommands", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], swiftSettings: plain),

        .target(name: "TestServer", path: "Tests/TestServer", swiftSettings: plain),
        .testTarget(name: "CurlHTTPTests", dependencies: ["CurlHTTP", "TestServer"], swiftSettings: plain),
        .testTarget(
            name: "WebHDFSTests", dependencies: ["WebHDFS", "CurlHTTP", "TestServer", crypto, logging],
            swiftSettings: plain),
        .testTarget(
            name: "ReproducibleArchiveTests", dependencies: ["ReproducibleArchive", crypto], swiftSettings: plain),
        .testTarget(name: "TOMLTests", dependencies: ["TOML"], swiftSettings: plain),
        .testTarget(
            name: "PythonPackagingTests", dependencies: ["PythonPackaging", "ReproducibleArchive", crypto],
            exclude: ["Resources"], swiftSettings: plain),
        .testTarget(
            name: "EnvironmentPackingTests",
            dependencies: ["EnvironmentPacking", "PythonPackaging", "ReproducibleArchive", crypto], swiftSettings: plain
        ),
        .testTarget(name: "EnvSyncModelTests", dependencies: ["EnvSyncModel", crypto], swiftSettings: plain),
        .testTarget(
            name: "ObjectStoreTests", dependencies: ["ObjectStore", "EnvSyncModel"], swiftSettings: plain),
        .testTarget(name: "SyncStateTests", dependencies: ["SyncState", "EnvSyncModel"], swiftSettings: plain),
        .testTarget(
            name: "SparkSubmissionTests",
            dependencies: ["SparkSubmission", "EnvSyncModel", .product(name: "Yams", package: "Yams")],
            swiftSettings: plain),
        .testTarget(
            name: "SyncEngineTests", dependencies: ["SyncEngine", "ObjectStore", "SyncState", "EnvSyncModel", logging],
            swiftSettings: plain),
        .testTarget(
            name: "SyncDaemonTests", dependencies: ["SyncDaemon", "SyncEngine", "EnvSyncModel", logging],
            swiftSettings: plain),
        .testTarget(
            name: "EnvSyncCommandsTests",
            dependencies: [
                "EnvSyncCommands", "SyncEngine", "EnvSyncModel",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], exclude: ["Help", "DriftFormats/Golden"], swiftSettings: plain),
        .testTarget(
            name: "EndToEndTests", dependencies: ["envsync", .product(name: "Yams", package: "Yams")],
            swiftSettings: plain),
    ]
)
