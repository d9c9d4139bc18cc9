import Bytes
import Testing

@testable import Diagnosis

struct TokenShapeTests {
  private static func part(_ json: String) -> String { Base64URL.encode(json.utf8) }
  private static let header = part(#"{"alg":"ES256"}"#)
  private static let claims = part(#"{"sub":"a"}"#)

  private static let table: [(String, TokenShape)] = [
    ("\(header).\(claims).c2ln", .signed),
    ("\(header).\(claims).", .cutOff),
    ("\(header).\(claims)", .cutOff),
    ("\(header).\(claims.dropLast(3)).c2ln", .cutOff),
    (String(header.dropLast(3)), .cutOff),
    ("\(part(#"{"alg":"dir","enc":"A256GCM","iss":"https://t.auth0.com/"}"#))..iv.text.tag", .auth0Opaque),
    ("\(part(#"{"cty":"JWT","enc":"A256GCM","alg":"RSA-OAEP"}"#)).k.iv.text.tag", .refreshToken("Amazon Cognito")),
    ("\(part(#"{"enc":"A128CBC-HS256","alg":"RSA-OAEP-256"}"#)).k.iv.text.tag", .encrypted),
    ("ya29.a0AfH6SMC", .googleAccessToken), ("1//0gabc", .refreshToken("Google")),
    ("4/0AX4XfWh", .authorizationCode("Google")), ("GOCSPX-abc", .clientSecret("Google")),
    ("v1.MRqUw", .refreshToken("Auth0")), ("gho_abc", .gitHubToken), ("github_pat_11A", .gitHubToken),
    ("abc8Q~" + String(repeating: "x", count: 34), .clientSecret("Entra ID")),
    ("abc8Q~short", .unknown),
    ("0.AXXX" + String(repeating: "x", count: 300), .refreshToken("Entra ID")),
    (#"{"access_token":"x"}"#, .tokenResponse), ("Authorization: Bearer x", .severalWords),
    ("00b2f1c7-8a55-4c92-9cb1-7f0a6d9f2f0e", .unknown), ("a.b.c", .unknown),
  ]

  @Test(arguments: table)
  func productsShow(_ text: String, _ shape: TokenShape) throws {
    #expect(TokenShape(try PastedToken(Array(text.utf8))) == shape)
  }
}
