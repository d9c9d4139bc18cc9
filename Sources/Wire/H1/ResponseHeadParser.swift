import Bytes
import HTTP

/// Parses a complete response head (RFC 9112 §4), as strictly as a request's.
enum ResponseHeadParser {
  /// - Parameter bytes: the head with its empty line; every line ends with CR LF.
  static func parse(_ bytes: ByteView, into head: ResponseHead, _ limits: HeadLimits) throws(WireFault) {
    let fields = head.fields
    fields.clear()
    fields.store(bytes)
    let text = fields.text(0, bytes.count)
    guard text.count >= 14, text.slice(0, 7).equals("HTTP/1."), text[8] == ASCII.space else {
      throw WireFault(400, "bad_status_line")
    }
    switch text[7] {
    case 0x31: head.version = .http11
    case 0x30: head.version = .http10
    default: throw WireFault(400, "bad_status_line")
    }
    guard text.slice(9, 3).allSatisfy(ASCII.isDigit) else { throw WireFault(400, "bad_status_line") }
    head.status = Int(text[9] - 0x30) * 100 + Int(text[10] - 0x30) * 10 + Int(text[11] - 0x30)
    guard 100...599 ~= head.status, text[12] == ASCII.space || text[12] == ASCII.cr else {
      throw WireFault(400, "bad_status_line")
    }
    var index = 12
    while text[index] != ASCII.lf {
      guard ASCII.isFieldValue(text[index]) || (text[index] == ASCII.cr && text[index + 1] == ASCII.lf) else {
        throw WireFault(400, "bad_status_line")
      }
      index += 1
    }
    try FieldLines.parse(into: fields, from: index + 1, to: bytes.count - 2, limits)
  }
}
