import Bytes
import Identity
import JOSE
import JSON
import Net
import Pipeline
import Testing
import Web

@testable import Bridge

/// A bridge with two routes, and a provider that says what the test tells it to.
final class TokenBridge {
  static let now: Int64 = 1_700_000_000
  static let client = "kiro"
  static let resource = "https://mcp.example/mcp"
  static let verifier = "0123456789-0123456789-0123456789-0123456789"

  let loop: Loop
  let sealingKeys: SealingKeys
  let sealer: Sealer
  var settings: BridgeSettings
  let provider = ScriptedProvider()
  let keys = ScriptedKeys()
  var introspection: TokenWrapper.Introspection?
  var documents: ClientDocumentStore?

  /// - Parameter name: bridges of other names cannot open what this one seals.
  init(name: String = "corporate", _ change: (inout BridgeSettings) -> Void = { _ in }) throws {
    loop = try Loop()
    sealingKeys = try SealingKeys([SealingKey(id: "1", secret: [UInt8](0..<32))])
    sealer = Sealer(sealingKeys, context: name)
    let store = KeyStore(
      loop, KeyStore.Provider(issuer: TestTokens.issuer, source: .keySet("http://127.0.0.1/"), allowPlaintext: false)
    ) { _ in }
    var provider = BridgedProvider(keyStore: store, issuer: TestTokens.issuer, clientID: "gateway")
    provider.scopePrefix = "api://x/"
    settings = BridgeSettings(
      name: name, issuer: "https://mcp.example/oauth", path: "/oauth", isSecure: true,
      routes: [Self.route("mcp"), Self.route("other")], provider: provider)
    settings.clients.entered = [
      BridgeClientSettings.Entered(id: Self.client, redirectURIs: ["http://localhost/callback"]),
      BridgeClientSettings.Entered(id: "another", redirectURIs: ["http://localhost/callback"]),
    ]
    change(&settings)
  }

  private static func route(_ name: String) -> BridgedRoute {
    BridgedRoute(
      name: name, resource: "https://mcp.example/\(name)", title: name, scopes: ["mcp:tools", "mcp:admin"],
      policy: TokenPolicy(issuer: TestTokens.issuer, audiences: ["https://api.example"]))
  }

  private(set) lazy var context: BridgeContext = {
    let seal = ClientSeal(sealer, lifetime: settings.clients.registrationLifetime)
    return BridgeContext(
      settings: settings, sealer: sealer,
      clients: ClientDirectory(
        configured: settings.clients.entered.compactMap { try? BridgeClient($0) }, seal: seal, documents: documents))
  }()

  private var wrapper: TokenWrapper? {
    guard case .wrap(let source, let lifetime) = settings.tokens else { return nil }
    return TokenWrapper(
      source, lifetime: lifetime, clientID: settings.provider.clientID, sealer: sealer, keys: keys,
      introspection: introspection)
  }

  /// Sends a form to the token endpoint; nil while the answer is not there.
  func token(
    _ form: [(String, String?)], fields: [(String, String)] = [], from address: String = "192.0.2.1", now: Int64 = now
  ) -> LocalReply? {
    let endpoint = TokenEndpoint(context, provider, wrapper)
    return endpoint.respond(to: Self.request("/oauth/token", form, fields, from: address), now: now).reply
  }

  static func request(
    _ path: String, _ form: [(String, String?)], _ fields: [(String, String)], from address: String = "192.0.2.1"
  ) -> LocalRequest {
    let pairs = form.compactMap { pair in pair.1.map { (name: pair.0, value: $0) } }
    return LocalRequest(
      method: "POST", path: path,
      fields: [("content-type", "application/x-www-form-urlencoded")] + fields.map { ($0.0, $0.1) },
      body: Array(FormParameters.query(pairs).utf8), clientAddress: Array(address.utf8))
  }

  // MARK: What clients hold

  static func digest(_ client: String) -> [UInt8] { Digest.sha256(Array(client.utf8)) }

  /// A code of the right client, and what a test changes about it.
  func code(
    sealedAt time: Int64 = now, by other: Sealer? = nil, _ change: (inout AuthorizationCode) -> Void = { _ in }
  ) throws -> String {
    var code = AuthorizationCode(
      providerCode: "their-code", verifier: "our-verifier", clientDigest: Self.digest(Self.client),
      shownClientID: Self.client, redirectURI: "http://localhost:4711/callback",
      challenge: Base64URL.encode(Self.digest(Self.verifier)), resource: Self.resource,
      scopes: ["mcp:tools", "offline_access"], nonce: "n")
    change(&code)
    return try code.sealed(with: other ?? sealer, now: time)
  }

  func refreshToken(
    by other: Sealer? = nil, lifetime: Int64 = 90 * 86_400, _ change: (inout RefreshGrant) -> Void = { _ in }
  ) throws -> String {
    var grant = RefreshGrant(
      providerToken: "their-refresh", clientDigest: Self.digest(Self.client), shownClientID: Self.client,
      resource: Self.resource, scopes: ["mcp:tools", "mcp:admin", "offline_access"], grantedAt: Self.now - 1000)
    change(&grant)
    return try grant.sealed(with: other ?? sealer, lifetime: lifetime)
  }

  func open(_ refreshToken: String?, now: Int64 = now) throws -> RefreshGrant {
    let opened = RefreshGrant.open(
      try #require(refreshToken), with: sealer, lifetime: settings.refreshTokenLifetime, now: now)
    guard case .grant(let grant) = opened else { throw TestTokens.Failure() }
    return grant
  }

  /// The form that redeems a code, with some parameters replaced or, where they are nil, left out.
  static func redemption(_ code: String, _ changes: [(String, String?)] = []) -> [(String, String?)] {
    replacing(
      [
        ("grant_type", "authorization_code"), ("client_id", client), ("code", code),
        ("redirect_uri", "http://localhost:4711/callback"), ("code_verifier", verifier), ("resource", resource),
      ], changes)
  }

  static func refresh(_ token: String, _ changes: [(String, String?)] = []) -> [(String, String?)] {
    replacing([("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", token)], changes)
  }

  private static func replacing(
    _ form: [(String, String?)], _ changes: [(String, String?)]
  ) -> [(String, String?)] {
    form.filter { pair in !changes.contains { $0.0 == pair.0 } } + changes
  }
}

/// Answers in their order, and keeps what it was asked.
final class ScriptedProvider: ProviderCalls {
  var outcomes: [ProviderOutcome] = []
  private(set) var requests: [String] = []
  /// Answers are held back until `release`.
  var holds = false
  private var held: [() -> Void] = []
  private(set) var cancelled = 0

  func send(
    _ request: ProviderRequest, completion: @escaping (ProviderOutcome) -> Void
  ) -> (any Cancellable)? {
    let pairs = request.parameters.map { "\($0.name)=\($0.value)" }
    requests.append((request.endpoint == .token ? "" : "revoke ") + pairs.joined(separator: " "))
    let outcome = outcomes.isEmpty ? .unavailable(retryAfter: 9, reason: "nothing scripted") : outcomes.removeFirst()
    guard holds else {
      completion(outcome)
      return nil
    }
    held.append { completion(outcome) }
    return CancelledBy { [self] in cancelled += 1 }
  }

  func release() {
    let waiting = held
    held = []
    for answer in waiting { answer() }
  }
}

/// The keys of the test's provider, at once or when they are asked for.
final class ScriptedKeys: ProviderKeys {
  var current: (keys: KeySet, generation: Int)?
  /// What comes of looking for others.
  var outcomes: [KeyStore.Outcome] = []
  private(set) var looks = 0

  init() { current = (try? TestTokens.keySet()).map { ($0, 1) } }

  func look(
    newerThan generation: Int?, because cause: KeyStoreState.Cause,
    completion: @escaping (KeyStore.Outcome) -> Void
  ) -> (any Cancellable)? {
    looks += 1
    completion(outcomes.isEmpty ? .noneBetter : outcomes.removeFirst())
    return nil
  }
}

extension LocalAnswer {
  /// Nil while it is not there.
  var reply: LocalReply? {
    switch self {
    case .reply(let reply): reply
    case .suspended(let suspension): suspension.park { _ in }
    }
  }
}

extension LocalReply {
  var body: String { if case .bytes(let bytes) = content { String(decoding: bytes, as: UTF8.self) } else { "" } }
  var document: JSONValue? { try? JSONValue.parse(Array(body.utf8)) }

  /// Status, OAuth's code and the reason for the log.
  var verdict: String {
    "\(status) \(document?["error"]?.stringValue ?? "-") \(reason.map { "\($0)" } ?? "-")"
  }

  func header(_ name: String) -> String? { fields.first { $0.name == name }?.value }
}
