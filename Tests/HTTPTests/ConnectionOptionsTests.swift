import HTTP
import Testing

struct ConnectionOptionsTests {
  @Test(arguments: [
    ([(String, String)](), false, false), ([("Connection", "close")], true, false),
    ([("connection", "Keep-Alive")], false, true), ([("Connection", " ,CLOSE\t, , keep-alive ,")], true, true),
    ([("Connection", "")], false, false), ([("Connection", "closed")], false, false),
    ([("Connection", "a"), ("Connection", "close")], true, false), ([("X", "close")], false, false),
  ])
  func closeAndKeepAlive(_ fields: [(String, String)], _ close: Bool, _ keepAlive: Bool) {
    let options = ConnectionOptions(consuming: Fields(fields))
    #expect(options.close == close)
    #expect(options.keepAlive == keepAlive)
  }

  @Test func namedFieldsEndHere() {
    let fields = Fields([
      ("X-One", "1"), ("Connection", "x-one, X-TWO"), ("x-two", "2"), ("X-Three", "3"), ("X-ONE", "4"),
      ("Connection", "x-four"), ("X-Four", "5"), ("X-One-More", "6"),
    ])
    _ = ConnectionOptions(consuming: fields)
    #expect(fields.line == "Connection=x-one, X-TWO|X-Three=3|Connection=x-four|X-One-More=6")
  }

  /// The framing fields are hop-by-hop anyway; the codec still needs them.
  @Test func framingFieldsStay() {
    let fields = Fields([("Connection", "content-length, connection"), ("Content-Length", "5")])
    _ = ConnectionOptions(consuming: fields)
    #expect(fields.first(.contentLength)?.count == 1)
    #expect(fields.occurrences(of: .connection) == 1)
  }
}
