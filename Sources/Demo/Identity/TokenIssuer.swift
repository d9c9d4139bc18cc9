internal import Bytes
internal import JOSE
internal import JSON

/// Writes the provider's tokens, signed by a key that is made at start and never leaves the process.
struct TokenIssuer {
  private let issuer: String
  private let key: SigningKey

  init(issuer: String, algorithm: JWSAlgorithm) throws(CryptoFailure) {
    self.issuer = issuer
    // A fresh identifier: whoever cached the key of an earlier run must not take it for this one.
    let kid = "demo-" + Base64URL.encode(try SecureRandom.bytes(9))
    key = try SigningKey.generate(algorithm, kid: kid)
  }

  /// The JWK set (RFC 7517 §5).
  var keySet: JSONValue { ["keys": [key.publicJWK]] }

  /// An access token in the form of RFC 9068.
  func accessToken(_ grant: Grant, scopes: [DemoScope], now: Int64) throws(CryptoFailure) -> String {
    try key.sign(
      [
        "iss": .string(issuer),
        "sub": .string(grant.user.name),
        "aud": .string(grant.audience),
        "client_id": .string(grant.clientID),
        "scope": .string(scopes.text),
        "iat": .integer(now),
        "exp": .integer(now + Lifetime.accessToken),
        "jti": .string(Base64URL.encode(try SecureRandom.bytes(16))),
      ], type: "at+jwt")
  }

  /// An ID token (OpenID Connect Core §2) that goes with `accessToken`.
  func identityToken(_ grant: Grant, accessToken: String, now: Int64) throws(CryptoFailure) -> String {
    var claims: JSONObject = [
      "iss": .string(issuer),
      "sub": .string(grant.user.name),
      "aud": .string(grant.clientID),
      "iat": .integer(now),
      "exp": .integer(now + Lifetime.accessToken),
      "auth_time": .integer(grant.issuedAt),
      "at_hash": .string(Base64URL.encode(Digest.sha256(Array(accessToken.utf8)).prefix(16))),
    ]
    claims["nonce"] = grant.nonce.map { .string($0) }
    return try key.sign(.object(claims), type: "JWT")
  }
}
