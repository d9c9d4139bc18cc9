import Configuration

/// The product behind an entry: as the configuration says, or as the issuer shows. For words only.
struct KnownProvider {
  let preset: ProviderPreset

  init(_ entry: AuthorizationConfiguration) {
    preset = entry.provider == .generic ? Self.guess(entry.issuer) : entry.provider
  }

  /// The product that issues under this name; `generic` when it does not show.
  static func guess(_ issuer: String) -> ProviderPreset {
    let host = WebURL(issuer)?.host ?? ""
    let ends: [(String, ProviderPreset)] = [
      ("login.microsoftonline.com", .entra), ("login.microsoftonline.us", .entra), ("sts.windows.net", .entra),
      (".okta.com", .okta), (".oktapreview.com", .okta), (".okta-emea.com", .okta), (".auth0.com", .auth0),
      ("accounts.google.com", .google), (".authkit.app", .workos), ("api.descope.com", .descope),
    ]
    if let found = ends.first(where: { host.hasSuffix($0.0) }) { return found.1 }
    if host.hasPrefix("cognito-idp.") { return .cognito }
    if host.hasPrefix("auth.pingone.") { return .ping }
    return issuer.contains("/realms/") ? .keycloak : .generic
  }
}
