import HTTP
import Testing

struct MethodTests {
  @Test(arguments: [
    ("GET", Method.get), ("HEAD", .head), ("POST", .post), ("PUT", .put), ("DELETE", .delete), ("CONNECT", .connect),
    ("OPTIONS", .options), ("TRACE", .trace), ("PATCH", .patch), ("get", .other), ("Post", .other), ("GETS", .other),
    ("PURGE", .other), ("REPORT", .other), ("PROPFIND", .other), ("MKCALENDAR", .other), ("", .other),
  ])
  func namesAreCaseSensitive(_ name: String, _ method: Method) { #expect(name.lend { Method($0) } == method) }

  @Test func versionsHaveAnOrder() {
    #expect(Version.http10 < .http11)
    #expect(Version.http11 < .http2)
  }
}
