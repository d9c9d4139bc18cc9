import Configuration

/// `customJWTAuthorizer`: conditions on tokens. The kinds are joined by AND in both worlds, the values of one kind by OR.
enum AgentCoreAuthorizer {
  static func draft(_ reader: MemberReader) throws(ImportRefusal) -> AuthorizationDraft {
    guard let discovery = reader.string("discoveryUrl") else {
      throw ImportRefusal(
        at: reader.place(of: "discoveryUrl"), "the provider is missing",
        remedy: "Give the whole output of get-gateway; discoveryUrl is a string in it.")
    }
    var draft = AuthorizationDraft()
    draft.add("discovery_url", discovery)
    draft.add("allowed_audience", list: reader.strings("allowedAudience"))
    let clients = reader.strings("allowedClients")
    draft.add("allowed_clients", list: clients)
    if !clients.isEmpty {
      draft.add("client_id_claims", list: ["client_id"], "Where AgentCore looks for the client, and nowhere else.")
    }
    let scopes = reader.strings("allowedScopes")
    draft.add("allowed_scopes", list: scopes, "One of these is enough.")
    if !scopes.isEmpty {
      draft.add("scope_claims", list: ["scope", "scp"], "Where AgentCore looks for scopes, and nowhere else.")
    }
    draft.scopeMapping = mapping(reader, scopes)
    draft.claims = reader.objects("customClaims").compactMap(claim)
    if reader.has("privateEndpoint") || reader.has("certificateConfigurations") {
      draft.hints.append("For a provider with certificates of a private authority:")
      draft.hints.append("provider_ca: /etc/portcullis/idp-ca.pem")
    }
    readRest(reader)
    reader.finish()
    return draft
  }

  private static func mapping(
    _ reader: MemberReader, _ scopes: [String]
  ) -> [(scope: String, advertised: String)] {
    let name = "advertisedScopeMapping"
    return reader.weighing(.left).dictionary(name).filter { entry in
      if scopes.contains(entry.name) { return true }
      reader.log.add(
        .left, at: "\(reader.place(of: name)).\(entry.name)", "it translates a scope that is not in allowedScopes",
        remedy: "Nothing to do: it had no effect on tokens.")
      return false
    }.map { ($0.name, $0.value) }
  }

  private static func claim(_ reader: MemberReader) -> AuthorizationDraft.Claim? {
    let name = reader.string("inboundTokenClaimName")
    let type = reader.string("inboundTokenClaimValueType")
    let match = reader.object("authorizingClaimMatchValue")
    let matchOperator = match?.string("claimMatchOperator")
    let value = match?.object("claimMatchValue")
    let one = value?.string("matchValueString")
    let several = value?.strings("matchValueStringList") ?? []
    [value, match, reader].forEach { $0?.finish() }
    let operand: AuthorizationDraft.Claim.Operand? =
      switch (type, matchOperator, one, several.isEmpty) {
      case ("STRING", "EQUALS", .some(let text), true), ("STRING_ARRAY", "CONTAINS", .some(let text), true):
        .one(text)
      case ("STRING_ARRAY", "CONTAINS_ANY", nil, false): .several(several)
      default: nil
      }
    guard let name, let type, let matchOperator, let operand else {
      let words = [name, type, matchOperator].map { $0.map(visible) ?? "?" }.joined(separator: " ")
      reader.log.add(
        .access, at: reader.place, "this condition (\(words)) cannot be expressed, so it is not checked",
        remedy: "Write it as an entry of custom_claims: STRING with EQUALS, STRING_ARRAY with CONTAINS (one value) or "
          + "CONTAINS_ANY (a list).")
      return nil
    }
    return AuthorizationDraft.Claim(name: name, type: type, matchOperator: matchOperator, operand: operand)
  }

  private static func readRest(_ reader: MemberReader) {
    reader.remark(
      "allowedWorkloadConfiguration", .access, "workload identities of AWS are not checked here",
      remedy: "Name the callers by allowed_clients or custom_claims, or ask them for client certificates (docs/tls.md)."
    )
    for name in ["privateEndpoint", "privateEndpointOverrides"] {
      reader.remark(
        name, .left, "the gateway reaches the provider by the network of its own machine",
        remedy: "Make sure that the host of discovery_url and that of its keys can be reached from there.")
    }
    reader.remark(
      "certificateConfigurations", .left, "the private authority's certificate lies at AWS",
      remedy: "Copy the PEM file to the gateway, and name it as provider_ca.")
  }
}
