import Testing

@testable import Wire

struct HTTP2ErrorCodeTests {
  /// RFC 9113 §7, in the order of the values.
  private static let names = [
    "NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
    "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
  ]

  @Test func codesAreNamedAsTheRFCDoes() {
    for (value, name) in Self.names.enumerated() { #expect(HTTP2ErrorCode(UInt32(value)).name.description == name) }
    #expect(HTTP2ErrorCode(14).name.description == "unknown")
    #expect(HTTP2ErrorCode(.max).name.description == "unknown")
  }

  @Test(arguments: [
    (HTTP2ErrorCode.noError, "NO_ERROR"), (.protocolError, "PROTOCOL_ERROR"), (.internalError, "INTERNAL_ERROR"),
    (.refusedStream, "REFUSED_STREAM"), (.cancel, "CANCEL"), (.enhanceYourCalm, "ENHANCE_YOUR_CALM"),
  ])
  func theConstantsAreTheirNames(_ code: HTTP2ErrorCode, _ name: String) {
    #expect(code.name.description == name)
  }
}
