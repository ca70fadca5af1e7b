extension Human {
    /// How long ago something was, from seconds: `3 s ago`, `5 min ago`, `2 h ago`, `4 d ago`.
    static func ago(_ seconds: Double) -> String {
        let whole = Int(max(0, seconds).rounded())
        switch whole {
        case ..<120: return "\(whole) s ago"
        case ..<7200: return "\(whole / 60) min ago"
        case ..<172_800: return "\(whole / 3600) h ago"
        default: return "\(whole / 86400) d ago"
        }
    }
}
