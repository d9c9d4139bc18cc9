import Bytes
import HTTP
import Testing

@testable import Wire

/// Whether known values go undecoded to the library, the requests are the same.
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
  @Test func aKnownValueIsALiteralInPlainText() {
    let frames = Self.sent([Self.token, Self.token]).map { HTTP2Frame.read($0).last?.bytes ?? [] }
    let value = [UInt8](("Bearer " + Self.token).utf8)
    var memo = LiteralMemo()
    let target = ByteBuffer()
    #expect(frames[0].lend { memo.step($0, target) } == .learning)
    value.lend { memo.received($0) }
    #expect(frames[1].lend { memo.step($0, target) } == .rewritten)
    let rewritten = HTTP2Frame.read([UInt8](target.view))
    #expect(rewritten.count == 1 && rewritten[0].payload.count > frames[1].count)
    let plain = HPACK.integer(value.count, prefix: 7) + value
    #expect(rewritten[0].payload.indices.contains { rewritten[0].payload[$0...].starts(with: plain) })
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
