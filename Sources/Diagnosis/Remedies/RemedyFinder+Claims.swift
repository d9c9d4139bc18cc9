import Configuration
import JSON

extension RemedyFinder {
  func ofClaims(_ index: Int?) -> String {
    guard let index, entry.customClaims.indices.contains(index) else {
      return "Compare the claims of the token with custom_claims."
    }
    let names = Self.names(entry.customClaims[index])
    let present = names.filter { claim($0) != nil }
    let preset =
      provider == .cognito && names == ["token_use"]
      ? "The preset cognito asks for it, because ID tokens of the same pool say \"id\": use the access_token." : nil
    if let preset { return preset }
    guard !present.isEmpty else { return absent(names.joined(separator: ", ")) }
    if let name = present.first, let shape = mismatch(entry.customClaims[index], name) { return shape }
    return
      "Give the user or the client at the provider what the rule asks for, or change the rule. Values are compared "
      + "byte by byte."
  }

  private static func names(_ rule: ClaimRule) -> [String] {
    switch rule {
    case .claim(let name, _): [name]
    case .anyOf(let rules): rules.flatMap(names)
    }
  }

  private func absent(_ name: String) -> String {
    let how =
      switch provider {
      case .okta: "in Okta, add a claim for the access token to the authorization server (Security, API, Claims)"
      case .entra: "in Entra, add it under Token configuration of the API's application, for access tokens"
      case .cognito: "in Cognito, a pre token generation trigger (version 2) can add it to access tokens"
      case .auth0: "in Auth0, an Action of the login flow can add it, under a name that is a URL"
      case .keycloak: "in Keycloak, add a mapper with \"Add to access token\" to a client scope of the client"
      default: "have the provider add it to access tokens"
      }
    let near = nearest(name).map { " The token has \($0): is that the one you mean?" } ?? ""
    return "The token has no \(name): \(how).\(near)"
  }

  /// A claim whose name has the same end, or another case.
  private func nearest(_ name: String) -> String? {
    guard let members = claims?.objectValue?.members else { return nil }
    let last = name.split(separator: ".").last.map { $0.lowercased() } ?? name
    return members.map(\.name).first {
      $0.lowercased() == last || $0.lowercased().hasSuffix("/\(last)") || $0.lowercased().hasSuffix(":\(last)")
    }
  }

  /// A rule for the other kind of value.
  private func mismatch(_ rule: ClaimRule, _ name: String) -> String? {
    guard case .claim(_, let match) = rule, let value = claim(name) else { return nil }
    switch (match, value) {
    case (.equals, .array), (.equalsAny, .array):
      return "\(name) is a list: use STRING_ARRAY with CONTAINS or CONTAINS_ANY."
    case (.contains, .string), (.containsAny, .string):
      return "\(name) is a single string: use STRING with EQUALS or EQUALS_ANY."
    case (_, .string), (_, .array): return nil
    default: return "\(name) is neither a string nor a list of strings: no rule can be about it."
    }
  }

  var ofScopes: String {
    let carried = entry.scopeClaims.filter { claim($0) != nil }
    let elsewhere = ["scope", "scp", "roles", "permissions"].filter {
      claims?[$0] != nil && !entry.scopeClaims.contains($0)
    }
    if carried.isEmpty, !elsewhere.isEmpty {
      return "The token has scopes in \(elsewhere.joined(separator: ", ")), which scope_claims does not name: add it "
        + "there."
    }
    let wanted = entry.advertisedScopes.joined(separator: entry.scopeMatch == .all ? " and " : " or ")
    return "Let the client ask for \(wanted): the challenge of the route says so, and clients then sign in again. "
      + atProvider
  }

  private var atProvider: String {
    switch provider {
    case .okta: "In Okta the scope must be one of the authorization server, and an access policy must allow it."
    case .entra:
      "In Entra the API must expose the scope, and the user or an administrator consent to it; "
        + (bridge == nil
          ? "clients ask for it with the Application ID URI in front, see advertised_scope_mapping."
          : "the bridge asks for it with the Application ID URI in front, see scope_prefix.")
    case .cognito:
      "In Cognito the scope must be one of a resource server, named IDENTIFIER/SCOPE, and allowed for the app client."
    case .auth0:
      "In Auth0 the API must have the permission; with RBAC the user needs it through a role, and \"Add Permissions in "
        + "the Access Token\" must be on."
    case .keycloak: "In Keycloak the client scope must be assigned to the client, as default or optional."
    default: "The provider must know the scope and grant it to this client and this user."
    }
  }
}
