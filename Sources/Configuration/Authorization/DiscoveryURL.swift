/// Where an identity provider publishes its metadata, and the issuer identifier that follows from it.
struct DiscoveryURL {
  private static let marker = "/.well-known/"
  private static let documents = ["openid-configuration", "oauth-authorization-server"]

  let url: WebURL
  /// What stands before the marker and after the document's name: a path, or nothing.
  private let prefix: Substring
  private let suffix: Substring

  /// Nil when `url` has neither of the two well-known names in its path.
  init?(_ url: WebURL) {
    guard let marker = url.path.ranges(of: Self.marker).last else { return nil }
    let tail = url.path[marker.upperBound...]
    let document = tail.prefix { $0 != "/" }
    let suffix = tail[document.endIndex...]
    guard Self.documents.contains(String(document)), suffix != "/" else { return nil }
    self.url = url
    prefix = url.path[..<marker.lowerBound]
    self.suffix = suffix
  }

  /// The issuer by OpenID Connect Discovery §4 (name appended) or RFC 8414 §3 (name inserted after the host).
  /// Nil when there is a path on both sides, so that neither rule can have made the URL.
  var issuer: String? {
    prefix.isEmpty || suffix.isEmpty ? url.origin + prefix + suffix : nil
  }

  /// Where the metadata of an issuer may be, in the order of trying: OpenID Connect Discovery §4, RFC 8414 §3, and
  /// RFC 8414 §5 with OpenID's name.
  static func candidates(issuer: WebURL) -> [WebURL] {
    let path = issuer.path.hasSuffix("/") ? String(issuer.path.dropLast()) : issuer.path
    let (openID, oauth) = (marker + documents[0], marker + documents[1])
    let paths = path.isEmpty ? [openID, oauth] : [path + openID, oauth + path, openID + path]
    return paths.map(issuer.at)
  }

  /// Some providers show the identifiers of all their tenants as one text with a gap.
  static func refuseTemplate(_ text: String) throws(Fault) {
    guard text.contains("{") else { return }
    throw Fault(
      "\(quoted(text)) has a gap for the tenant", remedy: "Write the tenant's ID in place of the braces.")
  }
}

extension ScalarFormat where Value == DiscoveryURL {
  static var discoveryURL: Self {
    let example = "https://idp.example.com/.well-known/openid-configuration"
    return Self(expected: "a URL", example: example) { text throws(Fault) in
      try DiscoveryURL.refuseTemplate(text)
      guard let url = DiscoveryURL(try WebURL.parse(text)) else {
        throw Fault(
          "\(quoted(text)) is not a discovery URL",
          remedy:
            "It has /.well-known/openid-configuration or /.well-known/oauth-authorization-server "
            + "in its path, for example: \(example)")
      }
      return url
    }
  }
}
