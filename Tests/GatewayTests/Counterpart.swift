import JOSE
import JSON
import Net

/// A server on the other side of the gateway: a backend or an identity provider.
final class Counterpart {
  private var listener: Listener?
  private var peers: [Peer] = []
  /// The heads of the requests that have come.
  private(set) var requests: [String] = []
  private let answer: (String) -> String

  /// - Parameter answer: the body for a request head.
  init(_ test: TestLoop, _ answer: @escaping (String) -> String) throws {
    self.answer = answer
    listener = try Listener(test.loop, .ip("127.0.0.1", port: 0), backlog: 8) { [unowned self] transport, _ in
      let peer = Peer(transport)
      peer.onHead = { [unowned self] peer, head in respond(peer, head) }
      peers.append(peer)
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

  var origin: String { "http://127.0.0.1:\(port)" }

  private func respond(_ peer: Peer, _ head: String) {
    requests.append(head)
    let body = answer(head)
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
  }

  /// A provider with one key.
  static func provider(_ test: TestLoop, _ key: SigningKey) throws -> Counterpart {
    final class Address { var origin = "" }
    let address = Address()
    let keys = JSONValue.object(["keys": .array([key.publicJWK])])
    let provider = try Counterpart(test) { head in
      let discovery: JSONValue = [
        "issuer": .string(address.origin), "jwks_uri": .string("\(address.origin)/keys"),
      ]
      return String(decoding: (head.hasPrefix("GET /keys ") ? keys : discovery).serialized(), as: UTF8.self)
    }
    address.origin = provider.origin
    return provider
  }

  /// A token of this provider that is good for `audience`.
  func token(_ key: SigningKey, audience: String) throws -> String {
    let now = Loop.unixTime
    let claims: JSONValue = [
      "iss": .string(origin), "aud": .string(audience), "sub": "user", "exp": .integer(now + 300),
    ]
    return try key.sign(claims)
  }
}
