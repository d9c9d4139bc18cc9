import COpenSSL

/// Sessions that can be resumed, by the server's name and port. A ticket of TLS 1.3 is used once (RFC 8446 §C.4);
/// servers hand out several for connections in parallel.
final class ClientSessions {
  /// Owner of one session.
  private final class Entry {
    let raw: OpaquePointer
    init(owning raw: OpaquePointer) { self.raw = raw }
    deinit { SSL_SESSION_free(raw) }
  }

  /// The newest last.
  private var entries: [String: [Entry]] = [:]
  /// The servers, the one that has been added first in front.
  private var order: [String] = []
  /// Servers, and sessions of each.
  static let limit = 128
  static let limitOfEach = 4

  /// Servers that sessions are kept for.
  var count: Int { entries.count }

  /// Takes over the handle.
  func keep(_ session: OpaquePointer, for key: String) {
    if entries[key] == nil {
      order.append(key)
      if order.count > Self.limit { entries[order.removeFirst()] = nil }
    }
    var kept = entries[key] ?? []
    if SSL_SESSION_get_protocol_version(session) < TLS1_3_VERSION {
      // Good for any number of connections.
      kept = []
    } else if kept.count == Self.limitOfEach {
      kept.removeFirst()
    }
    kept.append(Entry(owning: session))
    entries[key] = kept
  }

  /// Has `ssl` resume the newest session, if there is one that can be.
  func resume(_ ssl: OpaquePointer?, for key: String) {
    while let entry = entries[key]?.last {
      let isUsable = SSL_SESSION_is_resumable(entry.raw) == 1
      if isUsable { SSL_set_session(ssl, entry.raw) }
      if !isUsable || SSL_SESSION_get_protocol_version(entry.raw) >= TLS1_3_VERSION { entries[key]?.removeLast() }
      if isUsable { return }
    }
  }
}
