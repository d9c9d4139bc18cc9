/// Why a stream or a connection ends (RFC 9113 §7).
package struct HTTP2ErrorCode: Equatable, Sendable {
  package let value: UInt32

  package init(_ value: UInt32) { self.value = value }

  package static let noError = HTTP2ErrorCode(0x0)
  package static let protocolError = HTTP2ErrorCode(0x1)
  package static let internalError = HTTP2ErrorCode(0x2)
  package static let frameSizeError = HTTP2ErrorCode(0x6)
  /// The stream was not processed: the request may be sent again (RFC 9113 §8.7).
  package static let refusedStream = HTTP2ErrorCode(0x7)
  package static let cancel = HTTP2ErrorCode(0x8)
  /// The peer causes more work than it could want.
  package static let enhanceYourCalm = HTTP2ErrorCode(0xb)

  /// As the RFC spells it, for logs.
  package var name: StaticString {
    switch value {
    case 0x0: "NO_ERROR"
    case 0x1: "PROTOCOL_ERROR"
    case 0x2: "INTERNAL_ERROR"
    case 0x3: "FLOW_CONTROL_ERROR"
    case 0x4: "SETTINGS_TIMEOUT"
    case 0x5: "STREAM_CLOSED"
    case 0x6: "FRAME_SIZE_ERROR"
    case 0x7: "REFUSED_STREAM"
    case 0x8: "CANCEL"
    case 0x9: "COMPRESSION_ERROR"
    case 0xa: "CONNECT_ERROR"
    case 0xb: "ENHANCE_YOUR_CALM"
    case 0xc: "INADEQUATE_SECURITY"
    case 0xd: "HTTP_1_1_REQUIRED"
    default: "unknown"
    }
  }
}
