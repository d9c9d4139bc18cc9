extension ProviderLint {
  func entra() {
    let urls = [("issuer", mapping.contains("issuer") ? issuer : nil), ("discovery_url", discoveryURL)]
    for case (let key, let url?) in urls {
      let tenant = url.path.split(separator: "/").first.map(String.init) ?? ""
      guard Self.sharedTenants.contains(tenant) else { continue }
      mapping.report(
        Fault(
          "\(quoted(tenant)) stands for many tenants, but tokens name their own as the issuer",
          remedy: "Write the tenant's ID in its place, and one entry for each tenant."),
        at: key)
    }
    version()
    audience()
  }

  private static let sharedTenants = ["common", "organizations", "consumers"]

  private func isVersion2(_ url: WebURL) -> Bool { url.path.contains("/v2.0") }

  private func version() {
    if issuer?.host == "sts.windows.net" {
      guard discoveryURL.map(isVersion2) != false else { return }
      warn(
        "issuer", "this is the issuer of version 1 tokens, but not of a version 1 discovery_url",
        remedy: "Set requestedAccessTokenVersion to 2 in the manifest of the API's application and use the issuer "
          + "https://login.microsoftonline.com/TENANT/v2.0; or give the discovery_url without /v2.0.")
    } else if let discoveryURL, !mapping.contains("issuer"), !isVersion2(discoveryURL) {
      warn(
        "discovery_url", "this document is that of version 1 tokens, whose issuer is https://sts.windows.net/TENANT/",
        remedy: "Insert /v2.0 behind the tenant, or give that issuer.")
    }
  }

  /// Version 2 tokens name the API by the ID of its application.
  private func audience() {
    guard let issuer, isVersion2(issuer), mapping.contains("allowed_audience"),
      !rules.allowedAudience.contains(where: Self.isGUID)
    else { return }
    warn(
      "allowed_audience", "version 2 tokens carry the ID of the API's application in aud, a GUID",
      remedy: "Add its Application (client) ID beside the Application ID URI.")
  }

  private static func isGUID(_ text: String) -> Bool {
    let groups = text.split(separator: "-", omittingEmptySubsequences: false)
    return groups.map(\.count) == [8, 4, 4, 4, 12] && groups.allSatisfy { $0.allSatisfy(\.isHexDigit) }
  }
}
