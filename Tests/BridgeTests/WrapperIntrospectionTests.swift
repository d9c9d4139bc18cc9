import Identity
import JOSE
import JSON
import Net
import Pipeline
import Testing

@testable import Bridge

/// How the wrapper asks about tokens that only the provider can read.
struct WrapperIntrospectionTests {
  private let test: TestLoop
  private let endpoint: TestEndpoint
  private let published: TestProvider
  private let store: KeyStore

  init() throws {
    test = try TestLoop()
    endpoint = try TestEndpoint(test) { form in
      TestEndpoint.json(form.hasPrefix("token=opaque&") ? #"{"active":true}"# : #"{"active":false}"#)
    }
    published = try TestProvider(test, keys: [SigningKey.generate(.es256, kid: "k")])
    published.metadata = [("introspection_endpoint", .string(endpoint.url))]
    store = KeyStore(
      test.loop,
      KeyStore.Provider(
        issuer: TestTokens.issuer, source: .discovery([published.discoveryURL]), allowPlaintext: false)
    ) { _ in }
  }

  private func asking() -> TokenWrapper.Introspection {
    let store = store
    let settings = Introspector.Settings(
      endpoint: { store.metadata?.introspectionEndpoint },
      authentication: .secretInField(id: "gateway", secret: "secret"))
    return TokenWrapper.asking(Introspector(test.loop, settings) { _ in }, store)
  }

  /// Right after the start, where to ask comes with the provider's keys.
  @Test func metadataIsAwaited() throws {
    let ask = asking()
    for (token, isActive) in [("opaque", true), ("other", false)] {
      var answers: [Bool?] = []
      let step = ask(token) { outcome in
        if case .answer(let answer) = outcome {
          answers.append(answer["active"]?.boolValue)
        } else {
          answers.append(nil)
        }
      }
      try withExtendedLifetime(step) { try test.run(until: { !answers.isEmpty }) }
      #expect(answers == [isActive])
    }
    #expect(published.discoveries == 1)
  }

  @Test func metadataThatCannotBeHad() throws {
    published.isDown = true
    var reasons: [String] = []
    let step = asking()("opaque") { outcome in
      if case .unavailable(_, let reason) = outcome { reasons.append(reason) }
    }
    try withExtendedLifetime(step) { try test.run(until: { !reasons.isEmpty }) }
    #expect(reasons == ["the provider's metadata has no introspection_endpoint, or is not there yet"])
    #expect(endpoint.requests.isEmpty)
  }

  @Test func whoLeavesIsNotAskedFor() throws {
    for holdsMetadata in [true, false] {
      published.holds = holdsMetadata
      endpoint.holds = true
      var isCalled = false
      let step = asking()("opaque") { _ in isCalled = true }
      if !holdsMetadata { try test.run(until: { !endpoint.requests.isEmpty }) }
      step?.cancel(.clientGone)
      published.release()
      endpoint.release()
      try test.run(until: { published.discoveries == 1 })
      try test.run(for: 20)
      #expect(!isCalled)
    }
  }
}
