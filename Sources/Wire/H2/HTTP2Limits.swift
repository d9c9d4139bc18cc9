/// What one HTTP/2 connection may take up.
package struct HTTP2Limits: Sendable {
  /// Field sections: `headSize` counts as RFC 9113 §6.5.2 says, 32 bytes a field included.
  package var head: HeadLimits
  /// Streams the peer may have open at once.
  package var streams: Int
  /// Bytes of body that a peer may send on one stream before they are consumed; the most that waits for its reader.
  package var streamWindow = 65_535
  /// The same for the connection as a whole.
  package var connectionWindow = 1 << 20

  package init(head: HeadLimits, streams: Int = 128) {
    self.head = head
    self.streams = streams
  }
}
