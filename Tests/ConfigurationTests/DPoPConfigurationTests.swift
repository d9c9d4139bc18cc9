import Configuration
import Testing

struct DPoPConfigurationTests {
  private static let at = "routes[0].authorization.dpop"

  @Test func fillsInEveryDefault() throws {
    let result = Fixture.load(Fixture.minimal + "      dpop: {}\n")
    let dpop = try #require(Fixture.providers(result).first?.dpop)
    #expect(dpop.mode == .optional)
    #expect(!dpop.nonce)
    #expect(dpop.maxAge == .seconds(60))
    #expect(
      dpop.algorithms == [
        "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512", "EdDSA",
      ])
  }

  @Test func readsEveryValue() throws {
    let result = Fixture.load(
      Fixture.minimal + "      dpop: {mode: required, nonce: true, max_age: 10s, algorithms: [EdDSA]}\n")
    let dpop = try #require(Fixture.providers(result).first?.dpop)
    #expect(dpop.mode == .required)
    #expect(dpop.nonce)
    #expect(dpop.maxAge == .seconds(10))
    #expect(dpop.algorithms == ["EdDSA"])
  }

  @Test(arguments: [
    ("required", "9:13: error: \(at): expected a mapping, found the value \"required\""),
    ("{mode: on}", "9:20: error: \(at).mode: expected optional or required, found \"on\""),
    ("{nonce: 1}", "9:21: error: \(at).nonce: expected true or false, found \"1\""),
    ("{max_age: 11m}", "9:23: error: \(at).max_age: expected a duration from 10s to 10m, found \"11m\""),
    ("{algorithms: []}", "9:26: error: \(at).algorithms: the list is empty"),
    ("{jti: 1}", "9:14: error: \(at).jti: unknown key \"jti\""),
  ])
  func reportsFaults(_ value: String, _ finding: String) {
    #expect(Fixture.findings(Fixture.minimal + "      dpop: \(value)\n") == [finding])
  }

  @Test func suggestsTheWordThatWasMeant() {
    let result = Fixture.load(Fixture.minimal + "      dpop: {mode: requierd, algorithms: [ES265, none]}\n")
    #expect(
      result.diagnostics.map(\.remedy) == [
        "Did you mean \"required\"?", "Did you mean \"ES256\"?", "For example: RS256",
      ])
  }
}
