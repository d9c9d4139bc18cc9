/// A text that is never shown: not in findings, not in the log, not by `check --expand`.
package struct Secret: Equatable, Sendable {
  /// For those whom the secret is meant for, and nobody else.
  package let value: String
  /// The interpolation that the value came from; nil when the file holds the secret itself.
  private let reference: String?

  /// - Parameter written: the text before interpolation.
  init(_ value: String, written: String?) {
    self.value = value
    reference = written.flatMap { Self.isReference($0) ? $0 : nil }
  }

  /// Whether `text` is one interpolation and nothing else. A default after ":-" is as good as the secret itself.
  private static func isReference(_ text: String) -> Bool {
    guard text.hasPrefix("${"), text.hasSuffix("}") else { return false }
    let expression = text.dropFirst(2).dropLast()
    return !expression.contains("}") && (expression.hasPrefix("file:") || !expression.contains(":-"))
  }

  private static let mask = "***"

  /// What a configuration can show in place of the value.
  var shown: String { reference ?? Self.mask }

  /// Nil for a secret that comes from elsewhere.
  var finding: (fault: Fault, severity: Diagnostic.Severity)? {
    guard reference == nil else { return nil }
    let remedy = "Write ${file:PATH}, or ${VAR} without a default, and keep the secret there."
    return value == Self.mask
      ? (Fault("\(quoted(Self.mask)) stands for a secret that was not shown", remedy: remedy), .error)
      : (Fault("whoever can read this file can read the secret", remedy: remedy), .warning)
  }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { Self.mask }
  package var debugDescription: String { Self.mask }
  package var customMirror: Mirror { Mirror(self, children: []) }
}

extension ScalarFormat where Value == String {
  /// Like text, but faults do not quote it.
  static var secret: Self {
    Self(expected: "a secret", example: "${file:/run/secrets/portcullis}") { text throws(Fault) in
      guard !text.isEmpty else { throw Fault("the secret is empty", remedy: "Check where it comes from.") }
      guard text.unicodeScalars.allSatisfy(isPrintable), text.utf8.count <= 2048 else {
        throw Fault(
          "the secret has a line break or an invisible character, or more than 2048 bytes",
          remedy: "Keep the secret alone on one line.")
      }
      return text
    }
  }
}
