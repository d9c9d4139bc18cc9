import JSON

/// What the provider's token endpoint has given (RFC 6749 §5.1).
struct ProviderTokens {
  let accessToken: String
  /// Seconds; nil when it does not say.
  let lifetime: Int64?
  /// As the provider calls them; nil: those that were asked for.
  let scopes: [String]?
  let refreshToken: String?
  let identityToken: String?

  init(_ answer: JSONObject) throws(TokenRefusal) {
    guard let accessToken = answer["access_token"]?.stringValue, !accessToken.isEmpty,
      accessToken.utf8.allSatisfy({ 0x21...0x7E ~= $0 })
    else { throw Self.unusable("it has no access token that could be sent in a field") }
    // A token that is bound to a key of ours could not be used by anybody else (RFC 9449 §5).
    guard let type = answer["token_type"]?.stringValue, type.lowercased() == "bearer" else {
      throw Self.unusable("its token_type is not Bearer")
    }
    self.accessToken = accessToken
    // Some write the number as a string.
    let seconds = answer["expires_in"]?.integerValue ?? answer["expires_in"]?.stringValue.flatMap { Int64($0) }
    lifetime = seconds.flatMap { $0 > 0 ? min($0, Self.longestLifetime) : nil }
    scopes = answer["scope"]?.stringValue.map { $0.split(separator: " ").map(String.init) }
    refreshToken = answer["refresh_token"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 }
    identityToken = answer["id_token"]?.stringValue
  }

  /// Ten years, in seconds: sums with it stay numbers.
  private static let longestLifetime: Int64 = 3650 * 86_400

  private static func unusable(_ why: String) -> TokenRefusal {
    .misconfigured(reason: "bridge_provider_malformed", detail: "the provider's answer cannot be used: \(why)")
  }
}
