/// `scope_match`: how many of `allowed_scopes` a token needs.
package enum ScopeMatch: String, CaseIterable, Sendable {
  /// One of them is enough, as in AgentCore.
  case any
  case all
}
