package import JOSE

/// The proof that a request may reach a backend. Only what holds one can proxy: "proxied unchecked" does not compile.
package enum Admission {
  /// A token has been verified; only `JOSE` can make one.
  case token(VerifiedToken)
  /// The route's configuration says `authorization: none`.
  case anonymous(Anonymous)

  package var token: VerifiedToken? {
    if case .token(let token) = self { return token }
    return nil
  }
}

/// Access without a token, as the configuration has spelled out.
package struct Anonymous: Sendable {
  /// Only to be called where the configuration of a route reads `authorization: none`.
  package static func asConfigured() -> Anonymous { Anonymous() }
  private init() {}
}
