import JOSE
import JSON
import Testing

@testable import Identity

struct KeptKeysTests {
  private static let issuer = "https://idp.example"
  private static let document: JSONValue = ["keys": [["kty": "EC", "x": "é\"\\"], 7, 1.5]]

  private func read(_ bytes: [UInt8]) throws(KeptKeys.Fault) -> KeptKeys {
    try KeptKeys.parse(bytes, issuer: Self.issuer)
  }

  @Test func whatIsWrittenIsRead() throws {
    var metadata = ProviderMetadata(keysURL: "https://idp.example/keys")
    metadata.authorizationEndpoint = "https://idp.example/authorize"
    metadata.tokenEndpoint = "https://idp.example/token"
    metadata.introspectionEndpoint = "https://idp.example/introspect"
    metadata.revocationEndpoint = "https://idp.example/revoke"
    metadata.namesIssuerInResponses = true
    for metadata in [metadata, ProviderMetadata(keysURL: "k"), nil] {
      let kept = KeptKeys(issuer: Self.issuer, fetchedAt: 1_700_000_000, metadata: metadata, document: Self.document)
      let found = try read(kept.serialized())
      #expect(found.issuer == Self.issuer)
      #expect(found.fetchedAt == 1_700_000_000)
      #expect(found.metadata == metadata)
      #expect(found.document == Self.document)
    }
  }

  @Test func theFile() {
    var metadata = ProviderMetadata(keysURL: "k")
    metadata.introspectionEndpoint = "i"
    metadata.registrationEndpoint = "not needed"
    let kept = KeptKeys(issuer: "a", fetchedAt: 7, metadata: metadata, document: ["keys": []])
    let text = #"{"issuer":"a","fetched_at":7,"metadata":{"issuer":"a","jwks_uri":"k","introspection_endpoint":"i"},"#
    #expect(String(decoding: kept.serialized(), as: UTF8.self) == text + #""jwks":{"keys":[]}}"#)
  }

  @Test(arguments: [
    "", "null", "[]", "{}", "{\"issuer\":\"https://idp.ex", #"{"issuer":"https://idp.example","fetched_at":1}"#,
    #"{"issuer":"https://idp.example","jwks":{}}"#, #"{"issuer":7,"fetched_at":1,"jwks":{}}"#,
    #"{"issuer":"https://idp.example","fetched_at":"1","jwks":{}}"#,
  ])
  func notKeptKeys(_ text: String) {
    let fault = #expect(throws: KeptKeys.Fault.self) { try read(Array(text.utf8)) }
    #expect(fault?.description.hasPrefix("it does not hold the keys of a provider") == true)
  }

  @Test func keysOfAnother() {
    let kept = KeptKeys(issuer: "https://other.example", fetchedAt: 1, metadata: nil, document: Self.document)
    let fault = #expect(throws: KeptKeys.Fault.self) { try read(kept.serialized()) }
    #expect(fault?.description.hasPrefix("it holds the keys of https://other.example;") == true)
  }
}
