import JOSE
import JSON
import Net
import Testing

@testable import Identity

struct KeySourceTests {
  private let test: TestLoop
  private let key: SigningKey
  private let provider: TestProvider

  init() throws {
    test = try TestLoop()
    key = try SigningKey.generate(.es256, kid: "one")
    provider = try TestProvider(test, keys: [key])
  }

  private static let appended = "/tenant/.well-known/openid-configuration"
  private static let inserted = "/.well-known/oauth-authorization-server/tenant"
  private static let openIDInserted = "/.well-known/openid-configuration/tenant"
  private static let places = [appended, inserted, openIDInserted]

  private func source(_ source: KeyStore.Provider.Source) -> KeySource {
    KeySource(test.loop, KeyStore.Provider(issuer: provider.issuer, source: source, allowPlaintext: false))
  }

  private var candidates: KeyStore.Provider.Source { .discovery(Self.places.map { provider.url($0) }) }

  private func fetch(_ source: KeySource) throws -> Result<KeySource.Documents, KeySource.Failure> {
    var found: Result<KeySource.Documents, KeySource.Failure>?
    source.fetch { found = $0 }
    try test.run(until: { found != nil })
    return try #require(found)
  }

  @Test(arguments: places)
  func theFirstGoodCandidateCounts(_ place: String) throws {
    provider.discoveryPaths = [place]
    provider.metadata = [("introspection_endpoint", "https://idp.example/introspect")]
    let source = source(candidates)
    let documents = try fetch(source).get()
    #expect(try JSONValue.parse(documents.keys) == provider.keySet)
    #expect(documents.metadata?.introspectionEndpoint == "https://idp.example/introspect")
    let tried = Self.places.prefix { $0 != place } + [place]
    #expect(provider.asked == tried + ["/keys"])
    // What was good is asked first from now on.
    _ = try fetch(source).get()
    #expect(provider.asked.dropFirst(tried.count + 1) == [place, "/keys"])
    // Until it is not good any more.
    provider.discoveryPaths = Self.places.filter { $0 != place }
    _ = try fetch(source).get()
    #expect(provider.asked.suffix(2).last == "/keys")
    #expect(Self.places.filter { $0 != place }.first == provider.asked.suffix(2).first)
  }

  /// Whatever is wrong with one candidate, the next one is tried.
  @Test(arguments: [
    TestProvider.status(404), TestProvider.status(401), TestProvider.status(500), TestProvider.status(302),
    TestProvider.json(["issuer": "https://other.example", "jwks_uri": "https://other.example/keys"]),
    TestProvider.json("hello"), "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", "nonsense\r\n\r\n",
  ])
  func anotherCandidate(_ answer: String) throws {
    provider.discoveryPaths = [Self.inserted]
    provider.answers[Self.appended] = answer
    _ = try fetch(source(candidates)).get()
    #expect(provider.asked == [Self.appended, Self.inserted, "/keys"])
  }

  @Test func theFailureNamesEachCandidate() throws {
    provider.discoveryPaths = []
    provider.answers[Self.inserted] = TestProvider.json(["issuer": "https://other.example", "jwks_uri": "x"])
    let failure = #expect(throws: KeySource.Failure.self) { try fetch(source(candidates)).get() }
    let reason = try #require(failure?.reason)
    #expect(
      reason == "\(provider.url(Self.appended)) answered with status 404; \(provider.url(Self.inserted)): "
        + "the metadata names the issuer https://other.example; set `issuer` to it if that is the provider you mean; "
        + "\(provider.url(Self.openIDInserted)) answered with status 404")
  }

  /// The right document was found: its keys are the provider's, or there are none.
  @Test func aGoodDocumentWithoutKeysIsTheEnd() throws {
    provider.discoveryPaths = Self.places
    provider.answers["/keys"] = TestProvider.status(500)
    let failure = #expect(throws: KeySource.Failure.self) { try fetch(source(candidates)).get() }
    #expect(failure?.reason == "\(provider.url("/keys")) answered with status 500")
    #expect(provider.asked == [Self.appended, "/keys"])
  }

  @Test func aKeySetByItsURL() throws {
    provider.fields = "Cache-Control: public, max-age=77\r\n"
    let documents = try fetch(source(.keySet(provider.url("/keys")))).get()
    #expect(try JSONValue.parse(documents.keys) == provider.keySet)
    #expect(documents.metadata == nil)
    #expect(documents.freshness == .seconds(77))
    #expect(provider.asked == ["/keys"])
  }

  @Test func noCandidateAtAll() throws {
    let failure = #expect(throws: KeySource.Failure.self) { try fetch(source(.discovery([]))).get() }
    #expect(failure != nil)
  }
}
