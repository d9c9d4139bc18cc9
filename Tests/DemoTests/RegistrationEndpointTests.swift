@testable import Demo
import JSON
import Testing
import Web

@Suite struct RegistrationEndpointTests {
  private func register(_ body: String, type: String = "application/json") throws -> LocalReply {
    try TestBrowser().send("POST", "/register", fields: [("content-type", type)], body: body)
  }

  @Test func registersAPublicClient() throws {
    let reply = try register(
      """
      {"redirect_uris": ["http://127.0.0.1/cb", "cursor://x/y"], "client_name": "Editor",
       "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
       "token_endpoint_auth_method": "client_secret_post", "scope": "mcp:tools",
       "logo_uri": "https://x.example/l"}
      """)
    #expect(reply.status == 201)
    #expect(reply.field("cache-control") == "no-store")
    #expect(reply.json["client_id"]?.stringValue?.hasPrefix("client-") == true)
    #expect(reply.json["client_id_issued_at"] == 1_800_000_000)
    #expect(reply.json["client_name"] == "Editor")
    #expect(reply.json["redirect_uris"] == ["http://127.0.0.1/cb", "cursor://x/y"])
    #expect(reply.json["token_endpoint_auth_method"] == "none")
    #expect(reply.json["grant_types"] == ["authorization_code", "refresh_token"])
    #expect(reply.json["client_secret"] == nil)
  }

  @Test func withoutGrantTypesThereIsNoRefresh() throws {
    let reply = try register(#"{"redirect_uris": ["https://a.example/"]}"#)
    #expect(reply.json["grant_types"] == ["authorization_code"])
    #expect(reply.json["client_name"] == nil)
  }

  @Test(arguments: [
    ("", "invalid_client_metadata"),
    ("[]", "invalid_client_metadata"),
    ("{}", "invalid_redirect_uri"),
    (#"{"redirect_uris": []}"#, "invalid_redirect_uri"),
    (#"{"redirect_uris": "https://a.example/"}"#, "invalid_redirect_uri"),
    (#"{"redirect_uris": [1]}"#, "invalid_redirect_uri"),
    (#"{"redirect_uris": ["https://a.example/", "javascript:alert(1)"]}"#, "invalid_redirect_uri"),
    (#"{"redirect_uris": ["data:text/html,x"]}"#, "invalid_redirect_uri"),
    (#"{"redirect_uris": ["file:///x"]}"#, "invalid_redirect_uri"),
    (#"{"redirect_uris": ["http://example.com/"]}"#, "invalid_redirect_uri"),
    (#"{"redirect_uris": ["https://a.example/"], "client_name": 1}"#, "invalid_client_metadata"),
    (#"{"redirect_uris": ["https://a.example/"], "grant_types": "x"}"#, "invalid_client_metadata"),
    (
      #"{"redirect_uris": ["https://a.example/"], "grant_types": ["refresh_token"]}"#,
      "invalid_client_metadata"
    ),
    (#"{"redirect_uris": ["https://a.example/"], "response_types": ["token"]}"#, "invalid_client_metadata"),
  ])
  func refuses(body: String, code: String) throws {
    let reply = try register(body)
    #expect(reply.status == 400)
    #expect(reply.json["error"] == .string(code))
  }

  @Test func refusesOtherMediaTypes() throws {
    let reply = try register(#"{"redirect_uris": ["https://a.example/"]}"#, type: "text/plain")
    #expect(reply.json["error"] == "invalid_client_metadata")
  }

  /// A name that reads right to left, or breaks lines, could disguise whom the user is talking to.
  @Test(
    arguments: [
      ("Good\u{202E}dooG", "GooddooG"),
      ("a\nb\u{0}c\u{200B}d", "abcd"),
      (String(repeating: "x", count: 500), String(repeating: "x", count: 80)),
      ("Überblick 🚪", "Überblick 🚪"),
      ("  ", nil),
      ("", nil),
    ] as [(String, String?)])
  func namesAreCleaned(name: String, expected: String?) throws {
    let client = try RegisteredClient(
      id: "x", metadata: ["redirect_uris": ["https://a.example/"], "client_name": .string(name)], now: 0)
    #expect(client.name == expected)
  }
}
