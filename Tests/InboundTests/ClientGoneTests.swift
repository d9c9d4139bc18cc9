import HTTP
import JSON
import Net
import Pipeline
import Testing

@testable import Inbound

/// A client that leaves takes everything along that was under way for it (GW-87).
struct ClientGoneTests {
  enum Farewell: CaseIterable, Sendable {
    case close, reset, half

    func say(_ client: TestClient) {
      switch self {
      case .close: client.close()
      case .reset: client.reset()
      case .half: client.finishSending()
      }
    }
  }

  @Test(arguments: Farewell.allCases)
  func beforeTheAnswer(_ farewell: Farewell) throws {
    let gateway = try TestGateway()
    let work = Work()
    var isRunning = false
    gateway.on("/a") { exchange in
      exchange.undertake(work)
      isRunning = true
      return .taken
    }
    let client = try gateway.client(.get("/a"))
    try gateway.run(until: { isRunning })
    farewell.say(client)
    try gateway.run(until: { !gateway.access.isEmpty })
    #expect(work.cancelled == [.clientGone])
    #expect(gateway.access == ["GET /a 0 client_gone"])
  }

  /// A stage that is parked drops its waiter; the answer that comes all the same is for nobody.
  @Test func whileAStageIsParked() throws {
    let gateway = try TestGateway()
    let parked = Suspension<Verdict>()
    var isRunning = false
    var cancels = 0
    parked.onCancel { cancels += 1 }
    gateway.on("/a") { _ in
      isRunning = true
      return .suspended(parked)
    }
    gateway.on("/b", answer: "b")
    let client = try gateway.client(.get("/a"))
    try gateway.run(until: { isRunning })
    client.close()
    try gateway.run(until: { cancels == 1 })
    let other = try gateway.client(.get("/b"))
    parked.resume(.respond(.text("a")))
    try gateway.expect(.ok("b"), at: other)
    #expect(cancels == 1)
    #expect(gateway.access == ["GET /a 0 client_gone", "GET /b 200"])
  }

  @Test(arguments: Farewell.allCases)
  func inTheMiddleOfAResponse(_ farewell: Farewell) throws {
    let gateway = try TestGateway()
    let work = Work()
    var sink: (any BodySink)?
    gateway.on("/a") { exchange in
      exchange.undertake(work)
      sink = exchange.begin(ResponseHead(200), .unknown, from: nil)
      sink?.write("part")
      return .taken
    }
    let client = try gateway.client(.get("/a"))
    try gateway.run(until: { client.text.hasSuffix("part\r\n") })
    farewell.say(client)
    try gateway.run(until: { !gateway.access.isEmpty })
    #expect(work.cancelled == [.clientGone])
    #expect(gateway.access == ["GET /a 200 client_gone"])
    // What the producer still does reaches nobody, and no other request either.
    #expect(sink?.write("more") == .wait)
    sink?.finish(nil)
    sink?.fail(.aborted)
    gateway.settle()
    #expect(gateway.access.count == 1)
    if farewell == .half { #expect(!client.text.contains("0\r\n\r\n")) }
  }

  @Test func inTheMiddleOfItsRequest() throws {
    let gateway = try TestGateway()
    let work = Work()
    let body = BodyRecorder()
    gateway.on("/a") { exchange in
      exchange.undertake(work)
      exchange.deliverBody(to: body)?.resume()
      return .taken
    }
    let client = try gateway.client(.post("/a", "Content-Length: 10\r\n", "01234"))
    try gateway.run(until: { body.text == "01234" })
    client.close()
    try gateway.run(until: { !gateway.access.isEmpty })
    #expect(work.cancelled == [.clientGone])
    #expect(!body.isFinished)
    #expect(gateway.access == ["POST /a 0 client_gone"])
    #expect(gateway.log.first?["bytes_in"]?.integerValue == 5)
  }

  /// The connection does not read while it waits for room; writing to a client that is gone tells it.
  @Test func whileTheGatewayDoesNotRead() throws {
    let gateway = try TestGateway()
    let work = Work()
    let source = Producer()
    var sink: (any BodySink)?
    gateway.on("/a") { exchange in
      exchange.undertake(work)
      sink = exchange.begin(ResponseHead(200), .unknown, from: source)
      return .taken
    }
    let client = try gateway.client(.get("/a"))
    try gateway.run(until: { sink != nil })
    client.isReading = false
    let piece = [UInt8](repeating: 0x78, count: 60_000)
    while sink?.write(piece) == .more {}
    client.reset()
    try gateway.run(until: { !gateway.access.isEmpty })
    #expect(work.cancelled == [.clientGone])
    #expect(gateway.access == ["GET /a 200 client_gone"])
  }

  /// Between requests, or inside a head: no exchange, no line.
  @Test(arguments: [("", ""), ("GET /a HT", ""), (.get("/a"), .ok("x"))])
  func withoutARequestUnderWay(_ text: String, _ answer: String) throws {
    let gateway = try TestGateway()
    gateway.on("/a", answer: "x")
    let client = try gateway.client(text)
    gateway.settle()
    try gateway.expect(answer, at: client)
    let before = gateway.access
    client.close()
    gateway.settle()
    #expect(gateway.access == before)
    #expect(!before.contains { $0.contains("client_gone") })
  }
}
