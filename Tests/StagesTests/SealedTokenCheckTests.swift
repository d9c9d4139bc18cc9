import Bytes
import HTTP
import Identity
import JOSE
import JSON
import Net
import Outbound
import Pipeline
import Stages
import Telemetry
import Testing

/// Tokens that the gateway has sealed itself, on their way through the gate.
struct SealedTokenCheckTests {
  /// What the bridge does: a seal around claims.
  private final class Bridge: SealedTokens {
    let keys: SealingKeys
    let sealer: Sealer
    private(set) var opened = 0
    static let purpose = SealPurpose("access")

    init(_ keys: SealingKeys) {
      self.keys = keys
      sealer = Sealer(keys, context: "corporate")
    }

    var onChange: [() -> Void] {
      get { keys.onChange }
      set { keys.onChange = newValue }
    }

    func claims(of token: ByteView, now: Int64) -> SealedTokenContent {
      opened += 1
      switch sealer.open(token, for: Self.purpose, now: now) {
      case .payload(let text): return (try? JSONValue.parse(text))?.objectValue.map { .claims($0) } ?? .foreign
      case .expired: return .expired
      case .foreign: return .foreign
      }
    }
  }

  private let test: TestLoop
  private let provider: TestProvider
  private let store: KeyStore
  private let issuer: TestIssuer
  private let cache = TokenCache(capacity: 16)
  private let bridge: Bridge
  private let oldKey = SealingKey(id: "old", secret: [UInt8](0..<32))
  private let newKey = SealingKey(id: "new", secret: [UInt8](1...32))

  init() throws {
    test = try TestLoop()
    issuer = try TestIssuer()
    provider = try TestProvider(test, keys: [issuer.key])
    store = KeyStore(
      test.loop,
      KeyStore.Provider(issuer: TestIssuer.issuer, source: .discovery([provider.discoveryURL]), allowPlaintext: false),
      chance: { 0.5 }
    ) { _ in }
    bridge = Bridge(try SealingKeys([oldKey]))
  }

  private func seal(_ changes: [(String, JSONValue?)] = [], expiry: Int64 = Loop.unixTime + 300) throws -> String {
    var claims: JSONObject = [
      "iss": .string(TestIssuer.issuer), "sub": "user-1", "client_id": "registered-1", "scope": "mcp:tools",
      "exp": .integer(expiry),
    ]
    for (name, value) in changes { claims[name] = value }
    return try bridge.sealer.seal(JSONValue.object(claims).serialized(), for: Bridge.purpose, expiry: expiry)
  }

  private func check(
    _ policy: TokenPolicy = TestIssuer.policy, introspection: TokenIntrospection? = nil, failures: Int = 0,
    others: [TokenAuthority] = []
  ) -> TokenCheck {
    let authority = TokenAuthority(
      TokenVerifier(policy: policy), store, introspection: introspection, sealed: bridge)
    return TokenCheck(
      others + [authority], cache, TokenFailureBudget(limit: failures),
      Challenge(metadataURL: "https://gw.example/m", scope: ["mcp:tools"]))
  }

  private func begin(_ authorization: String, _ check: TokenCheck) -> (exchange: Exchange, responder: FakeResponder) {
    let exchange = Exchange()
    let responder = FakeResponder()
    exchange.request.set("POST", "/mcp", query: nil, [("Authorization", authorization)])
    exchange.begin(responder, bodyLength: .none, clientAddress: Array("192.0.2.1".utf8), startedAt: 0)
    let path = RequestPath([], gate: check, admitted: [FakeAdmitted { _, _ in .respond(Reply(200)) }])
    exchange.run(Route(name: "r", authority: nil, path: "/mcp", isPrefix: true, path))
    return (exchange, responder)
  }

  /// The status and the reason, or who came through.
  private func words(_ exchange: Exchange) -> String {
    exchange.admission?.token.map { "admitted \($0.subject)" }
      ?? "\(exchange.record.status) \(exchange.record.reason?.description ?? "")"
  }

  /// Sealed tokens wait for nothing.
  private func decide(_ token: String, _ check: TokenCheck) -> String {
    words(begin("Bearer \(token)", check).exchange)
  }

  @Test func aSealedTokenPassesWithoutTheProvider() throws {
    let gate = check()
    let token = try seal()
    #expect(decide(token, gate) == "admitted user-1")
    #expect(decide(token, gate) == "admitted user-1")
    #expect(cache.hits == 1)
    #expect(bridge.opened == 1)
    #expect(provider.discoveries == 0)
  }

  /// The client is told by `invalid_token` to refresh, as with any token.
  @Test func anExpiredOne() throws {
    let (exchange, responder) = begin("Bearer \(try seal(expiry: Loop.unixTime))", check())
    #expect(words(exchange) == "401 expired")
    #expect(responder.events.first?.contains("error=\"invalid_token\"") == true)
    #expect(cache.count == 0)
  }

  @Test func otherTokensAreJudgedAsEver() throws {
    let gate = check()
    let forged = Base64URL.encode([1, 3] + Array("old".utf8) + [UInt8](repeating: 7, count: 60))
    #expect(decide(forged, gate) == "401 opaque_token")
    #expect(decide("opaque", gate) == "401 opaque_token")
    #expect(bridge.opened == 2)
    #expect(decide("a b", gate) == "400 bad_token_syntax")
    #expect(decide("a.b.c", gate) == "401 malformed")
    #expect(decide("a.b", gate) == "401 opaque_token")
    let (exchange, _) = begin("Bearer \(try issuer.token([("sub", "user-2")]))", gate)
    try test.run(until: { exchange.hasResponded })
    #expect(words(exchange) == "admitted user-2")
  }

  private static let faults: [(String, JSONValue?, String)] = [
    ("iss", "https://other.example", "401 wrong_issuer"), ("exp", nil, "401 missing_expiry"),
    ("client_id", "stranger", "401 wrong_client"), ("scope", "openid", "403 insufficient_scope"),
    ("cnf", ["jkt": .string(Base64URL.encode([UInt8](repeating: 7, count: 32)))], "401 proof_required"),
  ]

  @Test(arguments: faults)
  func theRouteAsksForWhatItAlwaysDoes(_ claim: String, _ value: JSONValue?, _ expected: String) throws {
    var policy = TestIssuer.policy
    policy.clients = ["registered-1"]
    policy.scopes = ["mcp:tools"]
    let gate = check(policy, failures: 1)
    let token = try seal([(claim, value)])
    // Finding out again costs little: the whole reason is in each line of the log, and nobody has to wait.
    for _ in 0..<3 {
      let (exchange, _) = begin("Bearer \(token)", gate)
      #expect(words(exchange) == expected)
      #expect((exchange.record.detail != nil) == (claim != "cnf"))
    }
    #expect(decide(try seal(), gate) == "admitted user-1")
  }

  @Test func verdictsEndWithTheKey() throws {
    let gate = check()
    let token = try seal()
    let (exchange, _) = begin("Bearer \(try issuer.token([("sub", "user-2")]))", gate)
    try test.run(until: { exchange.hasResponded })
    #expect(decide(token, gate) == "admitted user-1")
    #expect(cache.count == 2)
    try bridge.keys.replace(by: [newKey, oldKey])
    #expect(cache.count == 1)
    #expect(decide(token, gate) == "admitted user-1")
    #expect(cache.count == 2)
    try bridge.keys.replace(by: [newKey])
    #expect(cache.count == 1)
    #expect(decide(token, gate) == "401 opaque_token")
    #expect(decide(try seal(), gate) == "admitted user-1")
  }

  /// Only what was not made here is asked about.
  @Test func introspectionComesAfterIt() throws {
    let answer: JSONValue = [
      "active": true, "sub": "user-3", "aud": .string(TestIssuer.audience), "exp": .integer(Loop.unixTime + 60),
    ]
    let endpoint = try ScriptedServer(test, answering: TestProvider.json(answer))
    let url = "http://127.0.0.1:\(endpoint.port)/introspect"
    var settings = Introspector.Settings(
      endpoint: { url }, authentication: .secretInField(id: "me", secret: "secret"))
    settings.allowPlaintext = true
    let introspection = TokenIntrospection(
      Introspector(test.loop, settings) { _ in }, asksAboutAll: false, lifetime: 60, negativeLifetime: 5)
    let gate = check(introspection: introspection)
    #expect(decide(try seal(), gate) == "admitted user-1")
    #expect(decide(try seal(expiry: 1_000), gate) == "401 expired")
    #expect(endpoint.requests == 0)
    let (exchange, _) = begin("Bearer opaque", gate)
    try test.run(until: { exchange.hasResponded })
    #expect(words(exchange) == "admitted user-3")
    #expect(endpoint.requests == 1)
    // The provider's word does not end with our keys.
    #expect(cache.count == 2)
    try bridge.keys.replace(by: [newKey])
    #expect(cache.count == 1)
  }

  /// The bridge of one provider says nothing about the tokens of another.
  @Test func besideAnotherProvider() throws {
    let other = TokenAuthority(TokenVerifier(policy: TokenPolicy(issuer: "https://other.example")), store)
    let gate = check(others: [other])
    #expect(decide(try seal(), gate) == "admitted user-1")
    #expect(decide(try seal([("iss", "https://other.example")]), gate) == "401 wrong_issuer")
  }
}
