import JOSE
import Testing

@testable import Bridge

@Suite struct AuthorizationCodeTests {
  private func sealer(_ context: String = "a") throws -> Sealer {
    Sealer(try SealingKeys([SealingKey(id: "1", secret: (0..<32).map { UInt8($0) })]), context: context)
  }

  private let code = AuthorizationCode(
    providerCode: "p\"\\\u{1}ü", verifier: "v", clientDigest: Digest.sha256([1]), shownClientID: "c",
    redirectURI: "http://localhost:1/x", challenge: "ch", resource: "https://mcp.example.com/mcp",
    scopes: ["a", "b"], nonce: nil)

  @Test func comesBackAsItWas() throws {
    let sealer = try sealer()
    for nonce in [nil, "n"] {
      var code = code
      code.nonce = nonce
      #expect(AuthorizationCode(opening: try code.sealed(with: sealer, now: 1000), with: sealer, now: 1059) == code)
    }
  }

  @Test func isGoodForAMinute() throws {
    let sealer = try sealer()
    #expect(AuthorizationCode(opening: try code.sealed(with: sealer, now: 1000), with: sealer, now: 1060) == nil)
  }

  @Test func isNothingElse() throws {
    let sealer = try sealer()
    let text = try code.sealed(with: sealer, now: 1000)
    #expect(AuthorizationCode(opening: text, with: try self.sealer("b"), now: 1000) == nil)
    for altered in [String(text.dropLast()), text + "A", "", "code", String(text.reversed())] {
      #expect(AuthorizationCode(opening: altered, with: sealer, now: 1000) == nil)
    }
    let other = try sealer.seal(Array("{}".utf8), for: AuthorizationCode.purpose, expiry: 2000)
    #expect(AuthorizationCode(opening: other, with: sealer, now: 1000) == nil)
    let refresh = try sealer.seal(Array("{}".utf8), for: SealPurpose("refresh"), expiry: 2000)
    #expect(AuthorizationCode(opening: refresh, with: sealer, now: 1000) == nil)
  }
}
