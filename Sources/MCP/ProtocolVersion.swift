/// A revision of the Model Context Protocol, by the date that names it on the wire.
package enum ProtocolVersion: String, CaseIterable, Sendable {
  case march2025 = "2025-03-26"
  case june2025 = "2025-06-18"
  case november2025 = "2025-11-25"
  case july2026 = "2026-07-28"

  /// Whether each request carries its own version and there is neither handshake nor session (2026-07-28 and
  /// later).
  package var isModern: Bool { self == .july2026 }

  /// The newest revision that starts with `initialize`: what a server offers a client whose version it does
  /// not know.
  package static let newestLegacy = ProtocolVersion.november2025

  /// The revisions without handshake, newest first.
  package static let modern = allCases.reversed().filter(\.isModern)

  /// Every revision, newest first.
  package static let newestFirst = Array(allCases.reversed())
}
