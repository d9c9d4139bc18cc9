import Configuration
import JOSE
import JSON
import Net
import Telemetry
import Testing

@testable import Gateway

/// From the text of a configuration to the bytes that clients get.
struct GatewayBuilderTests {
  private let test: TestLoop

  init() throws { test = try TestLoop() }

  private func body(_ response: String) throws -> JSONValue {
    let end = try #require(response.endOfHead)
    return try JSONValue.parse(Array(response[end...].utf8))
  }

  // MARK: Protected resource metadata

  @Test func eachRouteHasItsDocument() throws {
    let gateway = try TestGateway(
      test,
      Sample.gateway(
        "https://mcp.example.com",
        Sample.route("/mcp", Sample.authorization("http://127.0.0.1:9", "allowed_scopes: [a, b]")),
        Sample.route(
          "/team/tools", Sample.authorization(), "metadata: {resource_name: Tools, scopes_supported: [c]}")))
    let first = try gateway.ask("GET", "/.well-known/oauth-protected-resource/mcp")
    #expect(
      first.hasPrefix(
        """
        HTTP/1.1 200 OK\r
        Content-Type: application/json\r
        Cache-Control: max-age=300\r
        Access-Control-Allow-Origin: *\r
        Connection: close\r
        Content-Length: 
        """))
    #expect(
      try body(first) == [
        "resource": "https://mcp.example.com/mcp", "authorization_servers": ["http://127.0.0.1:9"],
        "scopes_supported": ["a", "b"], "bearer_methods_supported": ["header"],
      ])
    let second = try gateway.ask("GET", "/.well-known/oauth-protected-resource/team/tools")
    #expect(
      try body(second) == [
        "resource": "https://mcp.example.com/team/tools", "authorization_servers": ["http://127.0.0.1:9"],
        "scopes_supported": ["c"], "bearer_methods_supported": ["header"], "resource_name": "Tools",
      ])
  }

  /// Clients go to the bridge, which knows how the provider calls their scopes.
  @Test func aBridgeStandsForItsProvider() throws {
    let files = try TestFiles()
    let keys = try files.write("a \(String(repeating: "0123456789abcdef", count: 4))\n")
    let bridge = "bridges: [{name: b, path: /sign-in, client_id: c, sealing_keys_file: \"\(keys)\"}]\n"
    let bridged = "allowed_scopes: [tools], advertised_scope_mapping: {tools: \"api://t/tools\"}, bridge: b"
    let gateway = try TestGateway(
      test,
      bridge
        + Sample.gateway(
          "https://mcp.example.com", Sample.route("/mcp", Sample.authorization("http://127.0.0.1:9", bridged))))
    #expect(
      try body(gateway.ask("GET", "/.well-known/oauth-protected-resource/mcp")) == [
        "resource": "https://mcp.example.com/mcp", "authorization_servers": ["https://mcp.example.com/sign-in"],
        "scopes_supported": ["tools"], "bearer_methods_supported": ["header"],
      ])
    #expect(try gateway.ask("POST", "/mcp").contains("WWW-Authenticate: Bearer scope=\"tools\", resource_metadata="))
    // They are gone with it.
    withExtendedLifetime(files) {}
  }

  @Test(arguments: ["/", "/mcp"])
  func thePlaceOfTheDocument(_ path: String) throws {
    let gateway = try TestGateway(test, Sample.gateway("https://mcp.example.com", Sample.route(path)))
    let root = "/.well-known/oauth-protected-resource"
    let places = [root, root + "/mcp", root + "/", root + "/mcp/", root + "/other"]
    let found = try places.filter { try gateway.status("GET", $0) == 200 }
    #expect(found == [path == "/" ? root : root + "/mcp"])
  }

  /// Neither routed to the backend nor challenged, whatever the routes are (GW-64).
  @Test(arguments: [Sample.anonymous, Sample.authorization()], ["/", "/mcp"])
  func otherWellKnownDocumentsDoNotExist(_ authorization: String, _ path: String) throws {
    let backend = try Counterpart(test) { _ in "backend" }
    let route = Sample.route(path, authorization, upstream: "\(backend.origin)/up")
    let gateway = try TestGateway(test, Sample.gateway("https://mcp.example.com", route))
    for name in ["oauth-authorization-server", "openid-configuration", "oauth-authorization-server/mcp", "", "x/y"] {
      #expect(try gateway.status("GET", "/.well-known/\(name)") == 404, "\(name)")
      #expect(try gateway.status("POST", "/.well-known/\(name)") == 404, "\(name)")
    }
    #expect(try gateway.status("GET", "/.well-known") == 404)
    #expect(backend.requests.isEmpty)
    #expect(gateway.events("request").allSatisfy { $0["route"]?.stringValue == "well-known" })
  }

  @Test func anOpenRouteHasNoDocument() throws {
    let gateway = try TestGateway(
      test, Sample.gateway("https://mcp.example.com", Sample.route("/mcp", Sample.anonymous)))
    #expect(try gateway.status("GET", "/.well-known/oauth-protected-resource/mcp") == 404)
  }

  // MARK: The challenge

  @Test func theBytesOfTheChallenge() throws {
    let authorization = Sample.authorization(
      "http://127.0.0.1:9", "allowed_scopes: [tools, admin], advertised_scope_mapping: {tools: \"api://t/tools\"}")
    let gateway = try TestGateway(test, Sample.gateway("https://mcp.example.com", Sample.route("/mcp", authorization)))
    let expected = """
      HTTP/1.1 401 Unauthorized\r
      Content-Type: application/json\r
      WWW-Authenticate: Bearer scope="api://t/tools admin", resource_metadata=\
      "https://mcp.example.com/.well-known/oauth-protected-resource/mcp"\r
      Cache-Control: no-store\r
      Connection: close\r
      Content-Length: 85\r
      \r
      {"error":"unauthorized","error_description":"This server needs an access token."}

      """
    let response = try gateway.ask("POST", "/mcp")
    #expect(response == expected.replacing("Content-Length: 85", with: "Content-Length: \(try bodyLength(response))"))
    // Not one byte of it depends on what a client says about hosts, methods or paths below the route.
    #expect(try gateway.ask("POST", "/mcp", host: "evil.example") == response)
    #expect(try gateway.ask("GET", "/mcp/below?x=1", "X-Forwarded-Host: evil.example\r\n") == response)
    #expect(try gateway.ask("DELETE", "/mcp", "X-Forwarded-Proto: http\r\nForwarded: host=evil\r\n") == response)
  }

  private func bodyLength(_ response: String) throws -> Int {
    response[try #require(response.endOfHead)...].utf8.count
  }

  @Test func theDocumentOfARouteAtTheRoot() throws {
    let gateway = try TestGateway(test, Sample.gateway("https://mcp.example.com", Sample.route("/")))
    let url = "resource_metadata=\"https://mcp.example.com/.well-known/oauth-protected-resource\"\r\n"
    #expect(try gateway.ask("GET", "/").contains(url))
    let document = try body(gateway.ask("GET", "/.well-known/oauth-protected-resource"))
    #expect(document["resource"]?.stringValue == "https://mcp.example.com")
  }

  @Test func aSlashTooMany() throws {
    let gateway = try TestGateway(test, Sample.gateway("https://mcp.example.com", Sample.route("/mcp")))
    let response = try gateway.ask("POST", "/mcp/", host: "evil.example")
    #expect(response.hasPrefix("HTTP/1.1 308 Permanent Redirect\r\n"))
    #expect(response.contains("\r\nLocation: https://mcp.example.com/mcp\r\n"))
  }

  @Test func pathsBesideTheRoutes() throws {
    let gateway = try TestGateway(test, Sample.gateway("https://mcp.example.com", Sample.route("/mcp")))
    for path in ["/", "/mc", "/mcpx", "/MCP"] { #expect(try gateway.status("GET", path) == 404, "\(path)") }
    for path in ["/mcp", "/mcp/x", "/mcp/x/", "/mcp//"] { #expect(try gateway.status("GET", path) == 401, "\(path)") }
  }

  // MARK: To the backend

  @Test func anOpenRouteReachesItsBackend() throws {
    let backend = try Counterpart(test) { _ in "from the backend" }
    let route = Sample.route("/mcp", Sample.anonymous, upstream: "\(backend.origin)/up", "name: tools")
    let gateway = try TestGateway(test, Sample.gateway("https://mcp.example.com", route))
    let response = try gateway.ask(
      "GET", "/mcp/below?q=1", "Authorization: Bearer theirs\r\nX-Portcullis-Subject: me\r\n")
    #expect(response.hasSuffix("\r\n\r\nfrom the backend"))
    let request = try #require(backend.requests.first)
    #expect(request.hasPrefix("GET /up/below?q=1 HTTP/1.1\r\n"))
    #expect(request.contains("\r\nHost: 127.0.0.1:\(backend.port)\r\n"))
    #expect(request.contains("\r\nX-Forwarded-Host: mcp.example.com\r\n"))
    #expect(request.contains("\r\nX-Forwarded-Proto: https\r\n"))
    #expect(!request.contains("theirs"))
    #expect(!request.contains("X-Portcullis-Subject"))
    #expect(gateway.events("request").first?["route"]?.stringValue == "tools")
    #expect(gateway.events("request").first?["auth"]?.stringValue == "none")
  }

  @Test func aGoodTokenReachesTheBackend() throws {
    let key = try SigningKey.generate(.es256, kid: "1")
    let provider = try Counterpart.provider(test, key)
    let backend = try Counterpart(test) { _ in "from the backend" }
    let routes = [("/mcp", "name: one"), ("/other", "name: two")].map { path, name in
      Sample.route(path, Sample.authorization(provider.origin), upstream: "\(backend.origin)/up", name)
    }
    let gateway = try TestGateway(test, Sample.gateway("https://mcp.example.com", routes.joined()))
    #expect(provider.requests.isEmpty)
    let token = try provider.token(key, audience: Sample.audience)
    for path in ["/mcp", "/other", "/mcp"] {
      let response = try gateway.ask("GET", path, "Authorization: Bearer \(token)\r\n")
      #expect(response.hasSuffix("\r\n\r\nfrom the backend"))
    }
    #expect(backend.requests.count == 3)
    #expect(backend.requests.allSatisfy { $0.contains("\r\nX-Portcullis-Subject: user\r\n") && !$0.contains(token) })
    // One provider, one store of keys, whoever asks: the discovery document and the keys have been fetched once.
    #expect(provider.requests.map { $0.prefix { $0 != "\r" } }.count == 2)
    let fetched = try #require(gateway.events("keys_fetched").first)
    #expect(fetched["issuer"]?.stringValue == provider.origin)
    #expect(fetched["usable"]?.integerValue == 1)
    #expect(gateway.events("request").map { $0["subject"]?.stringValue } == ["user", "user", "user"])
    let forged = try provider.token(try SigningKey.generate(.es256, kid: "1"), audience: Sample.audience)
    let refused = try gateway.ask("GET", "/mcp", "Authorization: Bearer \(forged)\r\n")
    #expect(refused.contains("Bearer error=\"invalid_token\", error_description="))
    #expect(backend.requests.count == 3)
  }

  /// Nobody has to ask: the first token finds the keys there.
  @Test func keysAreFetchedAtStart() throws {
    let key = try SigningKey.generate(.es256, kid: "1")
    let provider = try Counterpart.provider(test, key)
    let route = Sample.route("/mcp", Sample.authorization(provider.origin))
    let gateway = try TestGateway(test, Sample.gateway("https://mcp.example.com", route))
    #expect(gateway.events("keys_fetched").isEmpty, "the start waits for nothing")
    try test.run(until: { gateway.events("keys_fetched").count == 1 })
    #expect(gateway.events("request").isEmpty)
  }

  /// The provider is down, which is not the client's fault: 503, never 401 (GW-16).
  @Test func aProviderThatCannotBeReached() throws {
    let key = try SigningKey.generate(.es256, kid: "1")
    let gone = try Counterpart.provider(test, key)
    let route = Sample.route("/mcp", Sample.authorization("http://127.0.0.1:9"))
    let gateway = try TestGateway(test, Sample.gateway("https://mcp.example.com", route))
    let now = Loop.unixTime
    let token = try key.sign([
      "iss": "http://127.0.0.1:9", "aud": .string(Sample.audience), "sub": "user", "exp": .integer(now + 300),
    ])
    let response = try gateway.ask("GET", "/mcp", "Authorization: Bearer \(token)\r\n")
    #expect(response.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
    #expect(response.contains("\r\nRetry-After: "))
    #expect(gateway.events("keys_failed").first?["level"]?.stringValue == "error")
    #expect(gateway.events("keys_failed").first?["issuer"]?.stringValue == "http://127.0.0.1:9")
    #expect(gone.requests.isEmpty)
  }

  @Test func bodiesAboveTheLimit() throws {
    let yaml =
      Sample.gateway("https://mcp.example.com", Sample.route("/mcp", Sample.anonymous)) + "limits: {body_size: 10}\n"
    let gateway = try TestGateway(test, yaml)
    #expect(try gateway.status("POST", "/mcp", "Content-Length: 11\r\n") == 413)
  }

  // MARK: Public URLs

  /// Two names on one listener: each has its own routes, documents and challenge.
  @Test func twoPublicURLs() throws {
    let gateway = try TestGateway(
      test,
      Sample.gateway(
        "https://mcp.example.com", Sample.route("/mcp", Sample.authorization(), "name: one"),
        Sample.route("/mcp", Sample.authorization(), "name: two", "public_url: \"https://other.example.com:8443\"")))
    let document = "/.well-known/oauth-protected-resource/mcp"
    func resource(_ host: String) throws -> String? {
      try body(gateway.ask("GET", document, host: host))["resource"]?.stringValue
    }
    #expect(try resource("mcp.example.com") == "https://mcp.example.com/mcp")
    #expect(try resource("other.example.com:8443") == "https://other.example.com:8443/mcp")
    #expect(try resource("OTHER.example.com:8443") == "https://other.example.com:8443/mcp")
    #expect(try resource("unknown.example.com") == "https://mcp.example.com/mcp")
    let challenge = try gateway.ask("GET", "/mcp", host: "other.example.com:8443")
    #expect(challenge.contains("\"https://other.example.com:8443\(document)\""))
    #expect(try gateway.status("GET", "/.well-known/x", host: "other.example.com:8443") == 404)
    let last = gateway.events("request").suffix(2).map { $0["route"]?.stringValue }
    #expect(last == ["two", "well-known"])
  }

  // MARK: Starting

  @Test func saysWhereItListens() throws {
    let yaml = "listeners: [{address: \"127.0.0.1:0\"}, {address: \"127.0.0.1:0\"}]\n"
    let gateway = try TestGateway(test, yaml + Sample.gateway("https://mcp.example.com", Sample.route("/mcp")))
    let addresses = gateway.events("listening").compactMap { $0["address"]?.stringValue }
    #expect(addresses.count == 2)
    #expect(Set(addresses).count == 2)
    #expect(addresses.allSatisfy { $0.hasPrefix("127.0.0.1:") && !$0.hasSuffix(":0") })
  }

  @Test func aPortThatIsTaken() throws {
    let taken = try Counterpart(test) { _ in "" }
    let yaml = "listeners: [{address: \"127.0.0.1:\(taken.port)\"}]\n"
    let configuration = try TestGateway.configuration(
      yaml + Sample.gateway("https://mcp.example.com", Sample.route("/mcp")))
    let builder = GatewayBuilder(test.loop, configuration, Log { _ in })
    let failure = #expect(throws: StartFailure.self) { try builder.start() }
    let words = "cannot listen on 127.0.0.1:\(taken.port): address already in use (EADDRINUSE)"
    #expect(failure?.description == words)
  }

  @Test func anAddressOfAnotherMachine() throws {
    let yaml = "listeners: [{address: \"192.0.2.1:8080\"}]\n"
    let configuration = try TestGateway.configuration(
      yaml + Sample.gateway("https://mcp.example.com", Sample.route("/mcp")))
    let failure = #expect(throws: StartFailure.self) {
      try GatewayBuilder(test.loop, configuration, Log { _ in }).start()
    }
    #expect(failure?.description.hasPrefix("cannot listen on 192.0.2.1:8080: ") == true)
    #expect(failure?.description.hasSuffix("(EADDRNOTAVAIL)") == true)
  }

  /// Wherever a file is named that is of no use: nothing listens.
  @Test(arguments: [
    "listeners: [{address: \"127.0.0.1:0\", tls: {certificates: [{certificate: /no/file, key: /no/key}]}}]\n"
      + Sample.gateway("https://mcp.example.com", Sample.route("/mcp")),
    Sample.gateway(
      "https://mcp.example.com",
      Sample.route("/mcp", Sample.authorization("http://127.0.0.1:9", "provider_ca: /no/file"))),
    Sample.gateway(
      "https://mcp.example.com", Sample.route("/mcp", upstream: "https://u.example/\", tls: {ca: /no/file}, x: \"")
    )
    .replacing(", x: \"\"", with: ""),
  ])
  func aFileOfNoUse(_ yaml: String) throws {
    let configuration = try TestGateway.configuration(yaml)
    var lines = 0
    let failure = #expect(throws: StartFailure.self) {
      try GatewayBuilder(test.loop, configuration, Log { _ in lines += 1 }).start()
    }
    guard case .unusableFile(let fault) = failure else { return #expect(Bool(false), "\(String(describing: failure))") }
    #expect(fault.file == "/no/file")
    #expect(failure?.description == fault.description)
    #expect(lines == 0)
  }

  // MARK: The operator's pages

  @Test func theAdminListener() throws {
    let route = Sample.gateway("https://mcp.example.com", Sample.route("/mcp"))
    #expect(try TestGateway(test, route).events("admin_listening").isEmpty)
    let gateway = try TestGateway(test, "admin: {address: \"127.0.0.1:0\"}\n" + route)
    #expect(try gateway.status("POST", "/mcp") == 401)
    let said = try #require(gateway.events("admin_listening").first?["address"]?.stringValue)
    let port = try #require(said.split(separator: ":").last.flatMap { Int($0) })
    func ask(_ method: String, _ path: String) throws -> String {
      let text = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
      return try test.converse(with: .ip("127.0.0.1", port: port), text)
    }
    let health = try ask("GET", "/healthz")
    #expect(health.hasPrefix("HTTP/1.1 200 OK\r\n"))
    #expect(health.hasSuffix("\r\n\r\nok\n"))
    let readiness = try ask("GET", "/readyz")
    #expect(readiness.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
    #expect(readiness.hasSuffix("\r\n\r\nno keys of http://127.0.0.1:9\n"))
    let metrics = try ask("GET", "/metrics")
    #expect(metrics.hasPrefix("HTTP/1.1 200 OK\r\n"))
    #expect(metrics.contains("\r\nContent-Type: text/plain; version=0.0.4"))
    let requests = metrics.split(separator: "\n").filter {
      $0.contains("requests") && $0.contains("4") && $0.hasSuffix(" 1")
    }
    #expect(requests.count == 1, "\(metrics)")
    #expect(try ask("POST", "/metrics").hasPrefix("HTTP/1.1 405 "))
    for path in ["/", "/mcp", "/.well-known/oauth-protected-resource/mcp"] {
      #expect(try ask("GET", path).hasPrefix("HTTP/1.1 404 "))
    }
    // Clients do not get to see them, and what the operator asks for is not in the log of what clients do.
    for path in ["/metrics", "/healthz", "/readyz"] { #expect(try gateway.status("GET", path) == 404) }
    #expect(gateway.events("request").count == 4)
  }
}

extension String {
  /// Where the body of a response begins.
  fileprivate var endOfHead: String.Index? { firstRange(of: "\r\n\r\n")?.upperBound }
}
