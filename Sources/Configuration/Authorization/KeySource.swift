/// Whose tokens an entry of `authorization` accepts, and where the keys come from that check them.
struct KeySource: Equatable, Sendable {
  let issuer: String
  /// What is written; nil when it is left to the issuer, or not used.
  private let discoveryURL: WebURL?
  let discoveryURLs: [WebURL]
  let jwksURI: WebURL?
  let jwksFile: String?

  /// - Parameter plaintext: whether http beyond loopback is accepted.
  init?(_ mapping: MappingReader, _ preset: ProviderPreset, plaintext: Bool) {
    let discovery = mapping.value("discovery_url", .discoveryURL)
    let given = mapping.value("issuer", .issuer)
    // Entra has the keys of an application with claims mapping behind "?appid=".
    jwksURI = mapping.value("jwks_uri", .webURL(example: "https://idp.example.com/keys", mayHaveQuery: true))
    jwksFile = mapping.value("jwks_file", .filePath(example: "/etc/portcullis/idp-keys.json"))
    Self.checkOneSource(mapping)
    let replaceable = "keys fetched over plain http can be replaced on the way"
    mapping.checkTransport(discovery?.url, at: "discovery_url", plaintext: plaintext, replaceable)
    mapping.checkTransport(jwksURI, at: "jwks_uri", plaintext: plaintext, replaceable)
    guard let issuer = given ?? Self.issuer(mapping, preset, discovery) else { return nil }
    self.issuer = issuer
    discoveryURL = discovery?.url
    guard !["discovery_url", "jwks_uri", "jwks_file"].contains(where: mapping.contains) else {
      discoveryURLs = discoveryURL.map { [$0] } ?? []
      return
    }
    do throws(Fault) {
      discoveryURLs = DiscoveryURL.candidates(issuer: try WebURL.parse(issuer))
    } catch {
      mapping.report(error, at: "issuer")
      return nil
    }
    mapping.checkTransport(discoveryURLs.first, at: "issuer", plaintext: plaintext, replaceable)
  }

  private static func checkOneSource(_ mapping: MappingReader) {
    let given = ["discovery_url", "jwks_uri", "jwks_file"].filter(mapping.contains)
    for (key, other) in zip(given.dropFirst(), given) {
      mapping.report(
        Fault("\(other) says already where the keys are", remedy: "Keep one of \(other) and \(key)."), at: key)
    }
  }

  /// The issuer of an entry that does not give one.
  private static func issuer(_ mapping: MappingReader, _ preset: ProviderPreset, _ discovery: DiscoveryURL?) -> String?
  {
    guard !mapping.contains("issuer") else { return nil }
    if let key = ["jwks_uri", "jwks_file"].first(where: mapping.contains) {
      if let issuer = preset.values.issuer { return issuer }
      mapping.failMissing("issuer", remedy: "\(key) says where the keys are, not whose they are: give the issuer.")
      return nil
    }
    if let discovery {
      if let issuer = discovery.issuer { return preset.issuer(derived: issuer) }
      mapping.failMissing(
        "issuer", remedy: "The discovery URL has a path on both sides of /.well-known/, so give the issuer itself.")
      return nil
    }
    guard !mapping.contains("discovery_url") else { return nil }
    if let issuer = preset.values.issuer { return issuer }
    mapping.failMissing(
      "discovery_url",
      remedy: "Add it, or the issuer, for example: issuer: \(ScalarFormat.issuer.example)")
    return nil
  }

  func write(to yaml: inout YAMLWriter) {
    yaml.string("discovery_url", ifPresent: discoveryURL?.description)
    yaml.string("issuer", issuer)
    yaml.string("jwks_uri", ifPresent: jwksURI?.description)
    yaml.string("jwks_file", ifPresent: jwksFile)
  }
}

extension MappingReader {
  /// What is exchanged with a provider is protected on its way (RFC 8414 §6.1), or its operator says that the network
  /// is trusted.
  func checkTransport(_ url: WebURL?, at key: String, plaintext: Bool, _ message: String) {
    guard let url, url.scheme == .http && !url.isLoopback && !plaintext else { return }
    report(
      Fault(
        message,
        remedy: "Use https or a loopback address, or set allow_plaintext_provider: true on a network you trust."),
      at: key)
  }
}

extension ScalarFormat where Value == String {
  /// An issuer identifier (RFC 8414 §2), kept as it is written.
  static var issuer: Self {
    let expected = "an http or https URL without query and fragment"
    let example = "https://idp.example.com"
    return Self(expected: expected, example: example) { text throws(Fault) in
      try DiscoveryURL.refuseTemplate(text)
      guard ["https://", "http://"].contains(where: { text.hasPrefix($0) && text.count > $0.count }),
        CharacterClass.uri.contains(all: text), !text.contains("?")
      else {
        throw Fault("expected \(expected), found \(quoted(text))", remedy: "For example: \(example)")
      }
      return text
    }
  }
}

extension ScalarFormat where Value == WebURL {
  /// Where requests for other hosts can be sent (RFC 9110 §7.3.2).
  static var forwardProxy: Self {
    let example = "http://proxy.internal:3128"
    return Self(expected: "a URL", example: example) { text throws(Fault) in
      let url = try WebURL.parse(text)
      guard url.scheme == .http else {
        throw Fault(
          "the way to the proxy itself is not encrypted",
          remedy: "Write \(example) in that form; https requests go through it encrypted (CONNECT).")
      }
      guard url.path.isEmpty || url.path == "/" else {
        throw Fault("a path cannot be part of a proxy's URL", remedy: "Write \(url.origin)")
      }
      return url
    }
  }
}
