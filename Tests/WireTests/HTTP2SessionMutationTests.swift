import Bytes
import HTTP
import Testing

@testable import Wire

/// Bytes that were those of an honest peer once. Whatever they do, every stream is told of its end exactly once and
/// of nothing behind it. The generator's seeds are fixed: a run can be repeated.
struct HTTP2SessionMutationTests {
  private struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = state
      mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
      return mixed ^ mixed >> 31
    }
  }

  private static func mutated(_ bytes: [UInt8], _ random: inout Generator) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 0...6, using: &random) where !bytes.isEmpty {
      // Mostly behind the preface, or nothing else would be tried.
      let index = Int.random(in: min(20, bytes.count - 1)..<bytes.count, using: &random)
      switch Int.random(in: 0..<5, using: &random) {
      case 0: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 1: bytes[index] = UInt8.random(in: .min ... .max, using: &random)
      case 2: bytes.insert(UInt8.random(in: .min ... .max, using: &random), at: index)
      case 3: bytes.removeSubrange(index..<min(bytes.count, index + Int.random(in: 1...20, using: &random)))
      default:
        let end = min(bytes.count, index + Int.random(in: 1...60, using: &random))
        bytes.insert(contentsOf: bytes[index..<end], at: Int.random(in: 0...bytes.count, using: &random))
      }
    }
    return bytes
  }

  /// Does something with a stream now and then.
  private static func act(_ recorder: StreamRecorder, _ random: inout Generator) {
    switch Int.random(in: 0..<12, using: &random) {
    case 0: recorder.stream?.respond(204)
    case 1: recorder.stream?.reset(.cancel)
    case 2: recorder.stream?.inform(103, .of([("a", "b")]))
    case 3, 4: _ = recorder.stream?.write([UInt8](repeating: 9, count: Int.random(in: 0...40_000, using: &random)))
    case 5: recorder.stream?.finish(Bool.random(using: &random) ? .of([("t", "1")]) : nil)
    case 6, 7: recorder.consume()
    default: break
    }
  }

  private static func feed(_ endpoint: HTTP2Endpoint, _ bytes: [UInt8], _ random: inout Generator) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let piece = rest.prefix(Int.random(in: 1...200, using: &random))
      rest = rest.dropFirst(piece.count)
      endpoint.now += 1
      endpoint.receive(Array(piece))
      if let recorder = endpoint.streams.randomElement(using: &random) { act(recorder, &random) }
      if Int.random(in: 0..<3, using: &random) == 0 {
        _ = endpoint.output(limit: Int.random(in: 0...50_000, using: &random))
      }
      if Int.random(in: 0..<200, using: &random) == 0 { endpoint.session.refuseNewStreams() }
    }
    _ = endpoint.output()
  }

  private static func expectOrder(_ endpoint: HTTP2Endpoint, _ seed: UInt64) {
    endpoint.close()
    #expect(endpoint.session.openStreams == 0, "seed \(seed)")
    for recorder in endpoint.streams {
      #expect(recorder.closures == 1, "seed \(seed)")
      #expect(recorder.strays == 0, "seed \(seed)")
      act(recorder)
    }
    #expect(endpoint.output().isEmpty, "seed \(seed)")
  }

  /// A stream whose session has let go of it can still be used.
  private static func act(_ recorder: StreamRecorder) {
    recorder.consume()
    _ = recorder.stream?.write("x")
    recorder.stream?.finish(nil)
    recorder.stream?.reset(.cancel)
  }

  /// What an honest client sends to a server that answers at once.
  private static func clientBytes() -> [UInt8] {
    let client = HTTP2Endpoint(.client)
    let plain = client.request("GET", "/a", query: "b=c", fields: [("x-first", "one"), ("cookie", "a=1")])
    let upload = client.request("POST", "/upload", fields: [("x-first", "one")], contentLength: 3_000, hasBody: true)
    _ = upload.stream?.write([UInt8](repeating: 0x61, count: 3_000))
    upload.stream?.finish(nil)
    let trailing = client.request("PUT", "/trailing", fields: [("authorization", "Bearer x")], hasBody: true)
    _ = trailing.stream?.write("some text")
    trailing.stream?.finish(.of([("digest", "abc")]))
    client.session.ping()
    let bytes = client.output()
    let later = client.request("GET", "/cancelled")
    let more = client.output()
    later.stream?.reset(.cancel)
    let last =
      client.output() + Send.windowUpdate(0, 100_000) + Send.windowUpdate(1, 1_000)
      + Send.headers(9, Send.head("POST", "/by-hand"), ends: false, endsHeaders: false)
      + Send.continuation(9, [("x", "y")]) + Send.data(9, "body") + Send.headers(9, [("t", "1")]) + Send.request(11)
    _ = plain
    client.close()
    return bytes + more + last
  }

  @Test func aServerSurvivesEverything() {
    let honest = Self.clientBytes()
    for seed in UInt64(0)..<4_000 {
      var random = Generator(state: seed)
      let server = HTTP2Endpoint(.server, head: HeadLimits(headSize: 2_000, fieldCount: 10), streams: 8)
      server.prepare = { recorder in
        recorder.consumesAtOnce = recorder.stream?.id != 3
        recorder.onLine = { recorder, line in
          if line.hasPrefix("head") { recorder.stream?.respond(hasBody: true) }
          if line.hasPrefix("end") { recorder.stream?.finish(nil) }
        }
      }
      Self.feed(server, Self.mutated(honest, &random), &random)
      Self.expectOrder(server, seed)
    }
  }

  @Test func aClientSurvivesEverything() {
    let response = [(":status", "200"), ("x", "y")]
    let honest =
      Send.settings([(3, 4)]) + Send.settingsAck + Send.headers(1, [(":status", "103")], ends: false)
      + Send.headers(1, response + [("content-length", "4")], ends: false) + Send.data(1, "body", ends: true)
      + Send.headers(3, response, ends: false) + Send.data(3, String(repeating: "z", count: 500))
      + Send.headers(3, [("t", "1")]) + Send.windowUpdate(5, 70_000) + Send.windowUpdate(0, 70_000)
      + Send.headers(5, response, ends: false) + Send.reset(7, 7) + Send.ping + Send.data(5, "x", ends: true)
      + Send.goAway(5)
    for seed in UInt64(0)..<4_000 {
      var random = Generator(state: seed)
      let client = HTTP2Endpoint(.client, head: HeadLimits(headSize: 2_000, fieldCount: 10))
      for index in 0..<5 {
        let mine = client.request("POST", "/\(index)", hasBody: true)
        _ = mine.stream?.write([UInt8](repeating: 1, count: 30_000))
        if Bool.random(using: &random) { _ = client.output(limit: 20_000) }
      }
      Self.feed(client, Self.mutated(honest, &random), &random)
      Self.expectOrder(client, seed)
    }
  }
}
