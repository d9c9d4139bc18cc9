import Bytes
import Glibc
import Testing

@testable import Net

struct TLSTransportTests {
  private let test: TestLoop
  private let files: TestFiles
  private let server: TLSServerContext
  private let client: TLSClientContext

  init() throws {
    test = try TestLoop()
    files = try TestFiles()
    let authority = try TestAuthority()
    let leaf = try authority.issue(names: ["tools.example"])
    server = try TLSServerContext(TLSServerSettings(certificates: [files.settings(leaf)]))
    client = try TLSClientContext(TLSClientSettings(ca: files.write(authority.pem), applicationProtocols: [.http2]))
  }

  /// Two ends that have shaken hands.
  private func securedPair() throws -> (client: SecurePeer, server: SecurePeer) {
    let pair = try unsecuredPair()
    try test.run(until: { pair.client.isSecured && pair.server.isSecured })
    return pair
  }

  private func unsecuredPair() throws -> (client: SecurePeer, server: SecurePeer) {
    let (near, far) = try test.connectedPair()
    let server = SecurePeer(far.transport, TLSSession(server: server))
    let client = SecurePeer(near.transport, TLSSession(client: client, name: "tools.example", port: 443))
    return (client, server)
  }

  /// Bytes that tell their place: a stretch of an endless run with a period that no buffer size has.
  private func pattern(_ count: Int, from start: Int = 0) -> [UInt8] {
    var bytes = [UInt8](Self.periods[(start % 251)...].prefix(count))
    while bytes.count < count { bytes += Self.periods.prefix(count - bytes.count) }
    return bytes
  }

  private static let periods = (0..<251 * 400).map { UInt8($0 % 251) }

  @Test func echoes() throws {
    let (client, server) = try securedPair()
    #expect(client.transport.tls?.applicationProtocol == .http2)
    #expect(server.transport.tls?.serverName == "tools.example")
    server.onRead = { peer, bytes in peer.transport.write(bytes) }
    client.send(Array("hello".utf8))
    try test.run(until: { client.received == Array("hello".utf8) })
    client.transport.closeWhenFlushed()
    try test.run(until: { server.ended != nil })
    #expect(server.ended == .endOfFile)
    #expect(server.transport.endedCleanly)
    server.transport.close()
  }

  @Test func piecesOfAllSizesKeepTheirOrder() throws {
    let (client, server) = try securedPair()
    var sent: [UInt8] = []
    for size in [1, 100, 8_191, 8_192, 3, 50_000, 16_384, 200_000, 10, 4_000_000, 7, 8_192] {
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

  // MARK: The handshake

  @Test func sayingItOnceAndBeforeAnyPlaintext() throws {
    let pair = try unsecuredPair()
    // Written before the handshake: waits for its end.
    pair.client.send(pattern(100))
    #expect(!pair.client.transport.hasSent)
    try test.run(until: { pair.server.received.count == 100 })
    #expect(pair.client.transport.hasSent)
    #expect(pair.client.secured == 1)
    #expect(pair.server.secured == 1)
    pair.client.transport.close()
    pair.server.transport.close()
  }

  @Test func theDelegateMayBeReplacedOnceSecured() throws {
    let pair = try unsecuredPair()
    var successor: Peer?
    pair.server.onSecured = { successor = Peer($0.transport) }
    pair.client.send(Array("for the successor".utf8))
    try test.run(until: { successor?.text == "for the successor" })
    #expect(pair.server.received.isEmpty)
    pair.client.transport.close()
    pair.server.transport.close()
  }

  /// The handshake reads, whatever the delegate wants; the data behind it waits.
  @Test func theHandshakeNeedsNoReader() throws {
    let pair = try unsecuredPair()
    pair.server.transport.pauseReading()
    pair.client.send(pattern(10_000))
    try test.run(until: { pair.server.isSecured && pair.client.isSecured })
    try test.run(for: 5)
    #expect(pair.server.received.isEmpty)
    #expect(pair.server.transport.hasPendingInput)
    pair.server.transport.resumeReading()
    try test.run(until: { pair.server.received == pattern(10_000) })
    pair.client.transport.close()
    pair.server.transport.close()
  }

  /// As behind a PROXY header: the first bytes have been read in the clear.
  @Test func bytesThatHaveBeenReadAlready() throws {
    let (near, far) = try test.connectedPair()
    let client = SecurePeer(near.transport, TLSSession(client: self.client, name: "tools.example", port: 443))
    client.send(pattern(10))
    try test.run(until: { far.received.count > 100 })
    let server = SecurePeer(far.transport, TLSSession(server: self.server), received: far.received)
    try test.run(until: { server.received == pattern(10) })
    client.transport.close()
    server.transport.close()
  }

  @Test func aHandshakeThatFailsEndsBothSides() throws {
    let (near, far) = try test.connectedPair()
    let server = SecurePeer(far.transport, TLSSession(server: self.server))
    let client = SecurePeer(near.transport, TLSSession(client: self.client, name: "other.example", port: 443))
    client.send(pattern(10))
    try test.run(until: { client.ended != nil && server.ended != nil })
    #expect(client.ended?.tls?.reason.description == "tls_wrong_host")
    #expect(server.ended?.description == "tls_alert_received: bad certificate")
    #expect(!client.transport.hasSent)
    #expect(client.secured == 0)
    #expect(server.received.isEmpty)
    client.transport.close()
    server.transport.close()
  }

  @Test func thePeerLeavesDuringTheHandshake() throws {
    let (client, far) = try test.connectedPair()
    let server = SecurePeer(far.transport, TLSSession(server: self.server))
    client.send("\u{16}\u{3}\u{1}")
    client.transport.closeWhenFlushed()
    try test.run(until: { server.ended != nil })
    #expect(server.ended?.description == "tls_closed_early: the peer has closed during the handshake")
    server.transport.close()
  }

  // MARK: Backpressure

  @Test func aSlowReaderStopsTheWriterUntilItReadsOn() throws {
    let (client, server) = try securedPair()
    server.transport.pauseReading()
    var sent = 0
    while !client.transport.isCongested {
      client.send(pattern(60_000))
      sent += 60_000
      try #require(sent < 100_000_000)
      try test.run(for: 0)
    }
    #expect(client.drains == 0)
    #expect(client.transport.pendingOutput < 400_000)
    server.transport.resumeReading()
    try test.run(until: { client.drains == 1 && server.received.count == sent })
    #expect(server.received.prefix(120_000) == ArraySlice(pattern(60_000) + pattern(60_000)))
    #expect(client.transport.pendingOutput == 0)
    client.transport.close()
    server.transport.close()
  }

  /// A reader that stops in each call gets nothing before it goes on, and everything in the end.
  @Test func stoppingInsideEveryRead() throws {
    let (client, server) = try securedPair()
    server.onRead = { peer, _ in peer.transport.pauseReading() }
    client.send(pattern(3_000_000))
    var reads = 0
    while server.received.count < 3_000_000 {
      try test.run(until: { server.reads > reads })
      try test.run(for: 0)
      #expect(server.reads == reads + 1)
      reads = server.reads
      server.transport.resumeReading()
    }
    #expect(server.received == pattern(3_000_000))
    client.transport.close()
    server.transport.close()
  }

  @Test func theEndWaitsForAReader() throws {
    let (client, server) = try securedPair()
    server.onRead = { peer, _ in peer.transport.pauseReading() }
    client.send(pattern(10))
    client.transport.closeWhenFlushed()
    try test.run(until: { server.received.count == 10 })
    try test.run(for: 5)
    #expect(server.ended == nil)
    server.transport.resumeReading()
    try test.run(until: { server.ended != nil })
    #expect(server.ended == .endOfFile)
    #expect(server.transport.endedCleanly)
    server.transport.close()
  }

  @Test func closingInsideARead() throws {
    let (client, server) = try securedPair()
    server.onRead = { peer, _ in peer.transport.close() }
    client.send(pattern(200_000))
    try test.run(until: { client.ended != nil })
    #expect(server.reads == 1)
    client.transport.close()
  }

  @Test func largeDataBothWaysAtOnce() throws {
    let (client, server) = try securedPair()
    for end in [client, server] {
      for _ in 0..<20 { end.send(pattern(200_000)) }
    }
    try test.run(until: { client.received.count == 4_000_000 && server.received.count == 4_000_000 })
    let expected = Array(repeatElement(pattern(200_000), count: 20).joined())
    #expect(client.received == expected)
    #expect(server.received == expected)
    client.transport.close()
    server.transport.close()
  }

  @Test func fillingAtTheFlushPoint() throws {
    let (client, server) = try securedPair()
    var left = 40
    let piece = pattern(60_000)
    client.onFlush = { peer in
      guard left > 0 else { return }
      left -= 1
      peer.transport.outputBuffer.append(piece)
      peer.transport.wrote()
    }
    client.transport.fillsAtFlush = true
    client.transport.wrote()
    try test.run(until: { server.received.count == 40 * 60_000 })
    #expect(client.transport.pendingOutput == 0)
    client.transport.close()
    server.transport.close()
  }

  // MARK: The end

  @Test func closesWhenEverythingIsSent() throws {
    let (client, server) = try securedPair()
    server.transport.pauseReading()
    client.send(pattern(5_000_000))
    client.transport.closeWhenFlushed()
    #expect(client.flushedCloses == 0)
    server.transport.resumeReading()
    try test.run(until: { server.ended != nil })
    #expect(server.received == pattern(5_000_000))
    #expect(server.ended == .endOfFile)
    #expect(server.transport.endedCleanly)
    #expect(client.flushedCloses == 1)
    server.transport.close()
  }

  @Test func endsOneSideOnly() throws {
    let (client, server) = try securedPair()
    client.send(Array("last words".utf8))
    client.transport.shutdownWhenFlushed()
    try test.run(until: { server.ended != nil })
    #expect(server.transport.endedCleanly)
    server.send(Array("answer".utf8))
    server.transport.closeWhenFlushed()
    try test.run(until: { client.ended != nil })
    #expect(client.received == Array("answer".utf8))
    #expect(client.transport.endedCleanly)
    client.transport.close()
  }

  /// Without `close_notify` nobody knows whether there was more.
  @Test func aTruncatedEndIsNotClean() throws {
    let (client, server) = try securedPair()
    client.send(Array("some of it".utf8))
    try test.run(until: { server.received.count == 10 })
    client.transport.close()
    try test.run(until: { server.ended != nil })
    #expect(server.ended == .endOfFile)
    #expect(!server.transport.endedCleanly)
    server.transport.close()
  }

  @Test func thePeerSeesAReset() throws {
    let (client, server) = try securedPair()
    // Its ticket has left: what finds the connection reset is a read.
    try test.run(until: { server.transport.pendingOutput == 0 })
    client.transport.reset()
    try test.run(until: { server.ended != nil })
    #expect(server.ended?.name == "ECONNRESET")
    #expect(!server.transport.endedCleanly)
    server.transport.close()
  }

  @Test func writingToAPeerThatIsGoneEndsTheConnection() throws {
    let (client, server) = try securedPair()
    client.transport.pauseReading()
    server.transport.reset()
    try test.run(until: {
      client.send(pattern(100))
      return client.ended != nil
    })
    #expect(["ECONNRESET", "EPIPE"].contains(client.ended?.name))
    #expect(client.transport.pendingOutput == 0)
    client.transport.close()
  }

  @Test func aBrokenRecordEndsTheConnection() throws {
    let (near, far) = try test.connectedPair()
    let session = TLSSession(client: self.client, name: "tools.example", port: 443)
    let server = SecurePeer(far.transport, TLSSession(server: self.server))
    // The client's end by hand, to break what it writes.
    let client = SessionEnd(session)
    near.onRead = { peer, bytes in
      client.take([UInt8](bytes))
      peer.send(client.takeOutput())
    }
    client.take([])
    near.send(client.takeOutput())
    try test.run(until: { server.isSecured })
    try client.send("intact")
    near.send(client.takeOutput())
    try client.send("broken")
    near.send(client.takeOutput().map { $0 ^ 1 })
    try test.run(until: { server.ended != nil })
    #expect(server.received == Array("intact".utf8))
    #expect(server.ended?.tls?.reason.description == "tls_broken_record")
    try test.run(until: { client.failure != nil })
    #expect(client.failure?.reason.description == "tls_alert_received")
    // Nothing that is written now stays.
    server.send(pattern(100_000))
    #expect(!server.transport.isCongested || server.transport.isBroken)
    server.transport.close()
    near.transport.close()
  }

  @Test func knowsWhetherAnyByteHasBeenEncrypted() throws {
    let (client, server) = try securedPair()
    #expect(!client.transport.hasSent)
    client.send(Array("a".utf8))
    #expect(!client.transport.hasSent)
    try test.run(until: { server.received.count == 1 })
    #expect(client.transport.hasSent)
    client.transport.markSent()
    #expect(!client.transport.hasSent)
    client.send(pattern(8_192))
    #expect(client.transport.hasSent)
    client.transport.close()
    server.transport.close()
  }

  @Test func everythingIsFreed() throws {
    weak var transport: Transport?
    weak var session: TLSSession?
    do {
      let (client, server) = try securedPair()
      client.send(pattern(100_000))
      try test.run(until: { server.received.count == 100_000 })
      transport = server.transport
      session = server.transport.tls
      client.transport.close()
      server.transport.close()
    }
    try test.run(until: { transport == nil && session == nil })
  }
}
