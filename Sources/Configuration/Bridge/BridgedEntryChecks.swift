/// What an entry of `authorization` and its bridge show together.
struct BridgedEntryChecks {
  let bridge: BridgeConfiguration
  let entry: LocatedEntry

  private var rules: AuthorizationConfiguration { entry.rules }

  func run() {
    checkClients()
    checkBoundTokens()
    checkOpaqueTokens()
    checkTokenUse()
  }

  /// With tokens of the provider, the gateway is the client of all of them; wrapped ones name the MCP client.
  private func checkClients() {
    let allowed = rules.allowedClients
    guard !allowed.isEmpty else { return }
    switch bridge.tokens {
    case .passthrough where !allowed.contains(bridge.clientID):
      warn(
        "allowed_clients",
        "tokens that the bridge \(quoted(bridge.name)) gets carry its client_id \(quoted(bridge.clientID)), which is not "
          + "here, so each would be refused",
        remedy: "Add it; or let the bridge wrap tokens (tokens: wrap), which then name the MCP client.")
    case .wrap where allowed.allSatisfy { $0 == bridge.clientID }:
      warn(
        "allowed_clients",
        "wrapped tokens name the MCP client, not the client_id of the bridge, so each would be refused",
        remedy:
          "Name MCP clients: the URL of one that has a metadata document, or the client_id of an entry of clients.")
    case .passthrough, .wrap: break
    }
  }

  /// The bridge proves nothing to the provider that tokens could be bound to.
  private func checkBoundTokens() {
    let reason =
      bridge.tokens == .wrap
      ? "wrapped tokens are plain bearer tokens" : "tokens that the bridge gets are bound to no key and no certificate"
    func report(_ key: String, _ remedy: String) {
      let fault = Fault("\(reason), so each would be refused", remedy: remedy)
      entry.report(fault, at: key, severity: bridge.tokens == .wrap ? .error : .warning)
    }
    if rules.dpop?.mode == .required { report("dpop", "Set mode: optional, or remove bridge.") }
    if rules.certificateBoundTokens { report("certificate_bound_tokens", "Remove it, or remove bridge.") }
  }

  /// The bridge can do nothing with a token that nobody can read.
  private func checkOpaqueTokens() {
    guard rules.provider.bridgeValues.tokensAreOpaque, rules.introspection == nil else { return }
    guard bridge.tokens == .passthrough || bridge.wrappedClaims == .accessToken else { return }
    warn(
      "bridge", "access tokens of this provider are opaque and cannot be introspected, so none of them is accepted",
      remedy: "Let the bridge wrap what the ID token says: tokens: wrap, wrapped_claims: id_token.")
  }

  /// Cognito's preset asks for access tokens, which ID tokens are not.
  private func checkTokenUse() {
    guard bridge.tokens == .wrap, bridge.wrappedClaims == .idToken,
      rules.customClaims.contains(.claim("token_use", .equals("access")))
    else { return }
    warn(
      "bridge", "custom_claims want \"access\" in token_use, and ID tokens say \"id\", so each would be refused",
      remedy: "Let the bridge wrap access tokens (wrapped_claims: access_token), or add a rule for both values of "
        + "token_use (EQUALS_ANY).")
  }

  private func warn(_ key: String, _ message: String, remedy: String) {
    entry.report(Fault(message, remedy: remedy), at: key, severity: .warning)
  }
}
