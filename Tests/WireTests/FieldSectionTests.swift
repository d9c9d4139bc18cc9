import Bytes
import HTTP
import Testing

@testable import Wire

/// What leaves in a field section, as the bytes on the wire and as the peer reads it.
struct FieldSectionTests {
  private static let fields: [(String, String)] = [
    ("Host", "b"), ("Connection", "close"), ("Content-Length", "7"), ("Transfer-Encoding", "chunked"),
    ("TE", "trailers"), ("Trailer", "x"), ("Upgrade", "h2c"), ("Keep-Alive", "1"), ("Proxy-Connection", "x"),
    ("Proxy-Authenticate", "x"), ("Proxy-Authorization", "x"), ("X-Kept", "Value"), ("Accept", ""),
  ]

  @Test func fieldsOfOneHopDoNotLeave() {
    let (client, server) = HTTP2Endpoint.pair()
    let mine = client.request("GET", "/", fields: Array(Self.fields.dropFirst()))
    HTTP2Endpoint.pump(client, server)
    #expect(server.streams[0].lines == ["head GET / @a [x-kept=Value|accept=] none"])
    server.streams[0].stream?.inform(103, .of(Self.fields))
    server.streams[0].stream?.respond(200, Self.fields, hasBody: true)
    server.streams[0].stream?.finish(.of(Self.fields))
    HTTP2Endpoint.pump(client, server)
    // A response has no authority to take the place of Host.
    #expect(
      mine.lines == [
        "informational 103 [host=b|x-kept=Value|accept=]", "head 200 [host=b|x-kept=Value|accept=] unknown",
        "end x-kept=Value|accept=", "closed NO_ERROR",
      ])
  }

  @Test func removedFieldsDoNotLeave() {
    let (client, server) = HTTP2Endpoint.pair()
    let mine = client.request()
    HTTP2Endpoint.pump(client, server)
    let fields = Fields.of([("a", "1"), ("Cookie", "x"), ("b", "2")])
    fields.removeAll(.cookie)
    server.streams[0].stream?.respond(200, fields, contentLength: nil, date: nil, hasBody: false)
    HTTP2Endpoint.pump(client, server)
    #expect(mine.lines[0] == "head 200 [a=1|b=2] none")
  }

  /// The representations of the fields in the first HEADERS frame.
  private func representations(_ bytes: [UInt8]) -> [HPACK.Representation] {
    let frame = HTTP2Frame.read(bytes).first { $0.type == HTTP2Frame.Kind.headers }
    return HPACK.representations(frame?.payload ?? [])
  }

  @Test func secretsEnterNoTable() {
    let client = HTTP2Endpoint.client()
    let fields = [
      ("Authorization", "Bearer secret-secret-secret"), ("Cookie", "session=secret-secret"), ("X-Other", "one two"),
    ]
    _ = client.request("GET", "/some/path", fields: fields)
    let first = representations(client.output())
    // Behind `:method`, `:scheme`, `:path`, `:authority`.
    #expect(first.count == 7)
    #expect(first[4...] == [.neverIndexed, .neverIndexed, .incremental])
    // The second time the others come from the table, the secrets still do not.
    _ = client.request("GET", "/some/path", fields: fields)
    let second = representations(client.output())
    #expect(second[4] == .neverIndexed && second[5] == .neverIndexed)
    guard case .indexed = second[6] else {
      Issue.record("\(second[6])")
      return
    }
  }

  @Test func cookiesThatAreSetEnterNoTable() {
    let server = HTTP2Endpoint.server()
    server.receive(Send.request(1))
    server.streams[0].stream?.respond(200, [("Set-Cookie", "session=secret"), ("X-A", "b")])
    #expect(representations(server.output()) == [.indexed(8), .neverIndexed, .incremental])
  }

  @Test func pseudoFieldsComeFirst() {
    let client = HTTP2Endpoint.client()
    _ = client.request("GET", "/", contentLength: 0)
    // `:method GET`, `:scheme https` and `:path /` of the static table.
    #expect(representations(client.output()).prefix(3) == [.indexed(2), .indexed(7), .indexed(4)])
  }

  @Test(arguments: [0, 1, 9, 10, 1_234_567_890, Int.max])
  func lengthsAreDecimal(_ length: Int) {
    let (client, server) = HTTP2Endpoint.pair()
    let mine = client.request("HEAD")
    HTTP2Endpoint.pump(client, server)
    server.streams[0].stream?.respond(200, length: length)
    HTTP2Endpoint.pump(client, server)
    // 18 digits are what is read again.
    if length < Int.max { #expect(mine.lines[0] == "head 200 [content-length=\(length)] none") }
    #expect(mine.closures == 1)
  }
}
