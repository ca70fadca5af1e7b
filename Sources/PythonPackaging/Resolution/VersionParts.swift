/// What PEP 440 reads in a version: `[N!]N(.N)*[{a|b|rc}N][.postN][.devN][+local]`.
struct VersionParts: Sendable {
    /// A number of any size; the digits have no leading zeros, so that numbers of any length can be compared and a
    /// hostile one can't overflow.
    struct Number: Hashable, Comparable, Sendable {
        let digits: String

        static let zero = Number(digits: "0")

        static func < (left: Number, right: Number) -> Bool {
            let (leftCount, rightCount) = (left.digits.utf8.count, right.digits.utf8.count)
            return leftCount == rightCount ? left.digits < right.digits : leftCount < rightCount
        }
    }

    /// The phase of a pre-release, in their order.
    enum Phase: String, Comparable, Sendable {
        case alpha = "a"
        case beta = "b"
        case candidate = "rc"

        static func < (left: Phase, right: Phase) -> Bool { left.rawValue < right.rawValue }
    }

    /// A pre-release.
    struct Prerelease: Equatable, Comparable, Sendable {
        let phase: Phase
        let number: Number

        static func < (left: Prerelease, right: Prerelease) -> Bool {
            left.phase == right.phase ? left.number < right.number : left.phase < right.phase
        }
    }

    /// A segment of a local version. Text comes before numbers.
    enum LocalSegment: Equatable, Comparable, Sendable {
        case text(String)
        case number(Number)

        var text: String {
            switch self {
            case .text(let text): text
            case .number(let number): number.digits
            }
        }
    }

    var epoch = Number.zero
    /// The release without zeros at its end, but with its first number.
    var release: [Number] = []
    /// How many numbers the release was written with: `1.0.0` has 3.
    var writtenReleaseCount = 0
    var pre: Prerelease?
    var post: Number?
    var dev: Number?
    var local: [LocalSegment] = []

    var isPrerelease: Bool { pre != nil || dev != nil }

    /// The version without its local part.
    var withoutLocal: VersionParts {
        var copy = self
        copy.local = []
        return copy
    }

    /// The canonical text.
    var canonical: String {
        var text = epoch == .zero ? "" : epoch.digits + "!"
        text += release.map(\.digits).joined(separator: ".")
        if let pre { text += pre.phase.rawValue + pre.number.digits }
        if let post { text += ".post" + post.digits }
        if let dev { text += ".dev" + dev.digits }
        if !local.isEmpty { text += "+" + local.map(\.text).joined(separator: ".") }
        return text
    }

    /// Whether epoch and release begin with those of a prefix such as `1.1` of `==1.1.*`, zeros included.
    ///
    /// - Parameter count: how many numbers of the prefix's release count.
    func begins(with prefix: VersionParts, count: Int) -> Bool {
        guard epoch == prefix.epoch else { return false }
        let own = release.prefix(count)
        let other = prefix.release.prefix(count)
        // Both lack zeros at the end only.
        let common = min(own.count, other.count)
        return own.prefix(common) == other.prefix(common)
            && own.dropFirst(common).allSatisfy { $0 == .zero } && other.dropFirst(common).allSatisfy { $0 == .zero }
    }
}

extension VersionParts: Comparable {
    /// PEP 440, "Summary of permitted suffixes and relative ordering".
    static func < (left: VersionParts, right: VersionParts) -> Bool {
        if left.epoch != right.epoch { return left.epoch < right.epoch }
        if left.release != right.release { return left.release.lexicographicallyPrecedes(right.release) }
        let (leftPre, rightPre) = (left.preRank, right.preRank)
        if leftPre != rightPre { return leftPre < rightPre }
        if let leftPre = left.pre, let rightPre = right.pre, leftPre != rightPre { return leftPre < rightPre }
        // A version comes before its post releases and after its development releases.
        if left.post != right.post {
            guard let leftPost = left.post else { return true }
            return right.post.map { leftPost < $0 } ?? false
        }
        if left.dev != right.dev {
            guard let leftDev = left.dev else { return false }
            return right.dev.map { leftDev < $0 } ?? true
        }
        return left.local.lexicographicallyPrecedes(right.local)
    }

    static func == (left: VersionParts, right: VersionParts) -> Bool {
        left.epoch == right.epoch && left.release == right.release && left.pre == right.pre
            && left.post == right.post && left.dev == right.dev && left.local == right.local
    }

    /// `1.0.dev1` comes before `1.0a1`, which comes before `1.0`.
    private var preRank: Int {
        if pre != nil { return 1 }
        return post == nil && dev != nil ? 0 : 2
    }
}
