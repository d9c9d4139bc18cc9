import Bytes
import HTTP
import Net
import Testing

@testable import Outbound

/// What one connection makes of what a backend says, and what it sends itself.
struct H1ClientConnectionTests {
  private let test: TestLoop

  init() throws { test = try TestLoop() }

  /// What a client sees of a backend that answers like this, and then closes if told to.
  private func exchange(
    _ answer: String, closing: Bool = false, _ client: TestClient = TestClient()
  ) throws -> TestClient {
    let server = try ScriptedServer(test) { peer, _ in
      peer.send(answer)
      if closing { peer.transport.closeWhenFlushed() }
    }
    server.pool(test.loop).acquire(for: client)
    try test.run(until: { client.isOver })
    return client
  }

  @Test(arguments: [
    ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", ["responded 200 known(5)", "finished"], "hello"),
    ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ["responded 200 none", "finished"], ""),
    ("HTTP/1.1 204 No Content\r\n\r\n", ["responded 204 none", "finished"], ""),
    (
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\nT: 1\r\n\r\n",
      ["responded 200 unknown", "finished T=1"], "abc"
    ),
    (
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 1\r\n\r\nx",
      ["informed 100", "informed 103", "responded 404 known(1)", "finished"], "x"
    ),
  ])
  func responses(_ answer: String, _ events: [String], _ body: String) throws {
    let client = try exchange(answer)
    #expect(client.events == events)
    #expect(client.text == body)
  }

  @Test func headHasNoBody() throws {
    let client = try exchange("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", TestClient("HEAD"))
    #expect(client.events == ["responded 200 none", "finished"])
  }

  @Test(arguments: [
    // The end of the connection is the end of the body only where nothing else says so.
    ("HTTP/1.1 200 OK\r\n\r\nall of it", ["responded 200 unknown", "finished"], "all of it"),
    ("HTTP/1.0 200 OK\r\n\r\n", ["responded 200 unknown", "finished"], ""),
    ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", ["responded 200 known(9)", "fail aborted"], "half"),
    (
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf", ["responded 200 unknown", "fail aborted"],
      "half"
    ),
    (
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", ["responded 200 unknown", "fail aborted"],
      "half"
    ),
    (
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\n",
      ["responded 200 unknown", "fail aborted"], "half"
    ),
    ("", ["failed upstream_closed_early"], ""),
    ("HTTP/1.1 200 O", ["failed upstream_closed_early"], ""),
    ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", ["failed upstream_closed_early"], ""),
    ("HTTP/1.1 100 Continue\r\n\r\n", ["informed 100", "failed upstream_closed_early"], ""),
  ])
  func endings(_ answer: String, _ events: [String], _ body: String) throws {
    let client = try exchange(answer, closing: true)
    #expect(client.events == events)
    #expect(client.text == body)
  }

  /// A reset is no clean end, even where the end of the connection would be one.
  @Test func aResetIsNeverTheEndOfABody() throws {
    let client = TestClient()
    let server = try ScriptedServer(test) { peer, _ in peer.send("HTTP/1.1 200 OK\r\n\r\nbegun") }
    server.pool(test.loop).acquire(for: client)
    try test.run(until: { client.text == "begun" })
    server.connections[0].transport.reset()
    try test.run(until: { client.isOver })
    #expect(client.events == ["responded 200 unknown", "fail aborted"])
  }

  @Test(arguments: [
    ("SSH-2.0-OpenSSH_9.2\r\n\r\n", "bad_status_line"), ("\u{15}\u{3}\u{1}", "bad_start_line"),
    ("<html>\r\n\r\n", "bad_start_line"), ("HTTP/2.0 200 OK\r\n\r\n", "bad_status_line"),
    ("HTTP/1.1 200 OK\nContent-Length: 0\n\n", "bare_line_feed"),
    ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "repeated_content_length"),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "unknown_transfer_coding"),
    ("HTTP/1.1 101 Switching Protocols\r\n\r\n", "unexpected_protocol_switch"),
  ])
  func garbage(_ answer: String, _ detail: String) throws {
    let client = try exchange(answer)
    #expect(client.events == ["failed upstream_malformed"])
    #expect(client.failure?.detail == detail)
  }

  @Test func garbageInsideABody() throws {
    let client = try exchange("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabXX")
    #expect(client.events == ["responded 200 unknown", "fail malformed"])
    #expect(client.text == "ab")
  }

  /// Bytes behind the response belong to nobody: the response stands, the connection goes.
  @Test func bytesBehindTheResponse() throws {
    let client = TestClient()
    let server = try ScriptedServer(
      test, answering: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\n")
    server.pool(test.loop).acquire(for: client)
    try test.run(until: { client.isOver && server.connections.first?.ended != nil })
    #expect(client.events == ["responded 200 known(2)", "finished"])
    #expect(client.text == "hi")
  }

  @Test func aSilentBackendIsGivenUp() throws {
    let server = try ScriptedServer(test)
    let client = TestClient()
    server.pool(test.loop) { $0.responseTimeout = 20 }.acquire(for: client)
    try test.run(until: { client.isOver })
    #expect(client.events == ["failed upstream_response_timeout"])
    try test.run(until: { server.connections.first?.ended != nil })
    #expect(server.connections[0].ended?.name == "ECONNRESET")
  }

  @Test func aHeadThatNeverEndsIsGivenUp() throws {
    let server = try ScriptedServer(test, answering: "HTTP/1.1 200 OK\r\nX: ")
    let client = TestClient()
    server.pool(test.loop) { $0.responseTimeout = 20 }.acquire(for: client)
    try test.run(until: { client.isOver })
    #expect(client.events == ["failed upstream_response_timeout"])
  }

  @Test func anEndlessHeadIsRefused() throws {
    let client = TestClient()
    let server = try ScriptedServer(test, answering: "HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 70_000))
    server.pool(test.loop).acquire(for: client)
    try test.run(until: { client.isOver })
    #expect(client.failure?.detail == "head_too_large")
  }

  // MARK: The request

  @Test func whatIsSent() throws {
    let server = try ScriptedServer(test, answering: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    let pool = server.pool(test.loop)
    let table: [(TestClient, String)] = [
      (TestClient("GET", "/a"), "GET /a HTTP/1.1\r\nHost: backend\r\n\r\n"),
      (TestClient("POST", "/b"), "POST /b HTTP/1.1\r\nHost: backend\r\nContent-Length: 0\r\n\r\n"),
      (
        TestClient("POST", "/c", length: .known(5), body: "hello"),
        "POST /c HTTP/1.1\r\nHost: backend\r\nContent-Length: 5\r\n\r\nhello"
      ),
      (
        TestClient("PUT", "/d", length: .unknown, body: "0123456789"),
        "PUT /d HTTP/1.1\r\nHost: backend\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n"
      ),
    ]
    var expected = ""
    for (client, text) in table {
      expected += text
      pool.acquire(for: client)
      try test.run(until: { client.isOver && server.connections[0].text.utf8.count >= expected.utf8.count })
      #expect(server.connections[0].text == expected)
    }
  }

  /// A backend that answers before it has read the request cannot be given another one behind it.
  @Test func anAnswerBeforeTheEndOfTheRequest() throws {
    let server = try ScriptedServer(test, answering: "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")
    let client = TestClient("POST", "/", length: .known(100))
    server.pool(test.loop).acquire(for: client)
    try test.run(until: { client.isOver && server.connections.first?.ended != nil })
    #expect(client.events == ["responded 413 none", "finished"])
  }

  @Test func aSlowBackendStopsTheSender() throws {
    let server = try ScriptedServer(test)
    server.reads = false
    let total = 20_000_000
    let client = TestClient("POST", "/", length: .known(total))
    server.pool(test.loop).acquire(for: client)
    try test.run(until: { client.requestSink != nil && server.connections.count == 1 })
    let sink = try #require(client.requestSink)
    let piece = [UInt8](repeating: 0x78, count: 50_000)
    var sent = 0
    func sendUntilStopped() {
      while sent < total {
        let flow = piece.withUnsafeBytes { sink.write($0) }
        sent += piece.count
        if flow == .wait { return }
      }
      sink.finish(nil)
    }
    sendUntilStopped()
    try #require(sent < total)
    #expect(client.source.resumes == 0)
    client.source.onResume = { sendUntilStopped() }
    server.connections[0].transport.resumeReading()
    try test.run(until: { server.connections[0].received.count > total })
    #expect(client.source.resumes > 0)
    #expect(sent == total)
    server.connections[0].send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    try test.run(until: { client.isOver })
  }

  @Test func aSlowReceiverStopsTheBackend() throws {
    let total = 30_000_000
    let server = try ScriptedServer(test) { peer, _ in
      peer.send("HTTP/1.1 200 OK\r\nContent-Length: \(total)\r\n\r\n")
      peer.send([UInt8](repeating: 0x79, count: total))
    }
    let client = TestClient()
    client.flow = .wait
    server.pool(test.loop).acquire(for: client)
    try test.run(until: { !client.received.isEmpty })
    try test.run(for: 20)
    // One piece was taken; the rest stays where it is, most of it at the backend.
    #expect(client.received.count <= 65_536)
    #expect(server.connections[0].transport.pendingOutput > 0)
    // Each piece has to be asked for.
    let before = client.received.count
    client.stream?.responseBody.resume()
    try test.run(until: { client.received.count > before })
    client.flow = .more
    client.stream?.responseBody.resume()
    try test.run(until: { client.isOver })
    #expect(client.events.last == "finished")
    #expect(client.received.count == total)
  }

  /// Everything has arrived when the receiver stops; the end is told when it reads on.
  @Test(arguments: [
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
  ])
  func aReceiverThatStopsAtTheLastByte(_ answer: String) throws {
    let server = try ScriptedServer(test, answering: answer)
    let client = TestClient()
    client.flow = .wait
    server.pool(test.loop).acquire(for: client)
    try test.run(until: { client.text == "hi" })
    try test.run(for: 5)
    #expect(!client.isOver)
    client.stream?.responseBody.resume()
    try test.run(until: { client.isOver })
    #expect(client.events.last == "finished")
  }

  /// Many chunks in one piece of input: every one of them may stop the flow, and none gets lost.
  @Test func chunksThatWaitAreAllDelivered() throws {
    let chunks = (0..<50).map {
      "\(String(10 + $0 % 6, radix: 16))\r\n\(String(repeating: "z", count: 10 + $0 % 6))\r\n"
    }
    let total = (0..<50).reduce(0) { $0 + 10 + $1 % 6 }
    let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(chunks.joined())0\r\n\r\n"
    let server = try ScriptedServer(test, answering: answer)
    let client = TestClient()
    client.flow = .wait
    server.pool(test.loop).acquire(for: client)
    var turns = 0
    try test.run(until: {
      turns += 1
      client.stream?.responseBody.resume()
      return client.isOver
    })
    #expect(client.received.count == total)
    #expect(client.events == ["responded 200 unknown", "finished"])
    #expect(turns >= 50)
  }

  // MARK: Giving up

  @Test func anAbortedRequestResetsTheBackend() throws {
    let server = try ScriptedServer(test) { peer, _ in
      peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")
    }
    let client = TestClient()
    server.pool(test.loop).acquire(for: client)
    try test.run(until: { client.text == "ab" })
    client.stream?.abort()
    client.stream?.abort()
    try test.run(until: { server.connections.first?.ended != nil })
    #expect(server.connections[0].ended?.name == "ECONNRESET")
    #expect(client.events == ["responded 200 unknown"])
  }

  @Test func aResponseNobodyWantsIsAborted() throws {
    let server = try ScriptedServer(test, answering: "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun")
    let client = TestClient()
    client.wantsResponse = false
    server.pool(test.loop).acquire(for: client)
    try test.run(until: { server.connections.first?.ended != nil })
    #expect(client.events == ["responded 200 known(100)"])
    #expect(client.received.isEmpty)
  }

  /// The client went away in the middle of its request.
  @Test func aRequestBodyThatFailsResetsTheBackend() throws {
    let server = try ScriptedServer(test)
    let client = TestClient("POST", "/", length: .known(100))
    server.pool(test.loop).acquire(for: client)
    try test.run(until: { server.requests == 1 })
    client.requestSink?.fail(.aborted)
    try test.run(until: { server.connections.first?.ended != nil })
    #expect(server.connections[0].ended?.name == "ECONNRESET")
  }
}
