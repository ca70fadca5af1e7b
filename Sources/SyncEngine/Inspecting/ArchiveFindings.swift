import EnvironmentPacking

/// What an archive's inspection found, as it is reported.
enum ArchiveFindings {
    typealias Finding = ArchiveInspection.Finding

    static let codes = Finding.Code.allCases.map(\.rawValue)

    static func reported(_ finding: Finding) -> InspectFinding {
        InspectFinding(
            code: finding.code.rawValue, severity: .error, side: .archive,
            subject: finding.package ?? finding.paths.first.map { String(decoding: $0, as: UTF8.self) } ?? "",
            paths: finding.paths, count: finding.count, message: finding.message,
            suggestion: suggestion(finding.code))
    }

    private static func suggestion(_ code: Finding.Code) -> String {
        switch code {
        case .noEnvironment: "name the archive of a Python environment"
        case .manifestDamaged, .fileTwice: "pack the environment again"
        case .interpreterMissing: "pack it again from an environment whose bin/python runs"
        case .metadataDamaged, .fileMissing, .fileChanged:
            "install the package again in the environment, and pack it again; or fetch the archive again"
        case .packageMissing, .packageExtra, .packageChanged, .otherChanged:
            "pack the environment again, or fetch the archive again; what comes after packing isn't envsync's"
        case .linkOutside: "make sure that every worker has what it leads to, or pack the environment without it"
        }
    }
}
