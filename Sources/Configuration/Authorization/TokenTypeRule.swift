/// `token_type`: what the header field `typ` of a token must say (RFC 7515 §4.1.9).
package enum TokenTypeRule: String, CaseIterable, Sendable {
  /// Anything but the types that are known to be no access tokens.
  case any
  /// RFC 9068 §4: `at+jwt`, also with `application/` before it.
  case accessTokenJWT = "at+jwt"
}
