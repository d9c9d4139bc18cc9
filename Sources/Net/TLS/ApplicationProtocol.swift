import Bytes

/// What is spoken inside TLS, agreed in the handshake by ALPN (RFC 7301).
package enum ApplicationProtocol: Sendable {
  case http2, http11

  /// The registered protocol id.
  var name: StaticString {
    switch self {
    case .http2: "h2"
    case .http11: "http/1.1"
    }
  }

  init?(_ name: ByteView) {
    if name.equals("h2") { self = .http2 } else if name.equals("http/1.1") { self = .http11 } else { return nil }
  }

  /// A list as it stands in the handshake: each name behind its length.
  static func wireFormat(_ list: [ApplicationProtocol]) -> [UInt8] {
    list.flatMap { item in
      item.name.withUTF8Buffer { [UInt8(truncatingIfNeeded: $0.count)] + $0 }
    }
  }

  /// Where in the client's offer the first of `preferred` stands that it has: offset and length of the name.
  static func select(_ preferred: [ApplicationProtocol], from offer: ByteView) -> Range<Int>? {
    for item in preferred {
      var offset = 0
      while offset < offer.count {
        let start = offset + 1
        let end = start + Int(offer[offset])
        guard end <= offer.count else { break }
        if offer.slice(start, end - start).equals(item.name) { return start..<end }
        offset = end
      }
    }
    return nil
  }
}
