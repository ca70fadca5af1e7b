/// What a page's browser is allowed: the page's own style and script, and asking this server again.
struct PageSecurity: Sendable {
    /// Different for each answer, so that nothing that finds its way into the page can be a script.
    let nonce: String

    init() {
        var generator = SystemRandomNumberGenerator()
        let words = (0..<2).map { _ in String(generator.next() as UInt64, radix: 16) }
        nonce = words.joined()
    }

    /// The `Content-Security-Policy` field.
    var policy: String {
        "default-src 'none'; style-src 'nonce-\(nonce)'; script-src 'nonce-\(nonce)'; connect-src 'self'; "
            + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    }
}
