import Identity
import JOSE
import JSON
import Net
import Testing

struct KeyStoreTests {
  private let test: TestLoop
  private let key: SigningKey

  init() throws {
    test = try TestLoop()
    key = try SigningKey.generate(.es256, kid: "one")
  }

  /// A store, what it reports, and what its waiters get.
  private final class Watch {
    let store: KeyStore
    private(set) var outcomes: [String] = []
    private(set) var found: KeySet?

    init(_ test: TestLoop, _ discoveryURL: String, issuer: String = "https://idp.example") {
      final class Reports { var lines: [String] = [] }
      let reports = Reports()
      store = KeyStore(
        test.loop, KeyStore.Provider(issuer: issuer, discoveryURL: discoveryURL, allowPlaintext: false)
      ) { event in
        switch event {
        case .fetched(let usable, let skipped): reports.lines.append("fetched \(usable) skipped \(skipped.count)")
        case .failed(let reason): reports.lines.append(reason)
        }
      }
      read = { reports.lines }
    }

    private let read: () -> [String]
    var lines: [String] { read() }

    @discardableResult
    func find(newerThan generation: Int? = nil) -> KeyStore.Waiter? {
      store.find(newerThan: generation) { [self] outcome in
        switch outcome {
        case .keys(let keys, let generation):
          found = keys
          outcomes.append("keys \(generation)")
        case .noneBetter: outcomes.append("none better")
        case .unavailable(let seconds): outcomes.append("unavailable \(seconds)")
        }
      }
    }
  }

  private func watch(_ provider: TestProvider) -> Watch { Watch(test, provider.discoveryURL) }

  @Test func nothingIsFetchedBeforeItIsNeeded() throws {
    let provider = try TestProvider(test, keys: [key])
    let watch = watch(provider)
    try test.run(for: 10)
    #expect(provider.discoveries == 0)
    #expect(watch.store.current == nil)
  }

  @Test func oneFetchServesEveryoneWhoWaits() throws {
    let provider = try TestProvider(test, keys: [key])
    let watch = watch(provider)
    for _ in 0..<5 { #expect(watch.find() != nil) }
    try test.run(until: { watch.outcomes.count == 5 })
    #expect(watch.outcomes == Array(repeating: "keys 1", count: 5))
    #expect(watch.found?.candidates(kid: "one", algorithm: .es256).count == 1)
    #expect(provider.discoveries == 1)
    #expect(provider.keyFetches == 1)
    #expect(watch.lines == ["fetched 1 skipped 0"])
    #expect(watch.store.current?.generation == 1)
    // From now on the answer comes at once.
    #expect(watch.find() == nil)
    #expect(watch.outcomes.last == "keys 1")
    #expect(provider.discoveries == 1)
  }

  /// A token with an unknown key id right behind a fetch: no second fetch, whoever floods the gateway with them.
  @Test func unknownKeysDoNotFetchAgainTooSoon() throws {
    let provider = try TestProvider(test, keys: [key])
    let watch = watch(provider)
    watch.find()
    try test.run(until: { watch.outcomes.count == 1 })
    for _ in 0..<10 { #expect(watch.find(newerThan: 1) == nil) }
    #expect(watch.outcomes.dropFirst() == ArraySlice(repeating: "none better", count: 10))
    #expect(provider.discoveries == 1)
  }

  @Test func keysThatCannotBeUsedAreReported() throws {
    let provider = try TestProvider(test, keys: [])
    provider.answers["/keys"] = TestProvider.json(["keys": .array([key.publicJWK, ["kty": "oct", "k": "AA"], 7])])
    let watch = watch(provider)
    watch.find()
    try test.run(until: { watch.outcomes.count == 1 })
    #expect(watch.outcomes == ["keys 1"])
    #expect(watch.lines == ["fetched 1 skipped 2"])
  }

  @Test func whoHearsOfNewKeys() throws {
    let provider = try TestProvider(test, keys: [key])
    let watch = watch(provider)
    var changes = 0
    watch.store.onChange.append { changes += 1 }
    watch.store.onChange.append { changes += 10 }
    watch.find()
    try test.run(until: { watch.outcomes.count == 1 })
    #expect(changes == 11)
  }

  @Test func aCancelledWaiterIsSilent() throws {
    let provider = try TestProvider(test, keys: [key])
    provider.holds = true
    let watch = watch(provider)
    watch.find()?.cancel()
    watch.find()
    try test.run(until: { provider.discoveries == 1 })
    provider.release()
    try test.run(until: { watch.outcomes.count == 1 })
    try test.run(for: 5)
    #expect(watch.outcomes == ["keys 1"])
  }

  // MARK: What can go wrong

  private static let discovery = TestProvider.discoveryPath

  /// Without a single key nobody is told that their token is bad: they are told to come back.
  @Test(arguments: [
    (discovery, TestProvider.status(500), "answered with status 500"),
    (discovery, TestProvider.status(302), "answered with status 302"),
    (discovery, TestProvider.json([]), "not a JSON object"),
    (discovery, TestProvider.json(["issuer": "https://other", "jwks_uri": "x"]), "https://other"),
    (discovery, TestProvider.json(["issuer": "https://idp.example"]), "jwks_uri"),
    (discovery, TestProvider.json(["issuer": "https://idp.example", "jwks_uri": "https://idp.example/k"]), "https"),
    (discovery, TestProvider.json(["issuer": "https://idp.example", "jwks_uri": "http://10.0.0.1/k"]), "loopback"),
    ("/keys", TestProvider.status(404), "answered with status 404"),
    ("/keys", TestProvider.json(["keys": 7]), "not a JWK set"),
    ("/keys", TestProvider.json("nonsense"), "not a JWK set"),
    ("/keys", TestProvider.json(["keys": []]), "no usable key"),
    ("/keys", TestProvider.json(["keys": [["kty": "oct", "k": "AA"]]]), "no usable key"),
    ("/keys", "garbage\r\n\r\n", "upstream_malformed"),
  ])
  func noKeysAtAll(_ path: String, _ answer: String, _ reason: String) throws {
    let provider = try TestProvider(test, keys: [key])
    provider.answers[path] = answer
    let watch = watch(provider)
    watch.find()
    watch.find()
    try test.run(until: { watch.outcomes.count == 2 })
    #expect(watch.outcomes == ["unavailable 10", "unavailable 10"])
    #expect(watch.lines.count == 1)
    #expect(watch.lines.first?.contains(reason) == true, "\(watch.lines)")
    #expect(watch.store.current == nil)
    // The next one learns it at once, and how long to wait; the provider is left in peace.
    #expect(watch.find() == nil)
    #expect(watch.outcomes.last?.hasPrefix("unavailable ") == true)
    #expect(provider.discoveries == 1)
  }

  @Test func theProviderIsDown() throws {
    let provider = try TestProvider(test, keys: [key])
    let watch = watch(provider)
    provider.stop()
    try test.run(for: 1)
    watch.find()
    try test.run(until: { watch.outcomes.count == 1 })
    #expect(watch.outcomes == ["unavailable 10"])
    #expect(watch.lines.first?.contains("ECONNREFUSED") == true)
  }

  /// A URL that cannot be fetched is known to fail inside the call.
  @Test(arguments: ["https://idp.example/x", "http://10.0.0.1/x", "nonsense"])
  func aFailureInsideTheCall(_ url: String) {
    let watch = Watch(test, url)
    #expect(watch.find() == nil)
    #expect(watch.outcomes == ["unavailable 10"])
    #expect(watch.lines.count == 1)
  }

  @Test func aStoreMayGoWhileItFetches() throws {
    let provider = try TestProvider(test, keys: [key])
    provider.holds = true
    weak var released: KeyStore?
    do {
      let watch = watch(provider)
      released = watch.store
      watch.find()?.cancel()
      try test.run(until: { provider.discoveries == 1 })
    }
    provider.release()
    try test.run(until: { released == nil })
  }
}
