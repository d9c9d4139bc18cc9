import Testing

@testable import Bridge

struct ClientDocumentTests {
  private static let url = "https://app.example/client.json"

  private func client(_ text: String, at url: String = url) throws -> BridgeClient {
    try ClientDocument.client(Array(text.utf8), at: try ClientDocumentURL(url))
  }

  @Test func aDocument() throws {
    let client = try client(
      """
      {"client_id": "https://app.example/client.json", "client_name": "App\\u202e", "client_uri": "https://app.example",
       "redirect_uris": ["http://localhost/callback", "http://127.0.0.1/callback"],
       "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
       "token_endpoint_auth_method": "none", "logo_uri": "https://app.example/logo.png", "unknown": {}}
      """)
    #expect(client.id == Self.url)
    #expect(client.shownID == Self.url)
    #expect(client.name == "App")
    #expect(client.kind == .document(host: "app.example"))
    #expect(client.mayRedirect(to: "http://localhost:51234/callback"))
    #expect(!client.mayRedirect(to: "http://localhost:51234/other"))
  }

  @Test(arguments: [
    #""redirect_uris": ["https://app.example/cb"]"#,
    #""redirect_uris": ["https://app.example/cb"], "token_endpoint_auth_method": null, "client_secret": null"#,
    #""redirect_uris": ["https://app.example/cb"], "client_name": null, "grant_types": null, "response_types": null"#,
  ])
  func little(_ members: String) throws {
    #expect(try client(#"{"client_id": "\#(Self.url)", \#(members)}"#).name == nil)
  }

  @Test(arguments: [
    ("", "it is not JSON"), ("<html>", "it is not JSON"), (#"{"client_id": "a", "client_id": "b"}"#, "it is not JSON"),
    ("[]", "it is no JSON object"), (#""https://app.example/client.json""#, "it is no JSON object"),
    ("{}", "its client_id is not the URL it was found at"),
    (#"{"client_id": 1}"#, "its client_id is not the URL it was found at"),
    (#"{"client_id": "https://app.example/client.json/"}"#, "its client_id is not the URL it was found at"),
    (#"{"client_id": "https://APP.example/client.json"}"#, "its client_id is not the URL it was found at"),
    (#"{"client_id": "https://app.example:443/client.json"}"#, "its client_id is not the URL it was found at"),
  ])
  func refused(_ text: String, _ why: String) { expect(text, why) }

  @Test(arguments: [
    (#""client_secret": "x""#, "it has a client_secret"), (#""client_secret": """#, "it has a client_secret"),
    (
      #""token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://app.example/jwks""#,
      "its client authenticates with a key (private_key_jwt), and only public clients are admitted"
    ),
    (#""token_endpoint_auth_method": "client_secret_basic""#, "its token_endpoint_auth_method is not none"),
    (#""token_endpoint_auth_method": "None""#, "its token_endpoint_auth_method is not none"),
    (#""token_endpoint_auth_method": 1"#, "its token_endpoint_auth_method is no string"),
    (#""redirect_uris": ["javascript:alert(1)"]"#, "this scheme cannot bring a user back to an application"),
    (#""redirect_uris": ["http://app.example/cb"]"#, "a redirect URI with http is on loopback"),
    (#""redirect_uris": []"#, "redirect_uris is a list of 1 to 20 URIs"),
    (#""grant_types": ["client_credentials"]"#, "grant_types contains authorization_code"),
    (#""client_name": []"#, "client_name is a string"),
  ])
  func refusedMembers(_ members: String, _ why: String) {
    let uris = members.contains("redirect_uris") ? "" : #", "redirect_uris": ["https://app.example/cb"]"#
    expect(#"{"client_id": "\#(Self.url)", \#(members)\#(uris)}"#, why)
  }

  @Test func nowhereToGo() { expect(#"{"client_id": "\#(Self.url)"}"#, "redirect_uris is a list of 1 to 20 URIs") }

  private func expect(_ text: String, _ why: String) {
    let fault = #expect(throws: ClientDocumentFault.self) { try client(text) }
    guard case .unusable(let reason, _)? = fault else {
      Issue.record("\(String(describing: fault))")
      return
    }
    #expect(reason == why)
  }
}
