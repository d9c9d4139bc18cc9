import Identity
import JOSE
import JSON
import Net
import Pipeline
import Testing

@testable import Bridge

/// The gateway as a client of the provider, over real connections.
struct ProviderClientTests {
  private let test: TestLoop

  init() throws { test = try TestLoop() }

  private static let success = TestEndpoint.json(#"{"access_token":"a"}"#)

  private func store(_ source: KeyStore.Provider.Source = .keySet("http://127.0.0.1:1/")) -> KeyStore {
    KeyStore(
      test.loop, KeyStore.Provider(issuer: TestTokens.issuer, source: source, allowPlaintext: false)
    ) { _ in }
  }

  private func provider(_ endpoint: TestEndpoint, _ authentication: ClientAuthentication? = nil) -> BridgedProvider {
    var provider = BridgedProvider(
      keyStore: store(), issuer: TestTokens.issuer, clientID: "gate way", authentication: authentication)
    provider.tokenEndpoint = endpoint.url
    return provider
  }

  private static let request = ProviderRequest(.token, [("grant_type", "x"), ("code", "a+b/c=&d")])

  /// Sends and waits for what comes.
  private func send(_ client: some ProviderCalls, _ request: ProviderRequest = request) throws -> ProviderOutcome {
    var outcome: ProviderOutcome?
    let call = client.send(request) { outcome = $0 }
    try withExtendedLifetime(call) { try test.run(until: { outcome != nil }) }
    return try #require(outcome)
  }

  private func reason(_ outcome: ProviderOutcome) -> String {
    if case .unavailable(let seconds, let reason) = outcome { "\(seconds) \(reason)" } else { "\(outcome)" }
  }

  // MARK: Authentication

  @Test func aPublicClientNamesItself() throws {
    let endpoint = try TestEndpoint(test) { _ in Self.success }
    let client = ProviderClient(test.loop, provider(endpoint))
    #expect(try send(client) == .success(["access_token": "a"]))
    #expect(endpoint.requests.map(\.form) == ["grant_type=x&code=a%2Bb%2Fc%3D%26d&client_id=gate+way"])
    let head = try #require(endpoint.requests.first?.head)
    #expect(head.hasPrefix("POST /introspect HTTP/1.1\r\n"))
    #expect(head.contains("\r\nContent-Type: application/x-www-form-urlencoded\r\n"))
    #expect(!head.contains("Authorization"))
  }

  @Test func aSecretInTheField() throws {
    let endpoint = try TestEndpoint(test) { _ in Self.success }
    let client = ProviderClient(test.loop, provider(endpoint, .secretInField(id: "me", secret: "secret")))
    #expect(try send(client) == .success(["access_token": "a"]))
    #expect(endpoint.requests.map(\.form) == ["grant_type=x&code=a%2Bb%2Fc%3D%26d"])
    #expect(endpoint.requests.first?.head.contains("\r\nAuthorization: Basic bWU6c2VjcmV0\r\n") == true)
  }

  @Test func aSecretInTheForm() throws {
    let endpoint = try TestEndpoint(test) { _ in Self.success }
    let client = ProviderClient(test.loop, provider(endpoint, .secretInForm(id: "me", secret: "s&t")))
    _ = try send(client)
    #expect(endpoint.requests.map(\.form) == ["grant_type=x&code=a%2Bb%2Fc%3D%26d&client_id=me&client_secret=s%26t"])
  }

  @Test func anAssertion() throws {
    let endpoint = try TestEndpoint(test) { _ in Self.success }
    let key = try SigningKey.generate(.es256, kid: "k")
    let client = ProviderClient(
      test.loop, provider(endpoint, .privateKey(id: "me", key, audience: TestTokens.issuer)))
    _ = try send(client)
    let form = try #require(endpoint.requests.first?.form)
    #expect(form.contains("&client_id=me&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type"))
    #expect(form.contains("&client_assertion=ey"))
  }

  // MARK: Where to ask

  @Test func metadataSaysWhere() throws {
    let endpoint = try TestEndpoint(test) { _ in Self.success }
    let published = try TestProvider(test, keys: [SigningKey.generate(.es256, kid: "k")])
    published.metadata = [("token_endpoint", .string(endpoint.url))]
    let keys = store(.discovery([published.discoveryURL]))
    let client = ProviderClient(
      test.loop, BridgedProvider(keyStore: keys, issuer: TestTokens.issuer, clientID: "g"))
    #expect(try send(client) == .success(["access_token": "a"]))
    #expect(keys.isReady)
    #expect(try send(client, ProviderRequest(.revocation)) == .noEndpoint)
    #expect(published.discoveries == 1)
  }

  @Test func metadataThatCannotBeHad() throws {
    let published = try TestProvider(test, keys: [])
    published.isDown = true
    let client = ProviderClient(
      test.loop,
      BridgedProvider(
        keyStore: store(.discovery([published.discoveryURL])), issuer: TestTokens.issuer, clientID: "g"))
    #expect(try reason(send(client)).contains(published.discoveryURL))
  }

  @Test func whoLeavesWhileMetadataIsAwaited() throws {
    let published = try TestProvider(test, keys: [SigningKey.generate(.es256, kid: "k")])
    published.holds = true
    let keys = store(.discovery([published.discoveryURL]))
    let client = ProviderClient(
      test.loop, BridgedProvider(keyStore: keys, issuer: TestTokens.issuer, clientID: "g"))
    var isCalled = false
    let call = client.send(Self.request) { _ in isCalled = true }
    call?.cancel(.clientGone)
    published.release()
    published.holds = false
    try test.run(until: { published.discoveries == 1 })
    try test.run(for: 20)
    #expect(!isCalled)
  }

  private static let places: [(String, String)] = [
    ("http://idp.example/token", "clear http is accepted on loopback only"), ("ftp://x", "not an absolute"),
    ("https://idp.example/token", "cannot be"),
  ]

  @Test func placesThatAreNotAsked() throws {
    for (url, words) in Self.places {
      var provider = BridgedProvider(keyStore: store(), issuer: TestTokens.issuer, clientID: "g")
      provider.tokenEndpoint = url
      let outcome = try reason(send(ProviderClient(test.loop, provider)))
      #expect(outcome.hasPrefix("1 \(url): "), "\(outcome)")
      if url.hasPrefix("http:") || url.hasPrefix("ftp") { #expect(outcome.contains(words), "\(outcome)") }
    }
  }

  // MARK: Failures

  @Test func afterThreeFailuresItIsLeftInPeace() throws {
    let endpoint = try TestEndpoint(test) { _ in TestEndpoint.status(503) }
    let client = ProviderClient(test.loop, provider(endpoint))
    for _ in 0..<3 { #expect(try reason(send(client)).hasSuffix("/introspect: it answered with status 503")) }
    #expect(try reason(send(client)).hasPrefix("1 not asked after failures, the last one: http://127.0.0.1"))
    #expect(endpoint.requests.count == 3)
  }

  @Test func refusalsAreNoFailures() throws {
    let endpoint = try TestEndpoint(test) { _ in
      let body = #"{"error":"invalid_grant"}"#
      return "HTTP/1.1 400 X\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }
    let client = ProviderClient(test.loop, provider(endpoint))
    for _ in 0..<5 { #expect(try send(client) == .refused(ProviderError("invalid_grant"))) }
  }

  @Test func anAnswerThatIsTooLong() throws {
    let endpoint = try TestEndpoint(test) { _ in
      TestEndpoint.json("{\"access_token\":\"\(String(repeating: "a", count: 1 << 18))\"}")
    }
    #expect(try reason(send(ProviderClient(test.loop, provider(endpoint)))).hasPrefix("1 http://127.0.0.1"))
  }

  @Test func itDoesNotAnswer() throws {
    let endpoint = try TestEndpoint(test) { _ in Self.success }
    endpoint.holds = true
    let one = ProviderEndpoint(test.loop, provider(endpoint), .token, timeout: 30) { endpoint.url }
    var outcome: ProviderOutcome?
    let call = one.send(Self.request) { outcome = $0 }
    try withExtendedLifetime(call) { try test.run(until: { outcome != nil }) }
    #expect(reason(try #require(outcome)).hasPrefix("1 \(endpoint.url): "))
  }

  // MARK: The line

  @Test func someAreUnderWayOthersWaitAndTheRestIsSentAway() throws {
    let endpoint = try TestEndpoint(test) { _ in Self.success }
    endpoint.holds = true
    let one = ProviderEndpoint(test.loop, provider(endpoint), .token, maxRequests: 2) { endpoint.url }
    var outcomes: [String] = []
    let calls = (0..<36).map { _ in one.send(Self.request) { outcomes.append(reason($0)) } }
    #expect(outcomes == Array(repeating: "1 too many requests to the provider wait for their turn", count: 2))
    try test.run(until: { endpoint.requests.count == 2 })
    // One of those that wait leaves, and one that is under way.
    calls[5]?.cancel(.clientGone)
    calls[0]?.cancel(.clientGone)
    try test.run(until: { endpoint.requests.count == 3 })
    endpoint.release()
    try test.run(until: { outcomes.count == 34 })
    #expect(endpoint.requests.count == 33)
  }
}
