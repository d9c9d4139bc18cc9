/// An entry of `custom_claims`: what a token must carry, in AgentCore's terms.
package indirect enum ClaimRule: Equatable, Sendable {
  package enum Match: Equatable, Sendable {
    /// The claim is a string, and this one.
    case equals(String)
    /// The claim is a string, and one of these.
    case equalsAny([String])
    /// The claim is an array of strings with this one in it.
    case contains(String)
    /// The claim is an array of strings with at least one of these in it.
    case containsAny([String])
  }

  /// A claim of this name, or at this path of names that dots join.
  case claim(String, Match)
  /// One of these rules holds.
  case anyOf([ClaimRule])

  private enum ValueType: String, CaseIterable {
    case string = "STRING"
    case stringArray = "STRING_ARRAY"
  }

  private enum Operator: String, CaseIterable {
    case equals = "EQUALS"
    case equalsAny = "EQUALS_ANY"
    case contains = "CONTAINS"
    case containsAny = "CONTAINS_ANY"

    var valueType: ValueType { self == .equals || self == .equalsAny ? .string : .stringArray }
  }

  /// What `claim_match_value` holds.
  private enum Operand {
    case one(String)
    case several([String])
  }

  /// Whether the rule, or one of its alternatives, is about this claim.
  func names(_ claim: String) -> Bool {
    switch self {
    case .claim(let name, _): name == claim
    case .anyOf(let rules): rules.contains { $0.names(claim) }
    }
  }

  init?(_ mapping: MappingReader) {
    if let rules = mapping.sections("any_of", Self.single) {
      self = .anyOf(rules)
    } else if !mapping.contains("any_of"), let rule = Self.single(mapping) {
      self = rule
    } else {
      return nil
    }
  }

  private static func single(_ mapping: MappingReader) -> ClaimRule? {
    let name = mapping.required("inbound_token_claim_name", .text(maximum: 255))
    let type: ValueType? = mapping.required("inbound_token_claim_value_type", .word)
    let match = mapping.requiredSection(
      "authorizing_claim_match_value", remedy: "Add it with claim_match_operator and claim_match_value."
    ) { Self.match($0, type: type) }
    guard let name, let match else { return nil }
    return .claim(name, match)
  }

  private static func match(_ mapping: MappingReader, type: ValueType?) -> Match? {
    let matchOperator: Operator? = mapping.required("claim_match_operator", .word)
    let operand = mapping.requiredSection(
      "claim_match_value", remedy: "Add it with match_value_string or match_value_string_list.", Self.operand)
    guard let matchOperator, let type else { return nil }
    guard matchOperator.valueType == type else {
      mapping.report(
        Fault(
          "\(matchOperator.rawValue) does not apply to a claim of type \(type.rawValue)",
          remedy: "EQUALS and EQUALS_ANY are for STRING; CONTAINS and CONTAINS_ANY are for STRING_ARRAY."),
        at: "claim_match_operator")
      return nil
    }
    switch (matchOperator, operand) {
    case (_, nil): return nil
    case (.equals, .one(let value)): return .equals(value)
    case (.equalsAny, .several(let values)): return .equalsAny(values)
    case (.contains, .one(let value)): return .contains(value)
    case (.containsAny, .several(let values)): return .containsAny(values)
    default:
      mapping.report(
        Fault(
          "\(matchOperator.rawValue) does not go with this kind of value",
          remedy: "EQUALS and CONTAINS take match_value_string; EQUALS_ANY and CONTAINS_ANY take "
            + "match_value_string_list."),
        at: "claim_match_value")
      return nil
    }
  }

  private static func operand(_ mapping: MappingReader) -> Operand? {
    let one = mapping.value("match_value_string", .text)
    let several = mapping.list("match_value_string_list", .text)
    let remedy = "Give exactly one of match_value_string and match_value_string_list."
    switch (mapping.contains("match_value_string"), mapping.contains("match_value_string_list")) {
    case (true, false): return one.map(Operand.one)
    case (false, true): return several.map(Operand.several)
    case (false, false): mapping.failMissing("match_value_string", remedy: remedy)
    case (true, true): mapping.report(Fault("both kinds of value are given", remedy: remedy))
    }
    return nil
  }

  func write(to yaml: inout YAMLWriter) {
    switch self {
    case .claim(let name, let match): Self.write(name, match, to: &yaml)
    case .anyOf(let rules): yaml.sections("any_of", rules) { $1.write(to: &$0) }
    }
  }

  private static func write(_ name: String, _ match: Match, to yaml: inout YAMLWriter) {
    let (matchOperator, operand): (Operator, Operand) =
      switch match {
      case .equals(let value): (.equals, .one(value))
      case .equalsAny(let values): (.equalsAny, .several(values))
      case .contains(let value): (.contains, .one(value))
      case .containsAny(let values): (.containsAny, .several(values))
      }
    yaml.string("inbound_token_claim_name", name)
    yaml.plain("inbound_token_claim_value_type", matchOperator.valueType.rawValue)
    yaml.section("authorizing_claim_match_value") { yaml in
      yaml.plain("claim_match_operator", matchOperator.rawValue)
      yaml.section("claim_match_value") { yaml in
        switch operand {
        case .one(let value): yaml.string("match_value_string", value)
        case .several(let values): yaml.strings("match_value_string_list", values)
        }
      }
    }
  }
}
