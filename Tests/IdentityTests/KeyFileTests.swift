import Identity
import JOSE
import JSON
import Net
import Testing

/// A key set that somebody else keeps current in a file.
struct KeyFileTests {
  private let test: TestLoop
  private let files: TestFiles
  private let keys: [SigningKey]

  init() throws {
    test = try TestLoop()
    files = try TestFiles()
    keys = try ["one", "two"].map { try SigningKey.generate(.es256, kid: $0) }
  }

  private func put(_ keys: [SigningKey]) throws {
    try files.put("jwks", JSONValue.object(["keys": .array(keys.map(\.publicJWK))]).serialized())
  }

  private func watch(timing: KeyStoreState.Timing = StoreWatch.patient) -> StoreWatch {
    StoreWatch(test, .file(files.place("jwks")), cacheFile: files.place("kept"), timing: timing)
  }

  @Test func readAtStartAndWhenItChanges() throws {
    try put([keys[0]])
    let watch = watch()
    watch.store.start()
    try test.run(until: { watch.store.isReady })
    #expect(watch.store.metadata == nil)
    // The watcher has had its first look by now.
    try test.run(for: 30)
    try put(keys)
    try test.run(until: { watch.store.current?.generation == 2 })
    #expect(watch.store.current?.keys.keys.count == 2)
    // A broken one changes nothing but what the log says.
    try files.put("jwks", Array("{\"keys\": [".utf8))
    try test.run(until: { watch.store.lastFailure != nil })
    #expect(watch.store.current?.generation == 2)
    #expect(watch.lines.prefix(2) == ["fetched 1 skipped 0", "fetched 2 skipped 0"])
    #expect(watch.store.lastFailure?.hasPrefix("\(files.place("jwks")): not a JWK set: ") == true)
    #expect(watch.lines.last?.hasPrefix("stale ") == true)
    #expect(watch.lines.count == 4)
    #expect(files.read("kept") == nil, "a file needs no copy")
  }

  /// An unknown key is looked for in the file, too.
  @Test func readWhenAKeyIsUnknown() throws {
    try put([keys[0]])
    let watch = watch()
    watch.find(kid: "one")
    try test.run(until: { watch.outcomes.count == 1 })
    try put([keys[1]])
    watch.find(newerThan: 1, kid: "two")
    try test.run(until: { watch.outcomes.count == 2 })
    #expect(watch.outcomes == ["keys 1", "keys 2"])
    watch.find(newerThan: 2, kid: "one")
    try test.run(until: { watch.outcomes.count == 3 })
    #expect(watch.outcomes.last == "none better")
  }

  @Test func aFileThatComesLate() throws {
    let watch = watch(timing: StoreWatch.hasty)
    watch.store.start()
    try test.run(until: { watch.store.lastFailure != nil })
    #expect(watch.store.lastFailure == "\(files.place("jwks")): no such file or directory (ENOENT)")
    try put([keys[0]])
    try test.run(until: { watch.store.isReady })
    #expect(watch.lines.last == "fetched 1 skipped 0")
  }
}
