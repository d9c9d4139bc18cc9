import Bytes
import HTTP
import Testing

@testable import Wire

/// Whether the library gets known credentials or not, the requests are the same.
struct LiteralMemoTests {
  private static let token = String((0..<900).map { Character(UnicodeScalar(UInt8(0x61 + $0 * 7 % 26))) })

  /// What a client sends for requests with these credentials, one piece for each.
  private static func sent(_ tokens: [String]) -> [[UInt8]] {
    let client = HTTP2Endpoint.client()
    defer { client.close() }
    return tokens.map { token in
      _ = client.request("GET", "/", fields: [("Authorization", "Bearer " + token), ("X-A", "b")])
      return client.output()
    }
  }

  private static func lines(_ tokens: [String]) -> [[String]] {
    tokens.map { ["head GET / @a [authorization=Bearer \($0)|x-a=b] none"] }
  }

  @Test(arguments: [
    [token, token, token, token],
    [token, token + "x", token + "x", token, token],
    // One of the same length in Huffman code.
    [token, String(token.dropLast()) + "a", token, String(token.dropLast()) + "c"],
    ["short", token, "short", token],
    (0..<40).map { "\($0)" + token },
  ])
  func requestsArriveAsTheyWereSent(_ tokens: [String]) {
    let server = HTTP2Endpoint.server()
    for bytes in Self.sent(tokens) { server.receive(bytes) }
    #expect(server.streams.map(\.lines) == Self.lines(tokens))
    #expect(!server.session.isTerminated)
    server.close()
  }

  @Test func severalInOneReadAndOneInSeveral() {
    let tokens = [String](repeating: Self.token, count: 20)
    let bytes = Self.sent(tokens).flatMap { $0 }
    for size in [1, 7, 100, 701, 5_000, bytes.count] {
      let server = HTTP2Endpoint.server()
      for start in stride(from: 0, to: bytes.count, by: size) {
        server.receive(Array(bytes[start..<min(bytes.count, start + size)]))
      }
      #expect(server.streams.map(\.lines) == Self.lines(tokens), "pieces of \(size)")
      server.close()
    }
  }

  /// The first frame is learned from, the second is rewritten.
  @Test func aKnownValueIsTakenOut() {
    let frames = Self.sent([Self.token, Self.token]).map { HTTP2Frame.read($0).last?.bytes ?? [] }
    let value = [UInt8](("Bearer " + Self.token).utf8)
    var memo = LiteralMemo()
    let target = ByteBuffer()
    #expect(frames[0].lend { memo.step($0, target) } == .learning)
    value.lend { memo.received($0) }
    // Behind four pseudo fields.
    #expect(frames[1].lend { memo.step($0, target) } == .rewritten(field: 4))
    memo.withValue { #expect([UInt8]($0) == value) }
    let rewritten = HTTP2Frame.read([UInt8](target.view))
    #expect(rewritten.count == 1)
    // Authorization, never indexed (0x1F 0x08), and nothing.
    #expect(rewritten[0].payload.count < 16 && rewritten[0].payload.contains([0x1F, 0x08, 0x00]))
  }

  private static let pseudo: [UInt8] = [0x82, 0x86, 0x84, 0x41, 0x01, 0x61]

  private static func frame(_ stream: UInt32, _ block: [UInt8], _ flags: UInt8 = 0) -> [UInt8] {
    HTTP2Frame(HTTP2Frame.Kind.headers, HTTP2Frame.endHeaders | flags, stream, block).bytes
  }

  private static let blocks: [[UInt8]] = [
    // Not in Huffman code: without indexing, never indexed, and indexed.
    pseudo + [0x0F, 0x08] + HPACK.string("Bearer " + token),
    pseudo + [0x1F, 0x08] + HPACK.string("Bearer " + token),
    pseudo + [0x57] + HPACK.string("Bearer " + token),
    // Two, of which the last is known, or empty; and one by the name of another field.
    pseudo + [0x0F, 0x08] + HPACK.string("") + [0x0F, 0x08] + HPACK.string(token) + [0x0F, 0x08] + HPACK.string(""),
    pseudo + [0x0F, 0x08] + HPACK.string(token) + [0x0F, 0x08] + HPACK.string(token + "x"),
    pseudo + [0x0F, 0x0D] + HPACK.string(token) + [0x00] + HPACK.string("x-a") + HPACK.string(token),
    // A size of the table is no field (RFC 7541 §6.3).
    [0x20] + pseudo + [0x0F, 0x08] + HPACK.string(token),
    // Values that HTTP does not allow, and a head that is not whole.
    pseudo + [0x0F, 0x08] + HPACK.string(token + "\r\n"),
    pseudo + [0x0F, 0x08] + HPACK.string(token + " "),
    [0x82, 0x0F, 0x08] + HPACK.string(token),
  ]

  /// What each of these blocks, sent three times, brings is what comes of it byte by byte, where nothing is known.
  @Test(arguments: blocks.indices) func theyArriveAsByteByByte(_ index: Int) {
    let (whole, pieces) = (HTTP2Endpoint.server(), HTTP2Endpoint.server())
    let client = HTTP2Endpoint.client()
    let preface = client.output()
    for server in [whole, pieces] { server.receive(preface) }
    for id: UInt32 in [1, 3, 5] {
      let bytes = Self.frame(id, Self.blocks[index], HTTP2Frame.endStream)
      whole.receive(bytes)
      for byte in bytes { pieces.receive([byte]) }
    }
    #expect(whole.streams.map(\.lines) == pieces.streams.map(\.lines))
    #expect(whole.sent() == pieces.sent())
    for endpoint in [whole, pieces, client] { endpoint.close() }
  }

  /// A value stands for a code only if it makes that code.
  @Test func anotherValueTeachesNothing() {
    let frame = HTTP2Frame.read(Self.sent([Self.token])[0]).last?.bytes ?? []
    var memo = LiteralMemo()
    let target = ByteBuffer()
    _ = frame.lend { memo.step($0, target) }
    for other in ["Bearer " + Self.token + "x", String(("Bearer " + Self.token).dropLast()) + "x", "", Self.token] {
      [UInt8](other.utf8).lend { memo.received($0) }
      #expect(frame.lend { memo.step($0, target) } == .learning)
    }
  }

  @Test func valuesThatAreAlwaysNewAreLeftAlone() {
    var memo = LiteralMemo()
    let target = ByteBuffer()
    let steps = Self.sent((0..<12).map { "\($0)" + Self.token }).map { bytes in
      (HTTP2Frame.read(bytes).last?.bytes ?? []).lend { memo.step($0, target) }
    }
    #expect(steps.filter { $0 == .learning }.count == 8)
    #expect(steps.last == .unchanged)
  }

  /// Lengths that reach beyond the frame, in every place, and codes that are none: the library judges them. What comes
  /// byte by byte is never rewritten; it is what the other is compared with.
  @Test func brokenFramesAreJudgedAsTheyWereSent() {
    let frames = Self.sent([Self.token, Self.token]).map { HTTP2Frame.read($0).last }
    let (first, second) = (frames[0]?.bytes ?? [], frames[1]?.payload ?? [])
    var broken = (0..<second.count).map { Array(second[..<$0]) }
    for index in second.indices {
      for bit: UInt8 in [0x01, 0x80] {
        var payload = second
        payload[index] ^= bit
        broken.append(payload)
      }
    }
    for payload in broken {
      let bytes = HTTP2Frame(HTTP2Frame.Kind.headers, HTTP2Frame.endHeaders, 3, payload).bytes
      let (whole, pieces) = (HTTP2Endpoint.server(), HTTP2Endpoint.server())
      for server in [whole, pieces] { server.receive(first) }
      whole.receive(bytes)
      for byte in bytes { pieces.receive([byte]) }
      #expect(whole.streams.map(\.lines) == pieces.streams.map(\.lines))
      #expect(whole.sent() == pieces.sent())
      for server in [whole, pieces] { server.close() }
    }
  }
}
