import Testing

@testable import EnvSyncModel

/// Every complaint about a lock, and its line.
struct LockFormatErrorTests {
    static let good = """
        # comment
        version = 1
        environment = "etl"

        [[artifact]]
        name = "six"
        version = "1"
        kind = "wheel"
        delivery = "pyfile"
        leaf = "six.zip"
        size = 3
        sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        jobs = ["a"]
        wheelhouse = "six.whl"

        """

    @Test func theGoodOneIsGood() throws {
        #expect(try Lock(parsing: Self.good).artifacts.count == 1)
    }

    /// What is replaced in the good lock, by what, the line and a part of the message.
    @Test(
        arguments: [
            ("version = 1\n", "", 1, "\"version\" is missing"),
            ("version = 1\n", "version = 2\n", 2, "format version 2; this envsync reads version 1"),
            ("version = 1\n", "version = -1\n", 2, "whole number"),
            ("version = 1\n", "version = \"1\"\n", 2, "whole number"),
            ("version = 1\n", "version = 1\nversion = 1\n", 3, "\"version\" is given twice"),
            ("environment = \"etl\"", "", 1, "\"environment\" is missing"),
            ("environment = \"etl\"", "environment = 3", 3, "must be a string"),
            ("environment = \"etl\"", "environment = \"a/b\"", 3, "environment name \"a/b\" contains \"/\""),
            ("name = \"six\"\n", "", 5, "\"name\" is missing"),
            ("name = \"six\"", "name = \"six\"\nname = \"seven\"", 7, "\"name\" is given twice"),
            ("name = \"six\"", "new = 1\nnew = 2", 7, "\"new\" is given twice"),
            ("name = \"six\"", "name = 6", 6, "\"name\" must be a string"),
            ("name = \"six\"", "name = [\"six\"]", 6, "\"name\" must be a string"),
            ("name = \"six\"", "name", 6, "expected `key = value`"),
            ("name = \"six\"", "= \"six\"", 6, "expected `key = value`"),
            ("name = \"six\"", "name =", 6, "expected a string, a whole number"),
            ("name = \"six\"", "name = six", 6, "expected a string, a whole number"),
            ("name = \"six\"", "name = 'six'", 6, "expected a string, a whole number"),
            ("name = \"six\"", "name = 1.5", 6, "expected a string, a whole number"),
            ("name = \"six\"", "name = \"six", 6, "the string does not end"),
            ("name = \"six\"", "name = \"", 6, "the string does not end"),
            ("name = \"six\"", "name = \"six\\", 6, "the string does not end"),
            ("name = \"six\"", "name = \"si\\\"", 6, "the string does not end"),
            ("name = \"six\"", "name = \"six\" x", 6, "text after the value"),
            ("name = \"six\"", "name = \"\"\"six\"\"\"", 6, "text after the value"),
            ("name = \"six\"", "name = \"\\x\"", 6, "an unknown escape"),
            ("name = \"six\"", "name = \"\\u12\"", 6, "a bad \\u escape"),
            ("name = \"six\"", "name = \"\\u+041\"", 6, "a bad \\u escape"),
            ("name = \"six\"", "name = \"\\ud800\"", 6, "a bad \\u escape"),
            ("version = \"1\"", "version = 1", 7, "\"version\" must be a string"),
            ("kind = \"wheel\"\n", "", 5, "\"kind\" is missing"),
            ("kind = \"wheel\"", "kind = \"whee\"", 8, "unknown kind \"whee\"; known: wheel, zip"),
            (
                "delivery = \"pyfile\"", "delivery = \"mail\"", 9,
                "unknown delivery \"mail\"; known: pyfile, file, archive, main"
            ),
            ("leaf = \"six.zip\"", "leaf = \"../six.zip\"", 10, "file name \"../six.zip\""),
            ("leaf = \"six.zip\"", "alias = \"a/b\"\nleaf = \"six.zip\"", 10, "archive alias \"a/b\""),
            ("size = 3", "size = -3", 11, "whole number, 0 or more"),
            ("size = 3", "size = 99999999999999999999", 11, "expected a string, a whole number"),
            ("size = 3", "size = \"3\"", 11, "whole number, 0 or more"),
            ("size = 3\n", "", 5, "\"size\" is missing"),
            ("sha256 = \"ba", "sha256 = \"", 12, "64 hexadecimal digits"),
            ("sha256 = \"ba", "sha256 = \"zz", 12, "64 hexadecimal digits"),
            ("sha256 = \"ba", "sha257 = \"ba", 5, "\"sha256\" is missing"),
            ("size = 3", "size = 3\nhdfs-checksum = \"27c0\"", 12, "\"hdfs-checksum\" must be 32 hexadecimal digits"),
            ("size = 3", "size = 3\nhdfs-checksum = 7", 12, "\"hdfs-checksum\" must be a string"),
            (
                "size = 3", "size = 3\nhdfs-checksum = \"27C076E4987344253650D3335A5D08CE\"", 12,
                "\"hdfs-checksum\" must be 32 hexadecimal digits"
            ),
            ("jobs = [\"a\"]", "jobs = \"a\"", 13, "\"jobs\" must be a list"),
            ("jobs = [\"a\"]", "jobs = [\"a\"", 13, "the list does not end"),
            ("jobs = [\"a\"]", "jobs = [", 14, "expected a string"),
            ("jobs = [\"a\"]", "jobs = [a]", 13, "expected a string"),
            ("jobs = [\"a\"]", "jobs = [\"a\" \"b\"]", 13, "the list does not end"),
            ("jobs = [\"a\"]", "jobs = [\"a b\"]", 13, "job name \"a b\""),
            ("wheelhouse = \"six.whl\"", "", 5, "exactly one of wheelhouse, listed, source, archive, main"),
            ("wheelhouse = \"six.whl\"", "wheelhouse = \"six.whl\"\nlisted = \"x\"", 5, "exactly one of"),
            ("wheelhouse = \"six.whl\"", "wheelhouse = 1", 14, "must be a string"),
            ("[[artifact]]", "[artifact]", 5, "expected `key = value`"),
            ("[[artifact]]", "[[artifacts]]", 5, "expected `key = value`"),
            (
                "name = \"six\"", "<<<<<<< HEAD\nname = \"six\"", 6,
                "a merge conflict; solve it by running `envsync lock`"
            ),
            ("name = \"six\"", "=======", 6, "a merge conflict"),
            ("name = \"six\"", "||||||| merged common ancestors", 6, "a merge conflict"),
            ("name = \"six\"", ">>>>>>> branch", 6, "a merge conflict"),
            ("# comment", "<<<<<<< HEAD", 1, "a merge conflict"),
        ])
    func complaint(_ old: String, _ new: String, _ line: Int, _ message: String) throws {
        #expect(Self.good.contains(old))
        let range = try #require(Self.good.firstRange(of: old))
        let text = Self.good.replacingCharacters(in: range, with: new)
        let error = #expect(throws: LockFormatError.self) { try Lock(parsing: text) }
        #expect(error?.line == line, "\(String(describing: error))")
        #expect(error?.message.contains(message) == true, "\(String(describing: error))")
        #expect(error?.description.hasPrefix("line \(line): ") == true)
    }

    @Test(arguments: ["", "\n\n", "# only a comment", "[[artifact]]\nname = \"six\"", "\u{feff}version = 1"])
    func noHeader(_ text: String) {
        let error = #expect(throws: LockFormatError.self) { try Lock(parsing: text) }
        #expect(error?.message == "\"version\" is missing")
    }

    @Test func aLaterVersionIsSaidBeforeItsStrangeContent() {
        let error = #expect(throws: LockFormatError.self) {
            try Lock(parsing: "version = 2\nenvironment = \"e\"\n[[artifact]]\nwhat = { inline = 1 }\n")
        }
        #expect(
            error == LockFormatError(line: 1, message: "the lock has format version 2; this envsync reads version 1"))
    }

    /// Thousands of damaged locks: each is read or refused, none traps. What is read survives another round trip.
    @Test func mutatedLocks() throws {
        let seed = Array(try Sample.lock().text.utf8)
        var generator = SplitMix(state: 20_261_122)
        let spice = Array("\"\\[]=#\n\r <>|u0{}\u{e9}\u{301}\t,-+".utf8)
        var read = 0
        for _ in 0..<4000 {
            var bytes = seed
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<5, using: &generator) {
                case 0: bytes[place] = spice.randomElement(using: &generator) ?? 0
                case 1: bytes.insert(spice.randomElement(using: &generator) ?? 0, at: place)
                case 2:
                    bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...40, using: &generator)))
                case 3: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                default: bytes = Array(bytes.prefix(place + 1))
                }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            do {
                let lock = try Lock(parsing: text)
                #expect(try Lock(parsing: lock.text) == lock)
                read += 1
            } catch {
                let lines = text.utf8.count { $0 == UInt8(ascii: "\n") } + 1
                #expect((1...lines).contains(error.line))
            }
        }
        #expect(read > 100 && read < 3900)
    }
}

extension String {
    fileprivate func replacingCharacters(in range: Range<Index>, with text: String) -> String {
        self[..<range.lowerBound] + text + self[range.upperBound...]
    }
}
