import Bytes
import HTTP
import Net
import Outbound
import Testing

/// Fetches to addresses that somebody else has looked up and judged.
struct FetchPinTests {
  private let test: TestLoop

  init() throws { test = try TestLoop() }

  private func send(
    _ location: Fetch.Location, to addresses: [SocketAddress], tls: TLSClientContext? = nil
  ) throws -> Result<Fetch.Response, Fetch.Failure> {
    var endpoint = try #require(UpstreamEndpoint(location, tls: tls, proxy: nil))
    endpoint.pinnedAddresses = addresses
    let pool = UpstreamPool(test.loop, endpoint)
    defer { pool.drain() }
    var request = Fetch.Request(location)
    request.followsRedirects = false
    var result: Result<Fetch.Response, Fetch.Failure>?
    Fetch.send(request, over: pool, timeout: 5_000, limit: 100) { result = $0 }
    try test.run(until: { result != nil })
    return try #require(result)
  }

  /// The name has no address of its own: nobody was asked for one.
  @Test func theNameStaysTheHosts() throws {
    let files = try TestFiles()
    let authority = try TestAuthority()
    let context = try TLSServerContext(
      TLSServerSettings(
        certificates: [files.settings(authority.issue(names: ["app.invalid"]))], applicationProtocols: [.http2]))
    let backend = try H2Backend(test, tls: context)
    let trust = try TLSClientContext(
      TLSClientSettings(ca: files.write(authority.pem), applicationProtocols: [.http2, .http11]))
    let address = SocketAddress.ip("127.0.0.1", port: backend.port)
    let location = Fetch.Location(
      host: "app.invalid", port: 443, target: "/doc", authority: "app.invalid", isSecure: true)
    #expect(try send(location, to: [address], tls: trust).get().body == Array("hi".utf8))
    #expect(backend.connections[0].transport.tls?.serverName == "app.invalid")
    #expect(backend.requests[0].head.authority?.text == "app.invalid")

    let other = Fetch.Location(
      host: "other.invalid", port: 443, target: "/", authority: "other.invalid", isSecure: true)
    guard case .failure(.upstream(.tlsFailed(let failure), _)) = try send(other, to: [address], tls: trust) else {
      Issue.record("the certificate is for another name")
      return
    }
    #expect(failure.reason.description == "tls_wrong_host")
  }

  @Test func oneAddressAfterTheOther() throws {
    let gone = try ScriptedServer(test)
    let closed = gone.address
    gone.stop()
    try test.run(for: 1)
    let server = try ScriptedServer(test, answering: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    let location = Fetch.Location(host: "app.invalid", port: 80, target: "/", authority: "app.invalid")
    #expect(try send(location, to: [closed, server.address]).get().status == 200)
    #expect(server.connections[0].text.contains("\r\nHost: app.invalid\r\n"))
  }

  /// No address is not the same as not to be pinned.
  @Test func nowhere() throws {
    let location = Fetch.Location(host: "localhost", port: 80, target: "/", authority: "localhost")
    guard case .failure(.upstream(.connectFailed, _)) = try send(location, to: []) else {
      Issue.record("there is no address to connect to")
      return
    }
  }

  /// Wherever they lead: to the same origin, another one, or nowhere.
  @Test(arguments: ["/new", "https://other.example/", "new", ""])
  func redirectsAreAnAnswer(_ target: String) throws {
    let server = try ScriptedServer(
      test, answering: "HTTP/1.1 302 X\r\nLocation: \(target)\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi"
    )
    let location = Fetch.Location(host: "app.invalid", port: 80, target: "/doc", authority: "app.invalid")
    let response = try send(location, to: [server.address]).get()
    #expect(response.status == 302)
    #expect(response.contentType == "text/html")
    #expect(response.body == Array("hi".utf8))
    #expect(response.location == location)
    #expect(server.requests == 1)
  }
}
