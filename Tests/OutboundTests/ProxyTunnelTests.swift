import Bytes
import Testing

@testable import Outbound

struct ProxyTunnelTests {
  /// Feeds the pieces, one after the other. - Returns: what came of it, and what is behind the head.
  private func read(_ pieces: [ArraySlice<UInt8>]) -> (outcome: String, rest: [UInt8]) {
    var tunnel = ProxyTunnel()
    var outcome = "needs more"
    var rest: [UInt8] = []
    for piece in pieces {
      // Behind its opening the tunnel is the origin's.
      if outcome == "open" {
        rest += piece
        continue
      }
      Array(piece).withUnsafeBytes { bytes in
        switch tunnel.read(bytes) {
        case .needMore: break
        case .open(let behind):
          outcome = "open"
          rest += behind
        case .failed(let failure):
          outcome = [failure.reason.description, failure.detail].compactMap { $0 }.joined(separator: " ")
        }
      }
    }
    return (outcome, rest)
  }

  @Test func theRequest() {
    #expect(
      ProxyTunnel.request(to: "idp.example:443")
        == "CONNECT idp.example:443 HTTP/1.1\r\nHost: idp.example:443\r\nUser-Agent: portcullis\r\n\r\n")
  }

  @Test(arguments: [
    ("HTTP/1.1 200 OK\r\n\r\n", "open"),
    ("HTTP/1.0 200 Connection established\r\nVia: 1.0 proxy\r\n\r\n", "open"),
    ("HTTP/1.1 204 \r\n\r\n", "open"),
    // A tunnel has no body, whatever is said of it (RFC 9110 §9.3.6).
    ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "open"),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "open"),
    ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "open"),
    ("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\n", "upstream_proxy_refused 403 Forbidden"),
    ("HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", "upstream_proxy_refused 302 Found"),
    ("HTTP/1.1 101 Switching\r\n\r\n", "upstream_proxy_malformed unexpected_protocol_switch"),
    ("SSH-2.0-OpenSSH_9.2\r\n\r\n", "upstream_proxy_malformed bad_status_line"),
    ("HTTP/1.1 200 OK\n\n", "upstream_proxy_malformed bare_line_feed"),
    ("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "upstream_proxy_malformed space_before_colon"),
    ("HTTP/1.1 200 OK\r\n", "needs more"),
    ("", "needs more"),
  ])
  func answers(_ text: String, _ expected: String) {
    let bytes = Array(text.utf8)
    #expect(read([bytes[...]]).outcome == expected)
    #expect(read(bytes.indices.map { bytes[$0...$0] }).outcome == expected)
    for index in bytes.indices { #expect(read([bytes[..<index], bytes[index...]]).outcome == expected) }
  }

  /// What comes behind the head belongs to the origin, wherever the pieces are cut.
  @Test func whatIsBehindTheHead() {
    let bytes = Array("HTTP/1.1 200 OK\r\n\r\n\u{16}\u{3}\r\n\r\n".utf8)
    for index in bytes.indices {
      let (outcome, rest) = read([bytes[..<index], bytes[index...]])
      #expect(outcome == "open")
      #expect(rest == Array("\u{16}\u{3}\r\n\r\n".utf8))
    }
  }

  @Test func headsAreBounded() {
    let long = "HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 8_192)
    #expect(read([Array(long.utf8)[...]]).outcome == "upstream_proxy_malformed head_too_large")
    let many = "HTTP/1.1 200 OK\r\n" + String(repeating: "X: y\r\n", count: 65) + "\r\n"
    #expect(read([Array(many.utf8)[...]]).outcome == "upstream_proxy_malformed too_many_fields")
    let informational = String(repeating: "HTTP/1.1 102 Processing\r\n\r\n", count: 17)
    #expect(read([Array(informational.utf8)[...]]).outcome == "upstream_proxy_malformed too_many_informational")
  }
}
