/// What a package's metadata tells where there is no directory to look into: in an archive.
package enum ArchivedMetadata {
    /// Name (normalized) and version of the package whose metadata is a `.dist-info` or `.egg-info`.
    ///
    /// - Parameters:
    ///   - leaf: the metadata's file name, `NAME-VERSION.dist-info`.
    ///   - contents: of its `METADATA` or `PKG-INFO`, at least the headers; `nil` if there is none.
    /// - Returns: `nil` if nothing tells a name. The version is empty if it can't be told.
    package static func identity(leaf: String, contents: [UInt8]?) -> (name: String, version: String)? {
        let headers = contents.map(MetadataHeaders.init)
        let stem = leaf[..<(leaf.lastIndex(of: ".") ?? leaf.endIndex)]
        var parts = stem.split(separator: "-")
        if parts.count > 2, let last = parts.last, last.hasPrefix("py") { parts.removeLast() }
        let stated = parts.count > 1 ? parts.popLast().map(String.init) : nil
        let name = [headers?.value("Name"), parts.joined(separator: "-")].lazy.compactMap { $0 }
            .first(where: PythonNames.isValidProjectName)
        guard let name else { return nil }
        let version = [headers?.value("Version"), stated].lazy.compactMap { $0 }.first(where: PythonVersion.isPlausible)
        return (PythonNames.normalize(name), version ?? "")
    }
}
