/// What the `typ` header says about the kind of token (RFC 8725 §3.11).
enum TokenType: Equatable {
  /// Absent or `JWT`: any kind of token may call itself that.
  case general
  /// A kind that is certainly not an access token.
  case foreign
  /// Anything else, such as `at+jwt` (RFC 9068 §2.1) or a provider's own name.
  case particular

  private static let foreignNames = ["oauth-id-jag+jwt", "dpop+jwt", "logout+jwt", "secevent+jwt"]

  /// Media types are compared without case, and `application/` may be left out (RFC 7515 §4.1.9).
  init(_ typ: String?) {
    guard let typ else {
      self = .general
      return
    }
    let lower = typ.lowercased()
    let prefix = "application/"
    let name = lower.hasPrefix(prefix) ? String(lower.dropFirst(prefix.count)) : lower
    self = name == "jwt" ? .general : Self.foreignNames.contains(name) ? .foreign : .particular
  }
}
