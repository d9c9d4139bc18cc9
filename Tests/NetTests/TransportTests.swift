import Bytes
import Glibc
import Testing

@testable import Net

struct TransportTests {
  private let test: TestLoop

  init() throws { test = try TestLoop() }

  /// Bytes that tell their place: a stretch of an endless run with a period that no buffer size has.
  private func pattern(_ count: Int, from start: Int = 0) -> [UInt8] {
    let period = Self.periods[(start % 251)...]
    var bytes = [UInt8](period.prefix(count))
    while bytes.count < count { bytes += Self.periods.prefix(count - bytes.count) }
    return bytes
  }

  private static let periods = (0..<251 * 400).map { UInt8($0 % 251) }

  @Test func echoes() throws {
    let (client, server) = try test.connectedPair()
    server.onRead = { peer, bytes in peer.transport.write(bytes) }
    client.send("hello ")
    client.send("world")
    try test.run(until: { client.text == "hello world" })
    client.transport.close()
    try test.run(until: { server.ended != nil })
    #expect(server.ended == .endOfFile)
    server.transport.close()
  }

  /// Small pieces are copied, large ones go straight to the kernel, and what it does not take waits: in order.
  @Test func piecesOfAllSizesKeepTheirOrder() throws {
    let (client, server) = try test.connectedPair()
    var sent: [UInt8] = []
    for size in [1, 100, 8_191, 8_192, 3, 50_000, 8_192, 200_000, 10, 4_000_000, 7, 8_192] {
      let piece = pattern(size, from: sent.count)
      client.send(piece)
      sent += piece
    }
    try test.run(until: { server.received.count >= sent.count })
    #expect(server.received == sent)
    #expect(client.transport.pendingOutput == 0)
    client.transport.close()
    server.transport.close()
  }

  @Test func writingIntoTheOutputBuffer() throws {
    let (client, server) = try test.connectedPair()
    client.transport.outputBuffer.append("head")
    client.transport.wrote()
    client.send(pattern(20_000))
    try test.run(until: { server.received.count == 20_004 })
    #expect(server.received == Array("head".utf8) + pattern(20_000))
    client.transport.close()
    server.transport.close()
  }

  @Test func aSlowReaderStopsTheWriterUntilItReadsOn() throws {
    let (client, server) = try test.connectedPair()
    server.transport.pauseReading()
    var sent = 0
    while !client.transport.isCongested {
      client.send(pattern(60_000, from: sent))
      sent += 60_000
      try #require(sent < 100_000_000)
      try test.run(for: 0)
    }
    #expect(client.transport.pendingOutput > Transport.highWater)
    #expect(client.drains == 0)
    server.transport.resumeReading()
    try test.run(until: { client.drains == 1 && server.received.count == sent })
    #expect(server.received == pattern(sent))
    #expect(!client.transport.isCongested)
    // Nobody asked again, so nobody is told again.
    client.send("more")
    try test.run(until: { server.received.count == sent + 4 })
    #expect(client.drains == 1)
    client.transport.close()
    server.transport.close()
  }

  @Test func whatOneReadBringsDoesNotStopTheProducer() throws {
    let (client, server) = try test.connectedPair()
    server.transport.pauseReading()
    // Until the kernel takes no more.
    while client.transport.pendingOutput == 0 {
      client.send(pattern(60_000))
      try test.run(for: 0)
    }
    let before = client.transport.pendingOutput
    client.send(pattern(Loop.readBufferSize + 100 - before))
    #expect(client.transport.pendingOutput == Loop.readBufferSize + 100)
    #expect(!client.transport.isCongested)
    client.transport.close()
    server.transport.close()
  }

  @Test func closesWhenEverythingIsSent() throws {
    let (client, server) = try test.connectedPair()
    server.transport.pauseReading()
    client.send(pattern(5_000_000))
    client.transport.closeWhenFlushed()
    #expect(client.flushedCloses == 0)
    server.transport.resumeReading()
    try test.run(until: { server.ended != nil })
    #expect(server.received == pattern(5_000_000))
    #expect(server.ended == .endOfFile)
    #expect(client.flushedCloses == 1)
    server.transport.close()
  }

  @Test func closesAtOnceWhenNothingWaits() throws {
    let (client, server) = try test.connectedPair()
    client.transport.closeWhenFlushed()
    try test.run(until: { server.ended != nil })
    #expect(server.ended == .endOfFile)
    #expect(client.flushedCloses == 0)
    server.transport.close()
  }

  /// The peer still gets through what it has to say.
  @Test func endsOneSideOnly() throws {
    let (client, server) = try test.connectedPair()
    client.send("last words")
    client.transport.shutdownWhenFlushed()
    try test.run(until: { server.ended != nil })
    #expect(server.text == "last words")
    #expect(server.ended == .endOfFile)
    #expect(client.ended == nil)
    server.send("answer")
    try test.run(until: { client.text == "answer" })
    server.transport.close()
    try test.run(until: { client.ended != nil })
    client.transport.close()
  }

  @Test func thePeerSeesAReset() throws {
    let (client, server) = try test.connectedPair()
    client.transport.reset()
    try test.run(until: { server.ended != nil })
    #expect(server.ended?.name == "ECONNRESET")
    server.transport.close()
  }

  @Test func unsentOutputIsLostWithAClose() throws {
    let (client, server) = try test.connectedPair()
    client.send("never")
    client.transport.close()
    try test.run(until: { server.ended != nil })
    #expect(server.received.isEmpty)
    // Whatever is done to a closed transport does nothing.
    client.send("x")
    client.transport.wrote()
    client.transport.close()
    client.transport.reset()
    client.transport.resumeReading()
    client.transport.pauseReading()
    client.transport.shutdownWhenFlushed()
    try test.run(for: 2)
    #expect(client.ended == nil)
    server.transport.close()
  }

  @Test func writingToAPeerThatIsGoneEndsTheConnection() throws {
    let (client, server) = try test.connectedPair()
    client.transport.pauseReading()
    server.transport.reset()
    try test.run(until: {
      client.send("anyone?")
      return client.ended != nil
    })
    #expect(["ECONNRESET", "EPIPE"].contains(client.ended?.name))
    client.transport.close()
  }

  @Test func nothingIsReadWhilePaused() throws {
    let (client, server) = try test.connectedPair()
    server.transport.pauseReading()
    client.send("waits")
    try test.run(until: { server.transport.hasPendingInput })
    #expect(server.received.isEmpty)
    server.transport.resumeReading()
    try test.run(until: { server.text == "waits" })
    client.transport.close()
    server.transport.close()
  }

  @Test func theKernelKnowsOfInputAndOfTheEnd() throws {
    let (client, server) = try test.connectedPair()
    server.transport.pauseReading()
    #expect(!server.transport.hasPendingInput)
    client.transport.close()
    try test.run(until: { server.transport.hasPendingInput })
    #expect(server.ended == nil)
    server.transport.close()
  }

  @Test func knowsWhetherAnyByteHasLeft() throws {
    let (client, server) = try test.connectedPair()
    client.transport.markSent()
    #expect(!client.transport.hasSent)
    client.send("a")
    #expect(!client.transport.hasSent)
    try test.run(until: { server.text == "a" })
    #expect(client.transport.hasSent)
    client.transport.markSent()
    #expect(!client.transport.hasSent)
    client.send(pattern(8_192))
    #expect(client.transport.hasSent)
    client.transport.close()
    server.transport.close()
  }

  @Test func unixDomainSockets() throws {
    let directory = try TemporaryDirectory()
    let (client, server) = try test.connectedPair(over: .unix(path: "\(directory.path)/socket"))
    server.onRead = { peer, bytes in peer.transport.write(bytes) }
    client.send(pattern(300_000))
    try test.run(until: { client.received.count == 300_000 })
    #expect(client.received == pattern(300_000))
    // There is no reset; the end must do.
    client.transport.reset()
    try test.run(until: { server.ended != nil })
    server.transport.close()
  }

  @Test func aClosedTransportIsFreed() throws {
    weak var freed: Transport?
    do {
      let (client, server) = try test.connectedPair()
      freed = client.transport
      client.transport.close()
      server.transport.close()
    }
    try test.run(until: { freed == nil })
  }
}
