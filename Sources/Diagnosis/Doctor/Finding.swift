/// One thing that was looked at along the way of a client.
package struct Finding: Equatable, Sendable {
  package enum Severity: String, Sendable, Comparable, CaseIterable {
    /// Worth knowing; nothing to do.
    case information
    case ok
    /// It works, but not for everybody or not for long.
    case warning
    /// Somebody is turned away who should not be.
    case problem

    package static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
  }

  package let severity: Severity
  /// What was looked at, in a word or two, such as `challenge`.
  package let check: String
  package let message: String
  /// Of warnings and problems: one or more sentences.
  package let remedy: String?

  package static func information(_ check: String, _ message: String) -> Finding {
    Finding(severity: .information, check: check, message: message, remedy: nil)
  }

  package static func ok(_ check: String, _ message: String) -> Finding {
    Finding(severity: .ok, check: check, message: message, remedy: nil)
  }

  package static func warning(_ check: String, _ message: String, remedy: String) -> Finding {
    Finding(severity: .warning, check: check, message: message, remedy: remedy)
  }

  package static func problem(_ check: String, _ message: String, remedy: String) -> Finding {
    Finding(severity: .problem, check: check, message: message, remedy: remedy)
  }
}
