import Configuration
import JSON

/// Judges the metadata of a provider as the gateway and as clients find it (OpenID Connect Discovery 1.0 §4, RFC 8414
/// §3).
struct DiscoveryFindings {
  let issuer: String
  /// Where the gateway looks; empty when its keys come from elsewhere.
  let gatewayURLs: [String]

  private static let check = "discovery"

  /// Where clients look, in their order: RFC 8414, OpenID Connect inserted, OpenID Connect appended.
  static func clientURLs(_ issuer: String) -> [String] {
    guard let url = WebURL(issuer) else { return [] }
    let path = url.path.hasSuffix("/") ? String(url.path.dropLast()) : url.path
    let (oauth, openID) = ("/.well-known/oauth-authorization-server", "/.well-known/openid-configuration")
    let all = path.isEmpty ? [oauth, openID] : [oauth + path, openID + path, path + openID]
    return all.map { url.origin + $0 }
  }

  /// All that are to be asked, each once.
  var urls: [String] {
    var urls = gatewayURLs
    for url in Self.clientURLs(issuer) where !urls.contains(url) { urls.append(url) }
    return urls
  }

  /// What one candidate is worth.
  enum Worth: Equatable {
    case good(JSONValue)
    case otherIssuer(String)
    case nothing(String)
    /// No answer at all.
    case unreachable(String)
  }

  func worth(_ answer: ProbeAnswer) -> Worth {
    switch answer {
    case .failed(let reason): return .unreachable(reason)
    case .response(let response):
      guard response.status == 200 else { return .nothing("status \(response.status)") }
      guard let document = try? JSONValue.parse(response.body), document.objectValue != nil else {
        return .nothing("not a JSON object")
      }
      guard let found = document["issuer"]?.stringValue else { return .nothing("it names no issuer") }
      return Array(found.utf8) == Array(issuer.utf8) ? .good(document) : .otherIssuer(found)
    }
  }

  /// - Parameter answers: one for each of ``urls``.
  /// - Returns: the findings, and the first good document.
  func of(_ answers: [(url: String, answer: ProbeAnswer)]) -> (findings: [Finding], document: JSONValue?) {
    let judged = answers.map { (url: $0.url, worth: worth($0.answer)) }
    var findings: [Finding] = []
    if !gatewayURLs.isEmpty { findings.append(ofGateway(judged.filter { gatewayURLs.contains($0.url) })) }
    let clients = Self.clientURLs(issuer)
    // A provider that is not there at all is one thing, not two.
    if findings.isEmpty || judged.contains(where: { $0.worth.isAnswer }) {
      findings.append(ofClients(judged.filter { clients.contains($0.url) }))
    }
    let good = judged.compactMap { if case .good(let document) = $0.worth { document } else { nil } }
    return (findings, good.first)
  }

  private func ofGateway(_ judged: [(url: String, worth: Worth)]) -> Finding {
    for (url, worth) in judged {
      if case .good = worth { return .ok(Self.check, "the gateway reads \(url), which names the issuer \(issuer)") }
    }
    for (url, worth) in judged {
      guard case .otherIssuer(let found) = worth else { continue }
      return .problem(
        Self.check, "\(url) names the issuer \(found), not \(issuer)",
        remedy: "Write issuer: \(found) if that is the provider you mean; else correct discovery_url.")
    }
    let reasons = judged.map { "\($0.url): \(Self.words($0.worth))" }.joined(separator: "; ")
    return .problem(
      Self.check, "the gateway finds no metadata: \(reasons)",
      remedy: "See whether this machine reaches the provider (names, firewall, provider_proxy, provider_ca), and "
        + "whether discovery_url is the one it documents.")
  }

  private func ofClients(_ judged: [(url: String, worth: Worth)]) -> Finding {
    let list = judged.map { "\($0.url): \(Self.words($0.worth))" }.joined(separator: "; ")
    if let bad = judged.first(where: { $0.worth.isDocument }) {
      if case .otherIssuer(let found) = bad.worth {
        return .problem(
          Self.check, "clients stop at \(bad.url), which names the issuer \(found)",
          remedy: "Clients compare it with authorization_servers, byte by byte: write issuer: \(found).")
      }
      return .ok(Self.check, "clients find it (\(list))")
    }
    return .problem(
      Self.check, "clients find no metadata at \(list)",
      remedy: "Use a provider that publishes its metadata below its issuer: clients know no other place.")
  }

  private static func words(_ worth: Worth) -> String {
    switch worth {
    case .good: "good"
    case .otherIssuer(let found): "another issuer, \(found)"
    case .nothing(let reason), .unreachable(let reason): reason
    }
  }
}

extension DiscoveryFindings.Worth {
  fileprivate var isAnswer: Bool { if case .unreachable = self { false } else { true } }

  /// Where clients look no further.
  fileprivate var isDocument: Bool {
    switch self {
    case .good, .otherIssuer: true
    case .nothing, .unreachable: false
    }
  }
}
