import JOSE
import JSON
import Testing

/// Claims are recognised by their exact bytes.
struct ClaimNameTests {
  @Test(arguments: ["\u{0}exp", "EXP", "exp ", "ex", "e\u{301}xp", "expexpex", "exp\u{0}"])
  func otherNamesAreOthers(_ name: String) throws {
    #expect(try TestTokens.sign([(name, .integer(1))]).outcome() == "verified")
    #expect(try TestTokens.sign([("exp", nil), (name, .integer(TestTokens.now + 60))]).outcome() == "missing_expiry")
  }

  @Test(arguments: [
    ("iss", "malformed_claims"), ("sub", "malformed_claims"), ("aud", "malformed_claims"), ("exp", "malformed_claims"),
    ("nbf", "malformed_claims"), ("iat", "malformed_claims"), ("cnf", "unsupported_confirmation"),
    ("events", "not_an_access_token"), ("typ", "verified"), ("token_use", "verified"), ("token-use", "verified"),
  ])
  func eachIsRecognised(_ name: String, _ outcome: String) throws {
    #expect(try TestTokens.sign([(name, [true])]).outcome() == outcome)
  }

  @Test(arguments: ["nonce", "at_hash", "c_hash", "s_hash"])
  func signsOfAnIDToken(_ name: String) throws {
    #expect(try TestTokens.sign([(name, "x")], type: "JWT").outcome() == "not_an_access_token")
  }
}
