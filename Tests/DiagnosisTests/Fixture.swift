import Bytes
import Configuration
import JOSE
import JSON

@testable import Diagnosis

enum FixtureFailure: Error { case unusable(String), noRoute }

/// A configuration, and tokens for it.
enum Fixture {
  static let now: Int64 = 1_700_000_000
  static let issuer = "https://idp.example.com"

  /// Keys made once for all tests; signing only reads them.
  nonisolated(unsafe) private static let made = Result { try SigningKey.generate(.es256, kid: "key-1") }

  static var key: SigningKey { get throws { try made.get() } }

  static var keys: KeySet { get throws { try KeySet(jwks: ["keys": [try key.publicJWK]]) } }

  static func load(_ text: String) throws -> (configuration: GatewayConfiguration, sources: SourceMap) {
    let result = ConfigurationLoader(environment: { _ in nil }, readFile: { _ throws(TextFileError) in "" })
      .load(text: text, file: "gateway.yaml")
    guard let configuration = result.configuration else {
      throw FixtureFailure.unusable(result.diagnostics.map(\.rendered).joined(separator: "\n"))
    }
    return (configuration, result.sources)
  }

  /// The bridge for entries that name it, of which these are further lines.
  static func bridge(_ lines: [String] = []) throws -> BridgeConfiguration? {
    let more = lines.map { "    \($0)" }.joined(separator: "\n")
    return try load(
      """
      public_url: https://mcp.example.com
      bridges:
        - name: corporate
          client_id: gateway
          sealing_keys_file: /bridge.keys
      \(more)
      routes:
        - path: /mcp
          upstream: {url: "http://127.0.0.1:8000/mcp"}
          authorization: {issuer: "\(issuer)", allowed_audience: [a], bridge: corporate}
      """
    ).configuration.bridges.first
  }

  /// One route whose `authorization` is these lines.
  static func route(_ authorization: [String]) throws -> (GatewayConfiguration, SourceMap) {
    let lines = authorization.map { "      \($0)" }.joined(separator: "\n")
    return try load(
      """
      public_url: https://mcp.example.com
      routes:
        - name: tools
          path: /mcp
          upstream: {url: "http://127.0.0.1:8000/mcp"}
          authorization:
      \(lines)
      """)
  }

  static func entry(_ authorization: [String]) throws -> (RouteConfiguration, AuthorizationConfiguration, SourceMap) {
    let (configuration, sources) = try route(authorization)
    guard let route = configuration.routes.first, case .token(let entries) = route.authorization,
      let entry = entries.first
    else { throw FixtureFailure.noRoute }
    return (route, entry, sources)
  }

  /// Good claims with changes; nil removes.
  static func claims(_ changes: [(String, JSONValue?)] = []) -> JSONObject {
    var claims: JSONObject = [
      "iss": .string(issuer), "sub": "user-1", "aud": "https://mcp.example.com/mcp", "client_id": "client-1",
      "scope": "mcp:tools", "iat": .integer(now - 10), "exp": .integer(now + 300),
    ]
    for (name, value) in changes { claims[name] = value }
    return claims
  }

  static func token(_ changes: [(String, JSONValue?)] = [], header: JSONObject = [:]) throws -> String {
    try key.sign(.object(claims(changes)), type: "at+jwt", header: header)
  }
}
