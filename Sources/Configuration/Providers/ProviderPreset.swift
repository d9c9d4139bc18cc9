/// `provider`: a name for what the tokens of a product look like. It only gives other fields their defaults, so that
/// whatever is written wins, and everything that follows from it can be read in the expanded configuration.
package enum ProviderPreset: String, CaseIterable, Sendable {
  case okta, entra, cognito, auth0, keycloak, google, ping, workos, descope, generic

  /// Defaults of the fields of the same names.
  struct Values {
    var clientIDClaims = ["client_id", "azp", "cid", "appid"]
    var scopeClaims = ["scope", "scp", "roles", "permissions"]
    var issuer: String?
    /// Rules that stand in `custom_claims`, unless there is one about the same claim.
    var rules: [ClaimRule] = []

    func rules(missingIn given: [ClaimRule]) -> [ClaimRule] {
      rules.filter { rule in
        guard case .claim(let name, _) = rule else { return true }
        return !given.contains { $0.names(name) }
      }
    }
  }

  var values: Values {
    switch self {
    case .okta: Values(clientIDClaims: ["cid"], scopeClaims: ["scp"])
    case .entra: Values(clientIDClaims: ["azp", "appid"], scopeClaims: ["scp", "roles"])
    case .cognito:
      Values(
        clientIDClaims: ["client_id"], scopeClaims: ["scope"],
        // ID tokens of the same pool say "id".
        rules: [.claim("token_use", .equals("access"))])
    case .auth0: Values(clientIDClaims: ["azp", "client_id"], scopeClaims: ["scope", "permissions"])
    case .keycloak: Values(clientIDClaims: ["azp", "client_id"], scopeClaims: ["scope"])
    case .google: Values(clientIDClaims: ["azp"], issuer: "https://accounts.google.com")
    case .ping: Values(clientIDClaims: ["client_id"], scopeClaims: ["scope"])
    case .workos: Values(clientIDClaims: ["client_id", "azp"], scopeClaims: ["scope", "permissions"])
    case .descope: Values(clientIDClaims: ["azp", "client_id"], scopeClaims: ["scope", "permissions"])
    case .generic: Values()
    }
  }

  /// The issuer of a provider whose discovery URL lets expect `issuer`. Auth0's has a slash at its end, which the URL
  /// does not show.
  func issuer(derived issuer: String) -> String {
    self == .auth0 && !issuer.hasSuffix("/") ? issuer + "/" : issuer
  }
}
