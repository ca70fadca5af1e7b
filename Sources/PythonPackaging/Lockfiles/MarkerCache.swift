/// Parses each marker once: the markers of a large lockfile are few, each of them written many times.
struct MarkerCache {
    private var markers: [String: Marker] = [:]

    /// - Parameter entry: named in what is thrown.
    mutating func marker(_ text: String, in entry: LockfileEntry) throws(LockfileError) -> Marker {
        if let marker = markers[text] { return marker }
        let marker = try entry.parse(marker: text)
        markers[text] = marker
        return marker
    }
}
