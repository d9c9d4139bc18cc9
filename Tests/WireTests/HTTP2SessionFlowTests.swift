import Bytes
import HTTP
import Testing

@testable import Wire

/// Who waits for whom: output that waits for room and for windows, and readers that are slower than their peers.
struct HTTP2SessionFlowTests {
  // MARK: Output

  /// Writes as long as it may, whenever it may.
  private final class Producer {
    private(set) var written = 0
    var isStopped = false

    func attach(to recorder: StreamRecorder) {
      recorder.onLine = { [unowned self] recorder, line in if line == "drained" { fill(recorder.stream) } }
      fill(recorder.stream)
    }

    private func fill(_ stream: HTTP2Stream?) {
      guard !isStopped else { return }
      var flow = Flow.more
      while flow == .more {
        flow = stream?.write([UInt8](repeating: 0x61, count: 5_000)) ?? .wait
        written += 5_000
      }
    }
  }

  @Test func aProducerIsHeldBackAndToldWhenToGoOn() {
    let (client, server) = HTTP2Endpoint.pair()
    server.prepare = {
      $0.keepsBodies = false
      $0.consumesAtOnce = false
    }
    let mine = client.request("POST", "/", hasBody: true)
    let producer = Producer()
    producer.attach(to: mine)
    #expect(producer.written == 20_000)
    var frames = HTTP2Endpoint.pump(client, server)
    let theirs = server.streams[0]
    // The stream's window, and no more than the high-water mark and one piece behind it.
    #expect(theirs.received == 65_535)
    #expect(producer.written - 65_535 <= HTTP2Stream.highWater + 5_000)
    theirs.consume()
    frames += HTTP2Endpoint.pump(client, server)
    #expect(theirs.received == 2 * 65_535)
    producer.isStopped = true
    theirs.consumesAtOnce = true
    theirs.consume()
    mine.stream?.finish(nil)
    frames += HTTP2Endpoint.pump(client, server)
    #expect(theirs.received == producer.written)
    #expect(theirs.lines.last == "end")
    let sizes = frames.filter { $0.type == HTTP2Frame.Kind.data }.map(\.payload.count)
    #expect(sizes.allSatisfy { $0 <= 16_384 })
    #expect(sizes.reduce(0, +) == producer.written)
  }

  @Test func sendStopsAtItsLimitAndLosesNothing() {
    let (client, server) = HTTP2Endpoint.pair()
    let mine = (0..<10).map { client.request("GET", "/\($0)") }
    HTTP2Endpoint.pump(client, server)
    for theirs in server.streams {
      theirs.stream?.respond(hasBody: true)
      _ = theirs.stream?.write(String(repeating: "x", count: 16_384))
      theirs.stream?.finish(.of([("t", "1")]))
    }
    var rounds = 0
    while true {
      let bytes = server.output(limit: 1_000)
      if bytes.isEmpty { break }
      rounds += 1
      #expect(bytes.count < 1_000 + 9 + 16_384)
      client.receive(bytes)
    }
    #expect(rounds >= 10)
    for recorder in mine {
      #expect(recorder.received == 16_384)
      #expect(recorder.lines.suffix(2) == ["end t=1", "closed NO_ERROR"])
    }
    #expect(!server.session.wantsToSend)
  }

  @Test func nothingIsSentAboveTheLimit() {
    let (client, server) = HTTP2Endpoint.pair()
    _ = client.request()
    #expect(client.output(limit: 0).isEmpty)
    #expect(client.session.wantsToSend)
    HTTP2Endpoint.pump(client, server)
    #expect(server.streams.count == 1)
  }

  /// A DATA frame that has been cut out of the output waits for room while the stream is reset.
  @Test func aStreamIsResetWhileItsFrameWaits() {
    let (client, server) = HTTP2Endpoint.pair()
    let mine = client.request()
    HTTP2Endpoint.pump(client, server)
    let theirs = server.streams[0]
    theirs.stream?.respond(hasBody: true)
    _ = theirs.stream?.write(String(repeating: "x", count: 1_000))
    client.receive(server.output(limit: 1))
    theirs.stream?.reset(.internalError)
    #expect(theirs.stream?.write("more") == .wait)
    theirs.stream?.finish(nil)
    HTTP2Endpoint.pump(client, server)
    #expect(mine.lines == ["head 200 [] unknown", "closed INTERNAL_ERROR"])
    #expect(theirs.lines.last == "closed INTERNAL_ERROR")
    // The connection goes on.
    let next = client.request()
    HTTP2Endpoint.pump(client, server)
    server.streams[1].stream?.respond()
    HTTP2Endpoint.pump(client, server)
    #expect(next.lines == ["head 200 [] none", "end", "closed NO_ERROR"])
  }

  /// The same when the peer resets it.
  @Test func aStreamIsResetByThePeerWhileItsFrameWaits() {
    let (client, server) = HTTP2Endpoint.pair()
    let mine = client.request()
    HTTP2Endpoint.pump(client, server)
    let theirs = server.streams[0]
    theirs.stream?.respond(hasBody: true)
    _ = theirs.stream?.write(String(repeating: "x", count: 1_000))
    client.receive(server.output(limit: 1))
    mine.stream?.reset(.cancel)
    server.receive(client.output())
    #expect(theirs.lines.last == "closed CANCEL")
    HTTP2Endpoint.pump(client, server)
    #expect(server.session.openStreams == 0)
  }

  @Test func aHeadThatIsTooLargeToSendResetsItsStream() {
    let (client, server) = HTTP2Endpoint.pair()
    let mine = client.request()
    HTTP2Endpoint.pump(client, server)
    server.streams[0].stream?.respond(200, [("x", String(repeating: "x", count: 200_000))], hasBody: true)
    HTTP2Endpoint.pump(client, server)
    #expect(mine.lines == ["closed INTERNAL_ERROR"])
    #expect(server.streams[0].lines.last == "closed INTERNAL_ERROR")
  }

  @Test func aHeadWithinItsLimitsIsSentHoweverLarge() {
    let limits = HeadLimits(headSize: 1 << 20)
    let client = HTTP2Endpoint(.client, head: limits)
    let server = HTTP2Endpoint(.server, head: limits)
    HTTP2Endpoint.pump(client, server)
    let value = String(repeating: "|", count: 50_000)
    let mine = client.request("GET", "/", fields: (0..<10).map { ("x\($0)", value) })
    HTTP2Endpoint.pump(client, server)
    #expect(server.streams.first?.lines.count == 1)
    #expect(mine.closures == 0)
  }

  // MARK: Windows

  @Test func aStreamThatIsNotReadStallsNoOther() {
    let (client, server) = HTTP2Endpoint.pair()
    server.prepare = {
      $0.keepsBodies = false
      $0.consumesAtOnce = $0.stream?.id != 1
    }
    let (slow, fast) = (client.request("POST", "/", hasBody: true), client.request("POST", "/", hasBody: true))
    _ = slow.stream?.write([UInt8](repeating: 1, count: 200_000))
    _ = fast.stream?.write([UInt8](repeating: 1, count: 5_000_000))
    HTTP2Endpoint.pump(client, server)
    #expect(server.streams[0].received == 65_535)
    #expect(server.streams[1].received == 5_000_000)
    server.streams[0].consume()
    HTTP2Endpoint.pump(client, server)
    #expect(server.streams[0].received == 131_070)
  }

  /// However many streams wait for their readers, one that does not gets its bytes; those that wait are bounded.
  @Test func manySlowStreamsStallNobodyElse() {
    let client = HTTP2Endpoint(.client)
    let server = HTTP2Endpoint(.server) { $0.connectionWindow = 131_072 }
    HTTP2Endpoint.pump(client, server)
    server.prepare = {
      $0.keepsBodies = false
      $0.consumesAtOnce = $0.stream?.id == 101
    }
    let slow = (0..<50).map { _ in client.request("POST", "/", hasBody: true) }
    for recorder in slow { _ = recorder.stream?.write([UInt8](repeating: 1, count: 200_000)) }
    let fast = client.request("POST", "/", hasBody: true)
    _ = fast.stream?.write([UInt8](repeating: 1, count: 1_000_000))
    HTTP2Endpoint.pump(client, server)
    #expect(server.streams.map(\.received) == [Int](repeating: 65_535, count: 50) + [1_000_000])
  }

  @Test func whatAClosedStreamHeldIsGivenBack() {
    let client = HTTP2Endpoint(.client)
    let server = HTTP2Endpoint(.server) { $0.connectionWindow = 65_536 }
    HTTP2Endpoint.pump(client, server)
    server.prepare = {
      $0.keepsBodies = false
      $0.consumesAtOnce = false
    }
    for _ in 0..<20 {
      let mine = client.request("POST", "/", hasBody: true)
      _ = mine.stream?.write([UInt8](repeating: 1, count: 60_000))
      HTTP2Endpoint.pump(client, server)
      #expect(server.streams.last?.received == 60_000)
      mine.stream?.reset(.cancel)
      HTTP2Endpoint.pump(client, server)
    }
  }

  @Test func bytesNobodyTakesAreConsumed() {
    let (client, server) = HTTP2Endpoint.pair()
    server.prepare = { $0.stream?.handler = nil }
    let mine = client.request("POST", "/", hasBody: true)
    _ = mine.stream?.write([UInt8](repeating: 1, count: 3_000_000))
    mine.stream?.finish(nil)
    HTTP2Endpoint.pump(client, server)
    #expect(mine.stream?.output.isEmpty == true)
  }
}
