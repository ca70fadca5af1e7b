import Foundation
import Testing

@testable import EnvironmentPacking

/// What is done to an archive's entries; Python's `tarfile` and `zipfile` write the others as they were.
struct ArchiveEdit: Sendable {
    /// The words of the program below.
    var words: [String]

    /// Gives a file other contents.
    static func write(_ path: String, _ text: String) -> ArchiveEdit { .init(words: ["write", path, text]) }
    /// Changes one bit of a file's last byte.
    static func flip(_ path: String) -> ArchiveEdit { .init(words: ["flip", path]) }
    static func remove(_ path: String) -> ArchiveEdit { .init(words: ["remove", path]) }
    /// Adds a file at the end, be there one of that path already or not.
    static func add(_ path: String, _ text: String) -> ArchiveEdit { .init(words: ["add", path, text]) }
    static func symlink(_ path: String, _ target: String) -> ArchiveEdit { .init(words: ["symlink", path, target]) }
    static func hardlink(_ path: String, _ target: String) -> ArchiveEdit { .init(words: ["hardlink", path, target]) }
    static func execute(_ path: String) -> ArchiveEdit { .init(words: ["execute", path]) }

    private static let program = """
        import io, json, os, sys, tarfile, zipfile
        source, target, edits = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
        done = set()

        def edited(name, data):
            for kind, path, *rest in edits:
                if path != name: continue
                done.add((kind, path))
                if kind == "remove": return None
                if kind == "write": data = rest[0].encode()
                if kind == "flip": data = data[:-1] + bytes([data[-1] ^ 1])
            return data

        if zipfile.is_zipfile(source):
            with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
                for info in old.infolist():
                    data = edited(info.filename, old.read(info))
                    if data is not None: new.writestr(info, data)
                for kind, path, *rest in edits:
                    if kind == "add": new.writestr(path, rest[0])
        else:
            mode = "w:gz" if open(source, "rb").read(2) == b"\\x1f\\x8b" else "w"
            with tarfile.open(source) as old, tarfile.open(target, mode, errors="surrogateescape") as new:
                for member in old:
                    data = edited(member.name, old.extractfile(member).read() if member.isreg() else b"?")
                    if data is None: continue
                    if ["execute", member.name] in edits: member.mode |= 0o111
                    if not member.isreg(): new.addfile(member); continue
                    member.size = len(data)
                    new.addfile(member, io.BytesIO(data))
                for kind, path, *rest in edits:
                    info = tarfile.TarInfo(os.fsdecode(path.encode("latin-1")))
                    if kind == "add":
                        info.size = len(rest[0])
                        new.addfile(info, io.BytesIO(rest[0].encode()))
                    if kind in ("symlink", "hardlink"):
                        info.type = tarfile.SYMTYPE if kind == "symlink" else tarfile.LNKTYPE
                        info.linkname = rest[0]
                        new.addfile(info)
        missed = [edit for edit in edits if edit[0] in ("write", "flip", "remove") and tuple(edit[:2]) not in done]
        assert not missed, missed
        """

    /// Makes another archive.
    static func apply(_ edits: [ArchiveEdit], _ source: String, to target: String) throws {
        let json = String(decoding: try JSONEncoder().encode(edits.map(\.words)), as: UTF8.self)
        try PackFixture.run("python3", ["-c", program, source, target, json])
    }
}

extension ArchiveInspection {
    /// The findings in short: `file-changed one 1.0: lib/…/one.py`.
    var told: [String] {
        findings.map { finding in
            finding.code.rawValue + (finding.package.map { " " + $0 } ?? "")
                + (finding.paths.isEmpty
                    ? "" : ": " + finding.paths.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " "))
        }
    }
}
