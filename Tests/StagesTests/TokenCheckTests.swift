import HTTP
import Identity
import JOSE
import JSON
import Net
import Pipeline
import Stages
import Telemetry
import Testing

struct TokenCheckTests {
  private let test: TestLoop
  private let issuer: TestIssuer
  private let provider: TestProvider
  private let store: KeyStore
  private let cache = TokenCache(capacity: 16)

  init() throws {
    test = try TestLoop()
    issuer = try TestIssuer()
    provider = try TestProvider(test, keys: [issuer.key])
    store = KeyStore(
      test.loop,
      KeyStore.Provider(issuer: TestIssuer.issuer, source: .discovery([provider.discoveryURL]), allowPlaintext: false),
      chance: { 0.5 }
    ) { _ in }
  }

  /// A request on its way through the gate.
  private struct Attempt {
    let exchange = Exchange()
    let responder = FakeResponder()

    /// Whether it is decided.
    var isOver: Bool { exchange.hasResponded }

    /// The status and the reason, or who came through.
    var words: String {
      let token = exchange.admission?.token
      return token.map { "admitted \($0.subject ?? "")" }
        ?? "\(exchange.record.status) \(exchange.record.reason?.description ?? "")"
    }
  }

  private func begin(
    _ authorization: String?, query: String? = nil, policy: TokenPolicy = TestIssuer.policy
  ) -> Attempt {
    let check = TokenCheck(
      TokenVerifier(policy: policy), cache, store, Challenge(metadataURL: "https://gw.example/m", scope: ["mcp:tools"]))
    let attempt = Attempt()
    let fields = authorization.map { [("Authorization", $0)] } ?? []
    attempt.exchange.request.set("POST", "/mcp", query: query, fields)
    attempt.exchange.begin(attempt.responder, bodyLength: .none, clientAddress: [], startedAt: 0)
    let path = RequestPath([], gate: check, admitted: [FakeAdmitted { _, _ in .respond(Reply(200)) }])
    attempt.exchange.run(Route(name: "r", authority: nil, path: "/mcp", isPrefix: true, path))
    return attempt
  }

  private func decide(_ authorization: String?, policy: TokenPolicy = TestIssuer.policy) throws -> Attempt {
    let attempt = begin(authorization, policy: policy)
    try test.run(until: { attempt.isOver })
    return attempt
  }

  @Test func aGoodTokenPassesOnceTheKeysAreThere() throws {
    let token = try issuer.token()
    let first = begin("Bearer \(token)")
    #expect(!first.isOver)
    try test.run(until: { first.isOver })
    #expect(first.words == "admitted user-1")
    #expect(first.exchange.record.auth == .verified)
    // The same token is known now, and another one finds the keys at hand: neither waits.
    let second = begin("bearer \(token)")
    #expect(second.words == "admitted user-1")
    #expect(cache.hits == 1)
    #expect(begin("Bearer \(try issuer.token([("sub", "user-2")]))").words == "admitted user-2")
    #expect(provider.discoveries == 1)
    #expect(provider.keyFetches == 1)
  }

  @Test func manyWaitForOneFetch() throws {
    provider.holds = true
    let attempts = try (0..<10).map { begin("Bearer \(try issuer.token([("sub", .string("user-\($0)"))]))") }
    try test.run(until: { provider.discoveries == 1 })
    #expect(attempts.allSatisfy { !$0.isOver })
    provider.release()
    try test.run(until: { attempts.allSatisfy(\.isOver) })
    #expect(attempts.map(\.words) == (0..<10).map { "admitted user-\($0)" })
    #expect(provider.keyFetches == 1)
  }

  @Test(arguments: [
    (String?.none, "401 token_missing"), ("Basic abc", "401 token_missing"), ("Bearer", "400 empty_token"),
    ("Bearer a b", "400 bad_token_syntax"), ("Bearer a\"b", "400 bad_token_syntax"), ("Bearer abc", "401 malformed"),
    ("Bearer a.b.c", "401 malformed"),
  ])
  func whatIsNoToken(_ authorization: String?, _ expected: String) {
    let attempt = begin(authorization)
    #expect(attempt.words == expected)
    #expect(attempt.exchange.admission == nil)
    #expect(provider.discoveries == 0)
  }

  @Test func aTokenInTwoPlaces() throws {
    #expect(begin("Bearer \(try issuer.token())", query: "access_token=x").words == "400 token_in_query")
  }

  /// What needs no key is refused without one: forged tokens cost the provider nothing.
  @Test(arguments: [
    ("exp", JSONValue.integer(1_000), "expired"), ("iss", "https://other.example", "wrong_issuer"),
    ("aud", "https://other.example", "wrong_audience"), ("nbf", .integer(99_999_999_999), "not_yet_valid"),
    ("token_use", "id", "not_an_access_token"),
  ])
  func refusedWithoutAKey(_ claim: String, _ value: JSONValue, _ reason: String) throws {
    let attempt = begin("Bearer \(try issuer.token([(claim, value)]))")
    #expect(attempt.words == "401 \(reason)")
    #expect(attempt.exchange.record.auth == .refused)
    #expect(attempt.responder.events.first?.contains("error=\"invalid_token\"") == true)
    #expect(provider.discoveries == 0)
  }

  @Test func scopesAloneAre403() throws {
    var policy = TestIssuer.policy
    policy.scopes = ["mcp:admin"]
    let attempt = try decide("Bearer \(try issuer.token())", policy: policy)
    #expect(attempt.words == "403 insufficient_scope")
    #expect(attempt.responder.events.first?.contains("error=\"insufficient_scope\"") == true)
  }

  @Test func anUnknownKeyIsLookedForOnce() throws {
    let other = try SigningKey.generate(.es256, kid: "key-2")
    let token = try issuer.token(signedBy: other)
    #expect(try decide("Bearer \(token)").words == "401 unknown_key")
    #expect(provider.discoveries == 1)
    // It was looked for and is not there: whoever sends more of them causes no fetch.
    for _ in 0..<5 { #expect(begin("Bearer \(token)").words == "401 unknown_key") }
    #expect(provider.discoveries == 1)
  }

  @Test func aForgedSignature() throws {
    let forger = try SigningKey.generate(.es256, kid: "key-1")
    let attempt = try decide("Bearer \(try issuer.token(signedBy: forger))")
    #expect(attempt.words == "401 bad_signature")
    #expect(cache.count == 0)
    #expect(try decide("Bearer \(try issuer.token())").words == "admitted user-1")
  }

  /// Never 401: it would send everybody through sign-in (GW-16).
  @Test func withoutTheProviderTheGatewayIsUnavailable() throws {
    provider.answers[TestProvider.discoveryPath] = TestProvider.status(500)
    let token = try issuer.token()
    let attempt = try decide("Bearer \(token)")
    #expect(attempt.words == "503 provider_unavailable")
    #expect(attempt.responder.events.first?.contains("Retry-After=1") == true)
    #expect(attempt.responder.events.first?.contains("WWW-Authenticate") == false)
    #expect(begin("Bearer \(token)").words == "503 provider_unavailable")
    #expect(provider.discoveries == 1)
  }

  @Test func aClientMayLeaveWhileItWaits() throws {
    provider.holds = true
    let leaving = begin("Bearer \(try issuer.token())")
    let staying = begin("Bearer \(try issuer.token([("sub", "user-2")]))")
    try test.run(until: { provider.discoveries == 1 })
    leaving.exchange.cancel(.clientGone)
    leaving.exchange.end()
    provider.release()
    try test.run(until: { staying.isOver })
    #expect(staying.words == "admitted user-2")
    #expect(leaving.responder.events.isEmpty)
    #expect(leaving.exchange.admission == nil)
  }

  @Test func otherKeysMakeOldVerdictsVoid() throws {
    _ = try decide("Bearer \(try issuer.token())")
    #expect(cache.count == 1)
    let keys = try KeySet(jwks: ["keys": .array([issuer.key.publicJWK])])
    for change in store.onChange { change(keys) }
    #expect(cache.count == 0)
  }
}

struct OpenGateTests {
  private func words(_ verdict: GateVerdict) -> String {
    switch verdict {
    case .admit(let admission): admission.token == nil ? "admitted anonymously" : "admitted"
    case .reject(let rejection): "reject \(rejection.reply.status) \(rejection.reason)"
    case .suspended: "suspended"
    }
  }

  @Test(arguments: [
    (String?.none, "admitted anonymously"), ("a=b", "admitted anonymously"),
    ("access_token=x", "reject 400 token_in_query"),
  ])
  func letsInWhoeverComesWithoutATokenInTheQuery(_ query: String?, _ expected: String) {
    let gate = OpenGate(.asConfigured())
    #expect(words(gate.admit(.request(query: query, fields: [("Authorization", "Bearer ignored")]))) == expected)
  }
}
