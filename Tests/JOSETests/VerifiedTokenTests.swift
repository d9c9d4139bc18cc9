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
    #expect(token.scopes == ["mcp:tools", "openid"])
    #expect(token.expiry == TestTokens.now + 300)
    #expect(token.issuedAt == TestTokens.now - 10)
    #expect(token.claims?["tenant"] == "t")
    #expect(token.issuerBytes == [UInt8]("https://idp.example/tenant".utf8))
    #expect(token.subjectBytes == [UInt8]("user-1".utf8)[...])
    #expect(token.clientBytes == [UInt8]("client-1".utf8)[...])
    #expect(token.scopeBytes == [UInt8]("mcp:tools openid".utf8)[...])
  }

  /// They take memory for as long as the token is remembered.
  @Test func claimsAreKeptOnRequestOnly() throws {
    var answer = TestTokens.claims
    answer["active"] = true
    for keeps in [false, true] {
      let verifier = TokenVerifier(policy: TestTokens.policy, keepsClaims: keeps)
      let token = try verifier.accept(introspected: answer, lifetime: 60, now: TestTokens.now)
      #expect(token.claims == (keeps ? answer : nil))
    }
  }

  @Test func absentClaimsAreEmptyFields() throws {
    let token = try TestTokens.sign([("sub", nil), ("client_id", nil), ("scope", nil), ("iat", nil)])
      .verified()
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
  }

  @Test func scopesStayApart() throws {
    let token = try TestTokens.sign([("scope", nil), ("scp", ["a b", "c\nd", "é%"])]).verified()
    #expect(String(decoding: token.scopeBytes, as: UTF8.self) == "a%20b c%0Ad %C3%A9%25")
  }
}

/// What a token is bound to (RFC 8705 §3.1, RFC 9449 §6.1).
struct ConfirmationTests {
  private static let digest = [UInt8](repeating: 0xA5, count: 32)
  private static let text = Base64URL.encode(digest)

  @Test func bindsToACertificateOrAKeyOrBoth() throws {
    let certificate = try TestTokens.sign([("cnf", ["x5t#S256": .string(Self.text)])]).verified()
    #expect(certificate.certificateThumbprint == Self.digest)
    #expect(certificate.proofKeyThumbprint == nil)
    let key = try TestTokens.sign([("cnf", ["jkt": .string(Self.text)])]).verified()
    #expect(key.proofKeyThumbprint == Self.digest)
    #expect(key.certificateThumbprint == nil)
    let both = try TestTokens.sign([("cnf", ["jkt": .string(Self.text), "x5t#S256": .string(Self.text)])]).verified()
    #expect(both.proofKeyThumbprint == Self.digest && both.certificateThumbprint == Self.digest)
    #expect(try TestTokens.sign().verified().proofKeyThumbprint == nil)
  }

  /// A binding that cannot be checked must not be taken for none.
  @Test(
    arguments: [
      ["x5t#S256": .string(text + "=")], ["x5t#S256": "AAAA"], ["x5t#S256": ""], ["x5t#s256": .string(text)],
      ["x5t#S256": .array([.string(text)])], ["jkt": "x"], ["jwk": ["kty": "EC"]], ["kid": "k"],
      ["jkt": .string(text), "kid": "k"], .string(text), .object([:]), .null,
    ] as [JSONValue])
  func whatCannotBeCheckedIsRefused(_ confirmation: JSONValue) throws {
    #expect(try TestTokens.sign([("cnf", confirmation)]).outcome() == "unsupported_confirmation")
  }
}
