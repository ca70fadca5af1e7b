import EnvSyncModel
import EnvironmentPacking
import Foundation

/// The cache of compressed files that all workspaces of a user share.
public enum PackCache {
    /// Bytes, unless something else is said.
    public static let defaultLimit: Int64 = 4 << 30
    /// The environment's variable for it.
    public static let variable = "ENVSYNC_CACHE_LIMIT"

    /// A number of bytes as people write it: `500MB`, `4GiB`, `0`; `nil` if it is none.
    public static func bytes(_ text: String) -> Int64? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let count = Int64(digits) else { return nil }
        let units: [String: Int64] = [
            "": 1, "b": 1, "k": 1 << 10, "kib": 1 << 10, "kb": 1000, "m": 1 << 20, "mib": 1 << 20, "mb": 1_000_000,
            "g": 1 << 30, "gib": 1 << 30, "gb": 1_000_000_000, "t": 1 << 40, "tib": 1 << 40, "tb": 1_000_000_000_000,
        ]
        let unit = text.dropFirst(digits.count).drop { $0 == " " }.lowercased()
        guard let factor = units[unit] else { return nil }
        let (bytes, overflow) = count.multipliedReportingOverflow(by: factor)
        return overflow ? nil : bytes
    }

    /// The packer with the user's cache.
    ///
    /// - Parameter limit: `nil`: as the environment's variable says, or the default.
    /// - Throws: `EnvSyncError` if the variable says nothing that can be understood.
    static func packer(
        limit: Int64? = nil, _ environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(EnvSyncError) -> EnvironmentPacker {
        var chosen = limit ?? defaultLimit
        if limit == nil, let text = environment[variable], !text.isEmpty {
            guard let bytes = bytes(text) else {
                throw EnvSyncError(
                    .configuration, "\(variable) is \(QuotedText.visible(text)), which is no number of bytes",
                    suggestion: "write for example \(variable)=10GiB; 0 keeps nothing")
            }
            chosen = bytes
        }
        return EnvironmentPacker(cacheDirectory: Engine.packingCache(environment), cacheLimit: chosen)
    }
}
