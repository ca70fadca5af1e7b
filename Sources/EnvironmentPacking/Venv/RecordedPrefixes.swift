import Glibc

/// Where an environment was made, as it says itself: it may have been moved or copied since.
enum RecordedPrefixes {
    static func read(_ survey: EnvironmentSurvey) -> [String] {
        var found: [String] = []
        // "…/python3 -m venv /home/ana/venv", by Python 3.11 and later.
        if let command = survey.configuration["command"], let last = command.split(separator: " ").last {
            found.append(String(last))
        }
        let activate = Array("bin/activate".utf8)
        let index = survey.files.firstIndex(atOrAfter: activate)
        if index < survey.files.count, survey.files[index].path == activate, survey.files[index].kind == .regular,
            let text = try? OpenSource(survey.files[index].source).bytes(limit: 1 << 20)
        {
            found += assignments(String(decoding: text, as: UTF8.self))
        }
        return found
    }

    /// The values that an activation script gives to `VIRTUAL_ENV`.
    static func assignments(_ script: String) -> [String] {
        script.split(whereSeparator: \.isNewline).compactMap { line in
            guard let start = line.range(of: "VIRTUAL_ENV=") else { return nil }
            let value = line[start.upperBound...]
            guard let first = value.first else { return nil }
            if first == "/" { return String(value.prefix { $0 != " " && $0 != ";" }) }
            guard first == "\"" || first == "'", value.dropFirst().first == "/" else { return nil }
            return String(value.dropFirst().prefix { $0 != first })
        }
    }
}

extension Substring {
    fileprivate func range(of text: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}
