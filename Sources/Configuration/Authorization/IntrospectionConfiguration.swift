/// `introspection` of an entry of `authorization`: the provider is asked about tokens (RFC 7662).
package struct IntrospectionConfiguration: Equatable, Sendable {
  /// Which tokens the provider is asked about.
  package enum Tokens: String, CaseIterable, Sendable {
    /// Those that are not JWTs.
    case opaque
    case all
  }

  /// Where tokens are introspected. Nil: `introspection_endpoint` of the provider's metadata (RFC 8414 §2).
  package let endpoint: WebURL?
  /// The gateway's own client at the provider.
  package let clientID: String
  package let authentication: ClientAuthentication
  package let tokens: Tokens
  /// The longest time that a token is known to be active, never beyond its `exp`. Zero: each request asks.
  package let cache: Duration
  /// The longest time that a token is known to be inactive.
  package let negativeCache: Duration
  /// From the question to the whole answer.
  package let timeout: Duration
  /// Questions under way at once; more have to wait.
  package let maxRequests: Int

  /// - Parameters:
  ///   - hasDiscovery: whether there is a document that can name the endpoint.
  ///   - plaintext: whether http beyond loopback is accepted.
  init?(_ mapping: MappingReader, hasDiscovery: Bool, plaintext: Bool) {
    endpoint = mapping.value("endpoint", .webURL(example: "https://idp.example.com/introspect"))
    let clientID = mapping.required("client_id", .text(maximum: 255))
    let authentication = ClientAuthentication(mapping)
    tokens = mapping.value("tokens", .word, default: .opaque)
    cache = mapping.value("cache", .duration(.zero ... .hours(1)), default: .minutes(1))
    negativeCache = mapping.value("negative_cache", .duration(.zero ... .minutes(5)), default: .seconds(10))
    timeout = mapping.value("timeout", .duration(.milliseconds(100) ... .seconds(30)), default: .seconds(5))
    maxRequests = mapping.value("max_requests", .integer(1...1000), default: 64)
    if !hasDiscovery && !mapping.contains("endpoint") {
      mapping.failMissing(
        "endpoint", remedy: "With jwks_uri or jwks_file, no discovery document is read that could name it: add it.")
    }
    mapping.checkTransport(
      endpoint, at: "endpoint", plaintext: plaintext, "tokens and secrets sent over plain http can be read on the way")
    guard let clientID, let authentication else { return nil }
    self.clientID = clientID
    self.authentication = authentication
  }

  func write(to yaml: inout YAMLWriter) {
    yaml.string("endpoint", ifPresent: endpoint?.description)
    yaml.string("client_id", clientID)
    authentication.write(to: &yaml)
    yaml.plain("tokens", tokens.rawValue)
    yaml.plain("cache", cache.configurationText)
    yaml.plain("negative_cache", negativeCache.configurationText)
    yaml.plain("timeout", timeout.configurationText)
    yaml.plain("max_requests", maxRequests)
  }
}
