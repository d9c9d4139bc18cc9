/// `limits`: what one client or all of them together may take up.
package struct LimitsConfiguration: Equatable, Sendable {
  /// Open client connections of the whole process.
  package let connections: Int
  /// TLS handshakes under way at once, for each listener; further connections wait in the system's queue.
  package let handshakes: Int
  /// HTTP/2 streams that one client connection may have open (SETTINGS_MAX_CONCURRENT_STREAMS, RFC 9113 §6.5.2).
  package let streams: Int
  /// Bytes of a request head: request line and header fields.
  package let headSize: Int
  /// Bytes of a request target.
  package let targetSize: Int
  /// Header fields of a request.
  package let headerCount: Int
  /// Bytes of a request body; 0 means that the gateway sets no limit.
  package let bodySize: Int
  /// Refused signatures and unknown keys for each client (IPv6: each /64) and minute, after which new tokens of that
  /// client are refused unread; 0 means that they are never.
  package let failedTokens: Int

  init(_ mapping: MappingReader) {
    connections = mapping.value("connections", .integer(1...1_000_000), default: 10_000)
    handshakes = mapping.value("handshakes", .integer(1...100_000), default: 512)
    streams = mapping.value("streams", .integer(1...10_000), default: 128)
    headSize = mapping.value("head_size", .byteSize(1024...1_048_576), default: 32 * 1024)
    targetSize = mapping.value("target_size", .byteSize(64...1_048_576), default: 8 * 1024)
    headerCount = mapping.value("header_count", .integer(1...10_000), default: 100)
    bodySize = mapping.value("body_size", .byteSize(0...(1 << 40)), default: 4 * 1024 * 1024)
    failedTokens = mapping.value("failed_tokens", .integer(0...1_000_000), default: 120)
    if targetSize > headSize {
      mapping.report(
        Fault(
          "target_size \(ByteSizeFormat.text(targetSize)) is larger than head_size "
            + ByteSizeFormat.text(headSize),
          remedy: "The target is part of the head: raise head_size or lower target_size."),
        at: mapping.contains("target_size") ? "target_size" : "head_size")
    }
  }

  func write(to yaml: inout YAMLWriter) {
    yaml.plain("connections", connections)
    yaml.plain("handshakes", handshakes)
    yaml.plain("streams", streams)
    yaml.plain("head_size", ByteSizeFormat.text(headSize))
    yaml.plain("target_size", ByteSizeFormat.text(targetSize))
    yaml.plain("header_count", headerCount)
    yaml.plain("body_size", ByteSizeFormat.text(bodySize))
    yaml.plain("failed_tokens", failedTokens)
  }
}
