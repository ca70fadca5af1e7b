import ArgumentParser
import EnvSyncModel
import SparkSubmission
import SyncEngine

/// `envsync explain`
struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Tell how each package reaches the workers and why, or what a job would meet.",
        discussion: """
            A wheel is decided by what is in it: pure Python travels as it is, on the Python path; everything else is
            installed into a layer that workers unpack once. What an archive holds in the same version is not sent. What
            envsync packs itself is in the archive, or in an overlay of what changed since.

            EXAMPLE
              envsync explain                # all packages
              envsync explain numpy
              envsync explain --job nightly  # preflight: what Spark would refuse, drop or do otherwise
            """)

    @OptionGroup var options: GlobalOptions

    @Argument(help: "A package's name.")
    var package: String?

    @Option(help: "Show the findings of preflight for this job.")
    var job: String?

    func validate() throws {
        if package != nil && job != nil { throw ValidationError("Give a package or --job, not both.") }
    }

    func run() async throws {
        let package = package
        let job = job
        try await CommandRunner.run(options) { context in
            let engine = try context.engine()
            if let job {
                let findings = try await engine.preflight(job)
                try context.output.result(JobDocument(job, findings), text: Self.text(job, findings))
                if findings.contains(where: { $0.severity == .error }) { throw ExitCode(2) }
                return
            }
            let packed = package.map { engine.packedPackages(named: $0) } ?? []
            // What is in an archive alone has no wheel.
            let decisions =
                packed.isEmpty
                ? try await engine.explain(package)
                : try await engine.explain(nil).filter {
                    decision in packed.contains { $0.name == decision.name }
                }
            let archives = package == nil ? try await engine.explainArchives() : []
            let isOfArchives = !archives.isEmpty || !packed.isEmpty
            let packages =
                decisions.isEmpty && isOfArchives ? [] : [Self.text(decisions, isDetailed: package != nil)]
            try context.output.result(
                Document(decisions, archives, packed),
                text: (archives.map(PackedArchiveText.text) + packed.map(Self.text) + packages)
                    .joined(separator: package == nil ? "\n\n" : "\n"))
        }
    }

    private static func text(_ package: PackedPackageReport) -> String {
        let place =
            package.isInOverlay ? "in the overlay of archive \(package.archive)" : "in archive \(package.archive)"
        let version = ([package.version] + [package.build].compactMap { $0 }).map(QuotedText.shown).joined(
            separator: " ")
        let reason =
            switch (package.isInOverlay, package.hidden) {
            case (false, _): "envsync packed it with the environment"
            case (true, let hidden?): "the archive has \(QuotedText.shown(hidden)), and is not sent again"
            case (true, nil): "it came after the archive was packed, which is not sent again"
            }
        return "\(QuotedText.shown(package.name)) \(version): \(place)\n  because  \(reason)"
    }

    private static func how(_ decision: PackageDecision) -> String {
        switch decision.outcome {
        case .pyfile: decision.overlays == nil ? "pyfile" : "pyfile, overlay"
        case .layer(let name): decision.overlays == nil ? name : "\(name), overlay"
        case .provided(let archive): "in archive \(archive)"
        }
    }

    private static func text(_ decisions: [PackageDecision], isDetailed: Bool) -> String {
        guard !decisions.isEmpty else {
            return "no wheels: environment.lockfile and environment.wheelhouse name none"
        }
        if isDetailed {
            return decisions.map { decision in
                "\(decision.name) \(decision.version): \(how(decision))\n  wheel    \(QuotedText.visible(decision.wheel)), "
                    + Human.bytes(decision.size) + "\n"
                    + decision.reasons.map { "  because  \($0)" }.joined(separator: "\n")
            }
            .joined(separator: "\n")
        }
        var table = TextTable(header: ["PACKAGE", "VERSION", "TRAVELS AS", "WHEEL", "BECAUSE"])
        for decision in decisions {
            table.add([
                decision.name, decision.version, how(decision), Human.bytes(decision.size),
                decision.reasons.first ?? "",
            ])
        }
        return table.text
    }

    private static func text(_ job: String, _ findings: [PreflightFinding]) -> String {
        guard !findings.isEmpty else { return "job \"\(job)\": nothing to complain about" }
        return findings.map { "\($0.severity.rawValue): [\($0.code.rawValue)] \($0.message)\n  try: \($0.suggestion)" }
            .joined(separator: "\n")
    }

    private struct Document: Encodable {
        struct Package: Encodable {
            let name: String
            let version: String
            let wheel: String
            let bytes: Int64
            let travelsAs: String
            let layer: String?
            let archive: String?
            let overlays: String?
            let reasons: [String]
        }

        let schemaVersion = 1
        let packages: [Package]
        /// The environments that envsync packs.
        let archives: [PackedArchiveText.Document]?
        /// Of the name that was asked for, in these environments.
        let packed: [Packed]?

        struct Packed: Encodable {
            let name: String
            let version: String
            let build: String?
            let archive: String
            let overlay: Bool
            let hides: String?
        }

        init(_ decisions: [PackageDecision], _ archives: [PackedArchiveReport], _ packed: [PackedPackageReport]) {
            self.packed =
                packed.isEmpty
                ? nil
                : packed.map {
                    Packed(
                        name: $0.name, version: $0.version, build: $0.build, archive: $0.archive.text,
                        overlay: $0.isInOverlay, hides: $0.hidden)
                }
            self.archives = archives.isEmpty ? nil : archives.map(PackedArchiveText.Document.init)
            packages = decisions.map { decision in
                let (word, layer, archive): (String, String?, String?) =
                    switch decision.outcome {
                    case .pyfile: ("pyfile", nil, nil)
                    case .layer(let name): ("layer", name, nil)
                    case .provided(let alias): ("provided", nil, alias.text)
                    }
                return Package(
                    name: decision.name, version: decision.version, wheel: decision.wheel, bytes: decision.size,
                    travelsAs: word, layer: layer, archive: archive ?? decision.overlays?.archive.text,
                    overlays: decision.overlays?.version, reasons: decision.reasons)
            }
        }
    }

    private struct JobDocument: Encodable {
        struct Finding: Encodable {
            let code: String
            let severity: String
            let message: String
            let suggestion: String
        }

        let schemaVersion = 1
        let job: String
        let findings: [Finding]

        init(_ job: String, _ findings: [PreflightFinding]) {
            self.job = job
            self.findings = findings.map {
                Finding(
                    code: $0.code.rawValue, severity: $0.severity.rawValue, message: $0.message,
                    suggestion: $0.suggestion)
            }
        }
    }
}
