import Configuration
import Gateway
import Identity
import Net
import Outbound
import Stages

/// What a client meets at the public URL of a route.
struct PublicVisit {
  private let errands: Errands
  private let options: Doctor.Options
  private let configuration: GatewayConfiguration
  private let route: RouteConfiguration

  init(_ doctor: Doctor, _ route: RouteConfiguration) {
    errands = doctor.errands
    options = doctor.options
    configuration = doctor.configuration
    self.route = route
  }

  private var url: WebURL { route.publicURL }

  func section() -> HealthReport.Section {
    HealthReport.Section("route \(route.name) (\(route.location))", findings())
  }

  private func findings() -> [Finding] {
    let (address, addresses) = address()
    guard let addresses else { return [address] }
    var findings = [address]
    var tls: TLSClientContext?
    if url.scheme == .https {
      do throws(TLSFault) {
        let context = try TLSClientContext(TLSClientSettings(ca: options.ca))
        findings.append(certificate(context, addresses))
        tls = context
      } catch {
        return findings + [.problem("TLS", "\(error.file) \(error.what)", remedy: error.remedy)]
      }
    }
    let first = ask("POST", route.location, tls)
    guard case .response = first else { return findings + [unreachable(first)] }
    guard case .token(let entries) = route.authorization else { return findings + [open(first)] }
    return findings + challenges(entries, first, tls) + metadata(entries, tls) + bridges(entries)
  }

  // MARK: The way there

  private func address() -> (Finding, [SocketAddress]?) {
    let (host, port) = options.connect ?? (url.host, url.port)
    let result = errands.wait(limit: Doctor.stepLimit, late: .failure(.timedOut)) {
      Resolver.resolve(errands.loop, host: host, port: port, completion: $0)
    }
    switch result {
    case .success(let addresses):
      let list = addresses.map(\.description).joined(separator: ", ")
      let how =
        options.connect != nil
        ? " (in place of \(url.host))" : url.isLoopback ? "; only clients on the gateway's own machine reach it" : ""
      return (.ok("address", "\(host) is \(list)\(how)"), addresses)
    case .failure(let failure):
      return (
        .problem(
          "address", "\(host) has no address: \(failure)",
          remedy: "Set up its name (DNS), or correct public_url; --connect HOST:PORT asks another address meanwhile."),
        nil
      )
    }
  }

  private func certificate(_ context: TLSClientContext, _ addresses: [SocketAddress]) -> Finding {
    var probe: CertificateProbe?
    let answer = errands.wait(limit: Doctor.stepLimit, late: CertificateProbe.Answer.failed("no answer in time")) {
      probe = CertificateProbe(
        errands.loop, context, name: url.host, port: url.port, place: url.origin, completion: $0)
      probe?.connect(addresses[...])
    }
    probe?.cancel()
    switch answer {
    case .shown(let certificate): return CertificateFindings.of(certificate, at: url.origin, now: Loop.unixTime)
    case .failed(let reason):
      return .problem(
        "certificate", "\(url.origin): \(reason)",
        remedy: "See the TLS reasons in docs/logs.md; --ca FILE names an authority of your own.")
    }
  }

  private func unreachable(_ answer: ProbeAnswer) -> Finding {
    var reason = "no answer"
    if case .failed(let words) = answer { reason = words }
    return .problem(
      "public URL", "\(route.location) does not answer: \(reason)",
      remedy: "Start the gateway, and let what stands in front of it (load balancer, firewall) send clients there; "
        + "--connect HOST:PORT asks it without them.")
  }

  // MARK: What is there

  private func ask(_ method: String, _ url: String, _ tls: TLSClientContext?, readsBody: Bool = false) -> ProbeAnswer {
    let location: Fetch.Location
    do throws(DocumentURL.Fault) {
      location = try DocumentURL.location(of: url, allowPlaintext: true)
    } catch {
      return .failed(error.description)
    }
    guard var endpoint = UpstreamEndpoint(location, tls: tls, proxy: nil) else { return .failed("no TLS") }
    if let (host, port) = options.connect { endpoint.address = .host(host, port: port) }
    var request = Probe.Request(method, location)
    request.readsBody = readsBody
    if method == "POST" {
      request.fields = MCPRequest.fields
      request.body = MCPRequest.initialize
    } else {
      request.fields = [("Accept", "application/json, text/event-stream")]
    }
    return errands.ask(request, endpoint)
  }

  private func open(_ answer: ProbeAnswer) -> Finding {
    guard let status = answer.response?.status, status == 401 else {
      return .ok("authorization", "none, and nobody is asked for a token")
    }
    return .warning(
      "authorization", "none, but a token is asked for",
      remedy: "The MCP server or something in front of the gateway wants it: see where the answer comes from.")
  }

  private func challenges(
    _ entries: [AuthorizationConfiguration], _ first: ProbeAnswer, _ tls: TLSClientContext?
  ) -> [Finding] {
    var answers = [(method: "POST", answer: first)]
    for method in ["GET", "HEAD"] { answers.append((method: method, answer: ask(method, route.location, tls))) }
    let metadataURL = url.origin + ProtectedResourceMetadata.path(for: route.path)
    return ChallengeFindings(
      metadataURL: metadataURL, scopes: ProviderAccess.challengeScopes(entries), schemes: Self.schemes(entries)
    ).of(answers)
  }

  private static func schemes(_ entries: [AuthorizationConfiguration]) -> [String] {
    guard entries.contains(where: { $0.dpop != nil }) else { return ["bearer"] }
    return entries.allSatisfy { $0.dpop?.mode == .required } ? ["dpop"] : ["bearer", "dpop"]
  }

  private func metadata(_ entries: [AuthorizationConfiguration], _ tls: TLSClientContext?) -> [Finding] {
    let metadata = MetadataFindings(
      resource: route.metadata?.resource ?? route.location, issuers: entries.map(configuration.authorizationServer),
      scopes: route.metadata?.scopesSupported ?? ProviderAccess.challengeScopes(entries))
    let root = url.origin + ProtectedResourceMetadata.path(for: "/")
    let own = url.origin + ProtectedResourceMetadata.path(for: route.path)
    var findings = [
      metadata.ofDocument(ask("GET", own, tls, readsBody: true), url: own),
      metadata.ofHead(ask("HEAD", own, tls), url: own),
    ]
    for place in own == root ? ["\(own)/"] : [root, "\(own)/"] {
      findings.append(metadata.ofFallback(ask("GET", place, tls, readsBody: true), url: place))
    }
    return findings
  }

  /// Where clients of this route sign in.
  private func bridges(_ entries: [AuthorizationConfiguration]) -> [Finding] {
    entries.compactMap(configuration.bridge(of:)).map { bridge in
      let findings = BridgeFindings(bridge: bridge)
      do throws(TLSFault) {
        // Its host may be another one than the route's.
        let tls = bridge.publicURL.scheme == .https ? try TLSClientContext(TLSClientSettings(ca: options.ca)) : nil
        return findings.ofMetadata(ask("GET", findings.metadataURL, tls, readsBody: true))
      } catch {
        return .problem("TLS", "\(error.file) \(error.what)", remedy: error.remedy)
      }
    }
  }
}

extension Errands {
  /// Asks, and waits for the answer.
  func ask(_ request: Probe.Request, _ endpoint: UpstreamEndpoint) -> ProbeAnswer {
    var cancel: (() -> Void)?
    let answer = wait(limit: Doctor.stepLimit, late: .failed("no answer in time")) {
      cancel = Probe.send(loop, request, to: endpoint, completion: $0)
    }
    cancel?()
    return answer
  }
}
