extension BridgeConfiguration {
  /// `authorization_parameters`.
  static func parameters(_ mapping: MappingReader, default fallback: [String: String]) -> [String: String] {
    let written = mapping.dictionary("authorization_parameters", .authorizationParameter) { $0.value($1, .text) }
    return mapping.contains("authorization_parameters") ? written : fallback
  }
}

extension ScalarFormat where Value == String {
  /// The name of a parameter (RFC 6749 §8.2) that is not the gateway's own.
  static var authorizationParameter: Self {
    Self(expected: "the name of a parameter", example: "prompt") { text throws(Fault) in
      guard !text.isEmpty, text.utf8.count <= 255, !text.contains("/"), CharacterClass.routeName.contains(all: text)
      else {
        throw Fault(
          "\(quoted(text)) is not the name of a parameter", remedy: "Use letters, digits and \"_.-\", such as prompt.")
      }
      if let key = ["scope": "extra_scopes", "resource": "resource", "audience": "audience"][text] {
        throw Fault("\(quoted(text)) has a key of its own", remedy: "Write it there: \(key)")
      }
      guard !reservedParameters.contains(text) else {
        throw Fault("the gateway itself gives \(quoted(text)) with each request", remedy: "Leave it out.")
      }
      return text
    }
  }

  /// RFC 6749 §4.1.1, RFC 7636 §4.3, OpenID Connect Core §3.1.2.1, RFC 9101 §5.
  private static var reservedParameters: Set<String> {
    [
      "client_id", "client_secret", "client_assertion", "client_assertion_type", "code_challenge",
      "code_challenge_method", "login_hint", "nonce", "redirect_uri", "request", "request_uri", "response_mode",
      "response_type", "state",
    ]
  }
}

extension MappingReader {
  /// An endpoint of the provider. It may have a query (RFC 6749 §3.1, §3.2).
  ///
  /// - Parameter plaintext: whether http beyond loopback is accepted.
  func endpoint(_ key: String, plaintext: Bool) -> WebURL? {
    let url = value(key, .webURL(example: "https://idp.example.com/oauth2/token", mayHaveQuery: true))
    checkTransport(
      url, at: key, plaintext: plaintext, "codes, tokens and secrets sent over plain http can be read on the way")
    return url
  }
}
