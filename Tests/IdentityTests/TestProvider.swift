import Bytes
import JOSE
import JSON
import Net

/// An identity provider with a discovery document and a key set, both as the test wants them.
final class TestProvider {
  private let server: ScriptedServer
  private(set) var discoveries = 0
  private(set) var keyFetches = 0
  var keys: [SigningKey]
  var issuer = "https://idp.example"
  /// Replaces the whole answer to a request for a path.
  var answers: [String: String] = [:]
  /// Answers that are held back until `release`.
  var holds = false
  private var held: [() -> Void] = []

  static let discoveryPath = "/.well-known/openid-configuration"

  init(_ test: TestLoop, keys: [SigningKey]) throws {
    self.keys = keys
    server = try ScriptedServer(test)
    server.onRequest = { [unowned self] peer, head in answer(peer, head) }
  }

  func stop() { server.stop() }

  var discoveryURL: String { "http://127.0.0.1:\(server.port)\(Self.discoveryPath)" }

  func release() {
    holds = false
    let waiting = held
    held = []
    for answer in waiting { answer() }
  }

  private func answer(_ peer: Peer, _ head: String) {
    let path = head.split(separator: " ")[1]
    if path == Self.discoveryPath { discoveries += 1 } else { keyFetches += 1 }
    let text = answers[String(path)] ?? document(at: path)
    if holds { held.append { peer.send(text) } } else { peer.send(text) }
  }

  private func document(at path: Substring) -> String {
    guard path == Self.discoveryPath else {
      return Self.json(.object(["keys": .array(keys.map(\.publicJWK))]))
    }
    return Self.json(
      .object(["issuer": .string(issuer), "jwks_uri": .string("http://127.0.0.1:\(server.port)/keys")]))
  }

  static func json(_ document: JSONValue) -> String {
    let body = String(decoding: document.serialized(), as: UTF8.self)
    return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  static func status(_ status: Int) -> String { "HTTP/1.1 \(status) X\r\nContent-Length: 0\r\n\r\n" }
}
