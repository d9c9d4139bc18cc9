/// How an access token is presented: the authentication scheme of the Authorization field.
package enum AccessTokenScheme: Sendable {
  /// RFC 6750 §2.1.
  case bearer
  /// RFC 9449 §7.1: with a proof.
  case dpop
}
