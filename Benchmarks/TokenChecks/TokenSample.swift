internal import Bytes
internal import JOSE
internal import JSON

/// Access tokens of one algorithm as an MCP server's clients bring them: thirteen claims, about 950 bytes with RS256.
struct TokenSample {
  /// A token, and what OpenSSL needs of it.
  struct Token {
    let bytes: [UInt8]
    let message: ArraySlice<UInt8>
    /// See ``BareVerification/native(_:_:)``.
    let signature: [UInt8]
  }

  /// More than a ``GatewayCheck`` that is to remember none of them has room for.
  static let count = 8
  static let now: Int64 = 1_800_000_000

  static let policy = TokenPolicy(
    issuer: "https://login.example.com/oauth2/default", audiences: ["https://mcp.example.com/mcp"],
    clients: ["0oa9kq2xw7Hc5TzbR5d7"], scopes: ["mcp:tools"],
    customClaims: [.claim("groups", .contains("engineering"))])

  let tokens: [Token]

  init(_ algorithm: JWSAlgorithm, _ key: BenchmarkKey) throws {
    tokens = try (1...Self.count).map { number in
      let text = try key.signer.sign(Self.claims(of: number))
      let bytes = [UInt8](text.utf8)
      guard let dot = bytes.lastIndex(of: ASCII.dot),
        let signature = bytes[(dot + 1)...].withUnsafeBytes({ Base64URL.decode($0) })
      else { throw BenchmarkFailure("a token has no signature: \(text)") }
      return Token(
        bytes: bytes, message: bytes[..<dot], signature: try BareVerification.native(signature, algorithm))
    }
  }

  private static func claims(of number: Int) -> JSONValue {
    [
      "ver": 1, "jti": .string("AT.x2TqGh8-Lw\(number)nVfR0cYpZs7dKjUe3"), "iss": .string(policy.issuer),
      "aud": .string(policy.audiences[0]), "iat": .integer(now - 60), "exp": .integer(now + 3600),
      "auth_time": .integer(now - 61), "client_id": .string(policy.clients[0]),
      "uid": .string("00u7f3kd\(number)Qm5d7"), "sub": .string("user\(number)@example.com"),
      "scope": "openid profile mcp:tools", "acr": "urn:mace:incommon:iap:silver",
      "groups": ["everyone", "engineering", "on-call"],
    ]
  }
}
