import Foundation
import Glibc
import SyncDaemon
import Testing

@Suite struct OpenForWritingTests {
    /// The file systems that a Linux machine usually has: a disk's, and memory's.
    static let places: [String] = [NSTemporaryDirectory(), "/dev/shm", "/var/tmp"].filter {
        FileManager.default.isWritableFile(atPath: $0)
    }

    @Test(arguments: places) func aWriterIsSeenAsLongAsItIsThere(place: String) throws {
        let ground = try Playground(place)
        try ground.file("file")
        try ground.link("link", to: "file")
        #expect(OpenForWriting.isOpen(ground("file")) == false)
        for flags in [O_WRONLY, O_RDWR, O_WRONLY | O_APPEND] {
            let writer = open(ground("file"), flags)
            #expect(OpenForWriting.isOpen(ground("file")) == true)
            #expect(OpenForWriting.isOpen(ground("link")) == true)
            close(writer)
            #expect(OpenForWriting.isOpen(ground("file")) == false)
        }
        let reader = open(ground("file"), O_RDONLY)
        #expect(OpenForWriting.isOpen(ground("file")) == false)
        close(reader)
    }

    @Test func anotherProcessIsSeen() async throws {
        let ground = try Playground()
        try ground.file("file")
        let writer = Process()
        writer.executableURL = URL(fileURLWithPath: "/bin/sh")
        writer.arguments = ["-c", "exec 3>>\"$0\"; read line", ground("file")]
        let input = Pipe()
        writer.standardInput = input
        try writer.run()
        #expect(await eventually { OpenForWriting.isOpen(ground("file")) == true })
        try input.fileHandleForWriting.write(contentsOf: Data("end\n".utf8))
        #expect(await eventually { OpenForWriting.isOpen(ground("file")) == false })
        writer.waitUntilExit()
    }

    @Test func aSharedMappingIsAWriter() throws {
        let ground = try Playground()
        try ground.file("file", String(repeating: "x", count: 4096))
        let descriptor = open(ground("file"), O_RDWR)
        let memory = mmap(nil, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        close(descriptor)
        #expect(OpenForWriting.isOpen(ground("file")) == true)
        munmap(memory, 4096)
        #expect(OpenForWriting.isOpen(ground("file")) == false)
    }

    @Test func whatIsNoFileIsNotOpened() throws {
        let ground = try Playground()
        try ground.directory("directory")
        mkfifo(ground("fifo"), 0o600)
        try ground.link("broken", to: "nowhere")
        for name in ["directory", "fifo", "broken", "missing", "missing/deeper"] {
            #expect(OpenForWriting.isOpen(ground(name)) == nil)
        }
        // Nobody can write into a FIFO that nobody reads: it wasn't opened, then.
        #expect(open(ground("fifo"), O_WRONLY | O_NONBLOCK) == -1 && errno == ENXIO)
    }

    @Test func aWriterThatComesMeanwhileIsNotHarmed() async throws {
        let ground = try Playground()
        try ground.file("file")
        let path = ground("file")
        // Opens for writing meet leases; the signals that come of it must not end this process.
        async let writing: Int = Task.detached {
            var opened = 0
            for _ in 0..<3000 {
                let descriptor = open(path, O_WRONLY)
                if descriptor >= 0 { opened += 1 }
                close(descriptor)
            }
            return opened
        }.value
        for _ in 0..<3000 { #expect(OpenForWriting.isOpen(path) != nil) }
        #expect(await writing == 3000)
    }
}
