import Bytes
import JOSE
import JSON
import Testing

@testable import Identity

struct ClientAuthenticationTests {
  /// - Returns: the Authorization field, and the form.
  private func authenticate(_ authentication: ClientAuthentication) throws -> (field: String?, form: String) {
    var form = FormBody()
    form.append("token", "t")
    let field = try authentication.authenticate(&form, now: 1_000)
    return (field, String(decoding: form.bytes, as: UTF8.self))
  }

  @Test(arguments: [
    // RFC 6749 §2.3.1.
    ("s6BhdRkqt3", "7Fjfp0ZBr1KtDRbnfVdmIw", "czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3"),
    ("a", "b", "YTpi"), ("a", "bc", "YTpiYw=="), ("a", "bcd", "YTpiY2Q="),
    // id%3A1:p%26+%C3%A9~ with the colon of the id encoded, so that the first colon is the one between them.
    ("id:1", "p& é", "aWQlM0ExOnAlMjYrJUMzJUE5"),
    ("aa", "b*?>", "YWE6YiolM0YlM0U="),
  ])
  func secretInTheField(_ id: String, _ secret: String, _ credentials: String) throws {
    let (field, form) = try authenticate(.secretInField(id: id, secret: secret))
    #expect(field == "Basic \(credentials)")
    #expect(form == "token=t")
  }

  @Test func secretInTheForm() throws {
    let (field, form) = try authenticate(.secretInForm(id: "id:1", secret: "p& é"))
    #expect(field == nil)
    #expect(form == "token=t&client_id=id%3A1&client_secret=p%26+%C3%A9")
  }

  @Test(arguments: [JWSAlgorithm.rs256, .es256, .edDSA])
  func privateKey(_ algorithm: JWSAlgorithm) throws {
    let key = try SigningKey.generate(algorithm, kid: "k1")
    let authentication = ClientAuthentication.privateKey(id: "me", key, audience: "https://idp.example")
    var identifiers = Set<String>()
    for _ in 0..<3 {
      let (field, form) = try authenticate(authentication)
      #expect(field == nil)
      let parts = form.split(separator: "&")
      #expect(
        parts.dropLast() == [
          "token=t", "client_id=me",
          "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer",
        ])
      let assertion = try #require(parts.last).split(separator: "=")
      #expect(assertion.first == "client_assertion")
      let pieces = try #require(assertion.last).split(separator: ".").map(String.init)
      let header = try JSONValue.parse(try #require(Base64URL.decode(pieces[0])))
      #expect(header == ["alg": .string(algorithm.rawValue), "kid": "k1", "typ": "JWT"])
      let claims = try JSONValue.parse(try #require(Base64URL.decode(pieces[1])))
      #expect(claims["iss"] == "me")
      #expect(claims["sub"] == "me")
      // RFC 7523 §3: one audience, the issuer.
      #expect(claims["aud"] == "https://idp.example")
      #expect(claims["iat"] == 1_000)
      #expect(claims["exp"] == 1_060)
      identifiers.insert(try #require(claims["jti"]?.stringValue))
      #expect(pieces.count == 3)
    }
    #expect(identifiers.count == 3)
  }
}
