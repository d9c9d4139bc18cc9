import Bytes
import JOSE
import JSON
import Testing

struct VerifiedTokenTests {
  @Test func carriesWhatTheTokenSaid() throws {
    let token = try TestTokens.sign([("aud", ["https://gateway.example/mcp", "other"]), ("tenant", "t")])
      .verified()
    #expect(token.issuer == "https://idp.example/tenant")
    #expect(token.subject == "user-1")
    #expect(token.client == "client-1")
    #expect(token.audience == ["https://gateway.example/mcp", "other"])
    #expect(token.scopes == ["mcp:tools", "openid"])
    #expect(token.expiry == TestTokens.now + 300)
    #expect(token.issuedAt == TestTokens.now - 10)
    #expect(token.claims["tenant"] == "t")
    #expect(token.issuerBytes == [UInt8]("https://idp.example/tenant".utf8))
    #expect(token.subjectBytes == [UInt8]("user-1".utf8))
    #expect(token.clientBytes == [UInt8]("client-1".utf8))
    #expect(token.scopeBytes == [UInt8]("mcp:tools openid".utf8))
  }

  @Test func absentClaimsAreEmptyFields() throws {
    let token = try TestTokens.sign([("sub", nil), ("client_id", nil), ("scope", nil), ("iat", nil)])
      .verified()
    #expect(token.subject == nil)
    #expect(token.client == nil)
    #expect(token.issuedAt == nil)
    #expect(token.subjectBytes.isEmpty)
    #expect(token.clientBytes.isEmpty)
    #expect(token.scopeBytes.isEmpty)
  }

  @Test(arguments: [
    ("plain", "plain"), ("Ada Lovelace", "Ada Lovelace"), (" x ", "%20x%20"), (" ", "%20"),
    ("a\r\nx-portcullis-subject: root", "a%0D%0Ax-portcullis-subject: root"), ("a\u{0}b\u{7F}", "a%00b%7F"),
    ("é", "%C3%A9"), ("e\u{301}", "e%CC%81"), ("😀", "%F0%9F%98%80"), ("\u{2028}", "%E2%80%A8"),
    ("\u{85}", "%C2%85"),
    // The percent sign itself, or "a%0D" and "a\r" would be the same user.
    ("a%0D", "a%250D"), ("a\r", "a%0D"), ("100%", "100%25"), ("\t", "%09"),
    ("a,b;c=\"d\"\\", "a,b;c=\"d\"\\"),
  ])
  func noClaimCanEndAHeaderLine(_ subject: String, _ field: String) throws {
    let token = try TestTokens.sign([("sub", .string(subject)), ("client_id", .string(subject))]).verified()
    #expect(String(decoding: token.subjectBytes, as: UTF8.self) == field)
    #expect(String(decoding: token.clientBytes, as: UTF8.self) == field)
    #expect(token.subject?.hasSameBytes(as: subject) == true)
  }

  @Test func scopesStayApart() throws {
    let token = try TestTokens.sign([("scope", nil), ("scp", ["a b", "c\nd", "é%"])]).verified()
    #expect(String(decoding: token.scopeBytes, as: UTF8.self) == "a%20b c%0Ad %C3%A9%25")
  }
}

/// The certificate that a token is bound to (RFC 8705 §3.1).
struct CertificateThumbprintTests {
  private static let digest = [UInt8](repeating: 0xA5, count: 32)
  private static let text = Base64URL.encode(digest)

  @Test(
    arguments: [
      (["x5t#S256": .string(text)], true), (["jkt": "x", "x5t#S256": .string(text)], true),
      // What names no certificate binds to none: a route that asks for a binding refuses such a token.
      (["x5t#S256": .string(text + "=")], false), (["x5t#S256": "AAAA"], false), (["x5t#S256": ""], false),
      (["x5t#s256": .string(text)], false), (["x5t#S256": .array([.string(text)])], false), (["jkt": "x"], false),
      (.string(text), false), (.object([:]), false), (nil, false),
    ] as [(JSONValue?, Bool)])
  func isTakenFromTheConfirmation(_ confirmation: JSONValue?, _ isBound: Bool) throws {
    let token = try TestTokens.sign([("cnf", confirmation)]).verified()
    #expect(token.certificateThumbprint == (isBound ? Self.digest : nil))
  }
}
