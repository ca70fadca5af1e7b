/// Guesses what was meant by a mistyped word.
enum NearestWord {
    /// The candidate nearest to a word; `nil` if none is near.
    ///
    /// Near is at most a third of the word's length, or one, away; case and `_` for `-` do not count.
    static func of(_ word: String, among candidates: [String]) -> String? {
        let target = folded(word)
        let limit = max(1, target.count / 3)
        let near = candidates.map { (word: $0, distance: distance(target, folded($0))) }
            .min { ($0.distance, $0.word) < ($1.distance, $1.word) }
        guard let near, near.distance <= limit else { return nil }
        return near.word
    }

    private static func folded(_ word: String) -> [Character] {
        word.lowercased().prefix(64).map { $0 == "_" ? "-" : $0 }
    }

    /// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
    static func distance(_ left: [Character], _ right: [Character]) -> Int {
        var older = [Int](repeating: 0, count: right.count + 1)
        var previous = Array(0...right.count)
        for (row, character) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                var best = min(
                    previous[column] + (character == other ? 0 : 1), previous[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, character == right[column - 1], left[row - 1] == other {
                    best = min(best, older[column - 1] + 1)
                }
                current.append(best)
            }
            older = previous
            previous = current
        }
        return previous[right.count]
    }
}
