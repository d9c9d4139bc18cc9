import Bytes
import Identity
import JOSE
import JSON
import Net
import Pipeline
import Testing
import Web

@testable import Bridge

/// A bridge without sockets, and clients for it.
final class BridgeBench {
  static let issuer = "https://mcp.example.com/oauth"
  static let providerIssuer = "https://idp.example"
  static let challenge = Base64URL.encode(Digest.sha256(Array("a verifier".utf8)))

  let loop: Loop
  let context: BridgeContext
  var now: Int64 = 1_800_000_000

  private let authorization: AuthorizationEndpoint
  private let consent: ConsentEndpoint
  private let callback: CallbackEndpoint

  init(
    clients: [BridgeClient] = Clients.all, routes: [BridgedRoute] = [Routes.tools], loop: Loop? = nil,
    source: KeyStore.Provider.Source = .file("/nonexistent"), _ change: (inout BridgeSettings) -> Void = { _ in }
  ) throws {
    let loop = try loop ?? Loop()
    self.loop = loop
    let store = KeyStore(
      loop, KeyStore.Provider(issuer: Self.providerIssuer, source: source, allowPlaintext: true), report: { _ in })
    var provider = BridgedProvider(keyStore: store, issuer: Self.providerIssuer, clientID: "gateway")
    provider.authorizationEndpoint = "https://idp.example/authorize"
    var settings = BridgeSettings(
      name: "corporate", issuer: Self.issuer, path: "/oauth", isSecure: true, routes: routes, provider: provider)
    change(&settings)
    let keys = try SealingKeys([SealingKey(id: "1", secret: (0..<32).map { UInt8($0) })])
    context = BridgeContext(
      settings: settings, sealer: Sealer(keys, context: settings.issuer),
      clients: ClientDirectory(configured: clients, seal: nil, documents: nil))
    authorization = AuthorizationEndpoint(context)
    consent = ConsentEndpoint(context)
    callback = CallbackEndpoint(context)
  }

  func answer(_ request: LocalRequest) -> LocalAnswer {
    switch request.path {
    case "/oauth/authorize": authorization.respond(to: request, now: now)
    case "/oauth/consent": consent.respond(to: request, now: now)
    default: callback.respond(to: request, now: now)
    }
  }

  enum Clients {
    static let web = client(
      "https://claude.example/client", "Claude", ["https://claude.example/callback"],
      .document(host: "claude.example"))
    static let desktop = client(
      "sealed-desktop", "Desktop", ["http://127.0.0.1/callback", "http://localhost/callback"], .registered)
    static let installed = client("sealed-editor", nil, ["editor://mcp/callback"], .registered)
    static let entered = client("kiro", "Kiro", ["http://localhost/oauth/callback"], .configured)
    static let all = [web, desktop, installed, entered]

    static func client(
      _ id: String, _ name: String?, _ redirects: [String], _ kind: BridgeClient.Kind
    ) -> BridgeClient {
      BridgeClient(
        id: id, shownID: kind == .registered ? "registered-\(id)" : id, name: name,
        redirectURIs: redirects.compactMap { try? RedirectURI($0) }, kind: kind)
    }
  }

  enum Routes {
    static let tools = route("tools", "https://mcp.example.com/mcp", ["mcp:tools", "mcp:admin"])
    static let wiki = route("wiki", "https://mcp.example.com/wiki", ["wiki:read"])
    static let elsewhere = route("elsewhere", "https://other.example.com/mcp", ["x"])

    static func route(
      _ name: String, _ resource: String, _ scopes: [String], _ names: [String: String] = [:]
    ) -> BridgedRoute {
      BridgedRoute(
        name: name, resource: resource, title: "The \(name)", scopes: scopes, providerScopes: names,
        policy: TokenPolicy(issuer: BridgeBench.providerIssuer))
    }
  }
}

/// A browser at a bridge, with its cookies.
final class BridgeBrowser {
  let bench: BridgeBench
  private(set) var cookies: [String: String] = [:]
  /// Besides cookies; what a browser would say by itself.
  var fields: [(name: String, value: String)] = []

  static let formFields = [
    (name: "content-type", value: "application/x-www-form-urlencoded"),
    (name: "origin", value: "https://mcp.example.com"),
    (name: "sec-fetch-site", value: "same-origin"),
  ]

  init(_ bench: BridgeBench) { self.bench = bench }

  func get(_ path: String, _ query: String?) throws -> LocalReply {
    try reply(LocalRequest(method: "GET", path: path, query: query, fields: fields + cookieFields))
  }

  func post(
    _ path: String, _ form: [(name: String, value: String)],
    _ fields: [(name: String, value: String)] = BridgeBrowser.formFields
  ) throws -> LocalReply {
    try reply(
      LocalRequest(
        method: "POST", path: path, fields: self.fields + fields + cookieFields,
        body: Array(FormParameters.query(form).utf8)))
  }

  /// Answers at once, or the test fails.
  private func reply(_ request: LocalRequest) throws -> LocalReply {
    let reply: LocalReply
    switch bench.answer(request) {
    case .reply(let answer): reply = answer
    case .suspended(let suspension): reply = try #require(suspension.park { _ in })
    }
    keep(reply)
    return reply
  }

  /// Takes over the cookies of a reply; one that has ended is gone.
  func keep(_ reply: LocalReply) {
    for cookie in reply.all("set-cookie") {
      let pair = cookie.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      cookies[String(pair[0])] = cookie.contains("Max-Age=0;") ? nil : String(pair[1])
    }
  }

  var cookieFields: [(name: String, value: String)] {
    cookies.sorted { $0.key < $1.key }.map { ("cookie", "\($0.key)=\($0.value)") }
  }

  func set(_ cookie: String, _ value: String?) { cookies[cookie] = value }

  func cookie(startingWith prefix: String) -> (name: String, value: String)? {
    cookies.first { $0.key.hasPrefix(prefix) }.map { ($0.key, $0.value) }
  }

  // MARK: One step of a sign-in each

  /// The parameters of a proper authorization request, some of them changed; nil leaves one out.
  static func parameters(_ client: BridgeClient, _ changes: [String: String?]) -> [(name: String, value: String)] {
    let parameters: [String: String?] = [
      "response_type": "code", "client_id": client.id, "redirect_uri": client.redirectURIs[0].text, "state": "s",
      "code_challenge": BridgeBench.challenge, "code_challenge_method": "S256",
      "resource": "https://mcp.example.com/mcp", "scope": "mcp:tools",
    ]
    return parameters.merging(changes) { _, new in new }.sorted { $0.key < $1.key }
      .compactMap { name, value in value.map { (name, $0) } }
  }

  func authorize(
    _ client: BridgeClient = BridgeBench.Clients.web, _ changes: [String: String?] = [:]
  ) throws -> LocalReply {
    try get("/oauth/authorize", FormParameters.query(Self.parameters(client, changes)))
  }

  func press(_ button: String, on page: LocalReply) throws -> LocalReply {
    let request = try #require(page.hidden("request"))
    return try post("/oauth/consent", [("request", request), ("action", button)])
  }

  /// The provider sends the browser back from where `redirect` has sent it.
  func comeBack(from redirect: LocalReply, with answer: [(name: String, value: String)]) throws -> LocalReply {
    let state = try #require(redirect.redirected("state"))
    return try get("/oauth/callback", FormParameters.query(answer + [("state", state)]))
  }

  /// From the client to the provider.
  func approve(
    _ client: BridgeClient = BridgeBench.Clients.web, _ changes: [String: String?] = [:]
  ) throws -> LocalReply { try press("allow", on: try authorize(client, changes)) }
}
