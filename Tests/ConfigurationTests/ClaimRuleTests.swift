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
      "\(name), \(type): STRING, \(match): {claim_match_operator: EQUALS_ANY, \(one)}", 155,
      ".\(match).claim_match_value: EQUALS_ANY does not go with this kind of value"
    ),
    (
      "\(name), \(type): STRING_ARRAY, \(match): {claim_match_operator: EQUALS_ANY, \(one)}", 130,
      ".\(match).claim_match_operator: EQUALS_ANY does not apply to a claim of type STRING_ARRAY"
    ),
    ("any_of: []", 9, ".any_of: the list is empty"),
    ("any_of: a", 9, ".any_of: expected a list, found the value \"a\""),
    ("any_of: [a]", 10, ".any_of[0]: expected a mapping, found the value \"a\""),
    (
      "any_of: [{\(name), \(match): {claim_match_operator: EQUALS, \(one)}}]", 10,
      ".any_of[0].\(type): is missing"
    ),
    (
      "any_of: [{\(name), \(type): STRING, \(match): {claim_match_operator: EQUALS, \(one)}}], \(name)", 189,
      ".inbound_token_claim_name: unknown key \"inbound_token_claim_name\""
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

  private static func rule(_ name: String, _ type: String, _ word: String, _ value: String) -> String {
    "{inbound_token_claim_name: \(name), \(Self.type): \(type), "
      + "\(match): {claim_match_operator: \(word), claim_match_value: {\(value)}}}"
  }

  private static let alternatives: [(String, ClaimRule)] = [
    (rule("c", "STRING", "EQUALS", "match_value_string: a"), .claim("c", .equals("a"))),
    (rule("c", "STRING", "EQUALS_ANY", "match_value_string_list: [a, b]"), .claim("c", .equalsAny(["a", "b"]))),
    (rule("a.b", "STRING_ARRAY", "CONTAINS", "match_value_string: a"), .claim("a.b", .contains("a"))),
    (rule("c", "STRING_ARRAY", "CONTAINS_ANY", "match_value_string_list: [a]"), .claim("c", .containsAny(["a"]))),
  ]

  @Test func readsEachOperatorAloneAndAmongAlternatives() {
    for (text, rule) in Self.alternatives {
      let alone = Fixture.load(Fixture.minimal + "      custom_claims: [\(text)]\n")
      #expect(Fixture.providers(alone).map(\.customClaims) == [[rule]], "\(Fixture.findings(alone))")
    }
    let list = Self.alternatives.map(\.0).joined(separator: ", ")
    let any = Fixture.load(Fixture.minimal + "      custom_claims: [{any_of: [\(list)]}]\n")
    #expect(Fixture.providers(any).map(\.customClaims) == [[.anyOf(Self.alternatives.map(\.1))]])
  }

  @Test func refusesAnEmptyListOfRules() {
    #expect(
      Fixture.findings(Fixture.minimal + "      custom_claims: []\n") == [
        "9:22: error: routes[0].authorization.custom_claims: the list is empty"
      ])
  }
}
