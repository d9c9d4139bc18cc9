/// What the `typ` header says about the kind of token (RFC 8725 §3.11).
enum TokenType: Equatable {
  /// Absent or `JWT`: any kind of token may call itself that.
  case general
  /// `at+jwt` (RFC 9068 §2.1).
  case accessToken
  /// A kind that is certainly not an access token.
  case foreign
  /// Anything else: a provider's own name.
  case particular

  /// Kinds of JWT that are registered for something else.
  private static let foreignNames = [
    "oauth-id-jag+jwt", "dpop+jwt", "logout+jwt", "secevent+jwt", "client-authentication+jwt",
    "oauth-authz-req+jwt", "token-introspection+jwt", "kb+jwt", "jwk-set+jwt", "entity-statement+jwt",
  ]

  /// Media types are compared without case, and `application/` may be left out (RFC 7515 §4.1.9).
  init(_ typ: String?) {
    guard let typ, typ != "JWT" else {
      self = .general
      return
    }
    let lower = typ.lowercased()
    let prefix = "application/"
    let name = lower.hasPrefix(prefix) ? String(lower.dropFirst(prefix.count)) : lower
    self =
      switch name {
      case "at+jwt": .accessToken
      case "jwt": .general
      default: Self.foreignNames.contains(name) ? .foreign : .particular
      }
  }
}
