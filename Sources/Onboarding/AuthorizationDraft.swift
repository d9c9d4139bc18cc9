import Configuration

/// An `authorization` to write: only what was given, and what has to be said beside it.
struct AuthorizationDraft {
  /// An entry of `custom_claims` in the words of the configuration.
  struct Claim {
    enum Operand {
      case one(String)
      case several([String])
    }

    let name: String
    let type: String
    let matchOperator: String
    let operand: Operand
  }

  /// A key with its value, and why it stands there.
  struct Entry {
    let key: String
    let values: [String]
    let isList: Bool
    let comment: String
  }

  private(set) var entries: [Entry] = []
  /// Advertised in place of a scope that tokens carry.
  var scopeMapping: [(scope: String, advertised: String)] = []
  var claims: [Claim] = []
  /// Keys to think of, after the others, as comments.
  var hints: [String] = []

  mutating func add(_ key: String, _ value: String, _ comment: String = "") {
    entries.append(Entry(key: key, values: [value], isList: false, comment: comment))
  }

  /// An empty list is left out.
  mutating func add(_ key: String, list values: [String], _ comment: String = "") {
    guard !values.isEmpty else { return }
    entries.append(Entry(key: key, values: values, isList: true, comment: comment))
  }

  func write(to yaml: inout YAMLWriter) {
    for entry in entries {
      if !entry.comment.isEmpty { yaml.comment(entry.comment) }
      if entry.isList {
        yaml.strings(entry.key, entry.values)
      } else if let value = entry.values.first {
        yaml.string(entry.key, value)
      }
    }
    if !scopeMapping.isEmpty {
      yaml.comment("Tokens carry the name on the left; clients are told to ask for the one on the right.")
      yaml.section("advertised_scope_mapping") { yaml in
        for entry in scopeMapping { yaml.string(entry.scope, entry.advertised) }
      }
    }
    if !claims.isEmpty {
      yaml.comment("All of these must hold.")
      yaml.sections("custom_claims", claims) { Self.write($1, to: &$0) }
    }
    for hint in hints { yaml.comment(hint) }
  }

  private static func write(_ claim: Claim, to yaml: inout YAMLWriter) {
    yaml.string("inbound_token_claim_name", claim.name)
    yaml.string("inbound_token_claim_value_type", claim.type)
    yaml.section("authorizing_claim_match_value") { yaml in
      yaml.string("claim_match_operator", claim.matchOperator)
      yaml.section("claim_match_value") { yaml in
        switch claim.operand {
        case .one(let value): yaml.string("match_value_string", value)
        case .several(let values): yaml.strings("match_value_string_list", values)
        }
      }
    }
  }
}
