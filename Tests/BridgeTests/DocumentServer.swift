import Bytes
import Testing

@testable import Net

/// A web server with client metadata documents, over TLS.
final class DocumentServer {
  private var listener: Listener?
  private(set) var peers: [SecurePeer] = []
  /// Heads of the requests that have come.
  private(set) var requests: [String] = []
  /// The response to each request.
  var answer: String
  /// Responses are held back until `release`.
  var holds = false
  private var held: [() -> Void] = []
  private let files: TestFiles
  let authority: TestAuthority

  init(_ test: TestLoop, names: [String] = ["app.example"], answer: String = "") throws {
    self.answer = answer
    files = try TestFiles()
    authority = try TestAuthority()
    let context = try TLSServerContext(
      TLSServerSettings(
        certificates: [files.settings(authority.issue(names: names))], applicationProtocols: [.http11]))
    listener = try Listener(test.loop, .ip("127.0.0.1", port: 0), backlog: 16) { [weak self] transport, _ in
      let peer = SecurePeer(transport, TLSSession(server: context))
      peer.onRead = { [weak self] peer, _ in self?.look(peer) }
      self?.peers.append(peer)
    }
  }

  deinit {
    listener?.close()
    for peer in peers { peer.transport.close() }
  }

  var address: SocketAddress { listener?.address ?? .ip("127.0.0.1", port: 0) }

  var port: Int {
    if case .ip(_, let port) = address { return port }
    return 0
  }

  /// Trusts this server.
  func trust() throws -> TLSClientContext {
    try TLSClientContext(
      TLSClientSettings(ca: files.write(authority.pem), applicationProtocols: [.http2, .http11]))
  }

  func release() {
    holds = false
    for answer in held { answer() }
    held = []
  }

  /// Each connection carries one request.
  private func look(_ peer: SecurePeer) {
    let text = String(decoding: peer.received, as: UTF8.self)
    guard text.hasSuffix("\r\n\r\n") else { return }
    requests.append(text)
    let answer = [UInt8](self.answer.utf8)
    if holds { held.append { peer.send(answer) } } else { peer.send(answer) }
  }

  static func response(
    _ body: String, status: Int = 200, type: String? = "application/json", _ fields: String = ""
  ) -> String {
    let type = type.map { "Content-Type: \($0)\r\n" } ?? ""
    return "HTTP/1.1 \(status) X\r\n\(type)\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  /// A document that is as it should be.
  static func document(_ url: String) -> String {
    #"{"client_id":"\#(url)","client_name":"App","redirect_uris":["http://127.0.0.1/cb","https://app.example/cb"]}"#
  }
}
