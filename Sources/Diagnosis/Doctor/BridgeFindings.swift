import Configuration
import JSON

/// Judges what a bridge shows to clients, and what it needs of its provider.
struct BridgeFindings {
  let bridge: BridgeConfiguration

  private static let check = "bridge"
  private static let sameConfiguration = "The running gateway has another configuration than this one: restart it."

  /// Where clients find the metadata (RFC 8414 §3.1).
  var metadataURL: String { "\(bridge.publicURL.origin)/.well-known/oauth-authorization-server\(bridge.prefix)" }

  func ofMetadata(_ answer: ProbeAnswer) -> Finding {
    guard case .response(let response) = answer else {
      var reason = "no answer"
      if case .failed(let words) = answer { reason = words }
      return problem("\(metadataURL): \(reason)", "See whether the gateway runs, and is reached at this URL.")
    }
    guard response.status == 200 else {
      return problem(
        "\(metadataURL) answers with status \(response.status)",
        "Send this path and everything below \(bridge.issuer)/ to the gateway, without asking for anything.")
    }
    guard let document = try? JSONValue.parse(response.body), document.objectValue != nil else {
      return problem(
        "\(metadataURL) is not a JSON object", "Another server answers here: send the path to the gateway.")
    }
    return content(document) ?? pages(response)
  }

  private func content(_ document: JSONValue) -> Finding? {
    let issuer = document["issuer"]?.stringValue
    guard issuer == bridge.issuer else {
      return problem(
        "issuer is \(String.quoted(issuer)), and clients want \(String.quoted(bridge.issuer)), byte for byte",
        Self.sameConfiguration)
    }
    for name in ["authorization_endpoint", "token_endpoint"] {
      let endpoint = document[name]?.stringValue
      guard endpoint?.hasPrefix(bridge.issuer + "/") != true else { continue }
      return problem("\(name) is \(String.quoted(endpoint)), which is not below the issuer", Self.sameConfiguration)
    }
    guard (document["registration_endpoint"] != nil) == bridge.registration else {
      return .warning(
        Self.check, "whether clients can register is not as configured", remedy: Self.sameConfiguration)
    }
    return nil
  }

  private func pages(_ response: ProbeAnswer.Response) -> Finding {
    guard response.all("access-control-allow-origin") == ["*"] else {
      return .warning(
        Self.check, "\(metadataURL) cannot be read by pages of other origins",
        remedy: "Let nothing in front of the gateway change Access-Control-Allow-Origin: clients in browsers need it.")
    }
    return .ok(Self.check, "GET \(metadataURL): issuer and endpoints as configured")
  }

  /// Whether the bridge finds the provider's endpoints.
  ///
  /// - Parameter document: the provider's metadata; nil when there is none.
  func ofProvider(_ document: JSONValue?) -> Finding {
    let endpoints = [
      ("authorization_endpoint", bridge.authorizationEndpoint), ("token_endpoint", bridge.tokenEndpoint),
    ]
    let missing = endpoints.filter { $0.1 == nil && document?[$0.0]?.stringValue == nil }.map(\.0)
    guard missing.isEmpty else {
      return problem(
        "the metadata has no \(missing.joined(separator: " and no "))",
        "Give it in the bridge \(bridge.name), or the URL of the document that has it as discovery_url.")
    }
    return .ok(Self.check, "clients register with the bridge \(bridge.name), \(bridge.issuer)")
  }

  /// What has to be registered for the gateway's own client.
  var redirect: Finding {
    .information("redirect URI", "the bridge \(bridge.name), client \(bridge.clientID): \(bridge.issuer)/callback")
  }

  private func problem(_ message: String, _ remedy: String) -> Finding {
    .problem(Self.check, message, remedy: remedy)
  }
}
