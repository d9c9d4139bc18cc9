import Bytes
import HTTP
import Net
import Pipeline
import Testing
import Wire

@testable import Inbound

/// The TLS handshake at the doorstep.
struct DoorstepTLSTests {
  private static let brief: UInt64 = 60
  private let files: TestFiles
  private let authority: TestAuthority
  private let options: ListenerOptions

  init() throws {
    files = try TestFiles()
    authority = try TestAuthority()
    let leaf = try authority.issue(names: ["gateway.example"])
    let settings = TLSServerSettings(
      certificates: [try files.settings(leaf)], clientCertificates: .optional(ca: try files.write(authority.pem)))
    var options = ListenerOptions()
    options.tls = try TLSServerContext(settings)
    self.options = options
  }

  private func gateway(
    _ change: (inout ListenerOptions) -> Void = { _ in }, _ configure: (inout InboundSettings) -> Void = { _ in }
  ) throws -> TestGateway {
    var options = options
    change(&options)
    let gateway = try TestGateway(options: options, configure)
    gateway.on("/who") { exchange in
      let subject = exchange.clientCertificate.map { String(decoding: $0.subject, as: UTF8.self) }
      return .respond(.text(String(decoding: exchange.clientAddress, as: UTF8.self) + " " + (subject ?? "nobody")))
    }
    return gateway
  }

  /// Connects, and begins the handshake behind `header`.
  private func connect(
    _ gateway: TestGateway, _ protocols: [ApplicationProtocol], showing shown: TestAuthority? = nil,
    behind header: String = ""
  ) throws -> SecurePeer {
    let context = try TLSClientContext(
      TLSClientSettings(
        ca: files.write(authority.pem), certificate: shown.map { try files.write($0.chainPEM) },
        key: shown.map { try files.write($0.keyPEM) }, applicationProtocols: protocols))
    var connected: Transport?
    let connector = try Connector.connect(gateway.loop, to: gateway.address) { connected = try? $0.get() }
    try withExtendedLifetime(connector) { try gateway.run(until: { connected != nil }) }
    let transport = try #require(connected)
    if !header.isEmpty {
      Array(header.utf8).withUnsafeBytes { transport.write($0) }
      gateway.turns(1)
    }
    return SecurePeer(transport, TLSSession(client: context, name: "gateway.example", port: 443))
  }

  @Test(arguments: [
    ([ApplicationProtocol.http2, .http11], true), ([.http2], true), ([.http11], false), ([], false),
  ])
  func theProtocolIsNegotiated(_ protocols: [ApplicationProtocol], _ isHTTP2: Bool) throws {
    let gateway = try gateway { $0.proxyProtocol = AddressRanges([AddressRange("127.0.0.1")].compactMap { $0 }) }
    let agent = try authority.issue("agent-7")
    let peer = try connect(
      gateway, protocols, showing: agent, behind: "PROXY TCP4 192.0.2.1 10.0.0.1 50000 443\r\n")
    let answer = "192.0.2.1 CN=agent-7,O=Example"
    if isHTTP2 {
      let call = gateway.h2(over: peer).call("GET", "/who")
      try gateway.run(until: { call.isOver })
      #expect(call.text == answer)
    } else {
      peer.send(Array(String.get("/who", "Connection: close\r\n").utf8))
      try gateway.run(until: { peer.ended != nil })
      #expect(String(decoding: peer.received, as: UTF8.self).hasSuffix("\r\n\r\n\(answer)"))
      #expect(peer.transport.endedCleanly)
      peer.transport.close()
    }
    #expect(gateway.access == ["GET /who 200"])
  }

  @Test func nobodyShownIsNobody() throws {
    let gateway = try gateway()
    let call = gateway.h2(over: try connect(gateway, [.http2])).call("GET", "/who")
    try gateway.run(until: { call.isOver })
    #expect(call.text == "127.0.0.1 nobody")
  }

  /// Whoever types `http://` with the port of TLS learns what is wrong.
  @Test func plainHTTPIsAnsweredSo() throws {
    let gateway = try gateway()
    for text in ["GET / HTTP/1.1\r\nHost: h\r\n\r\n", "P"] {
      let client = try gateway.client(text)
      try gateway.runUntilEnd(of: client)
      #expect(client.text.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
      let parts = client.text.split(separator: "\r\n\r\n")
      #expect(parts.last?.contains(#""error":"https_required""#) == true)
      #expect(parts.first?.contains("Content-Length: \(parts.last?.utf8.count ?? 0)") == true)
      #expect(client.end == .closed)
    }
    #expect(gateway.refusals == ["plain_http_on_tls_port", "plain_http_on_tls_port"])
  }

  @Test(arguments: [
    ([UInt8](), "tls_handshake_timeout incomplete"), ([0x16, 3, 1], "tls_handshake_timeout incomplete"),
    ([0x00, 0x01], "tls_refused not_tls"), ([0x80, 0x2E, 1], "tls_refused not_tls"),
    ([0x16, 3, 1, 0, 4, 9, 9, 9, 9], "tls_handshake_failed"),
  ])
  func whatIsNoHandshake(_ bytes: [UInt8], _ refusal: String) throws {
    let gateway = try gateway({ _ in }) { $0.handshake = Self.brief }
    let client = try gateway.connect()
    client.send(bytes)
    try gateway.runUntilEnd(of: client)
    #expect(gateway.refusals.count == 1)
    #expect(gateway.refusals.first?.hasPrefix(refusal) == true)
  }

  @Test func aClientThatLeavesInTheHandshake() throws {
    let gateway = try gateway { _ in
    } _: {
      $0.maxConnections = 1
    }
    let silent = try gateway.connect()
    try gateway.run(until: { !gateway.service.hasRoom })
    silent.close()
    try gateway.run(until: { gateway.service.hasRoom })
    let client = try gateway.connect()
    client.send([0x16, 3, 1])
    try gateway.run(until: { !gateway.service.hasRoom })
    client.close()
    try gateway.run(until: { gateway.service.hasRoom })
    // Who has said nothing is no failed handshake: load balancers look whether the port is open.
    #expect(gateway.refusals.count == 1)
    #expect(gateway.refusals.first?.hasPrefix("tls_closed_early") == true)
  }

  /// Beyond the limit connections wait in the kernel's queue, and go on when a handshake has ended, however it did.
  @Test func handshakesAreLimited() throws {
    let gateway = try gateway({ _ in }) { $0.maxHandshakes = 1 }
    let first = try gateway.connect()
    gateway.turns(4)
    let waiting = try (0..<3).map { _ in try gateway.client("GET / HTTP/1.1\r\n\r\n") }
    gateway.settle()
    #expect(waiting.allSatisfy { $0.received.isEmpty && $0.end == nil })
    first.close()
    for client in waiting { try gateway.runUntilEnd(of: client) }
    #expect(waiting.allSatisfy { $0.text.hasPrefix("HTTP/1.1 400 ") })
    let call = gateway.h2(over: try connect(gateway, [.http2])).call("GET", "/who")
    try gateway.run(until: { call.isOver })
    // A connection behind its handshake counts no longer.
    let last = try gateway.client("GET / HTTP/1.1\r\n\r\n")
    try gateway.runUntilEnd(of: last)
    #expect(last.text.hasPrefix("HTTP/1.1 400 "))
  }

  /// Only for one that has begun and not been read yet, and not for long.
  @Test func stoppingWaitsForNoHandshake() throws {
    let gateway = try gateway({ _ in }) { $0.maxConnections = 2 }
    let clients = try [[], [UInt8]([0x16, 3, 1])].map { bytes in
      let client = try gateway.connect()
      client.send(bytes)
      return client
    }
    try gateway.run(until: { !gateway.service.hasRoom })
    var drained = 0
    gateway.service.drain(timeout: 600_000) { drained += 1 }
    #expect(drained == 0)
    try gateway.run(until: { drained == 1 })
    for client in clients { try gateway.runUntilEnd(of: client) }
    #expect(clients.allSatisfy { $0.received.isEmpty })
  }

  /// A connection keeps the certificate that it began with; the next one gets the new one.
  @Test func certificatesAreReplaced() throws {
    let gateway = try gateway()
    let call = gateway.h2(over: try connect(gateway, [.http2])).call("GET", "/who")
    try gateway.run(until: { call.isOver })
    let leaf = try TestAuthority("Other").issue(names: ["gateway.example"])
    gateway.listener.options.tls = try TLSServerContext(TLSServerSettings(certificates: [files.settings(leaf)]))
    let peer = try connect(gateway, [.http2])
    try gateway.run(until: { peer.ended != nil })
    #expect(peer.ended?.tls?.reason.description == "tls_unknown_issuer")
    peer.transport.close()
    try gateway.run(until: { !gateway.refusals.isEmpty })
    #expect(gateway.refusals == ["tls_alert_received unknown CA"])
  }
}
