import Bytes
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
      return token.map { "admitted \($0.subject)" }
        ?? "\(exchange.record.status) \(exchange.record.reason?.description ?? "")"
    }
  }

  private func begin(
    _ authorization: String?, query: String? = nil, policy: TokenPolicy = TestIssuer.policy, check: TokenCheck? = nil
  ) -> Attempt {
    let check = check ?? self.check(policy)
    let attempt = Attempt()
    let fields = authorization.map { [("Authorization", $0)] } ?? []
    attempt.exchange.request.set("POST", "/mcp", query: query, fields)
    attempt.exchange.begin(attempt.responder, bodyLength: .none, clientAddress: Array("192.0.2.1".utf8), startedAt: 0)
    let path = RequestPath([], gate: check, admitted: [FakeAdmitted { _, _ in .respond(Reply(200)) }])
    attempt.exchange.run(Route(name: "r", authority: nil, path: "/mcp", isPrefix: true, path))
    return attempt
  }

  private func check(_ policy: TokenPolicy = TestIssuer.policy, failures: Int = 0) -> TokenCheck {
    TokenCheck(
      [TokenAuthority(TokenVerifier(policy: policy), store)], cache, TokenFailureBudget(limit: failures),
      Challenge(metadataURL: "https://gw.example/m", scope: ["mcp:tools"]))
  }

  private func decide(_ authorization: String?, check: TokenCheck) throws -> Attempt {
    let attempt = begin(authorization, check: check)
    try test.run(until: { attempt.isOver })
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
    ("Bearer a b", "400 bad_token_syntax"), ("Bearer a\"b", "400 bad_token_syntax"), ("Bearer abc", "401 opaque_token"),
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

  /// Tokens end with the key that signed them, not with every change of the key set.
  @Test func aVerdictEndsWithItsKey() throws {
    _ = try decide("Bearer \(try issuer.token())")
    #expect(cache.count == 1)
    let other = try SigningKey.generate(.es256, kid: "key-2")
    for change in store.onChange { change(try KeySet(jwks: ["keys": [issuer.key.publicJWK, other.publicJWK]])) }
    #expect(cache.count == 1)
    for change in store.onChange { change(try KeySet(jwks: ["keys": [other.publicJWK]])) }
    #expect(cache.count == 0)
  }

  /// The log gets the whole reason, the client only its kind.
  @Test func theLogSaysWhatWasFoundAndWanted() throws {
    let attempt = begin("Bearer \(try issuer.token([("aud", "https://other.example")]))")
    #expect(attempt.exchange.record.detail == "found aud https://other.example; wanted https://gw.example/mcp")
    #expect(attempt.responder.events.first?.contains("other.example") == false)
  }

  /// A client that tries a token again and again is answered from memory.
  @Test func refusedTokensAreRemembered() throws {
    var policy = TestIssuer.policy
    policy.clients = ["somebody-else"]
    let gate = check(policy)
    let token = "Bearer \(try issuer.token())"
    #expect(try decide(token, check: gate).words == "401 wrong_client")
    let again = begin(token, check: gate)
    #expect(again.words == "401 wrong_client")
    // Only what was judged has evidence.
    #expect(again.exchange.record.detail == nil)
  }

  /// Bad signatures cost; whoever has sent enough of them waits, but for tokens that are known to be good.
  @Test func failuresHaveABudget() throws {
    let gate = check(failures: 3)
    let good = "Bearer \(try issuer.token())"
    #expect(try decide(good, check: gate).words == "admitted user-1")
    let forger = try SigningKey.generate(.es256, kid: "key-1")
    for index in 0..<3 {
      let forged = try issuer.token([("sub", .string("\(index)"))], signedBy: forger)
      #expect(try decide("Bearer \(forged)", check: gate).words == "401 bad_signature")
    }
    let attempt = begin("Bearer \(try issuer.token([("sub", "user-2")]))", check: gate)
    #expect(attempt.words == "429 too_many_bad_tokens")
    #expect(attempt.responder.events.first?.contains("Retry-After") == true)
    #expect(attempt.responder.events.first?.contains("WWW-Authenticate") == false)
    #expect(begin(good, check: gate).words == "admitted user-1")
  }

  /// What costs next to nothing is not counted: a client with an expired token is told so, as often as it asks.
  @Test func cheapRefusalsAreFree() throws {
    let gate = check(failures: 1)
    let expired = "Bearer \(try issuer.token([("exp", 1_000)]))"
    for _ in 0..<5 { #expect(begin(expired, check: gate).words == "401 expired") }
  }

  // MARK: Several providers

  /// The issuer chooses the keys: a key of one provider never makes a token of another good.
  @Test func aTokenIsCheckedByTheIssuerItNames() throws {
    let otherKey = try SigningKey.generate(.es256, kid: "key-1")
    let otherProvider = try TestProvider(test, keys: [otherKey])
    otherProvider.issuer = "https://other.example"
    let otherStore = KeyStore(
      test.loop,
      KeyStore.Provider(
        issuer: "https://other.example", source: .discovery([otherProvider.discoveryURL]), allowPlaintext: false)
    ) { _ in }
    let otherPolicy = TokenPolicy(issuer: "https://other.example", audiences: ["api://other"])
    let gate = TokenCheck(
      [
        TokenAuthority(TokenVerifier(policy: TestIssuer.policy), store),
        TokenAuthority(TokenVerifier(policy: otherPolicy), otherStore),
      ], cache, TokenFailureBudget(limit: 0), Challenge(metadataURL: "https://gw.example/m", scope: []))
    let ofOther: [(String, JSONValue)] = [("iss", "https://other.example"), ("aud", "api://other")]
    #expect(try decide("Bearer \(try issuer.token())", check: gate).words == "admitted user-1")
    #expect(
      try decide("Bearer \(try issuer.token(ofOther, signedBy: otherKey))", check: gate).words == "admitted user-1")
    #expect(otherProvider.keyFetches == 1)
    #expect(try decide("Bearer \(try issuer.token(ofOther))", check: gate).words == "401 bad_signature")
    #expect(try decide("Bearer \(try issuer.token(signedBy: otherKey))", check: gate).words == "401 bad_signature")
    // Each provider has conditions of its own.
    let mixed: [(String, JSONValue)] = [("iss", "https://other.example")]
    #expect(
      try decide("Bearer \(try issuer.token(mixed, signedBy: otherKey))", check: gate).words == "401 wrong_audience")
    let stranger = begin("Bearer \(try issuer.token([("iss", "https://third.example")]))", check: gate)
    #expect(stranger.words == "401 wrong_issuer")
    #expect(
      stranger.exchange.record.detail
        == "found iss https://third.example; wanted https://idp.example, https://other.example")
  }

  // MARK: Proofs

  /// A token that is bound to a key is worthless without proofs, whatever the route asks for (GW-54).
  @Test func aBoundTokenIsNoBearerToken() throws {
    let thumbprint = Base64URL.encode([UInt8](repeating: 7, count: 32))
    let bound = try issuer.token([("cnf", ["jkt": .string(thumbprint)])])
    #expect(try decide("Bearer \(bound)", check: check()).words == "401 proof_required")
    #expect(begin("DPoP \(bound)", check: check()).words == "401 token_missing")
    let certificate = try issuer.token([("cnf", ["x5t#S256": .string(thumbprint)])])
    #expect(try decide("Bearer \(certificate)", check: check()).words == "401 not_bound_to_certificate")
  }
}
