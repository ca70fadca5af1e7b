/// Writes Prometheus's text format, version 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format).
struct MetricsText {
    enum Kind: String {
        case counter
        case gauge
        case histogram
    }

    /// One line: labels and a value.
    struct Sample {
        var labels: KeyValuePairs<String, String>
        var value: Double

        init(_ labels: KeyValuePairs<String, String>, _ value: Double) {
            self.labels = labels
            self.value = value
        }

        init(_ labels: KeyValuePairs<String, String>, _ value: Int) { self.init(labels, Double(value)) }

        init(_ value: Double) { self.init([:], value) }

        init(_ value: Int) { self.init([:], Double(value)) }
    }

    private(set) var text = ""

    /// Adds a metric with all its samples, which the format wants together; none if there are no samples.
    mutating func add(_ name: String, _ kind: Kind, _ help: String, _ samples: [Sample]) {
        guard !samples.isEmpty else { return }
        begin(name, kind, help)
        for sample in samples { line(name, sample.labels.map { ($0.key, $0.value) }, sample.value) }
    }

    /// Adds a histogram: for each series of labels, the buckets' counts (not accumulated, the last without an end) and
    /// the sum of the observations.
    mutating func addHistogram(
        _ name: String, _ help: String, bounds: [Double],
        _ series: [(labels: KeyValuePairs<String, String>, counts: [Int], sum: Double)]
    ) {
        guard !series.isEmpty else { return }
        begin(name, .histogram, help)
        for (labels, counts, sum) in series {
            let labels = labels.map { ($0.key, $0.value) }
            var total = 0
            for (index, count) in counts.enumerated() {
                total += count
                let bound = bounds.indices.contains(index) ? Self.number(bounds[index]) : "+Inf"
                line(name + "_bucket", labels + [("le", bound)], Double(total))
            }
            line(name + "_sum", labels, sum)
            line(name + "_count", labels, Double(total))
        }
    }

    private mutating func begin(_ name: String, _ kind: Kind, _ help: String) {
        text += "# HELP \(name) \(help.replacing("\\", with: "\\\\").replacing("\n", with: "\\n"))\n"
        text += "# TYPE \(name) \(kind.rawValue)\n"
    }

    private mutating func line(_ name: String, _ labels: [(String, String)], _ value: Double) {
        text += name
        if !labels.isEmpty {
            text += "{" + labels.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }.joined(separator: ",") + "}"
        }
        text += " \(Self.number(value))\n"
    }

    static func escaped(_ label: String) -> String {
        var result = ""
        for scalar in label.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
    }
}
