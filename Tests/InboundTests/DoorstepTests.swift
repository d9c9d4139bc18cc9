import Bytes
import HTTP
import Net
import Pipeline
import Testing
import Wire

@testable import Inbound

/// A connection before it is known what it speaks.
struct DoorstepTests {
  private static let brief: UInt64 = 60

  private static func options(_ change: (inout ListenerOptions) -> Void) -> ListenerOptions {
    var options = ListenerOptions()
    change(&options)
    return options
  }

  private static func ranges(_ texts: String...) -> AddressRanges {
    AddressRanges(texts.compactMap { AddressRange($0) })
  }

  /// A gateway that answers with the address of the client.
  private static func gateway(
    _ options: ListenerOptions = ListenerOptions(), _ configure: (inout InboundSettings) -> Void = { _ in }
  ) throws -> TestGateway {
    let gateway = try TestGateway(options: options, configure)
    gateway.on("/who") { .respond(.text(String(decoding: $0.clientAddress, as: UTF8.self))) }
    return gateway
  }

  private static let who = String.get("/who", "Connection: close\r\n")

  // MARK: In the clear

  /// Wherever the network cuts what comes first.
  @Test func bothProtocolsAtEverySplit() throws {
    let gateway = try Self.gateway()
    for split in 1...40 {
      let wire = try TestClient(gateway.address)
      let client = H2TestClient(wire, HTTP2Limits(head: HeadLimits()))
      let call = client.call("GET", "/who")
      let bytes = client.takeOutput()
      wire.send(Array(bytes.prefix(split)))
      gateway.turns(2)
      wire.send(Array(bytes.dropFirst(split)))
      try gateway.run(until: {
        client.pump()
        return call.isOver
      })
      #expect(call.text == "127.0.0.1", "split at \(split)")
      client.close()

      let text = "POST /who HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
      let plain = try gateway.client(String(text.prefix(split)))
      gateway.turns(2)
      plain.send(String(text.dropFirst(split)))
      try gateway.expect(.okAndClose("127.0.0.1"), at: plain)
    }
    #expect(gateway.access == Array(repeating: ["GET /who 200", "POST /who 200"], count: 40).flatMap { $0 })
  }

  @Test(arguments: [
    (true, "PRI * HTTP/2.0\r\n\r\nSM\r\n\rX", "HTTP/1.1 "), (true, "PRI * HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 "),
    (false, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/1.1 "),
    (false, "GET /who HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 "),
  ])
  func whatIsNotHTTP2(_ isOffered: Bool, _ text: String, _ answer: String) throws {
    let gateway = try Self.gateway(Self.options { $0.http2 = isOffered })
    let client = try gateway.client(text)
    try gateway.run(until: { client.text.hasPrefix(answer) })
    #expect(client.text.hasPrefix("HTTP/1.1 200 ") == text.hasPrefix("GET"))
  }

  @Test func halfAPrefaceHasItsTime() throws {
    let gateway = try Self.gateway { $0.requestHead = Self.brief }
    let client = try gateway.client("PRI * HTTP")
    try gateway.runUntilEnd(of: client)
    #expect(client.received.isEmpty)
  }

  // MARK: The PROXY header

  private static let first = "PROXY TCP4 192.0.2.1 10.0.0.1 50000 443\r\n"

  @Test(arguments: [
    (first, "", "192.0.2.1"), ("PROXY UNKNOWN\r\n", "", "127.0.0.1"),
    ("PROXY TCP6 2001:db8::1 ::1 50000 443\r\n", "", "2001:db8::1"),
    // Who the load balancer says it is need not be the client either: it may be a proxy that is trusted.
    (first, "X-Forwarded-For: 198.51.100.7\r\n", "198.51.100.7"),
    ("PROXY TCP4 203.0.113.9 10.0.0.1 1 2\r\n", "X-Forwarded-For: 198.51.100.7\r\n", "203.0.113.9"),
  ])
  func theHeaderNamesTheClient(_ header: String, _ fields: String, _ client: String) throws {
    let gateway = try Self.gateway(
      Self.options {
        $0.proxyProtocol = Self.ranges("127.0.0.0/8")
        $0.trustedProxies = Self.ranges("192.0.2.0/24")
      })
    let text = header + .get("/who", "Connection: close\r\n" + fields)
    for split in [0, 1, 10, header.utf8.count, header.utf8.count + 1] {
      let connection = try gateway.client(String(text.prefix(split)))
      gateway.turns(split == 0 ? 0 : 2)
      connection.send(String(text.dropFirst(split)))
      try gateway.expect(.okAndClose(client), at: connection)
    }
  }

  @Test func http2BehindTheHeader() throws {
    let gateway = try Self.gateway(Self.options { $0.proxyProtocol = Self.ranges("127.0.0.1") })
    let wire = try gateway.client(Self.first)
    let client = gateway.h2(over: wire)
    let call = client.call("GET", "/who")
    try gateway.run(until: { call.isOver })
    #expect(call.text == "192.0.2.1")
  }

  @Test(arguments: [
    (who, "proxy_header_refused proxy_header_missing"), ("PROXY TCP4 1.2.3.4", "proxy_header_timeout incomplete"),
    ("", "proxy_header_timeout incomplete"), ("PROXY TCP4 x y 1 2\r\n", "proxy_header_refused proxy_malformed_address"),
  ])
  func noProperHeader(_ text: String, _ refusal: String) throws {
    let gateway = try Self.gateway(Self.options { $0.proxyProtocol = Self.ranges("127.0.0.1") }) {
      $0.handshake = Self.brief
    }
    let client = try gateway.client(text)
    try gateway.runUntilEnd(of: client)
    #expect(client.received.isEmpty)
    #expect(gateway.refusals == [refusal])
    #expect(gateway.access.isEmpty)
  }

  @Test func aPeerThatIsNoProxy() throws {
    let gateway = try Self.gateway(Self.options { $0.proxyProtocol = Self.ranges("10.0.0.0/8", "unix") })
    let client = try gateway.client(Self.first + Self.who)
    try gateway.runUntilEnd(of: client)
    #expect(client.received.isEmpty)
    #expect(gateway.refusals == ["not_a_proxy"])
    #expect(gateway.service.hasRoom)
  }

  @Test(arguments: [("127.0.0.1", "198.51.100.7"), ("10.0.0.0/8", "127.0.0.1")])
  func trustedProxies(_ trusted: String, _ client: String) throws {
    let gateway = try Self.gateway(Self.options { $0.trustedProxies = Self.ranges(trusted) })
    let fields = "X-Forwarded-For: 192.0.2.1, 198.51.100.7\r\nConnection: close\r\n"
    try gateway.expect(.okAndClose(client), at: gateway.client(.get("/who", fields)))
  }
}
