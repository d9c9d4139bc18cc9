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
      "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 2\r\n\r\n{}")
    let response = try result.get()
    #expect(response.status == 200)
    #expect(response.cacheControl == "max-age=60")
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
  }

  /// Redirects are not followed: they could lead anywhere.
  @Test(arguments: [302, 404, 500])
  func everyStatusIsReported(_ status: Int) throws {
    let (result, server) = try fetch(
      "HTTP/1.1 \(status) X\r\nLocation: http://127.0.0.1/other\r\nContent-Length: 0\r\n\r\n")
    #expect(try result.get().status == status)
    #expect(server.requests == 1)
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
}
