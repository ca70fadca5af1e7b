internal import CCurl

/// libcurl's process-wide state.
enum CurlLibrary {
    /// Why it can't be loaded and set up, which happens once, when a transfer thread asks first; `nil` if it could.
    static var problem: String? {
        guard let text = unsafe ccurl_load() else { return nil }
        return unsafe String(cString: text)
    }

    /// libcurl's general text for a code.
    static func message(for code: CURLcode) -> String {
        guard let text = unsafe ccurl_easy_strerror(code) else { return "libcurl error \(code.rawValue)" }
        return unsafe String(cString: text)
    }
}

/// A libcurl easy handle and the buffer for its error texts. Belongs to the transfer thread; used for one transfer after
/// the other.
@safe final class EasyHandle {
    let pointer: UnsafeMutableRawPointer
    /// What the handle is known by where nothing has to be read through the pointer.
    var address: UInt { unsafe UInt(bitPattern: pointer) }
    private let errorBuffer: UnsafeMutablePointer<CChar>

    init?() {
        guard let pointer = unsafe ccurl_easy_init() else { return nil }
        unsafe self.pointer = pointer
        unsafe errorBuffer = .allocate(capacity: Int(CURL_ERROR_SIZE))
    }

    deinit {
        unsafe ccurl_easy_cleanup(pointer)
        unsafe errorBuffer.deallocate()
    }

    /// Forgets the options of the transfer before; connections and the DNS cache belong to the multi handle and stay.
    func reset() {
        unsafe ccurl_easy_reset(pointer)
        unsafe errorBuffer.pointee = 0
        unsafe ccurl_setopt_pointer(pointer, CURLOPT_ERRORBUFFER, errorBuffer)
    }

    /// Lets go of everything that belonged to the last transfer, its upload buffer included, which libcurl frees when
    /// another size is asked for.
    func recycle() {
        reset()
        set(CURLOPT_UPLOAD_BUFFERSIZE, 16 << 10)
    }

    /// libcurl's words about the last transfer's failure, empty if it left none.
    var errorText: String { unsafe String(cString: errorBuffer) }

    func set(_ option: CURLoption, _ value: Int) {
        unsafe ccurl_setopt_long(pointer, option, value)
    }

    func set(_ option: CURLoption, offset value: Int64) {
        unsafe ccurl_setopt_offset(pointer, option, curl_off_t(value))
    }

    /// - Returns: whether libcurl knows the option and took the value, of which it keeps a copy.
    @discardableResult
    func set(_ option: CURLoption, _ value: String) -> Bool {
        unsafe value.withCString { unsafe ccurl_setopt_string(pointer, option, $0) } == CURLE_OK
    }

    func info(_ item: CURLINFO) -> Int {
        var value = 0
        unsafe ccurl_getinfo_long(pointer, item, &value)
        return value
    }

    func offsetInfo(_ item: CURLINFO) -> Int64 {
        var value: curl_off_t = 0
        unsafe ccurl_getinfo_offset(pointer, item, &value)
        return Int64(value)
    }
}
