import JOSE
import JSON
import Net
import Testing

@testable import Identity

/// Keys that outlive the process: written by one store, used by another.
struct KeyCacheFileTests {
  private let test: TestLoop
  private let files: TestFiles
  private let key: SigningKey
  private let nextKey: SigningKey

  init() throws {
    test = try TestLoop()
    files = try TestFiles()
    key = try SigningKey.generate(.es256, kid: "one")
    nextKey = try SigningKey.generate(.es256, kid: "two")
  }

  private func watch(_ provider: TestProvider, issuer: String = "https://idp.example") -> StoreWatch {
    StoreWatch(
      test, .discovery([provider.discoveryURL]), issuer: issuer, cacheFile: files.place("kept"),
      timing: StoreWatch.hasty)
  }

  private func kept() throws -> KeptKeys {
    try KeptKeys.parse(try #require(files.read("kept")), issuer: "https://idp.example")
  }

  private func put(_ keys: [SigningKey], age: Int64, issuer: String = "https://idp.example") throws {
    var metadata = ProviderMetadata(keysURL: "https://idp.example/keys")
    metadata.introspectionEndpoint = "https://idp.example/introspect"
    let kept = KeptKeys(
      issuer: issuer, fetchedAt: Loop.unixTime - age, metadata: metadata,
      document: .object(["keys": .array(keys.map(\.publicJWK))]))
    try files.put("kept", kept.serialized())
  }

  @Test func everyNewSetIsWritten() throws {
    let provider = try TestProvider(test, keys: [key])
    provider.metadata = [("introspection_endpoint", "https://idp.example/introspect")]
    let watch = watch(provider)
    watch.store.start()
    try test.run(until: { files.read("kept") != nil })
    #expect(try kept().document == provider.keySet)
    #expect(try kept().metadata?.introspectionEndpoint == "https://idp.example/introspect")
    #expect(abs(try kept().fetchedAt - Loop.unixTime) < 60)
    let first = files.read("kept")
    provider.keys = [nextKey]
    watch.find(newerThan: 1, kid: "two")
    try test.run(until: { files.read("kept") != first })
    #expect(try kept().document == provider.keySet)
    #expect(watch.lines == ["fetched 1 skipped 0", "fetched 1 skipped 0"])
  }

  /// Known keys are not written again and again.
  @Test func theSameSetIsNotWritten() throws {
    let provider = try TestProvider(test, keys: [key])
    provider.fields = "Cache-Control: no-store\r\n"
    let watch = watch(provider)
    watch.store.start()
    try test.run(until: { files.read("kept") != nil })
    try files.put("kept", Array("untouched".utf8))
    let fetches = provider.keyFetches
    try test.run(until: { provider.keyFetches >= fetches + 3 })
    #expect(files.read("kept") == Array("untouched".utf8))
  }

  /// A cold start while the provider is down.
  @Test func keptKeysServeUntilTheProviderIsBack() throws {
    try put([key], age: 3_600)
    let provider = try TestProvider(test, keys: [key, nextKey])
    provider.isDown = true
    let watch = watch(provider)
    watch.store.start()
    try test.run(until: { watch.store.isReady })
    #expect(watch.find() == nil)
    #expect(watch.outcomes.last == "keys 1")
    #expect(watch.found?.candidates(kid: "one", algorithm: .es256).count == 1)
    #expect(watch.store.metadata?.introspectionEndpoint == "https://idp.example/introspect")
    #expect(watch.store.keyAge.map { 3_600_000...3_700_000 ~= $0 } == true)
    let line = try #require(watch.lines.first { $0.hasPrefix("from disk") })
    #expect(line == "from disk 1, 3600 s" || line == "from disk 1, 3601 s")
    provider.isDown = false
    try test.run(until: { watch.store.current?.generation == 2 })
    #expect(watch.store.current?.keys.keys.count == 2)
    #expect(watch.store.metadata?.introspectionEndpoint == nil)
    try test.run(until: { (try? kept().document) == provider.keySet })
  }

  /// Whoever waits for the provider gets what is there.
  @Test func waitersGetKeptKeys() throws {
    try put([key], age: 10)
    let provider = try TestProvider(test, keys: [key])
    provider.holds = true
    let watch = watch(provider)
    watch.store.start()
    watch.find(kid: "one")
    watch.find(kid: "one")
    try test.run(until: { watch.outcomes.count == 2 })
    #expect(watch.outcomes == ["keys 1", "keys 1"])
    provider.release()
    // The same set: no news for those who have used it.
    try test.run(until: { watch.lines.last == "unchanged" })
    #expect(watch.store.current?.generation == 1)
  }

  @Test(arguments: [
    ([UInt8](), "does not hold"), (Array("{\"issuer\":".utf8), "does not hold"),
    (
      KeptKeys(issuer: "https://other.example", fetchedAt: 1, metadata: nil, document: [:]).serialized(),
      "https://other.example"
    ),
    (
      KeptKeys(issuer: "https://idp.example", fetchedAt: 1, metadata: nil, document: ["keys": []]).serialized(),
      "no usable key"
    ),
  ])
  func aFileOfNoUse(_ bytes: [UInt8], _ reason: String) throws { try isOfNoUse(bytes, reason) }

  @Test func aFileThatIsTooLarge() throws {
    try isOfNoUse([UInt8](repeating: 0x20, count: KeptKeys.sizeLimit + 1), "EFBIG")
  }

  private func isOfNoUse(_ bytes: [UInt8], _ reason: String) throws {
    try files.put("kept", bytes)
    let provider = try TestProvider(test, keys: [key])
    provider.isDown = true
    let watch = watch(provider)
    watch.store.start()
    try test.run(until: { watch.lines.contains { $0.hasPrefix("not kept: ") } })
    let line = watch.lines.first { $0.hasPrefix("not kept: ") } ?? ""
    #expect(line.contains(files.place("kept")) && line.contains(reason), "\(watch.lines)")
    #expect(!watch.store.isReady)
    provider.isDown = false
    try test.run(until: { watch.store.isReady })
    try test.run(until: { (try? kept().document) == provider.keySet })
  }

  /// Dates out of this world end nothing.
  @Test(arguments: [Int64.min, -1, Int64.max])
  func strangeDates(_ date: Int64) throws {
    let kept = KeptKeys(
      issuer: "https://idp.example", fetchedAt: date, metadata: nil,
      document: .object(["keys": .array([key.publicJWK])]))
    try files.put("kept", kept.serialized())
    let provider = try TestProvider(test, keys: [key])
    provider.isDown = true
    let watch = watch(provider)
    watch.store.start()
    try test.run(until: { watch.store.isReady })
    #expect(watch.store.keyAge != nil)
  }

  @Test func aDirectoryThatIsNotThere() throws {
    let provider = try TestProvider(test, keys: [key])
    let watch = StoreWatch(
      test, .keySet(provider.url("/keys")), cacheFile: "\(files.path)/none/kept", timing: StoreWatch.hasty)
    watch.store.start()
    try test.run(until: { watch.lines.count == 2 })
    #expect(
      Set(watch.lines) == [
        "fetched 1 skipped 0", "not kept: \(files.path)/none/kept: no such file or directory (ENOENT)",
      ])
    #expect(watch.store.isReady)
  }
}
