import EnvSyncModel
import PythonPackaging

extension ArtifactInspector {
    /// Builds a layer, or opens what was built before.
    ///
    /// - Parameter note: told what the layer can't do for its wheels.
    func build(
        _ plan: LayerPlan, _ cancelled: @escaping OffPool.CancellationCheck,
        note: (WheelLayer.Report) -> Void = { _ in }
    ) throws -> BuiltFile {
        try BuiltFile.build(suffix: "tar.gz", stateDirectory: workspace.stateDirectory, cancelled) { descriptor in
            let report = try WheelLayer.build(wheels: plan.members.map(\.path), to: descriptor) {
                (try? cancelled()) == nil
            }
            note(report)
            return (report.size, report.sha256)
        }
    }
}
