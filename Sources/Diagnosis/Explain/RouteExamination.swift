package import Configuration
package import JOSE
import JSON

/// Makes the verdict of one provider of one route out of what the token check has found. Pure.
package struct RouteExamination {
  package let route: RouteConfiguration
  package let entry: AuthorizationConfiguration
  private let location: RuleLocation
  private let shape: TokenShape
  private let bridge: BridgeConfiguration?

  /// - Parameters:
  ///   - path: the key path of the entry, such as `routes[0].authorization[1]`.
  ///   - sources: of the configuration that both are from.
  ///   - bridge: of the entry.
  package init(
    _ route: RouteConfiguration, _ entry: AuthorizationConfiguration, path: String, sources: SourceMap,
    shape: TokenShape, bridge: BridgeConfiguration? = nil
  ) {
    self.route = route
    self.entry = entry
    location = RuleLocation(sources: sources, path: path)
    self.shape = shape
    self.bridge = bridge
  }

  /// - Parameter keysMissing: why the keys are not at hand; nil when they are.
  package func verdict(_ examination: TokenExamination, keysMissing: String?) -> TokenReport.Verdict {
    let remedies = RemedyFinder(
      route: route, entry: entry, header: examination.header, claims: examination.claims, shape: shape,
      bridge: bridge)
    var checks: [TokenReport.Check] = []
    if let fault = examination.formFault {
      checks.append(failed("form", fault, remedies.remedy(for: fault)))
    }
    for finding in examination.findings {
      checks.append(check(finding, remedies, keysMissing))
    }
    if examination.formFault == nil, let possession = possession(remedies) { checks.append(possession) }
    return TokenReport.Verdict(route: route.name, url: route.location, issuer: entry.issuer, checks: checks)
  }

  /// - Parameter reason: why the provider has said nothing.
  package func unanswered(_ reason: String) -> TokenReport.Verdict {
    var check = TokenReport.Check("introspection", .open)
    check.remedy = reason
    return TokenReport.Verdict(route: route.name, url: route.location, issuer: entry.issuer, checks: [check])
  }

  /// About a token that the entry's bridge may have sealed. Nil: it has sealed none, or not in this form.
  package var sealed: TokenReport.Verdict? {
    guard let bridge, bridge.tokens == .wrap, case .sealed(let keyID) = shape else { return nil }
    var check = TokenReport.Check("seal", .open)
    check.found = "sealed with the key \(String.quoted(keyID))"
    check.wanted = "a token that the bridge \(bridge.name) has sealed for this route"
    check.remedy =
      "Only the running gateway opens it: its log says why a request with it was refused. The key must be in the bridge's "
      + "sealing keys, and the token not be one of another route, a refresh token or a code."
    return TokenReport.Verdict(route: route.name, url: route.location, issuer: entry.issuer, checks: [check])
  }

  private func check(
    _ finding: TokenExamination.Finding, _ remedies: RemedyFinder, _ keysMissing: String?
  ) -> TokenReport.Check {
    let name = finding.requirement.rawValue
    var check: TokenReport.Check
    switch finding.outcome {
    case .passed: check = TokenReport.Check(name, .pass)
    case .failed(let fault):
      check = failed(name, fault, remedies.remedy(for: fault, ruleIndex: finding.ruleIndex)) {
        $0.rule = location.rule(finding.requirement, index: finding.ruleIndex)
      }
    case .open(let why):
      check = TokenReport.Check(name, .open)
      check.remedy = keysMissing ?? why
    }
    check.found = finding.evidence.found
    check.wanted = finding.evidence.wanted
    return check
  }

  /// What the gateway asks last: whether the token is bound to something, and must be (RFC 8705 §3, RFC 9449 §7.1).
  /// Whether the connection shows it, the token alone cannot tell.
  private func possession(_ remedies: RemedyFinder) -> TokenReport.Check? {
    let confirmed = remedies.claims?["cnf"]
    let isBoundToKey = confirmed?["jkt"] != nil
    let isBoundToCertificate = confirmed?["x5t#S256"] != nil
    let name = "possession"
    func fault(_ fault: TokenFault, wanted: String, key: String) -> TokenReport.Check {
      var check = failed(name, fault, remedies.remedy(for: fault)) { $0.rule = location.rule(at: key) }
      check.found = isBoundToKey ? "jkt" : "no \(key == "dpop" ? "jkt" : "x5t#S256")"
      check.wanted = wanted
      return check
    }
    if !isBoundToCertificate, entry.certificateBoundTokens {
      return fault(
        .notBoundToCertificate, wanted: "a token that is bound to a client certificate", key: "certificate_bound_tokens"
      )
    }
    if isBoundToKey, entry.dpop == nil {
      return fault(.proofRequired, wanted: "a token without jkt: the route takes no DPoP proofs", key: "dpop")
    }
    if !isBoundToKey, entry.dpop?.mode == .required {
      return fault(.proofRequired, wanted: "jkt: the route takes tokens with DPoP proofs only", key: "dpop")
    }
    guard isBoundToKey || isBoundToCertificate else { return nil }
    var check = TokenReport.Check(name, .pass)
    let proofs = isBoundToKey ? ["with a DPoP proof of its key in each request"] : []
    let certificates = isBoundToCertificate ? ["over a connection with its client certificate"] : []
    check.found = "good only \((proofs + certificates).joined(separator: " and "))"
    return check
  }

  private func failed(
    _ name: String, _ fault: TokenFault, _ remedy: String, _ change: (inout TokenReport.Check) -> Void = { _ in }
  ) -> TokenReport.Check {
    var check = TokenReport.Check(name, .fail)
    check.reason = "\(fault.reason)"
    check.remedy = remedy
    check.found = "\(fault.explanation)"
    change(&check)
    return check
  }
}

extension RouteExamination {
  /// What a route without a token check makes of any token.
  package static func open(_ route: RouteConfiguration) -> TokenReport.Verdict {
    var check = TokenReport.Check("authorization", .pass)
    check.found = "none: the route asks nobody for a token"
    return TokenReport.Verdict(route: route.name, url: route.location, issuer: "", checks: [check])
  }
}
