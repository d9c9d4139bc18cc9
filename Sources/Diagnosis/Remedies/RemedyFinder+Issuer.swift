import Configuration

extension RemedyFinder {
  var ofIssuer: String {
    guard let issuer else {
      return "The token has no iss: it is no access token of an OpenID or OAuth provider. See where it comes from."
    }
    if let almost = almostTheSame(issuer) { return almost }
    switch (provider, KnownProvider.guess(issuer)) {
    case (.entra, .entra): return entra(issuer)
    case (.okta, .okta): return okta(issuer)
    case (.cognito, .cognito):
      return "The token comes from another user pool (\(issuer)): write that issuer if it is the one you mean, or sign "
        + "in at the right pool."
    case (.descope, _) where issuer.contains("descope"):
      return "Descope has an issuer for each project, MCP server and tenant: make authorization a list with an entry "
        + "for \(issuer), too."
    default:
      return "The token is from \(issuer), which this entry is not about: add an entry for it to authorization if you "
        + "trust it; else the client has signed in at the wrong provider, and should follow the metadata of the route."
    }
  }

  /// Issuers are compared byte by byte (RFC 9068 §4): what differs is hard to see.
  private func almostTheSame(_ issuer: String) -> String? {
    func bare(_ text: String) -> String {
      let lower = text.lowercased()
      let withoutScheme = lower.hasPrefix("http://") ? "https://" + lower.dropFirst(7) : lower
      return withoutScheme.hasSuffix("/") ? String(withoutScheme.dropLast()) : withoutScheme
    }
    guard bare(issuer) == bare(entry.issuer) else { return nil }
    let what =
      issuer.hasSuffix("/") != entry.issuer.hasSuffix("/")
      ? "a slash at the end"
      : issuer.hasPrefix("http://") != entry.issuer.hasPrefix("http://") ? "http and https" : "the case of letters"
    return "They differ by \(what) only, and are compared byte by byte: write issuer: \(issuer)"
  }

  private func entra(_ issuer: String) -> String {
    if let ofGraph { return ofGraph }
    let isVersion1 = issuer.contains("sts.windows.net")
    let wantsVersion1 = entry.issuer.contains("sts.windows.net")
    if isVersion1, !wantsVersion1 {
      return
        "This is a version 1 token, and the entry is about version 2: in Entra, set requestedAccessTokenVersion to "
        + "2 in the manifest of the API's application (the token version follows the API, not the endpoint). "
        + "Or write issuer: \(issuer) and the discovery_url without /v2.0."
    }
    if !isVersion1, wantsVersion1 {
      return "This is a version 2 token, and the entry is about version 1: write issuer: \(issuer)"
    }
    return "The token is from another tenant (\(issuer)): add an entry for it to authorization if its users may come; "
      + "else let the client sign in at the tenant of the entry, not at common."
  }

  private func okta(_ issuer: String) -> String {
    guard issuer.contains("/oauth2/") else {
      return "The token comes from Okta's org authorization server, whose access tokens are for Okta's own APIs only: "
        + "let clients sign in at the custom one, \(entry.issuer)."
    }
    return "The token comes from another authorization server of Okta (\(issuer)): let clients sign in at "
      + "\(entry.issuer), or write that issuer here. With the issuer mode \"Dynamic\" it follows the host that was "
      + "asked: choose a fixed one in Okta."
  }
}
