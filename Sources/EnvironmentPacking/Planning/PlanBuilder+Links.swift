import Glibc
import ReproducibleArchive

extension PlanBuilder {
    /// Where a path of the environment leads over all links.
    enum Destination: Equatable {
        case inside([UInt8])
        case nowhere
        case outside
    }

    mutating func addSurveyedLink(_ file: SurveyedFile, _ target: [UInt8]) {
        var target = target
        var leavesAndReturns = false
        if target.first == 0x2F {
            guard let inside = insidePrefix(target) else {
                refuseLink(file, target)
                return
            }
            target = relative(inside, from: file.path.parent)
        }
        var destination = follow(target, from: file.path.parent, leaving: &leavesAndReturns)
        if leavesAndReturns, case .inside(let path) = destination {
            target = relative(path, from: file.path.parent)
            destination = .inside(path)
        }
        switch destination {
        case .outside: refuseLink(file, target)
        case .nowhere:
            notes.append("\(file.path.shown) is a link that leads to nothing")
            if options.format == .zip { omit(file, "a link that leads to nothing") } else { addLink(file, target) }
        case .inside(let path):
            guard options.format == .zip else {
                addLink(file, target)
                return
            }
            let isDirectory = path.isEmpty || numbers[path].map { survey.files[$0].kind == .directory } ?? false
            if isDirectory {
                omit(file, "a link to a directory, which a zip can't hold")
            } else {
                copies.append((file.path, path))
            }
        }
    }

    mutating func addLink(_ file: SurveyedFile, _ target: [UInt8]) {
        if options.format == .zip {
            var ignored = false
            if target.first != 0x2F, case .inside(let path) = follow(target, from: file.path.parent, leaving: &ignored)
            {
                copies.append((file.path, path))
            } else {
                omit(file, "a link that leads out of the archive, which a zip can't hold")
            }
            return
        }
        entries[file.path] = .init(path: file.path, kind: .symlink(target: target))
    }

    private mutating func refuseLink(_ file: SurveyedFile, _ target: [UInt8]) {
        problems.append(
            PackProblem(
                code: .escapingLink, paths: [file.path],
                message: "is a link that leads out of the environment, to \(target.shown)",
                advice: "put a copy in its place, or leave it out with --exclude '\(file.path.shown)'"))
    }

    /// Files that take the place of links to them.
    mutating func resolveCopies() {
        for copy in copies {
            if case .file? = entries[copy.target]?.kind, let original = entries[copy.target] {
                entries[copy.path] = .init(path: copy.path, kind: original.kind)
            } else {
                omissions.append(.init(path: copy.path, reason: "a link to something that is not packed"))
            }
        }
    }

    /// The path inside the environment of an absolute one; `nil`: outside.
    private func insidePrefix(_ path: [UInt8]) -> [UInt8]? {
        for prefix in [survey.prefix, survey.givenPrefix] {
            if path.elementsEqual(prefix.utf8) { return [] }
            let start = Array(prefix.utf8) + [0x2F]
            if path.starts(with: start) {
                return path.split(separator: 0x2F).contains { $0.elementsEqual([0x2E, 0x2E]) }
                    ? RecordTable.resolve(Array(path[start.count...]), in: []) : Array(path[start.count...])
            }
        }
        return nil
    }

    private func relative(_ path: [UInt8], from directory: [UInt8]) -> [UInt8] {
        let wanted = path.split(separator: 0x2F)
        let place = directory.split(separator: 0x2F)
        let common = zip(wanted, place).prefix { $0 == $1 }.count
        let parts = Array(repeating: [0x2E, 0x2E][...], count: place.count - common) + wanted[common...]
        return parts.isEmpty ? [0x2E] : Array(parts.joined(separator: [0x2F]))
    }

    /// Follows a path over links as the system would, without asking it.
    private func follow(_ target: [UInt8], from directory: [UInt8], leaving: inout Bool) -> Destination {
        var place = directory.split(separator: 0x2F)
        var rest = Array(target.split(separator: 0x2F).reversed())
        var links = 0
        while let part = rest.popLast() {
            if part.elementsEqual([0x2E]) { continue }
            if part.elementsEqual([0x2E, 0x2E]) {
                if place.popLast() != nil { continue }
                // Out of the environment, and perhaps in again by its own name.
                let above = Array(survey.prefix.utf8).split(separator: 0x2F).dropLast()
                let whole = [0x2F] + (above + rest.reversed()).joined(separator: [0x2F])
                let clean = RecordTable.resolve(Array(whole.dropFirst()), in: []).map { [0x2F] + $0 }
                guard let clean, let inside = insidePrefix(clean) else { return .outside }
                leaving = true
                rest = inside.split(separator: 0x2F).reversed()
                continue
            }
            let path = Array((place + [part]).joined(separator: [0x2F]))
            guard let number = numbers[path] else {
                // What isn't there can't lead out, unless by what follows.
                if rest.contains(where: { $0.elementsEqual([0x2E, 0x2E]) }) {
                    place.append(part)
                    continue
                }
                return .nowhere
            }
            guard case .symlink(let next) = survey.files[number].kind else {
                place.append(part)
                continue
            }
            links += 1
            guard links <= 40 else { return .nowhere }
            if next.first == 0x2F {
                guard let inside = insidePrefix(next) else { return .outside }
                place = []
                rest += inside.split(separator: 0x2F).reversed()
            } else {
                rest += next.split(separator: 0x2F).reversed()
            }
        }
        let path = Array(place.joined(separator: [0x2F]))
        return path.isEmpty || numbers[path] != nil ? .inside(path) : .nowhere
    }
}
