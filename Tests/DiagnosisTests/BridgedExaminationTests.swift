import Bytes
import Configuration
import Gateway
import JOSE
import JSON
import Testing

@testable import Diagnosis

/// Tokens for an entry whose clients sign in with a bridge.
struct BridgedExaminationTests {
  /// As a bridge seals: version 1, the id "2026-11", a nonce, and something with a tag.
  private static let sealed = Base64URL.encode([1, 7] + Array("2026-11".utf8) + [UInt8](repeating: 0xA5, count: 60))

  private func choice(_ bridge: String, _ entry: String) throws -> (RouteChoice, SourceMap) {
    let (configuration, sources) = try Fixture.load(
      """
      public_url: https://mcp.example.com
      bridges:
        - {name: corporate, client_id: gateway, sealing_keys_file: /b.keys, \(bridge)}
      routes:
        - path: /mcp
          upstream: {url: "http://127.0.0.1:8000/mcp"}
          authorization: {issuer: "\(Fixture.issuer)", bridge: corporate, \(entry)}
      """)
    return (try RouteChoice(configuration, sources, name: nil), sources)
  }

  private func report(_ bridge: String, _ entry: String, _ token: String) throws -> TokenReport {
    let (choice, sources) = try choice(bridge, entry)
    let explainer = try Explainer(choice, sources, isNamed: false, isOffline: true, now: Fixture.now)
    return explainer.explain(try PastedToken(Array(token.utf8)))
  }

  @Test(arguments: [
    ("tokens: passthrough", "in each token that the bridge corporate gets"),
    ("tokens: wrap", "if that client may use this route"),
  ])
  func theClientOfTheBridge(_ bridge: String, _ words: String) throws {
    let token = try Fixture.token([("client_id", "gateway")])
    let checks = try report(bridge, "allowed_clients: [a]", token).verdicts.flatMap(\.checks)
    let check = try #require(checks.first { $0.name == "client" })
    #expect(check.reason == "wrong_client")
    #expect(check.remedy?.contains(words) == true, "\(check.remedy ?? "")")
  }

  /// Nothing can be said about it, and it is not for the provider to see.
  @Test func whatTheBridgeHasSealedIsOpen() throws {
    let introspection = "introspection: {client_id: a, private_key: /k.pem}"
    for more in ["token_type: any", introspection] {
      let verdict = try #require(
        try report("tokens: wrap", "allowed_audience: [a], \(more)", Self.sealed).verdicts.first)
      #expect(verdict.outcome == .open)
      #expect(verdict.checks.map(\.name) == ["seal"])
      #expect(verdict.checks.first?.found == "sealed with the key \"2026-11\"")
      #expect(verdict.checks.first?.remedy?.contains("Only the running gateway opens it") == true)
    }
  }

  @Test func whatAnotherBridgeHasSealed() throws {
    let verdict = try #require(try report("tokens: passthrough", "allowed_audience: [a]", Self.sealed).verdicts.first)
    #expect(verdict.firstFault?.reason == "opaque_token")
    #expect(verdict.firstFault?.remedy?.contains("has sealed this with its key 2026-11") == true)
  }

  @Test(arguments: [
    ([1, 1, 0x61] + [UInt8](repeating: 0, count: 28), TokenShape.sealed(keyID: "a")),
    ([1, 1, 0x61] + [UInt8](repeating: 0, count: 27), .unknown),
    ([2, 1, 0x61] + [UInt8](repeating: 0, count: 28), .unknown),
    ([1, 0] + [UInt8](repeating: 0, count: 29), .unknown), ([1, 1, 0x20] + [UInt8](repeating: 0, count: 28), .unknown),
    ([1, 200] + [UInt8](repeating: 0x61, count: 60), .unknown),
  ])
  func theFormOfASeal(_ bytes: [UInt8], _ shape: TokenShape) throws {
    #expect(TokenShape(try PastedToken(Array(Base64URL.encode(bytes).utf8))) == shape)
  }
}
