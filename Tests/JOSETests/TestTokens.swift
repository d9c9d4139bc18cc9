import Bytes
import JOSE
import JSON

/// Keys made once for all tests. Signing only reads them.
enum TestKeys {
  nonisolated(unsafe) private static let keys = JWSAlgorithm.allCases.map { algorithm in
    Result { () throws(CryptoFailure) in try SigningKey.generate(algorithm, kid: "key-\(algorithm.rawValue)")
    }
  }

  static func key(_ algorithm: JWSAlgorithm) throws -> SigningKey {
    for key in keys where try key.get().algorithm == algorithm { return try key.get() }
    throw TestFailure.noSuchKey
  }

  static func set() throws -> KeySet {
    try KeySet(jwks: ["keys": .array(keys.map { try $0.get().publicJWK })])
  }
}

enum TestFailure: Error { case noSuchKey, notVerified(String), openSSL }

/// A token that is in order, and what a test changes about it.
enum TestTokens {
  static let now: Int64 = 1_700_000_000

  static let claims: JSONObject = [
    "iss": "https://idp.example/tenant", "sub": "user-1", "aud": "https://gateway.example/mcp",
    "client_id": "client-1", "scope": "mcp:tools openid", "iat": .integer(now - 10),
    "exp": .integer(now + 300),
  ]

  static let policy = TokenPolicy(
    issuer: "https://idp.example/tenant", audiences: ["https://gateway.example/mcp"])

  /// The claims with some replaced, or removed where the value is nil.
  static func claims(_ changes: [(String, JSONValue?)]) -> JSONValue {
    var claims = claims
    for (name, value) in changes { claims[name] = value }
    return .object(claims)
  }

  static func sign(
    _ changes: [(String, JSONValue?)] = [], _ algorithm: JWSAlgorithm = .es256, type: String = "at+jwt",
    header: JSONObject = [:]
  ) throws -> String {
    try TestKeys.key(algorithm).sign(claims(changes), type: type, header: header)
  }

  /// A token with any header at all, really signed.
  static func signRaw(header: String, claims: JSONValue = .object(claims), _ algorithm: JWSAlgorithm = .es256)
    throws
    -> String
  {
    let input = Base64URL.encode(header.utf8) + "." + Base64URL.encode(claims.serialized())
    return input + "." + Base64URL.encode(try TestKeys.key(algorithm).signature(of: [UInt8](input.utf8)))
  }
}

extension String {
  func judged(_ policy: TokenPolicy = TestTokens.policy, keys: KeySet?, now: Int64 = TestTokens.now)
    -> Judgement
  {
    var token = self
    return token.withUTF8 { text in
      do throws(TokenFault) {
        return TokenVerifier(policy: policy, keepsClaims: true).judge(
          try PresentedToken(ByteView(text)), keys: keys, now: now)
      } catch {
        return .refused(error)
      }
    }
  }

  /// The payload as text, its signature checked and nothing else.
  func verified(by keys: KeySet) throws(TokenFault) -> String {
    try [UInt8](utf8).withUnsafeBufferPointer { (token) throws(TokenFault) in
      String(decoding: try keys.verify(ByteView(token)), as: UTF8.self)
    }
  }

  /// What became of the token, in one word.
  func outcome(_ policy: TokenPolicy = TestTokens.policy, now: Int64 = TestTokens.now) throws -> String {
    judged(policy, keys: try TestKeys.set(), now: now).outcome
  }

  func verified(_ policy: TokenPolicy = TestTokens.policy) throws -> VerifiedToken {
    let judgement = judged(policy, keys: try TestKeys.set())
    guard case .verified(let token) = judgement else { throw TestFailure.notVerified(judgement.outcome) }
    return token
  }
}

extension VerifiedToken {
  var subject: String { String(decoding: subjectBytes, as: UTF8.self) }
  var client: String { String(decoding: clientBytes, as: UTF8.self) }
  var scopes: [String] { scopeBytes.split(separator: ASCII.space).map { String(decoding: $0, as: UTF8.self) } }
}

extension Judgement {
  var outcome: String {
    switch self {
    case .verified: "verified"
    case .keyNeeded(let kid): "key needed: \(kid ?? "none")"
    case .badSignature(let kid): "bad signature: \(kid ?? "none")"
    case .refused(let fault): "\(fault.reason)"
    }
  }
}
