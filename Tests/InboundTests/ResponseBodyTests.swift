import HTTP
import JSON
import Net
import Pipeline
import Testing

@testable import Inbound

/// How the end of a response's body is told, and what a client sees of one that never ends.
struct ResponseBodyTests {
  /// Serves `/a` with a body that the returned closure gives access to.
  private func stream(
    _ gateway: TestGateway, _ length: BodyLength, status: Int = 200, from source: Producer? = nil
  ) -> () -> (any BodySink)? {
    var sink: (any BodySink)?
    gateway.on("/a") { exchange in
      sink = exchange.begin(ResponseHead(status), length, from: source)
      return .taken
    }
    return { sink }
  }

  @Test func ofUnknownLengthInChunks() throws {
    let gateway = try TestGateway()
    let sink = stream(gateway, .unknown)
    gateway.on("/b", answer: "next")
    let client = try gateway.client(.get("/a"))
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    try gateway.expect(head, at: client)
    // Each piece leaves as it comes: a stream of events is not held back.
    sink()?.write("data: 1\n\n")
    try gateway.expect(head + "9\r\ndata: 1\n\n\r\n", at: client)
    sink()?.write(String(repeating: "x", count: 10_000))
    sink()?.write("end")
    sink()?.finish(nil)
    let rest = "2710\r\n" + String(repeating: "x", count: 10_000) + "\r\n3\r\nend\r\n0\r\n\r\n"
    try gateway.expect(head + "9\r\ndata: 1\n\n\r\n" + rest, at: client)
    client.send(.get("/b"))
    try gateway.expect(head + "9\r\ndata: 1\n\n\r\n" + rest + .ok("next"), at: client)
    #expect(gateway.log.first?["bytes_out"]?.integerValue == 10_012)
  }

  @Test func trailers() throws {
    let gateway = try TestGateway()
    let sink = stream(gateway, .unknown)
    let client = try gateway.client(.get("/a"))
    try gateway.run(until: { sink() != nil })
    let trailers = Fields()
    trailers.append("X-Checksum", "1234")
    trailers.append("Content-Length", "99")
    sink()?.write("x")
    sink()?.finish(trailers)
    try gateway.expect(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-Checksum: 1234\r\n\r\n", at: client)
  }

  /// HTTP/1.0 has no chunks: the end of the connection is the end of the body, whatever the client asked for.
  @Test func ofUnknownLengthForAnOldClient() throws {
    let gateway = try TestGateway()
    let sink = stream(gateway, .unknown)
    let client = try gateway.client("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    try gateway.run(until: { sink() != nil })
    sink()?.write("one ")
    sink()?.write("two")
    sink()?.finish(nil)
    try gateway.runUntilEnd(of: client)
    #expect(client.text == "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\none two")
    #expect(client.end == .closed)
  }

  @Test func ofKnownLength() throws {
    let gateway = try TestGateway()
    let sink = stream(gateway, .known(7))
    let client = try gateway.client(.get("/a"))
    try gateway.run(until: { sink() != nil })
    sink()?.write("one ")
    sink()?.write("two")
    sink()?.finish(nil)
    try gateway.expect(.ok("one two"), at: client)
  }

  struct Bodiless: Sendable, CustomTestStringConvertible {
    let method: String
    let status: Int
    let length: BodyLength
    let head: String
    var testDescription: String { "\(method) \(status) \(length)" }
  }

  @Test(arguments: [
    Bodiless(method: "HEAD", status: 200, length: .known(4), head: "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"),
    Bodiless(method: "HEAD", status: 200, length: .unknown, head: "HTTP/1.1 200 OK\r\n\r\n"),
    Bodiless(method: "GET", status: 204, length: .known(4), head: "HTTP/1.1 204 No Content\r\n\r\n"),
    Bodiless(method: "GET", status: 204, length: .none, head: "HTTP/1.1 204 No Content\r\n\r\n"),
    Bodiless(
      method: "GET", status: 304, length: .known(4), head: "HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n"),
    Bodiless(method: "GET", status: 304, length: .none, head: "HTTP/1.1 304 Not Modified\r\n\r\n"),
    Bodiless(method: "GET", status: 200, length: .none, head: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
  ])
  func without(_ example: Bodiless) throws {
    let gateway = try TestGateway()
    let sink = stream(gateway, example.length, status: example.status)
    gateway.on("/b", answer: "next")
    let client = try gateway.client("\(example.method) /a HTTP/1.1\r\nHost: h\r\n\r\n" + .get("/b"))
    try gateway.run(until: { sink() != nil })
    if example.length != .none { #expect(sink()?.write("body") == .more) }
    sink()?.finish(nil)
    try gateway.expect(example.head + .ok("next"), at: client)
    #expect(gateway.log.first?["bytes_out"]?.integerValue == 0)
  }

  struct Truncation: Sendable, CustomTestStringConvertible {
    let version: String
    let length: BodyLength
    let seen: String
    let end: TestClient.End
    var testDescription: String { "\(version) \(length)" }
  }

  private static let truncations = [
    Truncation(
      version: "1.1", length: .known(100), seen: "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart", end: .closed),
    Truncation(
      version: "1.1", length: .unknown, seen: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n",
      end: .closed),
    Truncation(version: "1.0", length: .unknown, seen: "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\npart", end: .reset),
  ]

  /// Whatever the framing, a client can tell that the body is not whole (GW-88).
  @Test(arguments: truncations)
  func thatBreaksOff(_ example: Truncation) throws {
    let gateway = try TestGateway()
    let sink = stream(gateway, example.length)
    let client = try gateway.client("GET /a HTTP/\(example.version)\r\nHost: h\r\n\r\n")
    try gateway.run(until: { sink() != nil })
    sink()?.write("part")
    try gateway.expect(example.seen, at: client)
    sink()?.fail(.aborted)
    // What a producer still says after that is for nobody.
    #expect(sink()?.write("more") == .wait)
    sink()?.finish(nil)
    try gateway.runUntilEnd(of: client)
    #expect(client.text == example.seen)
    #expect(client.end == example.end)
    #expect(gateway.access == ["GET /a 200 upstream_aborted"])
  }

  /// What has been written before the break still arrives.
  @Test func thatBreaksOffInTheSameTurn() throws {
    let gateway = try TestGateway()
    gateway.on("/a") { exchange in
      let sink = exchange.begin(ResponseHead(200), .unknown, from: nil)
      sink?.write("part")
      sink?.fail(.malformed)
      return .taken
    }
    let client = try gateway.client(.get("/a"))
    try gateway.runUntilEnd(of: client)
    #expect(client.text == "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n")
    #expect(client.end == .closed)
    #expect(gateway.access == ["GET /a 200 upstream_malformed"])
  }

  @Test func theRequestBehindABrokenResponseIsNotServed() throws {
    let gateway = try TestGateway()
    let sink = stream(gateway, .known(5))
    gateway.on("/b", answer: "never")
    let client = try gateway.client(.get("/a") + .get("/b"))
    try gateway.run(until: { sink() != nil })
    sink()?.fail(.aborted)
    try gateway.runUntilEnd(of: client)
    #expect(client.text == "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
    #expect(gateway.access == ["GET /a 200 upstream_aborted"])
  }

  /// A client that does not read stops the producer, and reading on starts it again: nothing is lost.
  @Test(arguments: [BodyLength.unknown, .known(20_000_000)])
  func forASlowReader(_ length: BodyLength) throws {
    let gateway = try TestGateway()
    let source = Producer()
    let sink = stream(gateway, length, from: source)
    let client = try gateway.client(.get("/a"))
    try gateway.run(until: { sink() != nil })
    client.isReading = false
    let piece = (0..<50_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
    var pieces = 0
    var isFull = false
    source.onResume = {
      isFull = false
      while !isFull, pieces < 400 {
        pieces += 1
        isFull = sink()?.write(piece) == .wait
      }
      if pieces == 400, !isFull { sink()?.finish(nil) }
    }
    source.resume()
    for _ in 0..<4 { gateway.settle() }
    // The kernel's buffers are full, and so is ours.
    #expect(isFull)
    #expect(pieces < 400)
    let before = source.resumes
    gateway.settle()
    #expect(source.resumes == before)
    client.isReading = true
    try gateway.run(until: { gateway.access.count == 1 && client.received.suffix(7) == ending(length, piece) })
    #expect(gateway.access == ["GET /a 200"])
    #expect(gateway.log.first?["bytes_out"]?.integerValue == 20_000_000)
    let framing = length == .unknown ? 400 * "c350\r\n\r\n".utf8.count + 5 : 0
    let headEnd = try #require(client.received.firstRange(of: Array("\r\n\r\n".utf8))).upperBound
    #expect(client.received.count - headEnd == 20_000_000 + framing)
    #expect(client.end == nil)
  }

  /// The last bytes of the whole response.
  private func ending(_ length: BodyLength, _ piece: [UInt8]) -> ArraySlice<UInt8> {
    length == .unknown ? Array("\r\n0\r\n\r\n".utf8)[...] : piece.suffix(7)
  }

  /// A client that asks and asks and reads nothing: its requests wait until the answers have left.
  @Test func forAClientThatOnlyAsks() throws {
    let gateway = try TestGateway()
    var handled = 0
    let body = [UInt8](repeating: 0x78, count: 100_000)
    gateway.on("/a") { _ in
      handled += 1
      return .respond(Reply(200, [], body: body))
    }
    let client = try gateway.connect()
    client.isReading = false
    for _ in 0..<300 { client.send(.get("/a")) }
    for _ in 0..<4 { gateway.settle() }
    #expect(handled < 300)
    let before = handled
    gateway.settle()
    #expect(handled == before)
    client.isReading = true
    try gateway.run(until: { gateway.access.count == 300 && client.received.count > 300 * 100_000 })
    let length = try #require(client.received.firstRange(of: Array("\r\n\r\n".utf8))).upperBound + body.count
    try gateway.run(until: { client.received.count >= 300 * length })
    #expect(client.received.count == 300 * length)
    #expect(client.received.count { $0 == 0x78 } == 300 * 100_000)
  }

  /// Even when it takes the rest only after the gateway has given up on the response.
  @Test func aSlowReaderOfABrokenResponse() throws {
    let gateway = try TestGateway()
    let sink = stream(gateway, .unknown)
    let client = try gateway.client(.get("/a"))
    try gateway.run(until: { sink() != nil })
    client.isReading = false
    let piece = [UInt8](repeating: 0x78, count: 60_000)
    var pieces = 0
    while sink()?.write(piece) == .more {
      pieces += 1
      try #require(pieces < 10_000)
    }
    sink()?.fail(.aborted)
    #expect(gateway.access == ["GET /a 200 upstream_aborted"])
    client.isReading = true
    try gateway.runUntilEnd(of: client)
    #expect(client.end == .closed)
    #expect(client.text.hasSuffix("xxx\r\n"))
    let body = client.received.count { $0 == 0x78 }
    #expect(body == (pieces + 1) * 60_000)
  }
}
