// Reads spoiled lockfiles. `scripts/fuzz` runs it in batches, adds up what it prints, and keeps the input on which it
// fails.
//
//   LockfileFuzzer run FIXTURES SEED FIRST COUNT PROGRESS    reads the inputs of these numbers; PROGRESS is a file that
//                                                            always holds the number of the current one
//   LockfileFuzzer write FIXTURES SEED NUMBER DIRECTORY      writes one of them, with its companions
//   LockfileFuzzer time FILE                                 reads one file a few times and prints the fastest in ms
import Foundation
import PythonPackaging

func fail(_ message: String) -> Never {
    FileHandle.standardError.write(Data("\(message)\n".utf8))
    exit(2)
}

func read(_ input: Corpus.Input) throws(LockfileError) -> PythonLockfile {
    try LockfileReader.read(input.content, fileName: input.fileName) { input.companions[$0] }
}

/// Whether something could be selected, for an environment of which there are many and one of which there are few.
func select(from lockfile: PythonLockfile) -> Bool {
    var selected = false
    for (python, platform) in [("3.11", "manylinux_2_28_x86_64"), ("3.10.4", "win_amd64")] {
        guard let target = try? TargetEnvironment(python: python, platform: platform) else { fail("no such target") }
        for (extras, groups) in [([], nil), (lockfile.extras, lockfile.groups)] as [(Set<String>, Set<String>?)] {
            let selection = try? PackageSelection.select(from: lockfile, for: target, extras: extras, groups: groups)
            selected = selected || selection != nil
        }
    }
    return selected
}

func run(_ corpus: Corpus, seed: UInt64, numbers: Range<Int>, progress: String) {
    let descriptor = open(progress, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    guard descriptor >= 0 else { fail("\(progress) can't be written") }
    let watchdog = Watchdog()
    watchdog.start()
    var report = Report()
    for number in numbers {
        let input = corpus.input(number, seed: seed)
        var text = Array("\(number)\n".utf8)
        text += repeatElement(0x20, count: max(0, 20 - text.count))
        guard pwrite(descriptor, text, text.count, 0) == text.count else { fail("\(progress) can't be written") }
        let format = LockfileReader.format(fileName: input.fileName, content: input.content)?.rawValue ?? "none"
        watchdog.began(number)
        let start = Watchdog.processorTime
        var wasSelected = false
        var lockfile: PythonLockfile?
        do {
            let value = try read(input)
            lockfile = value
            wasSelected = select(from: value)
        } catch {
            // What is thrown ends up in a terminal.
            if error.description.utf8.count > 4_000
                || error.description.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F })
            {
                FileHandle.standardError.write(Data("input \(number): the error is not one short line\n".utf8))
                exit(4)
            }
        }
        let time = Watchdog.processorTime - start
        watchdog.began(-1)
        report.add(
            format: format, wasRead: lockfile != nil, wasSelected: wasSelected, number: number, time: time)
    }
    report.print()
}

let arguments = CommandLine.arguments
switch arguments.dropFirst().first {
case "run" where arguments.count == 7:
    guard let seed = UInt64(arguments[3]), let first = Int(arguments[4]), let count = Int(arguments[5]), count > 0
    else {
        fail("SEED, FIRST and COUNT must be numbers")
    }
    let corpus = try Corpus(directory: arguments[2])
    guard !corpus.seeds.isEmpty else { fail("\(arguments[2]) holds no fixtures") }
    run(corpus, seed: seed, numbers: first..<first + count, progress: arguments[6])
case "write" where arguments.count == 6:
    guard let seed = UInt64(arguments[3]), let number = Int(arguments[4]) else {
        fail("SEED and NUMBER must be numbers")
    }
    let input = try Corpus(directory: arguments[2]).input(number, seed: seed)
    for (name, content) in input.companions.merging([input.fileName: input.content], uniquingKeysWith: { $1 }) {
        try Data(content).write(to: URL(fileURLWithPath: arguments[5] + "/" + name))
    }
case "time" where arguments.count == 3:
    let path = arguments[2] as NSString
    let content = Array(try Data(contentsOf: URL(fileURLWithPath: arguments[2])))
    var fastest = Duration.seconds(1_000)
    var packages = 0
    for _ in 0..<20 {
        let start = ContinuousClock.now
        packages = try LockfileReader.read(content, fileName: path.lastPathComponent) { name in
            (try? Data(contentsOf: URL(fileURLWithPath: path.deletingLastPathComponent + "/" + name))).map(Array.init)
        }.packages.count
        fastest = min(fastest, ContinuousClock.now - start)
    }
    print("\(packages) packages, \(content.count) bytes: \(String(format: "%.2f", fastest / .milliseconds(1))) ms")
default: fail("usage: LockfileFuzzer run|write|time …")
}
