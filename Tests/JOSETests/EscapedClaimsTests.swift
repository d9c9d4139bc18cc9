import Bytes
import JOSE
import JSON
import Testing

/// Claims are what the JSON means, however it is spelled.
struct EscapedClaimsTests {
  private func sign(_ payload: String) throws -> String {
    let header = #"{"alg":"ES256","kid":"key-ES256","typ":"at+jwt"}"#
    let input = Base64URL.encode(header.utf8) + "." + Base64URL.encode(payload.utf8)
    return input + "." + Base64URL.encode(try TestKeys.key(.es256).signature(of: [UInt8](input.utf8)))
  }

  private let rest = #""client_id":"client\u002d1","sc\u006fpe":"mcp:tools\u0020op\u0065nid","sub":"us\u0065r-1""#

  @Test(arguments: [#""aud":"https:\/\/gateway.example\/mcp""#, #""\u0061ud":["x\n","https:\/\/gateway.example/mcp"]"#])
  func escapesChangeNothing(_ audience: String) throws {
    var policy = TestTokens.policy
    policy.clients = ["client-1"]
    policy.scopes = ["openid"]
    policy.customClaims = [.claim("a.b", .contains("w\n"))]
    let token = try sign(
      #"{"\u0069ss":"https:\/\/idp.example\/tenant","\u0065xp":1700000300,"\u0061":{"\u0062":["w\n"]},"# + rest + ","
        + audience + "}")
    let verified = try token.verified(policy)
    #expect(verified.subject == "user-1")
    #expect(verified.client == "client-1")
    #expect(verified.scopes == ["mcp:tools", "openid"])
    #expect(verified.issuerBytes == [UInt8](policy.issuer.utf8))
  }

  @Test(arguments: [
    (#""\u0065xp":1600000000"#, "expired"), (#""\u0065xp":"x""#, "malformed_claims"),
    (#""exp":1700000300,"\u006ebf":1800000000"#, "not_yet_valid"),
    (#""exp":1700000300,"\u0065xp":1700000300"#, "malformed_claims"),
    (#""exp":1700000300,"\u0063nf":{"kid":"k"}"#, "unsupported_confirmation"),
    (#""exp":1700000300,"token_us\u0065":"id""#, "not_an_access_token"),
    (#""exp":1700000300,"typ":"R\u0065fresh""#, "not_an_access_token"),
  ])
  func norDoTheyHideAnything(_ claims: String, _ outcome: String) throws {
    let payload =
      #"{"iss":"https://idp.example/tenant","aud":"https://gateway.example/mcp","# + rest + "," + claims + "}"
    #expect(try sign(payload).outcome() == outcome)
  }
}
