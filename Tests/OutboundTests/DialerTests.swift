import Bytes
import HTTP
import Net
import Testing

@testable import Outbound

/// Connections to backends over TLS.
struct DialerTests {
  private let test: TestLoop
  private let files: TestFiles
  private let authority: TestAuthority

  init() throws {
    test = try TestLoop()
    files = try TestFiles()
    authority = try TestAuthority()
  }

  private func context(
    _ leaf: TestAuthority? = nil, _ protocols: [ApplicationProtocol] = [.http2, .http11]
  ) throws -> TLSServerContext {
    let leaf = try leaf ?? authority.issue(names: ["tools.example"])
    return try TLSServerContext(
      TLSServerSettings(certificates: [files.settings(leaf)], applicationProtocols: protocols))
  }

  /// A pool that reaches `port` over TLS.
  private func pool(
    _ port: Int, _ use: UpstreamEndpoint.HTTP2Use = .auto, _ change: (inout UpstreamEndpoint) -> Void = { _ in }
  ) throws -> UpstreamPool {
    let protocols: [ApplicationProtocol] =
      switch use {
      case .auto: [.http2, .http11]
      case .always: [.http2]
      case .never: [.http11]
      }
    var endpoint = UpstreamEndpoint(.host("127.0.0.1", port: port))
    let context = try TLSClientContext(
      TLSClientSettings(ca: files.write(authority.pem), applicationProtocols: protocols))
    endpoint.tls = UpstreamTLS(context, name: "tools.example")
    endpoint.http2 = use
    change(&endpoint)
    return UpstreamPool(test.loop, endpoint)
  }

  private func run(_ pool: UpstreamPool) throws -> TestClient {
    let client = TestClient()
    pool.acquire(for: client)
    try test.run(until: { client.isOver })
    return client
  }

  @Test(arguments: [UpstreamEndpoint.HTTP2Use.auto, .always])
  func http2IsNegotiated(_ use: UpstreamEndpoint.HTTP2Use) throws {
    let backend = try H2Backend(test, tls: try context())
    let pool = try pool(backend.port, use)
    let clients = (0..<5).map { _ in TestClient() }
    for client in clients { pool.acquire(for: client) }
    try test.run(until: { clients.allSatisfy(\.isOver) })
    #expect(clients.allSatisfy { $0.text == "hi" })
    #expect(backend.connections.count == 1)
    #expect(backend.connections[0].transport.tls?.serverName == "tools.example")
  }

  /// The first connection shows that the backend does not share: the others who wait get one each.
  @Test(arguments: [UpstreamEndpoint.HTTP2Use.auto, .never], [[ApplicationProtocol.http11], []])
  func http11IsWhatIsLeft(_ use: UpstreamEndpoint.HTTP2Use, _ offered: [ApplicationProtocol]) throws {
    let server = try SecureServer(test, try context(nil, offered))
    let pool = try pool(server.port, use)
    let clients = (0..<3).map { _ in TestClient() }
    for client in clients { pool.acquire(for: client) }
    try test.run(until: { clients.allSatisfy(\.isOver) })
    #expect(clients.allSatisfy { $0.text == "hi" && $0.events == ["responded 200 known(2)", "finished"] })
    #expect(try run(pool).text == "hi")
    #expect((1...3).contains(server.peers.count))
  }

  @Test func http2IsRequired() throws {
    let server = try SecureServer(test, try context(nil, []))
    let pool = try pool(server.port, .always)
    var dials: [String] = []
    pool.onDial = { dials.append("\($0)") }
    #expect(try run(pool).events == ["failed upstream_no_http2"])
    #expect(dials == ["failed"])
    try test.run(until: { server.peers[0].ended != nil })
  }

  @Test func certificatesThatAreRefused() throws {
    let stranger = try TestAuthority("Other").issue(names: ["tools.example"])
    let rows = try [
      (authority.issue(names: ["other.example"]), "tls_wrong_host"), (stranger, "tls_unknown_issuer"),
      (authority.issue(names: ["tools.example"], start: -7200, end: -60), "tls_certificate_expired"),
    ]
    for (leaf, reason) in rows {
      let backend = try H2Backend(test, tls: try context(leaf))
      let client = try run(pool(backend.port))
      #expect(client.events == ["failed upstream_tls_failed"])
      #expect(client.failure?.detail?.hasPrefix("\(reason): ") == true)
      #expect(backend.requests.isEmpty)
    }
  }

  @Test(arguments: [true, false])
  func whatIsNoTLS(_ answers: Bool) throws {
    let (answer, reason) = answers ? ("HTTP/1.1 400 Bad Request\r\n\r\n", "handshake_failed") : ("", "closed_early")
    let server = try ScriptedServer(test)
    let client = TestClient()
    try pool(server.port).acquire(for: client)
    try test.run(until: { server.connections.first?.received.isEmpty == false })
    server.connections[0].send(answer)
    server.connections[0].transport.closeWhenFlushed()
    try test.run(until: { client.isOver })
    #expect(client.events == ["failed upstream_tls_failed"])
    #expect(client.failure?.detail?.hasPrefix("tls_\(reason): ") == true)
  }

  @Test func theHandshakeHasItsTime() throws {
    let server = try ScriptedServer(test)
    let client = try run(pool(server.port) { $0.connectTimeout = 50 })
    #expect(client.events == ["failed upstream_connect_timeout"])
    try test.run(until: { server.connections[0].ended != nil })
  }

  /// A proxy has the same time, for all it has to do.
  @Test(arguments: ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\n\r\n"])
  func aProxyHasItsTime(_ answer: String) throws {
    let proxy = try ScriptedServer(test, answering: answer)
    let client = try run(
      pool(443) {
        $0.proxy = ForwardProxy(host: "127.0.0.1", port: proxy.port)
        $0.connectTimeout = 50
      })
    #expect(client.events == ["failed upstream_connect_timeout"])
    try test.run(until: { proxy.connections.first?.ended != nil })
  }

  @Test(arguments: [true, false])
  func whoGivesUpHearsNothing(_ hasProxy: Bool) throws {
    let server = try ScriptedServer(test)
    var completions = 0
    let pool = try pool(server.port) {
      if hasProxy { $0.proxy = ForwardProxy(host: "127.0.0.1", port: server.port) }
    }
    let dialer = Dialer(pool) { _ in completions += 1 }
    dialer.dial()
    try test.run(until: { server.connections.first?.received.isEmpty == false })
    dialer.cancel()
    try test.run(until: { server.connections[0].ended != nil })
    #expect(completions == 0)
  }
}

/// A server that speaks HTTP/1.1 over TLS and greets everybody.
private final class SecureServer {
  private var listener: Listener?
  private(set) var peers: [SecurePeer] = []

  init(_ test: TestLoop, _ context: TLSServerContext) throws {
    listener = try Listener(test.loop, .ip("127.0.0.1", port: 0), backlog: 8) { [weak self] transport, _ in
      let peer = SecurePeer(transport, TLSSession(server: context))
      peer.onRead = { peer, _ in peer.send(Array("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi".utf8)) }
      self?.peers.append(peer)
    }
  }

  deinit {
    listener?.close()
    for peer in peers { peer.transport.close() }
  }

  var port: Int {
    if case .ip(_, let port)? = listener?.address { return port }
    return 0
  }
}
