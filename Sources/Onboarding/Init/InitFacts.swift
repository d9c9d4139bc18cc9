/// What is known when a provider's part of the configuration is written.
struct InitFacts: Sendable {
  let issuer: String
  /// The URL of the route as clients use it.
  let resource: String
  /// As tokens carry them.
  let scopes: [String]
  /// Given by `--audience`, perhaps none.
  let audiences: [String]
  let clientID: String?
  let shortcuts: [InitOption: String]

  /// Whether the resource is on this machine, as most providers cannot take it for the name of an API.
  var isLoopback: Bool { resource.hasPrefix("http://") }

  /// `scopes` for a sentence.
  var scopeList: String { scopes.joined(separator: ", ") }
}

/// What binds a provider's tokens to the route.
struct TokenBinding {
  var audience: [String] = []
  var audienceComment = ""
  /// For scopes that clients ask for under another name.
  var scopeMapping: [(scope: String, advertised: String)] = []
}
