/// A parsed marker: comparisons, and how they are joined, in postfix order, so that no marker needs recursion to be
/// evaluated, compared or released.
struct MarkerExpression: Sendable {
    /// One step of the evaluation, which works on a stack of truth values.
    enum Step: Sendable {
        /// Pushes whether it holds.
        case comparison(MarkerComparison)
        /// Replaces so many values by whether all are true.
        case all(Int)
        /// Replaces so many values by whether any is true.
        case any(Int)
    }

    private(set) var steps: [Step] = []

    mutating func append(_ step: Step) { steps.append(step) }

    func holds(in context: MarkerContext) -> Bool {
        var stack: [Bool] = []
        for step in steps {
            switch step {
            case .comparison(let comparison):
                stack.append(comparison.holds(in: context))
            case .all(let count):
                let value = stack.suffix(count).allSatisfy { $0 }
                stack.removeLast(min(count, stack.count))
                stack.append(value)
            case .any(let count):
                let value = stack.suffix(count).contains(true)
                stack.removeLast(min(count, stack.count))
                stack.append(value)
            }
        }
        return stack.last ?? true
    }
}

/// What markers are evaluated against.
struct MarkerContext {
    let environment: TargetEnvironment
    let extras: Set<String>
    let groups: Set<String>
}

/// A name that a marker may ask for (dependency specifiers, "Environment Markers"; PEP 751, "Markers").
enum MarkerVariable: String, CaseIterable, Sendable {
    case pythonVersion = "python_version"
    case pythonFullVersion = "python_full_version"
    case osName = "os_name"
    case sysPlatform = "sys_platform"
    case platformRelease = "platform_release"
    case platformSystem = "platform_system"
    case platformVersion = "platform_version"
    case platformMachine = "platform_machine"
    case platformPythonImplementation = "platform_python_implementation"
    case implementationName = "implementation_name"
    case implementationVersion = "implementation_version"
    case extra
    case extras
    case dependencyGroups = "dependency_groups"

    private static let old: [String: MarkerVariable] = [
        "os.name": .osName, "sys.platform": .sysPlatform, "platform.version": .platformVersion,
        "platform.machine": .platformMachine, "platform.python_implementation": .platformPythonImplementation,
        "python_implementation": .platformPythonImplementation,
    ]

    /// Understands the names of PEP 508 and the older ones of PEP 345.
    init?(name: String) {
        guard let variable = MarkerVariable(rawValue: name) ?? Self.old[name] else { return nil }
        self = variable
    }

    /// Whether its values are compared as versions where both sides are versions.
    var isVersion: Bool {
        switch self {
        case .pythonVersion, .pythonFullVersion, .implementationVersion, .platformRelease: true
        default: false
        }
    }

    /// Whether its value is a set of names, which only `in` and `not in` can ask.
    var isSet: Bool { self == .extras || self == .dependencyGroups }
}

/// How a marker compares.
enum MarkerOperator: Sendable {
    case version(VersionSpecifier.Operator)
    case isIn
    case isNotIn
}

/// One comparison of a variable with a text.
struct MarkerComparison: Sendable {
    let variable: MarkerVariable
    let comparison: MarkerOperator
    /// The text; a normalized name where the variable has names.
    let literal: String
    /// Whether the variable stands on the left.
    let variableIsLeft: Bool
    /// The comparison as a version specifier, where the text on the right is one.
    private let specifier: VersionSpecifier?

    init(_ variable: MarkerVariable, _ comparison: MarkerOperator, literal: String, variableIsLeft: Bool) {
        self.variable = variable
        self.comparison = comparison
        let isName = variable == .extra || variable.isSet
        self.literal = isName ? PythonNames.normalize(literal) : literal
        self.variableIsLeft = variableIsLeft
        if variable.isVersion, variableIsLeft, case .version(let comparison) = comparison {
            specifier = VersionSpecifier(comparison, literal)
        } else {
            specifier = nil
        }
    }

    /// Why the comparison has no meaning; `nil` if it has one.
    var objection: String? {
        if variable.isSet {
            if case .version = comparison { return "\(variable.rawValue) takes \"in\" and \"not in\" only" }
            return variableIsLeft ? "\(variable.rawValue) stands on the right of \"in\"" : nil
        }
        guard case .version(let comparison) = comparison, comparison == .compatible || comparison == .arbitrary else {
            return nil
        }
        guard variable.isVersion else {
            return "\(variable.rawValue) is no version, which \"\(comparison.rawValue)\" needs"
        }
        // The release of the cluster's kernel is unknown, so empty, and no version.
        if !variableIsLeft, variable == .platformRelease, comparison == .compatible {
            return "platform_release stands on the left of \"~=\""
        }
        if variableIsLeft, specifier == nil { return "\"\(comparison.rawValue)\" needs a version after it" }
        return nil
    }

    func holds(in context: MarkerContext) -> Bool {
        switch variable {
        case .extras: return contains(context.extras)
        case .dependencyGroups: return contains(context.groups)
        case .extra: return holdsForExtras(context.extras)
        default: return holds(value: context.environment.markerValue(of: variable))
        }
    }

    private func contains(_ names: Set<String>) -> Bool {
        if case .isNotIn = comparison { return !names.contains(literal) }
        return names.contains(literal)
    }

    /// Several extras may be wanted at once: `==` asks whether one of them is meant, `!=` whether none is.
    private func holdsForExtras(_ extras: Set<String>) -> Bool {
        let candidates = extras.isEmpty ? [""] : extras
        switch comparison {
        case .version(.equal): return candidates.contains(literal)
        case .version(.notEqual): return !candidates.contains(literal)
        case .isNotIn: return candidates.allSatisfy { holds(value: $0) }
        default: return candidates.contains { holds(value: $0) }
        }
    }

    private func holds(value: String) -> Bool {
        let (left, right) = variableIsLeft ? (value, literal) : (literal, value)
        switch comparison {
        case .isIn: return right.containsText(left)
        case .isNotIn: return !right.containsText(left)
        case .version(let comparison):
            if variable.isVersion, let specifier = specifier ?? (variableIsLeft ? nil : .init(comparison, right)) {
                return specifier.contains(text: left)
            }
            // Texts have no order ("Environment Markers": only equality is defined for what is no version).
            switch comparison {
            case .equal, .atMost, .atLeast: return left == right
            case .notEqual: return left != right
            case .less, .greater, .compatible, .arbitrary: return false
            }
        }
    }
}

extension String {
    /// Whether it contains a text, byte by byte. Both are short or one of them is: what environments say is.
    fileprivate func containsText(_ part: String) -> Bool {
        part.isEmpty || utf8.count >= part.utf8.count && Array(utf8).contains(Array(part.utf8))
    }
}
