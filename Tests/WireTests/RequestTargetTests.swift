import HTTP
import Testing

@testable import Wire

struct RequestTargetTests {
  /// What becomes of a GET for `target`: the path and query, or the fault.
  private func read(_ target: String) -> String {
    let lines = Requests.read(Pieces.whole("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n"))
    let first = lines.first ?? ""
    guard first.hasPrefix("head GET ") else { return first }
    return String(first.dropFirst(9).prefix { $0 != " " })
  }

  @Test(arguments: [
    "/", "//", "/a", "/a/", "/a//b", "/a.b", "/.a", "/a.", "/...", "/.../b", "/a/.b/c", "/.well-known/x", "/a..b",
    "/-._~!$&'()*+,;=:@", "/%41", "/%c3%bc", "/%2F", "/a%2fb", "/%25", "/?", "/?a", "/?a?b/c", "/a?../..", "/a?%zz",
    "/a?x=[1]", "/%2e%2ea", "/a%5cb", "/;a", "/a;v=1",
  ])
  func servedAsItStands(_ target: String) { #expect(read(target) == target) }

  @Test(arguments: [
    "/.", "/..", "/./", "/../", "/./a", "/../a", "/a/.", "/a/..", "/a/./b", "/a/../b", "/a/b/..", "//..", "/..//",
    "/%2e", "/%2E", "/%2e%2e", "/.%2e", "/%2e.", "/a/%2E%2e/b", "/..?x", "/a/..?x",
    // What backends take for a separator or for the end of a name.
    "/..%2fa", "/..%2Fa", "/a%2f..", "/a/%2e%2e%2fb", "/..%5ca", "/a%5C..%5Cb", "/..;/a", "/a/..;x=1/b", "/.;a",
  ])
  func dotSegmentsAreRefused(_ target: String) { #expect(read(target) == "fault 400 dot_segment_in_target") }

  @Test(arguments: ["/%", "/%4", "/%G1", "/%1G", "/a%%41", "/%0", "/a%-1", "/a%+1", "/%00", "/a%00b"])
  func percentEncodingIsChecked(_ target: String) { #expect(read(target) == "fault 400 bad_percent_encoding") }

  @Test(arguments: ["\"", "<", ">", "\\", "^", "`", "{", "|", "}", "[", "]", "#"])
  func bytesThatNoPathHas(_ byte: String) { #expect(read("/a\(byte)b") == "fault 400 bad_request_target") }

  @Test(arguments: [
    ("", true), ("a", true), ("a.b-c_d", true), ("127.0.0.1", true), ("a:1", true), ("a:65535", true),
    ("a:00001", true),
    ("[::1]", true), ("[::ffff:127.0.0.1]:8080", true), ("[::1]:", false), ("[::1]80", false), ("a:", false),
    (":", false), ("a b", false), ("a:-1", false), ("a,b", false), ("a%41", false), ("*", false),
  ])
  func authority(_ text: String, _ isValid: Bool) {
    #expect([UInt8](text.utf8).lend { RequestTarget.isAuthority($0) } == isValid)
  }
}
