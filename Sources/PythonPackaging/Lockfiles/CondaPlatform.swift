/// The platforms of conda ("subdirs") as environment markers.
enum CondaPlatform {
    /// `sys_platform` and `platform_machine` by the platform's name.
    private static let platforms: [String: (system: String, machine: String)] = [
        "linux-32": ("linux", "i686"), "linux-64": ("linux", "x86_64"), "linux-aarch64": ("linux", "aarch64"),
        "linux-armv6l": ("linux", "armv6l"), "linux-armv7l": ("linux", "armv7l"),
        "linux-ppc64le": ("linux", "ppc64le"), "linux-riscv64": ("linux", "riscv64"),
        "linux-s390x": ("linux", "s390x"), "osx-64": ("darwin", "x86_64"), "osx-arm64": ("darwin", "arm64"),
        "win-32": ("win32", "x86"), "win-64": ("win32", "AMD64"), "win-arm64": ("win32", "ARM64"),
    ]

    /// The marker that holds on a platform; `nil` if the platform is not known.
    static func marker(_ platform: String) -> String? {
        platforms[platform].map { "sys_platform == \"\($0.system)\" and platform_machine == \"\($0.machine)\"" }
    }
}
