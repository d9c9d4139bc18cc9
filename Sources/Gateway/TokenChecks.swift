import Bytes
import Configuration
import Identity
import JOSE
import Net
import Outbound
import Pipeline
import Stages
import Telemetry

/// Builds what checks the tokens of each route. Routes share what they have in common: the keys of a provider, and the
/// budget for bad tokens.
final class TokenChecks {
  private let loop: Loop
  private let configuration: GatewayConfiguration
  private let log: Log
  private let metrics: Metrics
  private let budget: TokenFailureBudget
  private let bridges: Bridges
  private let nonceKey: [UInt8]?
  private var keyStores: [String: KeyStore] = [:]
  /// In the order of the configuration.
  private(set) var stores: [KeyStore] = []

  /// - Parameter nonceKey: for the nonces of DPoP proofs, when other processes must know them; nil: a random one.
  init(
    _ loop: Loop, _ configuration: GatewayConfiguration, _ log: Log, _ metrics: Metrics, _ bridges: Bridges,
    nonceKey: [UInt8]? = nil
  ) {
    self.loop = loop
    self.nonceKey = nonceKey
    self.bridges = bridges
    self.configuration = configuration
    self.log = log
    self.metrics = metrics
    budget = TokenFailureBudget(limit: configuration.limits.failedTokens)
  }

  /// The challenge that all providers of a route make together.
  static func challenge(_ plan: RoutePlan, _ providers: [AuthorizationConfiguration]) -> Challenge {
    Challenge(metadataURL: plan.metadataURL, scope: scopes(providers), proofs: proofs(providers))
  }

  /// What clients are told to ask for, each scope once.
  static func scopes(_ providers: [AuthorizationConfiguration]) -> [String] {
    var scopes: [String] = []
    for scope in providers.flatMap(\.advertisedScopes) where !scopes.contains(scope) { scopes.append(scope) }
    return scopes
  }

  /// Proofs are required when no provider's tokens are accepted without.
  static func proofs(_ providers: [AuthorizationConfiguration]) -> Challenge.Proofs? {
    let taking = providers.compactMap(\.dpop)
    guard !taking.isEmpty else { return nil }
    let names = taking.flatMap(\.algorithms)
    return Challenge.Proofs(
      algorithms: JWSAlgorithm.allCases.filter { names.contains($0.rawValue) },
      isRequired: providers.allSatisfy { $0.dpop?.mode == .required })
  }

  func check(
    _ plan: RoutePlan, _ providers: [AuthorizationConfiguration], _ challenge: Challenge
  ) throws(StartFailure) -> TokenCheck {
    var authorities: [TokenAuthority] = []
    for provider in providers { authorities.append(try authority(provider, plan)) }
    let cache = TokenCache(
      capacity: providers.map(\.tokenCacheEntries).max() ?? 0, byteLimit: providers.map(\.tokenCacheSize).max() ?? 0)
    return TokenCheck(authorities, cache, budget, challenge, metrics)
  }

  private func authority(_ provider: AuthorizationConfiguration, _ plan: RoutePlan) throws(StartFailure)
    -> TokenAuthority
  {
    let store = try keyStore(provider)
    let possession = ProofOfPossession(
      bindsTokens: provider.certificateBoundTokens, subjects: provider.allowedCertificateSubjects,
      dpop: try dpop(provider, plan))
    return TokenAuthority(
      TokenVerifier(policy: ProviderAccess.policy(provider)), store, possession,
      introspection: try introspection(provider, store), sealed: bridges.sealedTokens(for: provider, at: plan))
  }

  private func dpop(_ provider: AuthorizationConfiguration, _ plan: RoutePlan) throws(StartFailure) -> DPoPCheck? {
    guard let configuration = provider.dpop else { return nil }
    let settings = DPoPCheck.Settings(
      configuration, clockSkew: provider.clockSkew, publicOrigin: plan.configuration.publicURL.origin)
    do throws(CryptoFailure) {
      return DPoPCheck(settings, nonces: configuration.nonce ? try nonces() : nil)
    } catch {
      throw .cryptography(error.description)
    }
  }

  private func nonces() throws(CryptoFailure) -> ProofNonces {
    if let nonceKey { return ProofNonces(key: nonceKey) }
    return try ProofNonces()
  }

  func keyStore(_ configuration: AuthorizationConfiguration) throws(StartFailure) -> KeyStore {
    let key = "\(KeyStore.Provider(configuration)) \(configuration.providerCA ?? "")"
    if let known = keyStores[key] { return known }
    var provider = try ProviderAccess.keys(configuration)
    provider.cacheFile = self.configuration.keyCacheDirectory.map { Self.cacheFile(in: $0, for: key) }
    let store = KeyStore(loop, provider, report: ProviderLog(issuer: provider.issuer, log, metrics).write)
    keyStores[key] = store
    stores.append(store)
    return store
  }

  /// - Parameter provider: everything that tells it from others; does not show in the name.
  private static func cacheFile(in directory: String, for provider: String) -> String {
    "\(directory)/keys-\(Base64URL.encode(Digest.sha256([UInt8](provider.utf8)).prefix(18))).json"
  }

  func introspection(_ provider: AuthorizationConfiguration, _ store: KeyStore) throws(StartFailure)
    -> TokenIntrospection?
  {
    guard let configuration = provider.introspection else { return nil }
    let settings = try ProviderAccess.introspection(configuration, of: provider) { [unowned store] in
      store.metadata?.introspectionEndpoint
    }
    let introspector = Introspector(
      loop, settings, report: ProviderLog(issuer: provider.issuer, log, metrics).write)
    return TokenIntrospection(
      introspector, asksAboutAll: configuration.tokens == .all, lifetime: configuration.cache.asSeconds,
      negativeLifetime: configuration.negativeCache.asSeconds)
  }
}
