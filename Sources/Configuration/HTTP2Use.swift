/// Whether HTTP/2 is spoken with a backend.
package enum HTTP2Use: String, CaseIterable, Sendable {
  /// What ALPN says over https (RFC 9113 §3.2); HTTP/1.1 in the clear.
  case auto
  /// In the clear with prior knowledge (RFC 9113 §3.3); over https a backend without h2 is a failure.
  case always
  case never
}
