import Identity
import Testing

struct ProviderMetadataTests {
  private func parse(_ text: String, issuer: String = "https://idp.example") throws(ProviderMetadata.Fault) -> String {
    try ProviderMetadata.parse([UInt8](text.utf8), issuer: issuer).keysURL
  }

  @Test func whatTheGatewayNeeds() throws {
    let text = #"{"issuer":"https://idp.example","jwks_uri":"https://idp.example/keys","more":[1,2]}"#
    #expect(try parse(text) == "https://idp.example/keys")
  }

  private static let most: [UInt8] = Array(
    #"""
    {"issuer":"https://idp.example","jwks_uri":"k","authorization_endpoint":"a","token_endpoint":"t",
     "registration_endpoint":"r","introspection_endpoint":"i","revocation_endpoint":"v",
     "code_challenge_methods_supported":["S256","plain"],
     "client_id_metadata_document_supported":true,"authorization_response_iss_parameter_supported":true}
    """#.utf8)

  @Test func whatOthersNeed() throws {
    let metadata = try ProviderMetadata.parse(Self.most, issuer: "https://idp.example")
    #expect(metadata.keysURL == "k")
    #expect(metadata.authorizationEndpoint == "a")
    #expect(metadata.tokenEndpoint == "t")
    #expect(metadata.registrationEndpoint == "r")
    #expect(metadata.introspectionEndpoint == "i")
    #expect(metadata.revocationEndpoint == "v")
    #expect(metadata.codeChallengeMethods == ["S256", "plain"])
    #expect(metadata.supportsClientMetadataDocuments == true)
    #expect(metadata.namesIssuerInResponses == true)
  }

  /// What is missing, or of a wrong type, is not there; the keys can be used all the same.
  @Test(arguments: [
    #"{"issuer":"https://idp.example","jwks_uri":"k"}"#,
    #"""
    {"issuer":"https://idp.example","jwks_uri":"k","authorization_endpoint":7,"token_endpoint":null,
     "registration_endpoint":["r"],"introspection_endpoint":{},"revocation_endpoint":7,
     "code_challenge_methods_supported":["S256",7],
     "client_id_metadata_document_supported":"true","authorization_response_iss_parameter_supported":1}
    """#,
  ])
  func optionalMembers(_ text: String) throws {
    let metadata = try ProviderMetadata.parse([UInt8](text.utf8), issuer: "https://idp.example")
    #expect(metadata == ProviderMetadata(keysURL: "k"))
  }

  @Test(arguments: ["", "[]", "null", "\"x\"", "<html>", "{\"issuer\":", "{\"a\":1,\"a\":2}"])
  func noObject(_ text: String) { #expect(throws: ProviderMetadata.Fault.notJSON) { try parse(text) } }

  /// Not one byte may differ (RFC 8414 §3.3).
  @Test(arguments: [
    "https://idp.example/", "https://IDP.example", "http://idp.example", "https://idp.example:443", "",
    " https://idp.example",
  ])
  func anotherIssuer(_ issuer: String) {
    #expect(throws: ProviderMetadata.Fault.wrongIssuer(found: issuer)) {
      try parse("{\"issuer\":\"\(issuer)\",\"jwks_uri\":\"x\"}")
    }
  }

  /// The same text to a reader, but other bytes.
  @Test func unicodeEquivalenceIsNoEquality() {
    #expect(throws: ProviderMetadata.Fault.self) {
      try parse("{\"issuer\":\"https://idp/e\u{301}\",\"jwks_uri\":\"x\"}", issuer: "https://idp/\u{E9}")
    }
  }

  @Test(arguments: [#"{"jwks_uri":"x"}"#, #"{"issuer":7,"jwks_uri":"x"}"#])
  func noIssuer(_ text: String) {
    #expect(throws: ProviderMetadata.Fault.wrongIssuer(found: "(none)")) { try parse(text) }
  }

  @Test(arguments: [#"{"issuer":"https://idp.example"}"#, #"{"issuer":"https://idp.example","jwks_uri":{}}"#])
  func noKeys(_ text: String) { #expect(throws: ProviderMetadata.Fault.noKeys) { try parse(text) } }

  @Test func faultsTellTheRemedy() {
    #expect(ProviderMetadata.Fault.wrongIssuer(found: "https://other").description.contains("https://other"))
    #expect(ProviderMetadata.Fault.noKeys.description.contains("jwks_uri"))
    #expect(!ProviderMetadata.Fault.notJSON.description.isEmpty)
  }
}
