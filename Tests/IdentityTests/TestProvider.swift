import Bytes
import JOSE
import JSON
import Net

/// An identity provider with a discovery document and a key set, both as the test wants them.
final class TestProvider {
  private let server: ScriptedServer
  /// Paths that were asked for, in their order.
  private(set) var asked: [String] = []
  var keys: [SigningKey]
  var issuer = "https://idp.example"
  /// Where the discovery document is.
  var discoveryPaths = [TestProvider.discoveryPath]
  /// Further members of the discovery document.
  var metadata: [(String, JSONValue)] = []
  /// Further field lines of the key set's response.
  var fields = ""
  /// Replaces the whole answer to a request for a path.
  var answers: [String: String] = [:]
  /// Whoever asks is cut off.
  var isDown = false
  /// Answers that are held back until `release`.
  var holds = false
  private var held: [() -> Void] = []

  static let discoveryPath = "/.well-known/openid-configuration"
  static let keysPath = "/keys"

  init(_ test: TestLoop, keys: [SigningKey]) throws {
    self.keys = keys
    server = try ScriptedServer(test)
    server.onRequest = { [unowned self] peer, head in answer(peer, head) }
  }

  func stop() { server.stop() }

  func url(_ path: String) -> String { "http://127.0.0.1:\(server.port)\(path)" }
  var discoveryURL: String { url(Self.discoveryPath) }

  var discoveries: Int { asked.count - keyFetches }
  var keyFetches: Int { asked.count { $0 == Self.keysPath } }

  func release() {
    holds = false
    let waiting = held
    held = []
    for answer in waiting { answer() }
  }

  private func answer(_ peer: Peer, _ head: String) {
    let path = String(head.split(separator: " ")[1])
    asked.append(path)
    guard !isDown else { return peer.transport.close() }
    let text = answers[path] ?? document(at: path)
    if holds { held.append { peer.send(text) } } else { peer.send(text) }
  }

  private func document(at path: String) -> String {
    if discoveryPaths.contains(path) {
      return Self.json(
        .object(JSONObject([("issuer", .string(issuer)), ("jwks_uri", .string(url(Self.keysPath)))] + metadata)))
    }
    guard path == Self.keysPath else { return Self.status(404) }
    return Self.json(keySet, fields)
  }

  var keySet: JSONValue { .object(["keys": .array(keys.map(\.publicJWK))]) }

  static func json(_ document: JSONValue, _ fields: String = "") -> String {
    let body = String(decoding: document.serialized(), as: UTF8.self)
    return
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  static func status(_ status: Int) -> String { "HTTP/1.1 \(status) X\r\nContent-Length: 0\r\n\r\n" }
}
