import Bytes
import HTTP
import Testing

@testable import Wire

/// Attacks: each ends with GOAWAY and its cause, and what is short of an attack does not.
struct HTTP2SessionFloodTests {
  /// Sends `piece(0)`, `piece(1)`, … and what the server answers each time is thrown away; one more than `allowed`
  /// must end the connection.
  private func expectFlood(
    _ cause: FloodGuard.Cause, after allowed: Int, server: HTTP2Endpoint = .server(), begin: [UInt8] = [],
    sourceLocation: SourceLocation = #_sourceLocation, _ piece: (Int) -> [UInt8]
  ) {
    server.receive(begin)
    for index in 0..<allowed {
      server.receive(piece(index))
      _ = server.output()
    }
    #expect(server.causes.isEmpty, sourceLocation: sourceLocation)
    #expect(!server.session.isTerminated && !server.session.isOver, sourceLocation: sourceLocation)
    server.receive(piece(allowed))
    let last = server.sent().last ?? ""
    #expect(server.causes == [cause], sourceLocation: sourceLocation)
    #expect(last.hasPrefix("GOAWAY ") && last.hasSuffix(" 11"), "\(last)", sourceLocation: sourceLocation)
    #expect(server.session.isTerminated && server.session.isOver, sourceLocation: sourceLocation)
    let opened = server.streams.count
    server.receive(piece(allowed + 1))
    server.close()
    #expect(server.streams.count == opened, sourceLocation: sourceLocation)
    #expect(server.streams.allSatisfy { $0.closures == 1 && $0.strays == 0 }, sourceLocation: sourceLocation)
    #expect(server.causes == [cause], sourceLocation: sourceLocation)
  }

  private func id(_ index: Int) -> UInt32 { UInt32(index * 2 + 1) }

  @Test func rapidReset() {
    expectFlood(.rapidReset, after: 200) { Send.request(id($0)) + Send.reset(id($0)) }
  }

  @Test func resetsAtAModestRateAreNone() {
    let server = HTTP2Endpoint.server()
    for index in 0..<2_000 {
      server.now += 50
      server.receive(Send.request(id(index)) + Send.reset(id(index)))
      _ = server.output()
    }
    #expect(server.causes.isEmpty)
  }

  /// Heads that we find malformed.
  @Test func madeYouResetByHeads() {
    expectFlood(.madeYouReset, after: 100) { Send.headers(id($0), Send.head("GET", "/é")) }
  }

  /// Errors that the library finds: a window that overflows.
  @Test func madeYouResetByWindows() {
    expectFlood(.madeYouReset, after: 100) { Send.request(id($0)) + Send.windowUpdate(id($0), 0x7FFF_FFFF) }
  }

  /// A length that is not that of the data.
  @Test func madeYouResetByLengths() {
    expectFlood(.madeYouReset, after: 100) {
      Send.request(id($0), "POST", [("content-length", "1")], ends: false) + Send.data(id($0), "xx")
    }
  }

  @Test func resetsOfOurOwnChoiceAreNotCounted() {
    let server = HTTP2Endpoint.server()
    for index in 0..<500 {
      server.receive(Send.request(id(index)))
      server.streams[index].stream?.reset(.cancel)
      _ = server.output()
    }
    #expect(server.causes.isEmpty)
  }

  /// A client that does not acknowledge the limit of streams and reads nothing: each stream above the limit costs a
  /// refusal that cannot leave.
  @Test func refusalsThatCannotLeaveAreBounded() {
    let server = HTTP2Endpoint(.server, streams: 4)
    server.receive(HTTP2Frame.preface + Send.settings())
    var sent = 0
    while !server.session.isTerminated, sent < 5_000 {
      server.receive(Send.request(id(sent)))
      sent += 1
    }
    #expect(server.causes == [.madeYouReset])
    #expect(sent < 1_100)
    #expect(server.streams.count == 4)
  }

  @Test func pings() { expectFlood(.pings, after: 100) { _ in Send.ping } }

  /// The first were those of the preface: the settings and their acknowledgement.
  @Test func settings() { expectFlood(.settings, after: 48) { _ in Send.settings() } }

  @Test func emptyData() {
    expectFlood(.emptyData, after: 100, begin: Send.request(1, "POST", ends: false)) { _ in Send.data(1, "") }
  }

  @Test func emptyDataWithPadding() {
    let padding = HTTP2Frame(HTTP2Frame.Kind.data, HTTP2Frame.padded, 1, [3, 0, 0, 0]).bytes
    expectFlood(.emptyData, after: 100, begin: Send.request(1, "POST", ends: false)) { _ in padding }
  }

  @Test func emptyDataForAStreamThatIsGone() {
    let server = HTTP2Endpoint.server()
    server.receive(Send.request(1, "POST", ends: false))
    server.streams[0].stream?.reset(.cancel)
    _ = server.output()
    expectFlood(.emptyData, after: 100, server: server) { _ in Send.data(1, "") }
  }

  @Test func windowUpdates() { expectFlood(.windowUpdates, after: 4_000) { _ in Send.windowUpdate(0, 1) } }

  @Test func windowUpdatesThatBelongToDataAreNone() {
    let server = HTTP2Endpoint.server()
    server.receive(Send.request(1))
    server.streams[0].stream?.respond(hasBody: true)
    for _ in 0..<6_000 {
      _ = server.streams[0].stream?.write("x")
      _ = server.output()
      server.receive(Send.windowUpdate(0, 1) + Send.windowUpdate(1, 1))
    }
    #expect(server.causes.isEmpty)
  }

  @Test func priorities() {
    expectFlood(.priorities, after: 1_000) { HTTP2Frame(HTTP2Frame.Kind.priority, 0, id($0), [0, 0, 0, 0, 9]).bytes }
  }

  @Test func unknownFrames() {
    expectFlood(.unknownFrames, after: 500) { _ in HTTP2Frame(0xFE, 0, 0, [1]).bytes }
  }

  @Test func continuations() {
    let server = HTTP2Endpoint.server()
    server.receive(Send.headers(1, Send.head(), endsHeaders: false))
    for _ in 0..<100 where !server.session.isTerminated {
      server.receive(Send.continuation(1, [], endsHeaders: false))
    }
    #expect(server.causes == [.continuations])
    #expect(server.sent().last == "GOAWAY 1 11")
    server.close()
    #expect(server.streams.map(\.lines) == [["closed CANCEL"]])
  }

  /// One entry of the table, many times over.
  private func bomb(_ stream: UInt32, _ times: Int) -> [UInt8] {
    let value = String(repeating: "x", count: 4_000)
    let entry = [0x40] + HPACK.string("a") + HPACK.string(value)
    let section = HPACK.literal(Send.head()) + entry + [UInt8](repeating: 0xBE, count: times)
    return HTTP2Frame(HTTP2Frame.Kind.headers, HTTP2Frame.endHeaders | HTTP2Frame.endStream, stream, section).bytes
  }

  @Test func aFieldBomb() {
    let server = HTTP2Endpoint.server()
    server.receive(bomb(1, 10))
    // Too large, but not out of all proportion.
    #expect(server.streams[0].lines == ["fault 431 head_too_large"])
    #expect(server.causes.isEmpty)
    server.receive(bomb(3, 10_000))
    #expect(server.causes == [.fieldBomb])
    #expect(server.sent().last == "GOAWAY 3 11")
    // It was measured, not kept.
    #expect(server.streams[1].request.fields.count < 10)
    server.close()
    #expect(server.streams[1].lines == ["closed CANCEL"])
  }

  @Test func aFieldBombInTrailers() {
    let server = HTTP2Endpoint.server()
    server.receive(Send.request(1, "POST", ends: false))
    let section = [0x40] + HPACK.string("a") + HPACK.string(String(repeating: "x", count: 4_000))
    let frame = HTTP2Frame(
      HTTP2Frame.Kind.headers, HTTP2Frame.endHeaders | HTTP2Frame.endStream, 1,
      section + [UInt8](repeating: 0xBE, count: 10_000))
    server.receive(frame.bytes)
    #expect(server.causes == [.fieldBomb])
    server.close()
    #expect(server.streams[0].lines == ["head POST / @a [] unknown", "closed CANCEL"])
  }
}
