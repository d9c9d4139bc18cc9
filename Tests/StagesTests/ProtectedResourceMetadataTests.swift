import JSON
import Stages
import Testing

struct ProtectedResourceMetadataTests {
  @Test func everyMember() {
    let metadata = ProtectedResourceMetadata(
      resource: "https://gw.example/mcp", authorizationServers: ["https://idp.example/tenant"],
      scopesSupported: ["mcp:tools", "openid"], resourceName: "Tools", resourceDocumentation: "https://docs.example")
    #expect(
      String(decoding: metadata.document.serialized(), as: UTF8.self)
        == #"{"resource":"https://gw.example/mcp","authorization_servers":["https://idp.example/tenant"],"#
        + #""scopes_supported":["mcp:tools","openid"],"bearer_methods_supported":["header"],"resource_name":"Tools","#
        + #""resource_documentation":"https://docs.example"}"#)
  }

  @Test func whatTokensMustBeBoundTo() {
    var metadata = ProtectedResourceMetadata(
      resource: "https://gw.example", authorizationServers: ["https://a.example", "https://b.example"],
      scopesSupported: [], resourceName: nil, resourceDocumentation: nil)
    metadata.proofAlgorithms = ["ES256"]
    metadata.requiresProofs = true
    metadata.requiresCertificates = true
    #expect(
      String(decoding: metadata.document.serialized(), as: UTF8.self)
        == #"{"resource":"https://gw.example","authorization_servers":["https://a.example","https://b.example"],"#
        + #""bearer_methods_supported":["header"],"dpop_signing_alg_values_supported":["ES256"],"#
        + #""dpop_bound_access_tokens_required":true,"tls_client_certificate_bound_access_tokens":true}"#)
  }

  @Test func membersWithoutAValueAreLeftOut() {
    let metadata = ProtectedResourceMetadata(
      resource: "https://gw.example", authorizationServers: ["https://idp.example"], scopesSupported: [],
      resourceName: nil, resourceDocumentation: nil)
    #expect(
      String(decoding: metadata.document.serialized(), as: UTF8.self)
        == #"{"resource":"https://gw.example","authorization_servers":["https://idp.example"],"#
        + #""bearer_methods_supported":["header"]}"#)
  }

  @Test(arguments: [("/", ""), ("/mcp", "/mcp"), ("/a/b", "/a/b")])
  func theWellKnownPathComesFirst(_ path: String, _ suffix: String) {
    #expect(ProtectedResourceMetadata.path(for: path) == "/.well-known/oauth-protected-resource\(suffix)")
  }
}
