import Bytes
import HTTP
import Net
import Outbound
import Testing

/// Redirects that a fetch follows, and those it does not.
struct FetchRedirectTests {
  private let test: TestLoop

  init() throws { test = try TestLoop() }

  private static func redirect(_ status: Int, _ target: String, body: String = "") -> String {
    "HTTP/1.1 \(status) X\r\nLocation: \(target)\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  /// A server with an answer for each path; `$` in one stands for its port.
  private func server(_ answers: [String: String]) throws -> ScriptedServer {
    let server = try ScriptedServer(test)
    let port = "\(server.port)"
    server.onRequest = { peer, head in
      let answer = answers[String(head.split(separator: " ")[1])] ?? "HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n"
      peer.send(answer.split(separator: "$", omittingEmptySubsequences: false).joined(separator: port))
    }
    return server
  }

  private func get(
    _ server: ScriptedServer, timeout: UInt64 = 5_000, limit: Int = 100, form: [UInt8]? = nil
  ) throws -> Result<Fetch.Response, Fetch.Failure> {
    let location = Fetch.Location(
      host: "127.0.0.1", port: server.port, target: "/doc", authority: "127.0.0.1:\(server.port)")
    var result: Result<Fetch.Response, Fetch.Failure>?
    if let form {
      var request = Fetch.Request(location)
      request.form = form
      let pool = UpstreamPool(test.loop, try #require(UpstreamEndpoint(location, tls: nil, proxy: nil)))
      Fetch.send(request, over: pool, timeout: timeout, limit: limit) { result = $0 }
      defer { pool.drain() }
      try test.run(until: { result != nil })
    } else {
      Fetch.get(test.loop, location, timeout: timeout, limit: limit) { result = $0 }
      try test.run(until: { result != nil })
    }
    return try #require(result)
  }

  private func words(_ result: Result<Fetch.Response, Fetch.Failure>) -> String {
    switch result {
    case .success(let response): "\(response.status) \(response.location.target)"
    case .failure(let failure): failure.description
    }
  }

  private static let document = "HTTP/1.1 200 OK\r\nAge: 3\r\nContent-Length: 2\r\n\r\n{}"

  @Test(arguments: [301, 302, 303, 307, 308], ["/new?x=1", "http://127.0.0.1:$/new?x=1"])
  func theSameHostIsFollowed(_ status: Int, _ target: String) throws {
    let server = try server(["/doc": Self.redirect(status, target, body: "moved"), "/new?x=1": Self.document])
    let response = try get(server).get()
    #expect(response.status == 200)
    #expect(response.body == Array("{}".utf8))
    #expect(response.age == 3)
    #expect(response.location.url == "http://127.0.0.1:\(server.port)/new?x=1")
    #expect(server.requests == 2)
    #expect(server.connections.count == 1)
    #expect(server.connections[0].text.contains("GET /new?x=1 HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\n"))
  }

  /// The connection that brought the redirect may be over.
  @Test func onAConnectionOfItsOwn() throws {
    let moved = "HTTP/1.1 302 X\r\nLocation: /new\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    let server = try server(["/doc": moved, "/new": Self.document])
    #expect(words(try get(server)) == "200 /new")
    #expect(server.connections.count == 2)
  }

  @Test func threeAreFollowed() throws {
    var answers = ["/doc": Self.redirect(302, "/1"), "/1": Self.redirect(302, "/2"), "/2": Self.redirect(302, "/3")]
    answers["/3"] = Self.document
    #expect(words(try get(server(answers))) == "200 /3")
    answers["/3"] = Self.redirect(302, "/4")
    let server = try server(answers)
    #expect(words(try get(server)) == "it redirects more than 3 times")
    #expect(server.requests == 4)
  }

  @Test func aLoopEnds() throws {
    let server = try server(["/doc": Self.redirect(302, "/doc")])
    #expect(words(try get(server)) == "it redirects more than 3 times")
    #expect(server.requests == 4)
  }

  @Test(arguments: [
    "https://127.0.0.1:$/new", "http://localhost:$/new", "http://127.0.0.1:1/new", "//login.example/new?state=1",
  ])
  func anotherOriginIsNotFollowed(_ target: String) throws {
    let server = try server(["/doc": Self.redirect(302, target), "/new": Self.document])
    let words = self.words(try get(server))
    #expect(words.hasPrefix("it redirects to "))
    #expect(words.contains("/new, and redirects to another scheme, host or port are not followed: configure that"))
    #expect(!words.contains("state"))
    #expect(server.requests == 1)
    try test.run(until: { server.connections[0].ended != nil })
  }

  @Test(arguments: ["new", "", "http://"])
  func nowhere(_ target: String) throws {
    let server = try server(["/doc": Self.redirect(302, target)])
    #expect(words(try get(server)) == "it redirects to what is neither an absolute URL nor a path")
  }

  @Test(arguments: [300, 302, 304])
  func whatIsNoRedirect(_ status: Int) throws {
    let target = status == 302 ? "" : "Location: /new\r\n"
    let server = try server(["/doc": "HTTP/1.1 \(status) X\r\n\(target)Content-Length: 0\r\n\r\n"])
    #expect(words(try get(server)) == "\(status) /doc")
    #expect(server.requests == 1)
  }

  @Test func aFormIsSentOnceOnly() throws {
    let server = try server(["/doc": Self.redirect(307, "/new"), "/new": Self.document])
    #expect(words(try get(server, form: [0x61])) == "307 /doc")
    #expect(server.requests == 1)
  }

  /// Size and time are limited for all of it.
  @Test func limitsAreThoseOfTheWhole() throws {
    let answers = ["/doc": Self.redirect(302, "/new", body: "12345"), "/new": Self.document]
    #expect(words(try get(server(answers), limit: 7)) == "200 /new")
    #expect(words(try get(server(answers), limit: 6)) == "the document is too large")
    #expect(words(try get(server(answers), limit: 4)) == "the document is too large")
    let silent = try server(["/doc": Self.redirect(302, "/new"), "/new": ""])
    #expect(words(try get(silent, timeout: 50)) == "no complete answer in time")
  }

  @Test func overHTTP2() throws {
    let files = try TestFiles()
    let authority = try TestAuthority()
    let context = try TLSServerContext(
      TLSServerSettings(
        certificates: [files.settings(authority.issue(names: ["IP:127.0.0.1"]))], applicationProtocols: [.http2]))
    let backend = try H2Backend(test, tls: context) { request in
      guard request.path == "/doc" else { return request.answer("hi") }
      let fields = Fields()
      fields.append("Location", "/new")
      request.respond(302, fields, body: false)
    }
    let location = Fetch.Location(
      host: "127.0.0.1", port: backend.port, target: "/doc", authority: "127.0.0.1", isSecure: true)
    let trust = try TLSClientContext(
      TLSClientSettings(ca: files.write(authority.pem), applicationProtocols: [.http2, .http11]))
    var result: Result<Fetch.Response, Fetch.Failure>?
    Fetch.get(test.loop, location, tls: trust) { result = $0 }
    try test.run(until: { result != nil })
    #expect(try #require(result).get().body == Array("hi".utf8))
    #expect(backend.requests.map(\.path) == ["/doc", "/new"])
    #expect(backend.connections.count == 1)
  }
}
