import Bytes
import Demo
import JOSE
import JSON
import Web

/// A browser, and a client behind it, that talk to one provider without sockets.
final class TestBrowser {
  static let issuer = "http://127.0.0.1:8081"
  static let resource = "http://127.0.0.1:8080/mcp"
  static let redirect = "http://127.0.0.1:7777/callback"
  static let verifier = "a-verifier-that-is-at-least-43-characters-long"
  static let challenge = Base64URL.encode(Digest.sha256(Array(verifier.utf8)))

  let provider: DemoIdentityProvider
  var now: Int64 = 1_800_000_000
  var cookies = [String: String]()
  /// Sent with forms; the credentials of a client, for example.
  var authorization: String?

  /// - Parameter algorithm: the default, unlike the provider's, has keys that are made in no time.
  init(algorithm: JWSAlgorithm = .es256, client: KnownClient? = nil) throws {
    provider = try DemoIdentityProvider(
      issuer: Self.issuer, resource: Self.resource, otherResources: ["https://mcp.example.com"],
      algorithm: algorithm, client: client)
  }

  func get(_ path: String, _ query: [String: String?] = [:], fields: [(name: String, value: String)] = [])
    -> LocalReply
  {
    send("GET", path, query: Self.encoded(query), fields: fields)
  }

  func post(_ path: String, _ form: [String: String?]) -> LocalReply {
    let credentials = authorization.map { [("authorization", $0)] } ?? []
    return send(
      "POST", path, fields: [("content-type", "application/x-www-form-urlencoded")] + credentials,
      body: Self.encoded(form))
  }

  func send(
    _ method: String, _ path: String, query: String? = nil, fields: [(name: String, value: String)] = [],
    body: String = ""
  ) -> LocalReply {
    var fields = fields
    if !cookies.isEmpty {
      fields.append(("cookie", cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")))
    }
    let reply = provider.answer(
      LocalRequest(method: method, path: path, query: query, fields: fields, body: Array(body.utf8)), now: now
    )
    for cookie in reply.all("set-cookie") {
      let pair = cookie.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1)
      cookies[String(pair[0])] = String(pair[1])
    }
    return reply
  }

  func register(_ metadata: JSONObject = [:]) -> String {
    var metadata = metadata
    if metadata["redirect_uris"] == nil { metadata["redirect_uris"] = [.string(Self.redirect)] }
    if metadata["grant_types"] == nil { metadata["grant_types"] = ["authorization_code", "refresh_token"] }
    let reply = send(
      "POST", "/register", fields: [("content-type", "application/json")],
      body: String(decoding: JSONValue.object(metadata).serialized(), as: UTF8.self))
    return reply.json["client_id"]?.stringValue ?? ""
  }

  /// The parameters of a proper authorization request, some of them changed.
  func parameters(_ client: String, _ changes: [String: String?] = [:]) -> [String: String?] {
    [
      "response_type": "code", "client_id": client, "redirect_uri": Self.redirect, "state": "the state",
      "code_challenge": Self.challenge, "code_challenge_method": "S256", "resource": Self.resource,
      "scope": "mcp:tools",
    ].merging(changes) { _, new in new }
  }

  func authorize(_ client: String, _ changes: [String: String?] = [:]) -> LocalReply {
    get("/authorize", parameters(client, changes))
  }

  /// Presses a button of a page's form.
  func press(_ button: String, on page: LocalReply, _ more: [String: String?] = [:]) -> LocalReply {
    var form: [String: String?] = page.hiddenFields
    form["action"] = button
    return post("/authorize", form.merging(more) { _, new in new })
  }

  func signIn(on page: LocalReply, as user: String = "alice") -> LocalReply {
    press("sign_in", on: page, ["username": user, "password": "\(user)-demo"])
  }

  /// Goes through sign-in and consent.
  ///
  /// - Returns: the authorization code, or nothing when there was none.
  func code(_ client: String, _ changes: [String: String?] = [:]) -> String {
    let page = authorize(client, changes)
    let consent = page.text.contains("type=\"password\"") ? signIn(on: page) : page
    return press("allow", on: consent).redirected["code"] ?? ""
  }

  func redeem(_ code: String, _ client: String, _ changes: [String: String?] = [:]) -> LocalReply {
    post(
      "/token",
      [
        "grant_type": "authorization_code", "code": code, "client_id": client, "redirect_uri": Self.redirect,
        "code_verifier": Self.verifier, "resource": Self.resource,
      ].merging(changes) { _, new in new })
  }

  func refresh(_ token: String, _ client: String, _ changes: [String: String?] = [:]) -> LocalReply {
    post(
      "/token",
      ["grant_type": "refresh_token", "refresh_token": token, "client_id": client].merging(changes) {
        _, new in new
      })
  }

  /// Percent-encodes everything; nil leaves a parameter out.
  static func encoded(_ parameters: [String: String?]) -> String {
    parameters.compactMap { name, value in
      value.map { "\(name)=" + $0.utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
    }.joined(separator: "&")
  }
}
