import Bytes
import Net
import Outbound
import Testing

struct FetchTests {
  private let test: TestLoop

  init() throws { test = try TestLoop() }

  /// Fetches from a server that answers like this.
  ///
  /// - Returns: what came of it, and the server.
  private func fetch(
    _ answer: String, closing: Bool = false, timeout: UInt64 = 5_000, limit: Int = 1 << 20
  ) throws -> (result: Result<Fetch.Response, Fetch.Failure>, server: ScriptedServer) {
    let server = try ScriptedServer(test) { peer, _ in
      peer.send(answer)
      if closing { peer.transport.closeWhenFlushed() }
    }
    let location = Fetch.Location(host: "127.0.0.1", port: server.port, target: "/doc?x=1", authority: "idp:1")
    var result: Result<Fetch.Response, Fetch.Failure>?
    Fetch.get(test.loop, location, timeout: timeout, limit: limit) {
      #expect(result == nil)
      result = $0
    }
    try test.run(until: { result != nil })
    return (try #require(result), server)
  }

  private func failure(_ result: Result<Fetch.Response, Fetch.Failure>) -> String? {
    if case .failure(let failure) = result { return failure.description }
    return nil
  }

  @Test func aDocument() throws {
    let (result, server) = try fetch(
      "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\n"
        + "Content-Length: 2\r\n\r\n{}")
    let response = try result.get()
    #expect(response.status == 200)
    #expect(response.cacheControl == "max-age=60")
    #expect(response.date == "Tue, 14 Nov 2023 22:13:20 GMT")
    #expect(response.body == Array("{}".utf8))
    #expect(
      server.connections[0].text
        == "GET /doc?x=1 HTTP/1.1\r\nHost: idp:1\r\nAccept: application/json\r\nUser-Agent: portcullis\r\n\r\n")
    try test.run(until: { server.connections.first?.ended != nil })
  }

  @Test func chunkedAndCloseDelimitedDocuments() throws {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"
    #expect(try fetch(chunked).result.get().body == Array("{}".utf8))
    let delimited = try fetch("HTTP/1.0 200 OK\r\n\r\n{}", closing: true).result.get()
    #expect(delimited.body == Array("{}".utf8))
    #expect(delimited.cacheControl == nil)
    #expect(delimited.date == nil)
  }

  @Test(arguments: [204, 304, 404, 500])
  func everyStatusIsReported(_ status: Int) throws {
    let (result, server) = try fetch("HTTP/1.1 \(status) X\r\nContent-Length: 0\r\n\r\n")
    #expect(try result.get().status == status)
    #expect(server.requests == 1)
  }

  @Test(arguments: [
    ("Cache-Control: max-age=60\r\nAge: 7\r\n", "max-age=60", 7),
    ("cache-control: public\r\nCACHE-CONTROL: max-age=60\r\nAge: 0\r\n", "public, max-age=60", 0),
    ("Age: -1\r\n", nil, nil), ("Age: soon\r\n", nil, nil), ("Age: 99999999999999999999\r\n", nil, nil),
    ("", nil, nil),
  ])
  func howFreshItIs(_ fields: String, _ cacheControl: String?, _ age: Int?) throws {
    let response = try fetch("HTTP/1.1 200 OK\r\n\(fields)Content-Length: 0\r\n\r\n").result.get()
    #expect(response.cacheControl == cacheControl)
    #expect(response.age == age)
  }

  @Test func theLimitIsReachedButNotPassed() throws {
    let ten = "0123456789"
    #expect(try fetch("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n\(ten)", limit: 10).result.get().body.count == 10)
    for tooLarge in [
      "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n\(ten)\r\n1\r\nx\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\n\r\n\(ten)x",
    ] {
      let (result, server) = try fetch(tooLarge, limit: 10)
      #expect(failure(result) == "the document is too large")
      try test.run(until: { server.connections.first?.ended != nil })
    }
  }

  @Test func truncatedDocuments() throws {
    let answers = [
      "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf",
    ]
    for answer in answers {
      #expect(failure(try fetch(answer, closing: true).result) == "the connection ended inside the document")
    }
  }

  @Test(arguments: ["", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"])
  func timeIsLimitedAsAWhole(_ answer: String) throws {
    let (result, server) = try fetch(answer, timeout: 20)
    #expect(failure(result) == "no complete answer in time")
    try test.run(until: { server.connections.first?.ended != nil })
  }

  @Test func whatIsNoHTTP() throws {
    #expect(failure(try fetch("<html>\r\n\r\n").result) == "upstream_malformed: bad_start_line")
  }

  @Test func nobodyListens() throws {
    let server = try ScriptedServer(test)
    let location = Fetch.Location(host: "127.0.0.1", port: server.port, target: "/", authority: "h")
    server.stop()
    try test.run(for: 1)
    var result: Result<Fetch.Response, Fetch.Failure>?
    Fetch.get(test.loop, location) { result = $0 }
    try test.run(until: { result != nil })
    let words = try #require(result.flatMap(failure))
    #expect(words.hasPrefix("upstream_connect_failed: "))
    #expect(words.hasSuffix("(ECONNREFUSED)"))
  }

  @Test func httpsWithoutTrust() {
    let location = Fetch.Location(host: "h", port: 443, target: "/", authority: "h", isSecure: true)
    var words: String?
    Fetch.get(test.loop, location) { words = failure($0) }
    #expect(words == "it is https, and no trusted authorities are given")
  }

  // MARK: Requests over connections that are kept

  private func pool(_ location: Fetch.Location) throws -> UpstreamPool {
    UpstreamPool(test.loop, try #require(UpstreamEndpoint(location, tls: nil, proxy: nil)))
  }

  @Test func aFormIsPosted() throws {
    let server = try ScriptedServer(test, answering: "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nhi")
    let location = Fetch.Location(host: "127.0.0.1", port: server.port, target: "/form", authority: "idp")
    let pool = try pool(location)
    var request = Fetch.Request(location)
    request.form = Array("a=1&b=%20".utf8)
    request.accept = "text/plain"
    request.authorization = "Basic eDp5"
    var responses: [Fetch.Response] = []
    for count in 1...3 {
      Fetch.send(request, over: pool, timeout: 5_000, limit: 2) { result in
        if let response = try? result.get() { responses.append(response) }
      }
      try test.run(until: { responses.count == count })
    }
    #expect(responses.allSatisfy { $0.status == 201 && $0.body == Array("hi".utf8) && $0.location == location })
    // One connection carries them all.
    #expect(server.connections.count == 1)
    let expected =
      "POST /form HTTP/1.1\r\nHost: idp\r\nAccept: text/plain\r\nAuthorization: Basic eDp5\r\n"
      + "Content-Type: application/x-www-form-urlencoded\r\nUser-Agent: portcullis\r\nContent-Length: 9\r\n\r\n"
      + "a=1&b=%20"
    #expect(server.connections[0].text == String(repeating: expected, count: 3))
    pool.drain()
  }

  @Test func anEmptyForm() throws {
    let server = try ScriptedServer(test, answering: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    let location = Fetch.Location(host: "127.0.0.1", port: server.port, target: "/", authority: "idp")
    let pool = try pool(location)
    var request = Fetch.Request(location)
    request.form = []
    var status: Int?
    Fetch.send(request, over: pool, timeout: 5_000, limit: 0) { status = try? $0.get().status }
    try test.run(until: { status != nil })
    #expect(server.connections[0].text.hasSuffix("Content-Length: 0\r\n\r\n"))
    pool.drain()
  }

  /// A form that the kernel does not take at once waits in the connection.
  @Test func aLargeForm() throws {
    let server = try ScriptedServer(test)
    let location = Fetch.Location(host: "127.0.0.1", port: server.port, target: "/", authority: "idp")
    let pool = try pool(location)
    var request = Fetch.Request(location)
    let form = [UInt8](repeating: 0x61, count: 1 << 20) + [0x7A]
    request.form = form
    let fetch = Fetch.send(request, over: pool, timeout: 10_000, limit: 0) { _ in }
    try test.run(until: { server.connections.first?.received.last == 0x7A })
    #expect(server.connections[0].received.suffix(form.count) == form[...])
    fetch.cancel()
    pool.drain()
  }

  @Test(arguments: [true, false])
  func whoCancelsHearsNothing(_ isWaiting: Bool) throws {
    let server = try ScriptedServer(test)
    let location = Fetch.Location(host: "127.0.0.1", port: server.port, target: "/", authority: "idp")
    let pool = try pool(location)
    var calls = 0
    let fetch = Fetch.send(Fetch.Request(location), over: pool, timeout: 5_000, limit: 0) { _ in calls += 1 }
    if !isWaiting { try test.run(until: { server.requests == 1 }) }
    fetch.cancel()
    fetch.cancel()
    pool.drain()
    try test.run(until: { server.connections.first?.ended != nil })
    #expect(server.requests == (isWaiting ? 0 : 1))
    #expect(calls == 0)
  }

  /// Time runs also while all connections are taken.
  @Test func waitingForAConnectionIsLimited() throws {
    let server = try ScriptedServer(test)
    let location = Fetch.Location(host: "127.0.0.1", port: server.port, target: "/", authority: "idp")
    var endpoint = try #require(UpstreamEndpoint(location, tls: nil, proxy: nil))
    endpoint.maxConnections = 1
    let pool = UpstreamPool(test.loop, endpoint)
    let first = Fetch.send(Fetch.Request(location), over: pool, timeout: 5_000, limit: 0) { _ in }
    var words: String?
    Fetch.send(Fetch.Request(location), over: pool, timeout: 20, limit: 0) { words = failure($0) }
    try test.run(until: { words != nil })
    #expect(words == "no complete answer in time")
    #expect(server.requests == 1)
    first.cancel()
    pool.drain()
  }
}
