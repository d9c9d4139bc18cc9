import JOSE
import JSON
import Testing

/// `exp`, `nbf` and `iat` to the second (GW-44).
struct TokenTimeTests {
  static let now = TestTokens.now

  static func table(_ name: String, _ rows: [(JSONValue?, String)]) -> [(String, JSONValue?, String)] {
    rows.map { (name, $0.0, $0.1) }
  }

  static let rows =
    table(
      "exp",
      [
        (.integer(now + 1), "verified"), (.integer(now), "verified"), (.integer(now - 59), "verified"),
        (.integer(now - 60), "expired"), (.integer(0), "expired"), (.integer(.min), "expired"),
        (.integer(.max), "verified"), (.number(Double(now + 1)), "verified"),
        (.number(Double(now - 60)), "expired"),
        (.number(Double(now) + 0.5), "malformed_claims"), (.string("\(now + 300)"), "malformed_claims"),
        (.null, "malformed_claims"), (true, "malformed_claims"), ([.integer(now + 300)], "malformed_claims"),
        (.number(1e300), "malformed_claims"), (nil, "missing_expiry"),
      ])
    + table(
      "nbf",
      [
        (.integer(now), "verified"), (.integer(now + 60), "verified"), (.integer(now + 61), "not_yet_valid"),
        (.integer(.max), "not_yet_valid"), (.integer(.min), "verified"), (nil, "verified"),
        ("soon", "malformed_claims"), (.null, "malformed_claims"),
      ])
    + table(
      "iat",
      [
        (.integer(now), "verified"), (.integer(now + 60), "verified"),
        (.integer(now + 61), "issued_in_future"),
        (.integer(0), "verified"), (nil, "verified"), (.string("\(now)"), "malformed_claims"),
      ])

  @Test(arguments: rows)
  func boundariesAreExact(_ row: (String, JSONValue?, String)) throws {
    #expect(try TestTokens.sign([(row.0, row.1)]).outcome() == row.2)
  }

  @Test func theSkewIsThePolicys() throws {
    var policy = TestTokens.policy
    policy.clockSkew = 0
    #expect(try TestTokens.sign([("exp", .integer(Self.now + 1))]).outcome(policy) == "verified")
    #expect(try TestTokens.sign([("exp", .integer(Self.now))]).outcome(policy) == "expired")
    #expect(try TestTokens.sign([("nbf", .integer(Self.now + 1))]).outcome(policy) == "not_yet_valid")
    #expect(try TestTokens.sign([("iat", .integer(Self.now + 1))]).outcome(policy) == "issued_in_future")
  }

  @Test func aClockAtItsEndDoesNotOverflow() throws {
    let eternal = try TestTokens.sign([("exp", .integer(.max))])
    #expect(try eternal.outcome(now: .max) == "verified")
    #expect(try TestTokens.sign([("nbf", .integer(.max))]).outcome(now: .max) == "expired")
  }
}
