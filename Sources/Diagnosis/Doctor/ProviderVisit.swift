import Configuration
import Gateway
import Identity
import JSON
import Net

/// What the gateway and clients meet at the provider of one entry.
struct ProviderVisit {
  private let errands: Errands
  private let entry: AuthorizationConfiguration

  private let bridge: BridgeConfiguration?

  /// - Parameter bridge: the one that all clients sign in with; nil: there are clients that go to the provider.
  init(_ errands: Errands, _ entry: AuthorizationConfiguration, bridge: BridgeConfiguration?) {
    self.errands = errands
    self.entry = entry
    self.bridge = bridge
  }

  func section() -> HealthReport.Section { HealthReport.Section("provider \(entry.issuer)", findings()) }

  private func findings() -> [Finding] {
    let access: Access
    do {
      access = try Access(entry)
    } catch {
      return [.problem("TLS", error.description, remedy: "Correct provider_ca.")]
    }
    let discovery = DiscoveryFindings(issuer: entry.issuer, gatewayURLs: entry.discoveryURLs.map(\.description))
    let answers = discovery.urls.map { (url: $0, answer: get($0, access)) }
    var (findings, document) = discovery.of(answers)
    if let bridge {
      // That there is no document has been said above, unless none is read.
      if document != nil || entry.discoveryURLs.isEmpty {
        findings.append(BridgeFindings(bridge: bridge).ofProvider(document))
      }
    } else if let document {
      findings.append(ProviderFindings.pkce(document))
      findings.append(ProviderFindings.registration(document))
    }
    let (keys, keysAnswer) = keys(document, access)
    if let keys { findings.append(keys) }
    let dated = answers.compactMap { $0.answer.response } + [keysAnswer?.response].compactMap { $0 }
    let skew = Int64(entry.clockSkew.milliseconds / 1000)
    if let clock = dated.lazy.compactMap({ ProviderFindings.clock($0, skew: skew) }).first { findings.append(clock) }
    if let introspection = entry.introspection {
      findings.append(
        ProviderFindings.introspection(document, configured: introspection.endpoint?.description))
    }
    return findings
  }

  private func get(_ url: String, _ access: Access) -> ProbeAnswer {
    errands.wait(limit: Doctor.stepLimit, late: .failed("no answer in time")) {
      access.get(errands.loop, url, timeout: Doctor.stepLimit, $0)
    }
  }

  /// The keys from where the gateway has them.
  private func keys(_ document: JSONValue?, _ access: Access) -> (Finding?, ProbeAnswer?) {
    if let file = entry.jwksFile { return (keys(inFile: file), nil) }
    guard let url = entry.jwksURI?.description ?? document?["jwks_uri"]?.stringValue else {
      guard document != nil else { return (nil, nil) }
      return (
        .problem(
          "keys", "the metadata has no jwks_uri", remedy: "Give jwks_uri, if the provider publishes its keys elsewhere."
        ),
        nil
      )
    }
    let answer = get(url, access)
    switch answer {
    case .response(let response) where response.status == 200:
      return (ProviderFindings.keys(response.body, from: url), answer)
    case .response(let response):
      return (Self.missing("\(url) answers with status \(response.status)"), answer)
    case .failed(let reason): return (Self.missing("\(url): \(reason)"), nil)
    }
  }

  private func keys(inFile file: String) -> Finding {
    let result = errands.wait(limit: Doctor.stepLimit, late: .failure(.timedOut)) {
      SmallFile.read(errands.loop, file, limit: 1 << 20, completion: $0)
    }
    switch result {
    case .success(let document): return ProviderFindings.keys(document, from: file)
    case .failure(let failure): return Self.missing("\(file): \(failure)")
    }
  }

  private static func missing(_ message: String) -> Finding {
    .problem("keys", message, remedy: "Without keys every token is refused with 503: see what is in the way.")
  }
}
