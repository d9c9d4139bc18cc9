import HTTP
import JSON
import Net
import Pipeline
import Testing
import Wire

@testable import Inbound

/// Whatever is not HTTP gets one clear status, reaches no stage, and ends the connection.
struct MalformedRequestTests {
  struct Example: Sendable, CustomTestStringConvertible {
    let status: Int
    let reason: String
    let text: String

    init(_ status: Int, _ reason: String, _ text: String) {
      self.status = status
      self.reason = reason
      self.text = text
    }

    var testDescription: String { reason }
  }

  private static let examples = [
    Example(400, "bad_start_line", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\r\n\r\n"),
    Example(400, "bad_request_line", "GET /a HTTP/x\r\n\r\n"),
    Example(505, "version_not_supported", "GET /a HTTP/2.0\r\nHost: h\r\n\r\n"),
    Example(400, "bad_request_target", "GET a HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(400, "dot_segment_in_target", "GET /a/%2e%2e/b HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(501, "connect_not_supported", "CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(414, "target_too_long", "GET /\(String(repeating: "a", count: 100)) HTTP/1.1\r\nHost: h\r\n\r\n"),
    Example(431, "head_too_large", "GET /a HTTP/1.1\r\nHost: h\r\nX: \(String(repeating: "a", count: 1_024))\r\n\r\n"),
    Example(431, "head_too_large", "GET /a HTTP/1.1\r\nHost: h\r\nX: \(String(repeating: "a", count: 2_000))"),
    Example(431, "too_many_fields", "GET /a HTTP/1.1\r\nHost: h\r\n\(String(repeating: "X: 1\r\n", count: 10))\r\n"),
    Example(400, "host_missing", "GET /a HTTP/1.1\r\n\r\n"),
    Example(400, "repeated_host", "GET /a HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n"),
    Example(400, "bare_line_feed", "GET /a HTTP/1.1\r\nHost: h\nX: 1\r\n\r\n"),
    Example(400, "obsolete_line_folding", "GET /a HTTP/1.1\r\nHost: h\r\nX: 1\r\n 2\r\n\r\n"),
    Example(400, "space_before_colon", "GET /a HTTP/1.1\r\nHost: h\r\nX : 1\r\n\r\n"),
    Example(400, "bad_content_length", "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: +1\r\n\r\nx"),
    Example(
      400, "repeated_content_length",
      "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx"),
    Example(
      400, "transfer_encoding_with_content_length",
      "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    Example(
      400, "transfer_encoding_in_http_1_0", "POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    Example(501, "unknown_transfer_coding", "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n"),
  ]

  private func gateway(_ seen: @escaping () -> Void) throws -> TestGateway {
    let gateway = try TestGateway {
      $0.limits = HeadLimits(headSize: 1_024, targetSize: 64, fieldCount: 8)
    }
    gateway.on("/a") { _ in
      seen()
      return .respond(.text("x"))
    }
    return gateway
  }

  /// A good request follows: it is not served, because nobody knows where it begins.
  @Test(arguments: examples)
  func isRefusedOnce(_ example: Example) throws {
    var handled = 0
    let gateway = try gateway { handled += 1 }
    let client = try gateway.client(example.text)
    client.send(.get("/a"))
    try gateway.runUntilEnd(of: client)
    #expect(client.end == .closed)
    #expect(client.text.hasPrefix("HTTP/1.1 \(example.status) "))
    #expect(client.text.contains("\r\nConnection: close\r\n"))
    #expect(client.text.split(separator: "Content-Length: ").count == 2)
    #expect(handled == 0)
    #expect(gateway.log.count == 1)
    #expect(gateway.log.first?["status"]?.integerValue == Int64(example.status))
    #expect(gateway.log.first?["reason"]?.stringValue == example.reason)
  }

  @Test(arguments: examples)
  func isRefusedBehindAGoodRequest(_ example: Example) throws {
    var handled = 0
    let gateway = try gateway { handled += 1 }
    let client = try gateway.client(.get("/a") + example.text)
    try gateway.runUntilEnd(of: client)
    #expect(client.text.hasPrefix(.ok("x") + "HTTP/1.1 \(example.status) "))
    #expect(handled == 1)
    #expect(gateway.log.map { $0["reason"]?.stringValue } == [nil, example.reason])
  }

  /// The answer does not repeat what the client sent, and the log has no path of a head that was not read.
  @Test func saysNothingOfTheInput() throws {
    let gateway = try gateway {}
    let client = try gateway.client("GET /a HTTP/1.1\r\nHost: h\r\nsecret\u{1}: x\r\n\r\n")
    try gateway.runUntilEnd(of: client)
    #expect(!client.text.contains("secret"))
    let body = "{\"error\":\"bad_request\",\"error_description\":\"The request is not valid HTTP.\"}\n"
    #expect(client.text.hasSuffix("\r\n\r\n" + body))
  }

  /// Empty lines before a request are noise of old clients (RFC 9112 §2.2).
  @Test func emptyLinesBeforeARequest() throws {
    let gateway = try gateway {}
    let client = try gateway.client("\r\n" + .get("/a") + "\r\n" + .get("/a"))
    try gateway.expect(.ok("x") + .ok("x"), at: client)
  }
}
