import Configuration
import Testing

struct ClaimRuleTests {
  private static let name = "inbound_token_claim_name: c"
  private static let type = "inbound_token_claim_value_type"
  private static let match = "authorizing_claim_match_value"
  private static let one = "claim_match_value: {match_value_string: a}"

  /// A rule of `custom_claims` in flow style, and the only finding: its column counts from the rule's start,
  /// and its path from the rule.
  @Test(arguments: [
    (
      "\(type): STRING, \(match): {claim_match_operator: EQUALS, \(one)}", 0,
      ".inbound_token_claim_name: is missing"
    ),
    ("\(name), \(match): {claim_match_operator: EQUALS, \(one)}", 0, ".\(type): is missing"),
    (
      "\(name), \(type): NUMBER, \(match): {claim_match_operator: EQUALS, \(one)}", 62,
      ".\(type): expected STRING or STRING_ARRAY, found \"NUMBER\""
    ),
    ("\(name), \(type): STRING", 0, ".\(match): is missing"),
    (
      "\(name), \(type): STRING, \(match): a", 101,
      ".\(match): expected a mapping, found the value \"a\""
    ),
    (
      "\(name), \(type): STRING, \(match): {\(one)}", 101, ".\(match).claim_match_operator: is missing"
    ),
    (
      "\(name), \(type): STRING, \(match): {claim_match_operator: LIKE, \(one)}", 124,
      ".\(match).claim_match_operator: expected EQUALS or EQUALS_ANY or CONTAINS or CONTAINS_ANY, found \"LIKE\""
    ),
    (
      "\(name), \(type): STRING, \(match): {claim_match_operator: CONTAINS, \(one)}", 124,
      ".\(match).claim_match_operator: CONTAINS does not apply to a claim of type STRING"
    ),
    (
      "\(name), \(type): STRING_ARRAY, \(match): {claim_match_operator: EQUALS, \(one)}", 130,
      ".\(match).claim_match_operator: EQUALS does not apply to a claim of type STRING_ARRAY"
    ),
    (
      "\(name), \(type): STRING_ARRAY, \(match): {claim_match_operator: CONTAINS_ANY, \(one)}", 163,
      ".\(match).claim_match_value: CONTAINS_ANY does not go with this kind of value"
    ),
    (
      "\(name), \(type): STRING, \(match): {claim_match_operator: EQUALS, claim_match_value: "
        + "{match_value_string: a, match_value_string_list: [a]}}", 151,
      ".\(match).claim_match_value: both kinds of value are given"
    ),
    (
      "\(name), \(type): STRING, \(match): {claim_match_operator: EQUALS, claim_match_value: {}}", 151,
      ".\(match).claim_match_value.match_value_string: is missing"
    ),
    (
      "\(name), \(type): STRING, \(match): {claim_match_operator: EQUALS}", 101,
      ".\(match).claim_match_value: is missing"
    ),
    (
      "\(name), \(type): STRING_ARRAY, \(match): {claim_match_operator: CONTAINS_ANY, claim_match_value: "
        + "{match_value_string_list: []}}", 189,
      ".\(match).claim_match_value.match_value_string_list: the list is empty"
    ),
  ])
  func reportsFaults(rule: String, offset: Int, finding: String) {
    let text = Fixture.minimal + "      custom_claims: [{\(rule)}]\n"
    let path = "routes[0].authorization.custom_claims[0]"
    #expect(Fixture.findings(text) == ["9:\(23 + offset): error: \(path)\(finding)"])
  }

  @Test func refusesAnEmptyListOfRules() {
    #expect(
      Fixture.findings(Fixture.minimal + "      custom_claims: []\n") == [
        "9:22: error: routes[0].authorization.custom_claims: the list is empty"
      ])
  }
}
