import Identity
import Net
import Testing

@testable import Gateway

struct ReadinessTests {
  private let test: TestLoop

  init() throws { test = try TestLoop() }

  private func store(_ issuer: String, _ port: Int = 9) -> KeyStore {
    KeyStore(
      test.loop,
      KeyStore.Provider(issuer: issuer, source: .keySet("http://127.0.0.1:\(port)/keys"), allowPlaintext: false)
    ) { _ in }
  }

  @Test func eachProviderWithoutKeysIsNamedOnce() {
    let readiness = Readiness()
    #expect(readiness.obstacles.isEmpty)
    for issuer in ["https://a", "https://b", "https://a"] { readiness.watch(store(issuer)) }
    #expect(readiness.obstacles == ["no keys of https://a", "no keys of https://b"])
    readiness.isDraining = true
    #expect(readiness.obstacles == ["draining", "no keys of https://a", "no keys of https://b"])
  }

  @Test func keysClearTheWay() throws {
    let keys =
      "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}"
    let provider = try Counterpart(test) { _ in keys }
    let readiness = Readiness()
    let store = store("https://a", provider.port)
    readiness.watch(store)
    store.start()
    #expect(readiness.obstacles == ["no keys of https://a"])
    try test.run(until: { readiness.obstacles.isEmpty })
  }
}
