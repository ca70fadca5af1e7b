import Glibc
import Testing

@testable import SyncDaemon

@Suite struct MemoryUseTests {
    @Test func onlyCodeOfFilesIsLetGo() {
        let maps = """
            560ba9dd1000-560bac0ac000 r-xp 00000000 fe:00 16631690                   /opt/a program/envsync
            560bac0ac000-560bac192000 r--p 022da000 fe:00 16631690                   /opt/a program/envsync
            560bac192000-560bae669000 rw-p 023c0000 fe:00 16631690                   /opt/a program/envsync
            7f4c70000000-7f4c70021000 rw-p 00000000 00:00 0
            7f4c80000000-7f4c80001000 r-xp 00000000 00:00 0
            7ffd0a5f2000-7ffd0a5f4000 r-xp 00000000 00:00 0                          [vdso]
            7f4c90000000-7f4c90010000 r-xs 00000000 fe:00 7                          /shared
            """
        #expect(
            MemoryUse.codeMappings(lines: maps.split(separator: "\n")) == [0x560b_a9dd_1000..<0x560b_ac0a_c000])
    }

    /// The program goes on, and is smaller than it was.
    @Test func whatIsLetGoComesBack() {
        var sum = 0
        for number in 0..<1000 { sum += "\(number)".count }
        let before = resident()
        MemoryUse.giveBack()
        let after = resident()
        #expect(after < before)
        for number in 0..<1000 { sum -= "\(number)".count }
        #expect(sum == 0)
    }

    /// Resident pages, from proc(5)'s `statm`.
    private func resident() -> Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var buffer = [CChar](repeating: 0, count: 128)
        guard fgets(&buffer, 128, file) != nil else { return 0 }
        let text = String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    }
}
