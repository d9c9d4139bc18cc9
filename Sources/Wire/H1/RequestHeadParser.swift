import Bytes
import HTTP

/// Parses a complete request head (RFC 9112 §2 to §5), strictly.
enum RequestHeadParser {
  /// - Parameter bytes: the head with its empty line; every line ends with CR LF (`HeadScanner` has seen to it).
  static func parse(_ bytes: ByteView, into head: RequestHead, _ limits: HeadLimits) throws(WireFault) {
    head.clear()
    let fields = head.fields
    fields.store(bytes)
    let text = fields.text(0, bytes.count)
    var index = 0
    while index < text.count, ASCII.isToken(text[index]) { index &+= 1 }
    guard index > 0, text[index] == ASCII.space else { throw WireFault(400, "bad_request_line") }
    head.setMethod(0, index)
    let target = index + 1
    index = target
    while text[index] > ASCII.space, text[index] < 0x7F { index &+= 1 }
    guard index > target, text[index] == ASCII.space else { throw WireFault(400, "bad_request_target") }
    let targetEnd = index
    index += 1
    guard text.count >= index + 10 else { throw WireFault(400, "bad_request_line") }
    head.version = try version(text.slice(index, 10))
    guard targetEnd - target <= limits.targetSize else { throw WireFault(414, "target_too_long") }
    try RequestTarget.parse(head, target, targetEnd)
    try FieldLines.parse(into: fields, from: index + 10, to: bytes.count - 2, limits)
    try checkHost(head)
  }

  /// `HTTP/1.1` and `HTTP/1.0` with their line end.
  private static func version(_ text: ByteView) throws(WireFault) -> Version {
    if text.equals("HTTP/1.1\r\n") { return .http11 }
    if text.equals("HTTP/1.0\r\n") { return .http10 }
    let isVersion =
      text.slice(0, 5).equals("HTTP/") && ASCII.isDigit(text[5]) && text[6] == ASCII.dot
      && ASCII.isDigit(text[7])
      && text.slice(8, 2).equals("\r\n")
    throw isVersion ? WireFault(505, "version_not_supported") : WireFault(400, "bad_request_line")
  }

  /// Exactly one valid Host in HTTP/1.1 (RFC 9112 §3.2); an absolute-form target wins over it (§3.2.2).
  private static func checkHost(_ head: RequestHead) throws(WireFault) {
    let fields = head.fields
    guard let index = fields.firstIndex(of: .host) else {
      guard head.version == .http10 else { throw WireFault(400, "host_missing") }
      return
    }
    guard fields.firstIndex(of: .host, from: index + 1) == nil else { throw WireFault(400, "repeated_host") }
    let value = fields.value(index)
    guard RequestTarget.isAuthority(value) else { throw WireFault(400, "bad_host") }
    if head.authority == nil { head.setAuthority(fields.valueStretch(index)) }
  }
}
