import JOSE
import JSON
import Testing
import Web

@testable import Bridge

struct ClientRegistrationTests {
  private static let now: Int64 = 1_800_000_000
  private let seal: ClientSeal
  private let registration: ClientRegistration

  init() throws {
    seal = ClientSeal(Sealer(try Self.keys(1), context: "corporate"), lifetime: 1_000)
    registration = ClientRegistration(seal, limit: 0)
  }

  private static func keys(_ byte: UInt8) throws -> SealingKeys {
    try SealingKeys([SealingKey(id: "k\(byte)", secret: (0..<32).map { byte &+ $0 })])
  }

  private func register(
    _ body: String, type: String? = "application/json", at now: Int64 = now, by registration: ClientRegistration? = nil,
    from address: String = "192.0.2.1"
  ) -> LocalReply {
    let request = LocalRequest(
      method: "POST", path: "/oauth/register", fields: type.map { [("content-type", $0)] } ?? [],
      body: Array(body.utf8),
      clientAddress: Array(address.utf8))
    return (registration ?? self.registration).answer(request, now: now)
  }

  private func json(_ reply: LocalReply) throws -> JSONValue {
    guard case .bytes(let bytes) = reply.content else { return .null }
    return try JSONValue.parse(bytes)
  }

  private func fields(_ reply: LocalReply, _ name: String) -> [String] {
    reply.fields.filter { $0.name == name }.map(\.value)
  }

  /// The client behind the id of a registration.
  private func client(_ reply: LocalReply, at now: Int64 = now) throws -> BridgeClient? {
    let id = try #require(try json(reply)["client_id"]?.stringValue)
    if case .client(let client) = seal.open(id, now: now) { return client }
    return nil
  }

  @Test func aRegisteredClient() throws {
    let reply = register(
      """
      {"redirect_uris": ["http://127.0.0.1/cb", "cursor://anysphere.cursor-mcp/oauth/callback"], "client_name": "Editor",
       "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"], "scope": "mcp:tools",
       "token_endpoint_auth_method": "none", "code_challenge_method": "S256", "logo_uri": "https://x.example/l"}
      """)
    #expect(reply.status == 201)
    #expect(fields(reply, "cache-control") == ["no-store"])
    #expect(fields(reply, "access-control-allow-origin") == ["*"])
    #expect(fields(reply, "content-type") == ["application/json"])
    let answer = try json(reply)
    let id = try #require(answer["client_id"]?.stringValue)
    #expect(
      answer == [
        "client_id": .string(id), "client_id_issued_at": 1_800_000_000,
        "redirect_uris": ["http://127.0.0.1/cb", "cursor://anysphere.cursor-mcp/oauth/callback"],
        "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
        "token_endpoint_auth_method": "none", "client_name": "Editor",
      ])
    let client = try #require(try client(reply))
    #expect(client.id == id)
    #expect(client.name == "Editor")
    #expect(client.kind == .registered)
    #expect(client.redirectURIs.map(\.text) == answer["redirect_uris"]?.stringsValue)
    #expect(client.shownID.hasPrefix("registered-"))
    #expect(client.shownID.utf8.count == 27)
    #expect(reply.detail == client.shownID)
    #expect(!id.contains(client.shownID.dropFirst(11)))
  }

  /// Two registrations are two clients, whatever they say.
  @Test func idsAreTheirOwn() throws {
    let body = #"{"redirect_uris": ["https://app.example/cb"]}"#
    let both = try [client(register(body)), client(register(body))]
    #expect(both[0]?.shownID != both[1]?.shownID)
    #expect(both[0]?.id != both[1]?.id)
  }

  /// What clients in the field send: the rest of what they get is ours to choose (RFC 7591 §3.2.1).
  @Test(arguments: [
    #"{"redirect_uris": ["http://localhost:33418/callback"]}"#,
    #"{"redirect_uris": ["http://localhost/cb"], "client_name": null, "scope": null, "grant_types": null}"#,
    #"{"redirect_uris": ["http://localhost/cb"], "grant_types": [], "response_types": []}"#,
    #"{"redirect_uris": ["http://localhost/cb"], "grant_types": ["authorization_code"]}"#,
    #"{"redirect_uris": ["http://localhost/cb"], "token_endpoint_auth_method": "client_secret_post"}"#,
    #"{"redirect_uris": ["http://localhost/cb"], "token_endpoint_auth_method": "client_secret_basic"}"#,
    #"{"redirect_uris": ["http://localhost/cb"], "token_endpoint_auth_method": null, "contacts": [{}], "x": 1.5}"#,
    #"{"redirect_uris": ["http://localhost/cb"], "client_name": "  "}"#,
    #"{"redirect_uris": ["http://localhost/cb", "http://localhost/cb"]}"#,
    #"{"redirect_uris": ["com.example.app:/cb"]}"#,
    #"{"redirect_uris": ["vscode://publisher.extension/cb"], "software_statement": "x.y.z"}"#,
  ])
  func lenience(_ body: String) throws {
    for type in ["application/json", "application/json; charset=utf-8", nil] {
      let reply = register(body, type: type)
      #expect(reply.status == 201)
      #expect(reply.reason == nil)
      let answer = try json(reply)
      #expect(answer["token_endpoint_auth_method"] == "none")
      #expect(answer["grant_types"] == ["authorization_code", "refresh_token"])
      #expect(answer["client_name"] == nil)
      #expect(answer["client_secret"] == nil)
      #expect(try client(reply)?.redirectURIs.count == 1)
    }
  }

  @Test(arguments: [
    ("", "invalid_client_metadata"), ("[]", "invalid_client_metadata"), ("null", "invalid_client_metadata"),
    (#"{"redirect_uris": ["https://a.example/"]"#, "invalid_client_metadata"),
    (#"{"redirect_uris": ["https://a.example/"], "redirect_uris": []}"#, "invalid_client_metadata"),
    ("{}", "invalid_redirect_uri"), (#"{"redirect_uris": null}"#, "invalid_redirect_uri"),
    (#"{"redirect_uris": []}"#, "invalid_redirect_uri"),
    (#"{"redirect_uris": "https://a.example/"}"#, "invalid_redirect_uri"),
    (#"{"redirect_uris": [null]}"#, "invalid_redirect_uri"), (#"{"redirect_uris": [1]}"#, "invalid_redirect_uri"),
    (#"{"redirect_uris": ["https://a.example/"], "client_name": 1}"#, "invalid_client_metadata"),
    (#"{"redirect_uris": ["https://a.example/"], "grant_types": "authorization_code"}"#, "invalid_client_metadata"),
    (#"{"redirect_uris": ["https://a.example/"], "grant_types": ["client_credentials"]}"#, "invalid_client_metadata"),
    (#"{"redirect_uris": ["https://a.example/"], "response_types": ["token"]}"#, "invalid_client_metadata"),
  ])
  func refusals(_ body: String, _ code: String) throws {
    let reply = register(body)
    #expect(reply.status == 400)
    #expect(try json(reply)["error"] == .string(code))
    #expect(reply.reason?.description == "bridge_registration_refused")
    #expect(reply.detail == (try json(reply)["error_description"]?.stringValue))
    #expect(fields(reply, "cache-control") == ["no-store"])
    #expect(fields(reply, "access-control-allow-origin") == ["*"])
  }

  /// Where no user may be sent: schemes that a browser runs or reads itself, http that others can read, fragments.
  @Test(arguments: [
    "javascript:alert(1)", "JAVASCRIPT://x/%0Aalert(1)", "javascript:/x", "data:text/html,x", "data:/x", "file:///x",
    "blob:/x", "vbscript:/x", "about:/blank", "view-source:/x", "filesystem:/x", "ws://a.example/", "ftp://a.example/",
    "chrome://settings/", "search-ms:/x", "http://a.example/", "http://10.0.0.1/", "http://127.0.0.1.a.example/",
    "http://127.0.0.1@a.example/", "https://a.example/#x", "com.example.app:/cb#x", "https://a.example/#", "/cb", "",
    "https://a.example\\\\@evil.example/", "https://user@a.example/", "https://a b.example/",
    "urn:ietf:wg:oauth:2.0:oob",
  ])
  func refusedURIs(_ uri: String) throws {
    for body in [#"{"redirect_uris": ["\#(uri)"]}"#, #"{"redirect_uris": ["https://a.example/", "\#(uri)"]}"#] {
      let reply = register(body)
      #expect(reply.status == 400)
      #expect(try json(reply)["error"] == "invalid_redirect_uri")
      // Nothing of what they say is said back.
      let description = try #require(try json(reply)["error_description"]?.stringValue)
      #expect(uri.utf8.count < 5 || !description.contains(uri))
    }
  }

  /// The URIs are in the id, and the id has to fit into a request.
  @Test func asManyURIsAsFit() throws {
    func body(_ count: Int, length: Int) -> String {
      let uris = (0..<count).map { number in
        let start = "https://a.example/\(10 + number)/"
        return #""\#(start)\#(String(repeating: "x", count: length - start.utf8.count))""#
      }
      return
        #"{"client_name": "\#(String(repeating: "é", count: 500))", "redirect_uris": [\#(uris.joined(separator: ","))]}"#
    }
    let reply = register(body(20, length: 102))
    #expect(reply.status == 201)
    let client = try #require(try client(reply))
    #expect(client.redirectURIs.count == 20)
    #expect(client.name == String(repeating: "é", count: 80))
    #expect(client.id.utf8.count < 4_096)
    #expect(register(body(21, length: 30)).status == 400)
    #expect(register(body(20, length: 103)).status == 400)
    #expect(register(body(1, length: 2_048)).status == 201)
    #expect(register(body(1, length: 2_049)).status == 400)
  }

  @Test func otherRequests() throws {
    #expect(register(#"{"redirect_uris": ["https://a.example/"]}"#, type: "text/plain").status == 400)
    #expect(
      register(#"{"redirect_uris": ["https://a.example/"]}"#, type: "application/x-www-form-urlencoded").status == 400)
    let padding = String(repeating: " ", count: 65_536)
    #expect(register(#"{"redirect_uris": ["https://a.example/"]}"# + padding).status == 413)
    for method in ["GET", "PUT", "DELETE"] {
      let request = LocalRequest(method: method, path: "/oauth/register")
      guard case .reply(let reply) = registration.respond(to: request, now: Self.now) else {
        throw TestTokens.Failure()
      }
      #expect(reply.status == 405)
      #expect(fields(reply, "allow") == ["POST, OPTIONS"])
    }
  }

  @Test func eachAddressHasALimit() throws {
    let limited = ClientRegistration(seal, limit: 2)
    let body = #"{"redirect_uris": ["https://a.example/"]}"#
    let statuses = (0..<3).map { _ in register(body, by: limited, from: "2001:db8::1").status }
    #expect(statuses == [201, 201, 429])
    let refused = register(body, at: Self.now + 59, by: limited, from: "2001:db8::2")
    #expect(refused.status == 429)
    #expect(fields(refused, "retry-after") == ["1"])
    #expect(fields(refused, "cache-control") == ["no-store"])
    #expect(fields(refused, "access-control-allow-origin") == ["*"])
    #expect(refused.reason?.description == "bridge_registration_limited")
    #expect(register(body, by: limited, from: "2001:db8:0:1::1").status == 201)
    #expect(register(body, at: Self.now + 60, by: limited, from: "2001:db8::2").status == 201)
  }

  // MARK: Ids

  @Test func idsExpire() throws {
    let reply = register(#"{"redirect_uris": ["https://a.example/"]}"#)
    let id = try #require(try json(reply)["client_id"]?.stringValue)
    #expect(try client(reply, at: Self.now + 999) != nil)
    guard case .expired = seal.open(id, now: Self.now + 1_000) else {
      Issue.record("it is good for 1000 seconds")
      return
    }
    // A lifetime that has become shorter goes for those that are there.
    let shorter = ClientSeal(Sealer(try Self.keys(1), context: "corporate"), lifetime: 10)
    guard case .client = shorter.open(id, now: Self.now + 9), case .expired = shorter.open(id, now: Self.now + 10)
    else {
      Issue.record("it is good for 10 seconds")
      return
    }
  }

  @Test func idsAreNobodyElses() throws {
    let reply = register(#"{"redirect_uris": ["https://a.example/"]}"#)
    let id = try #require(try json(reply)["client_id"]?.stringValue)
    let others = [
      ClientSeal(Sealer(try Self.keys(2), context: "corporate"), lifetime: 1_000),
      ClientSeal(Sealer(try Self.keys(1), context: "other"), lifetime: 1_000),
    ]
    for other in others {
      guard case .foreign = other.open(id, now: Self.now) else {
        Issue.record("it was opened elsewhere")
        continue
      }
    }
    for text in ["", "kiro", id + "A", String(id.dropLast(4)), "é", "https://a.example/"] {
      guard case .foreign = seal.open(text, now: Self.now) else {
        Issue.record("\(text) was opened")
        continue
      }
    }
  }
}
