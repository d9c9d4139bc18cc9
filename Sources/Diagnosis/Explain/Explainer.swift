import Bytes
package import Configuration
import Gateway
import Identity
import JOSE
import JSON
package import Net

/// Asks a token everything that the routes of a configuration would ask it, with the keys of its provider. Changes
/// nothing, and keeps nothing.
package final class Explainer {
  /// Milliseconds for all that providers are asked.
  private static let limit: UInt64 = 10_000

  private let choice: RouteChoice
  private let sources: SourceMap
  private let isNamed: Bool
  private let isOffline: Bool
  private let now: Int64
  private let errands: Errands
  private var stores: [(entry: AuthorizationConfiguration, keys: KeysAtHand)] = []

  /// What came of fetching a provider's keys.
  private struct KeysAtHand {
    var keys: KeySet?
    var metadata: ProviderMetadata?
    /// Why there are none.
    var missing: String?
  }

  /// - Parameters:
  ///   - isNamed: whether the user has chosen the route; else the token's issuer does.
  ///   - isOffline: whether no provider is asked.
  ///   - now: seconds since 1970; nil: by the clock.
  package init(
    _ choice: RouteChoice, _ sources: SourceMap, isNamed: Bool, isOffline: Bool, now: Int64?
  ) throws(NetFailure) {
    self.choice = choice
    self.sources = sources
    self.isNamed = isNamed
    self.isOffline = isOffline
    self.now = now ?? Loop.unixTime
    errands = try Errands(limit: Self.limit)
  }

  package func explain(_ token: PastedToken) -> TokenReport {
    let shape = TokenShape(token)
    let (header, claims) = token.bytes.withUnsafeBytes { TokenExamination.readableParts(of: ByteView($0)) }
    let issuer = claims?["iss"]?.stringValue
    var report = TokenReport(header: header, claims: claims, verdicts: [], now: now)
    for route in routes(of: issuer) {
      guard !route.entries.isEmpty else {
        report.verdicts.append(RouteExamination.open(route.route))
        continue
      }
      let own = route.entries.filter { Self.areEqual($0.entry.issuer, issuer) }
      for (entry, path) in own.isEmpty ? route.entries : own {
        let examination = RouteExamination(
          route.route, entry, path: path, sources: sources, shape: shape, bridge: choice.bridge(of: entry))
        report.verdicts.append(verdict(token, examination, issuer, &report))
      }
    }
    return report
  }

  /// Those whose tokens come from that issuer; all when there are none, or when one was named.
  private func routes(of issuer: String?) -> [RouteChoice.Chosen] {
    guard !isNamed else { return choice.routes }
    let matching = choice.routes.filter { $0.entries.contains { Self.areEqual($0.entry.issuer, issuer) } }
    return matching.isEmpty ? choice.routes : matching
  }

  private static func areEqual(_ one: String, _ other: String?) -> Bool {
    other.map { Array($0.utf8) == Array(one.utf8) } ?? false
  }

  private func verdict(
    _ token: PastedToken, _ route: RouteExamination, _ issuer: String?, _ report: inout TokenReport
  ) -> TokenReport.Verdict {
    if let sealed = route.sealed { return sealed }
    let verifier = TokenVerifier(policy: ProviderAccess.policy(route.entry))
    let isOwn = Self.areEqual(route.entry.issuer, issuer)
    let keys = isOwn ? keys(of: route.entry) : KeysAtHand(missing: "the keys of one issuer say nothing about another's")
    let examination = token.bytes.withUnsafeBytes { verifier.examine(ByteView($0), keys: keys.keys, now: now) }
    guard let introspection = route.entry.introspection,
      isOwn && introspection.tokens == .all || examination.formFault?.isOpaque == true
    else { return route.verdict(examination, keysMissing: keys.missing) }
    guard !isOffline else { return route.unanswered("--offline: the provider was not asked about the token") }
    switch ask(token, route.entry, introspection) {
    case .answer(let answer):
      report.introspection = answer
      return route.verdict(verifier.examine(introspected: answer.objectValue ?? [:], now: now), keysMissing: nil)
    case .unavailable(_, let reason): return route.unanswered(reason)
    }
  }

  // MARK: What providers are asked

  private func keys(of entry: AuthorizationConfiguration) -> KeysAtHand {
    if let known = stores.first(where: { $0.entry.hasSameKeys(as: entry) }) { return known.keys }
    let keys = fetchKeys(of: entry)
    stores.append((entry, keys))
    return keys
  }

  private func fetchKeys(of entry: AuthorizationConfiguration) -> KeysAtHand {
    guard !isOffline || entry.jwksFile != nil else {
      return KeysAtHand(missing: "--offline: the keys of the provider were not fetched")
    }
    let store: KeyStore
    do {
      store = KeyStore(errands.loop, try ProviderAccess.keys(entry)) { _ in }
    } catch {
      return KeysAtHand(missing: error.description)
    }
    var waiter: KeyStore.Waiter?
    let outcome: KeyStore.Outcome? = errands.wait(limit: Self.limit, late: nil) { done in
      waiter = store.find(newerThan: nil, because: .unknownKey(kid: nil)) { done($0) }
    }
    waiter?.cancel()
    if case .keys(let keys, _)? = outcome { return KeysAtHand(keys: keys, metadata: store.metadata) }
    let reason = store.lastFailure ?? "no answer within \(Self.limit / 1000) s"
    return KeysAtHand(missing: "the keys of the provider could not be had: \(reason)")
  }

  private func ask(
    _ token: PastedToken, _ entry: AuthorizationConfiguration, _ configuration: IntrospectionConfiguration
  ) -> Introspector.Outcome {
    // The endpoint may stand in the metadata only.
    let endpoint = configuration.endpoint == nil ? keys(of: entry).metadata?.introspectionEndpoint : nil
    let settings: Introspector.Settings
    do {
      settings = try ProviderAccess.introspection(configuration, of: entry) { endpoint }
    } catch {
      return .unavailable(retryAfter: 0, reason: error.description)
    }
    let introspector = Introspector(errands.loop, settings) { _ in }
    var waiter: Introspector.Waiter?
    let late = Introspector.Outcome.unavailable(retryAfter: 0, reason: "the provider has not answered in time")
    let outcome = errands.wait(limit: Self.limit, late: late) {
      waiter = introspector.ask(token: token.bytes, completion: $0)
    }
    waiter?.cancel()
    return outcome
  }
}

extension AuthorizationConfiguration {
  /// Whether its keys come from the same place in the same way.
  fileprivate func hasSameKeys(as other: AuthorizationConfiguration) -> Bool {
    issuer == other.issuer && discoveryURLs == other.discoveryURLs && jwksURI == other.jwksURI
      && jwksFile == other.jwksFile && providerCA == other.providerCA && providerProxy == other.providerProxy
  }
}
