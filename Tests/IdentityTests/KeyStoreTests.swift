import Identity
import JOSE
import JSON
import Net
import Testing

struct KeyStoreTests {
  private let test: TestLoop
  private let key: SigningKey
  private let nextKey: SigningKey

  init() throws {
    test = try TestLoop()
    key = try SigningKey.generate(.es256, kid: "one")
    nextKey = try SigningKey.generate(.es256, kid: "two")
  }

  @Test func nothingIsFetchedBeforeItIsNeeded() throws {
    let provider = try TestProvider(test, keys: [key])
    let watch = StoreWatch(test, provider)
    try test.run(for: 10)
    #expect(provider.asked.isEmpty)
    #expect(watch.store.current == nil)
    #expect(!watch.store.isReady)
    #expect(watch.store.keyAge == nil)
    #expect(watch.store.issuer == "https://idp.example")
  }

  @Test func oneFetchServesEveryoneWhoWaits() throws {
    let provider = try TestProvider(test, keys: [key])
    let watch = StoreWatch(test, provider)
    for _ in 0..<5 { #expect(watch.find() != nil) }
    try test.run(until: { watch.outcomes.count == 5 })
    #expect(watch.outcomes == Array(repeating: "keys 1", count: 5))
    #expect(watch.found?.candidates(kid: "one", algorithm: .es256).count == 1)
    #expect(provider.asked == [TestProvider.discoveryPath, TestProvider.keysPath])
    #expect(watch.lines == ["fetched 1 skipped 0"])
    #expect(watch.store.current?.generation == 1)
    #expect(watch.store.isReady)
    #expect(watch.store.keyAge.map { $0 < 10_000 } == true)
    // From now on the answer comes at once.
    #expect(watch.find() == nil)
    #expect(watch.outcomes.last == "keys 1")
    #expect(provider.discoveries == 1)
  }

  @Test func keysThatCannotBeUsedAreReported() throws {
    let provider = try TestProvider(test, keys: [])
    provider.answers["/keys"] = TestProvider.json(["keys": .array([key.publicJWK, ["kty": "oct", "k": "AA"], 7])])
    let watch = StoreWatch(test, provider)
    watch.find()
    try test.run(until: { watch.outcomes.count == 1 })
    #expect(watch.outcomes == ["keys 1"])
    #expect(watch.lines == ["fetched 1 skipped 2"])
  }

  @Test func aCancelledWaiterIsSilent() throws {
    let provider = try TestProvider(test, keys: [key])
    provider.holds = true
    let watch = StoreWatch(test, provider)
    watch.find()?.cancel()
    watch.find()
    try test.run(until: { provider.discoveries == 1 })
    provider.release()
    try test.run(until: { watch.outcomes.count == 1 })
    try test.run(for: 5)
    #expect(watch.outcomes == ["keys 1"])
  }

  @Test func aStoreMayGoWhileItFetches() throws {
    let provider = try TestProvider(test, keys: [key])
    provider.holds = true
    weak var released: KeyStore?
    do {
      let watch = StoreWatch(test, provider)
      released = watch.store
      watch.find()?.cancel()
      try test.run(until: { provider.discoveries == 1 })
    }
    provider.release()
    try test.run(until: { released == nil })
  }

  // MARK: Rotation

  /// The key set was fetched a moment ago; the first token of a new key is good all the same.
  @Test func aNewKeyIsAcceptedWithItsFirstToken() throws {
    let provider = try TestProvider(test, keys: [key])
    let watch = StoreWatch(test, provider)
    watch.find(kid: "one")
    try test.run(until: { watch.outcomes.count == 1 })
    var heard: [[String?]] = []
    watch.store.onChange.append { heard.append($0.keys.map(\.kid)) }
    provider.keys = [nextKey, key]
    watch.find(newerThan: 1, kid: "two")
    try test.run(until: { watch.outcomes.count == 2 })
    #expect(watch.outcomes == ["keys 1", "keys 2"])
    #expect(heard == [["two", "one"]])
    #expect(watch.found?.candidates(kid: "two", algorithm: .es256).count == 1)
  }

  /// Another key under a known id.
  @Test func aReusedKeyID() throws {
    let provider = try TestProvider(test, keys: [key])
    let watch = StoreWatch(test, provider)
    watch.find(kid: "one")
    try test.run(until: { watch.outcomes.count == 1 })
    provider.keys = [try SigningKey.generate(.es256, kid: "one")]
    watch.find(newerThan: 1, because: .badSignature)
    try test.run(until: { watch.outcomes.count == 2 })
    #expect(watch.outcomes == ["keys 1", "keys 2"])
    watch.find(newerThan: 2, because: .badSignature)
    try test.run(until: { watch.outcomes.count == 3 })
    #expect(watch.outcomes.last == "none better")
    #expect(watch.lines == ["fetched 1 skipped 0", "fetched 1 skipped 0", "unchanged"])
  }

  /// Ten unknown ids at one moment, and again: the provider sees one fetch for each interval.
  @Test func aFloodOfRandomKeys() throws {
    let provider = try TestProvider(test, keys: [key])
    let watch = StoreWatch(test, provider, timing: StoreWatch.hasty)
    watch.find(kid: "one")
    try test.run(until: { watch.outcomes.count == 1 })
    for number in 0..<10 { watch.find(newerThan: 1, kid: "random-\(number)") }
    watch.find(newerThan: 1, kid: "gone")?.cancel()
    try test.run(until: { watch.outcomes.count == 11 })
    #expect(watch.outcomes.dropFirst() == ArraySlice(repeating: "none better", count: 10))
    // One for the first of them, which the others did not trust, and one for all others.
    #expect(provider.keyFetches == 3)
    #expect(watch.store.current?.generation == 1)
  }

  // MARK: Refresh

  @Test func keysAreFetchedBeforeAnybodyAsksAndKeptFresh() throws {
    let provider = try TestProvider(test, keys: [key])
    let watch = StoreWatch(test, .discovery([provider.discoveryURL]), refresh: 20, timing: StoreWatch.hasty)
    var changes = 0
    watch.store.onChange.append { _ in changes += 1 }
    watch.store.start()
    watch.store.start()
    try test.run(until: { watch.store.isReady })
    #expect(provider.keyFetches == 1)
    try test.run(until: { provider.keyFetches >= 3 })
    #expect(watch.store.current?.generation == 1)
    #expect(changes == 1)
    #expect(Array(watch.lines.prefix(2)) == ["fetched 1 skipped 0", "unchanged"])
    // A key that the provider takes back ends without anybody asking.
    provider.keys = [nextKey]
    try test.run(until: { watch.store.current?.generation == 2 })
    #expect(watch.store.current?.keys.candidates(kid: "one", algorithm: .es256).isEmpty == true)
    #expect(changes == 2)
  }

  /// A long refresh, which the response shortens.
  @Test func cacheControlIsHonoured() throws {
    let provider = try TestProvider(test, keys: [key])
    provider.fields = "Cache-Control: max-age=0\r\n"
    let watch = StoreWatch(test, provider, timing: StoreWatch.hasty)
    watch.store.start()
    try test.run(until: { provider.keyFetches >= 2 })
    provider.fields = "Cache-Control: max-age=3600\r\n"
    let fetches = provider.keyFetches
    try test.run(until: { provider.keyFetches > fetches })
    let after = provider.keyFetches
    try test.run(until: { watch.lines.count == after })
    try test.run(for: 40)
    #expect(provider.keyFetches == after)
  }

  /// A provider that is down at the start is tried until it answers, though nobody asks.
  @Test func startsWithoutTheProvider() throws {
    let provider = try TestProvider(test, keys: [key])
    provider.isDown = true
    let watch = StoreWatch(test, provider, timing: StoreWatch.hasty)
    watch.store.start()
    try test.run(until: { provider.asked.count >= 3 })
    #expect(!watch.store.isReady)
    #expect(watch.store.lastFailure?.isEmpty == false)
    provider.isDown = false
    try test.run(until: { watch.store.isReady })
    #expect(watch.store.lastFailure == nil)
    #expect(watch.lines.last == "fetched 1 skipped 0")
    #expect(!watch.lines.contains("recovered"))
  }

  @Test func keysStayWhileTheProviderIsDown() throws {
    let provider = try TestProvider(test, keys: [key])
    let watch = StoreWatch(test, .discovery([provider.discoveryURL]), refresh: 20, timing: StoreWatch.hasty)
    watch.store.start()
    try test.run(until: { watch.store.isReady })
    provider.isDown = true
    try test.run(until: { watch.lines.count { $0.contains("upstream_") } >= 3 })
    #expect(watch.lines.count { $0.hasPrefix("stale ") } == 1)
    #expect(watch.find() == nil)
    #expect(watch.outcomes == ["keys 1"])
    #expect(watch.store.isReady)
    provider.isDown = false
    try test.run(until: { watch.lines.last == "recovered" })
    #expect(watch.store.current?.generation == 1)
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
    ("/keys", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{", "not a JWK set"),
    ("/keys", TestProvider.json(["keys": []]), "no usable key"),
    ("/keys", TestProvider.json(["keys": [["kty": "oct", "k": "AA"]]]), "no usable key"),
    ("/keys", "garbage\r\n\r\n", "upstream_malformed"),
    ("/keys", "HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n", "too large"),
  ])
  func noKeysAtAll(_ path: String, _ answer: String, _ reason: String) throws {
    let provider = try TestProvider(test, keys: [key])
    provider.answers[path] = answer
    let watch = StoreWatch(test, provider)
    watch.find()
    watch.find()
    try test.run(until: { watch.outcomes.count == 2 })
    #expect(watch.outcomes == ["unavailable 1", "unavailable 1"])
    #expect(watch.lines.count == 1)
    #expect(watch.lines.first?.contains(reason) == true, "\(watch.lines)")
    #expect(watch.store.lastFailure == watch.lines.first)
    #expect(watch.store.current == nil)
    // The next one learns it at once, and how long to wait; the provider is left in peace.
    #expect(watch.find() == nil)
    #expect(watch.outcomes.last?.hasPrefix("unavailable ") == true)
    #expect(provider.discoveries == 1)
  }

  /// A new set of no use changes nothing.
  @Test(arguments: [TestProvider.json(["keys": []]), TestProvider.json(["keys": 7]), TestProvider.status(503)])
  func aBrokenSetKeepsTheOldOne(_ answer: String) throws {
    let provider = try TestProvider(test, keys: [key])
    let watch = StoreWatch(test, provider)
    watch.find()
    try test.run(until: { watch.outcomes.count == 1 })
    provider.answers["/keys"] = answer
    watch.find(newerThan: 1, kid: "two")
    try test.run(until: { watch.outcomes.count == 2 })
    #expect(watch.outcomes.last == "unavailable 1")
    #expect(watch.find() == nil)
    #expect(watch.outcomes.last == "keys 1")
    #expect(watch.lines.count == 3)
    #expect(watch.lines.last?.hasPrefix("stale ") == true)
  }

  @Test func theProviderIsDown() throws {
    let provider = try TestProvider(test, keys: [key])
    let watch = StoreWatch(test, provider)
    provider.stop()
    try test.run(for: 1)
    watch.find()
    try test.run(until: { watch.outcomes.count == 1 })
    #expect(watch.outcomes == ["unavailable 1"])
    #expect(watch.lines.first?.contains("ECONNREFUSED") == true)
  }

  /// A URL that cannot be fetched is known to fail inside the call.
  @Test(arguments: ["https://idp.example/x", "http://10.0.0.1/x", "nonsense"])
  func aFailureInsideTheCall(_ url: String) {
    for source in [KeyStore.Provider.Source.discovery([url]), .keySet(url)] {
      let watch = StoreWatch(test, source)
      #expect(watch.find() == nil)
      #expect(watch.outcomes == ["unavailable 1"])
      #expect(watch.lines.count == 1)
    }
  }

  @Test func chanceIsWithinItsBounds() {
    let chances = (0..<1_000).map { _ in KeyStore.chance() }
    #expect(chances.allSatisfy { 0.0..<1.0 ~= $0 })
    #expect(Set(chances).count > 500)
  }
}
