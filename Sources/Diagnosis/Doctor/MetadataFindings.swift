import JSON

/// Judges the protected resource metadata of a route as clients read it (RFC 9728 §3).
struct MetadataFindings {
  let resource: String
  let issuers: [String]
  let scopes: [String]

  private static let check = "metadata"
  private static let sameConfiguration = "The running gateway has another configuration than this one: restart it."

  /// The document at its own URL, by GET: what nearly all clients read first.
  func ofDocument(_ answer: ProbeAnswer, url: String) -> Finding {
    guard case .response(let response) = answer else { return Self.unanswered(answer, url) }
    guard response.status == 200 else {
      return .problem(
        Self.check, "\(url) answers with status \(response.status)",
        remedy: "Send /.well-known/oauth-protected-resource to the gateway, too, without asking for anything.")
    }
    guard let document = try? JSONValue.parse(response.body), document.objectValue != nil else {
      return .problem(
        Self.check, "\(url) is not a JSON object", remedy: "Another server answers here: send the path to the gateway.")
    }
    let type = response.all("content-type").first ?? ""
    guard type.lowercased().hasPrefix("application/json") else {
      return .problem(
        Self.check, "\(url) has the type \(String.quoted(type)), not application/json",
        remedy: "Let nothing in front of the gateway change the field.")
    }
    return content(document, url) ?? pages(response, url)
  }

  private func content(_ document: JSONValue, _ url: String) -> Finding? {
    let found = document["resource"]?.stringValue
    guard found == resource else {
      return .problem(
        Self.check, "resource is \(String.quoted(found)), and clients want \(String.quoted(resource)), byte for byte",
        remedy: "Give the running gateway the public_url that clients use, then restart it.")
    }
    let servers = document["authorization_servers"]?.stringsValue ?? []
    guard servers == issuers else {
      return .problem(
        Self.check,
        "authorization_servers is \(servers.joined(separator: ", ")), not \(issuers.joined(separator: ", "))",
        remedy: Self.sameConfiguration)
    }
    guard document["scopes_supported"]?.stringsValue ?? [] == scopes else {
      return .warning(Self.check, "scopes_supported is not as configured", remedy: Self.sameConfiguration)
    }
    guard !scopes.isEmpty else {
      return .warning(
        Self.check, "\(url) names no scopes",
        remedy: "Set allowed_scopes: without it clients ask for every scope of the provider, or for none, and Okta and "
          + "Cognito refuse both; the CLI of Kiro reads no metadata without it.")
    }
    return nil
  }

  private func pages(_ response: ProbeAnswer.Response, _ url: String) -> Finding {
    guard response.all("access-control-allow-origin") == ["*"] else {
      return .warning(
        Self.check, "\(url) cannot be read by pages of other origins",
        remedy: "Let nothing in front of the gateway change Access-Control-Allow-Origin: clients in browsers need it.")
    }
    return .ok(Self.check, "GET \(url): resource and authorization_servers as configured")
  }

  /// The same by HEAD.
  func ofHead(_ answer: ProbeAnswer, url: String) -> Finding {
    guard case .response(let response) = answer else { return Self.unanswered(answer, url) }
    guard response.status == 200 else {
      return .warning(
        Self.check, "HEAD \(url) answers with status \(response.status)",
        remedy: "Let whatever stands in front of the gateway pass HEAD, too.")
    }
    return .ok(Self.check, "HEAD \(url)")
  }

  /// Other places where clients look; only a document that is about something else is wrong there.
  func ofFallback(_ answer: ProbeAnswer, url: String) -> Finding {
    guard case .response(let response) = answer else { return Self.unanswered(answer, url) }
    guard response.status == 200, let document = try? JSONValue.parse(response.body),
      let found = document["resource"]?.stringValue
    else { return .ok(Self.check, "\(url): status \(response.status), clients look no further") }
    guard found == resource else {
      return .warning(
        Self.check, "\(url) is about \(String.quoted(found))",
        remedy: "Clients that look here first refuse it for this route: serve no document there, or that of this route."
      )
    }
    return .ok(Self.check, "\(url) is about this route")
  }

  private static func unanswered(_ answer: ProbeAnswer, _ url: String) -> Finding {
    if case .failed(let reason) = answer {
      return .problem(check, "\(url): \(reason)", remedy: "See whether something ends the connection on its way.")
    }
    return .problem(check, "\(url): no answer", remedy: "See whether the gateway runs.")
  }
}
