import Bytes
import HTTP

/// The forms of a request target (RFC 9112 §3.2) and what may stand in them.
enum RequestTarget {
  /// Reads the target at `start..<end` of the head's text, which holds visible ASCII only.
  static func parse(_ head: RequestHead, _ start: Int, _ end: Int) throws(WireFault) {
    guard head.method != .connect else { throw WireFault(501, "connect_not_supported") }
    let text = head.fields.text(0, end)
    if text[start] == ASCII.slash { return try originForm(head, text, start, end) }
    if end - start == 1, text[start] == 0x2A, head.method == .options {
      return head.setTarget(path: (start, 1), query: nil)
    }
    guard let scheme = schemeLength(text.slice(start, end - start)) else {
      throw WireFault(400, "bad_request_target")
    }
    var slash = start + scheme
    while slash < end, text[slash] != ASCII.slash, text[slash] != ASCII.question { slash += 1 }
    let authority = text.slice(start + scheme, slash - start - scheme)
    guard authority.count > 0, isAuthority(authority) else { throw WireFault(400, "bad_request_target") }
    head.setAuthority((start + scheme, authority.count))
    if slash < end, text[slash] == ASCII.slash { return try originForm(head, text, slash, end) }
    // An absolute form without a path means the root (RFC 9110 §4.2.3).
    let query = try query(text, slash, end)
    let root: StaticString = "/"
    head.setTarget(path: (head.fields.store(ByteView(start: root.utf8Start, count: 1)), 1), query: query)
  }

  private static func originForm(_ head: RequestHead, _ text: ByteView, _ start: Int, _ end: Int)
    throws(WireFault)
  {
    var index = start
    var suspicious = false
    while index < end, text[index] != ASCII.question {
      let byte = text[index]
      guard isPathByte(byte) else { throw WireFault(400, "bad_request_target") }
      if byte == ASCII.dot || byte == ASCII.percent { suspicious = true }
      index &+= 1
    }
    if suspicious { try checkSegments(text.slice(start, index - start)) }
    head.setTarget(path: (start, index - start), query: try query(text, index, end))
  }

  /// What stands behind the question mark at `index`; nil at the end of the target.
  private static func query(
    _ text: ByteView, _ index: Int, _ end: Int
  ) throws(WireFault) -> (offset: Int, length: Int)? {
    guard index < end else { return nil }
    for position in index..<end where text[position] == 0x23 { throw WireFault(400, "fragment_in_target") }
    return (index + 1, end - index - 1)
  }

  /// `http://` or `https://`, any case.
  private static func schemeLength(_ target: ByteView) -> Int? {
    for (scheme, length) in [("http://" as StaticString, 7), ("https://", 8)]
    where target.count >= length && target.slice(0, length).equalsIgnoringCase(scheme) {
      return length
    }
    return nil
  }

  /// `pchar` and the slash (RFC 3986 §3.3).
  private static func isPathByte(_ byte: UInt8) -> Bool {
    if ASCII.isAlpha(byte) || ASCII.isDigit(byte) { return true }
    switch byte {
    case 0x21, 0x24, 0x25, 0x26...0x2F, 0x3A, 0x3B, 0x3D, 0x40, 0x5F, 0x7E: return true
    default: return false
    }
  }

  /// Percent-encoding must be well-formed, and no segment may be `.` or `..`, encoded or not: the backend would
  /// resolve it and leave the prefix that the route allows. An encoded slash or backslash ends a segment for some
  /// backends, and so does the semicolon of its parameters.
  private static func checkSegments(_ path: ByteView) throws(WireFault) {
    var index = 0
    var dots = 0
    var others = 0
    func refuseDots() throws(WireFault) {
      if others == 0, dots == 1 || dots == 2 { throw WireFault(400, "dot_segment_in_target") }
    }
    while index < path.count {
      var byte = path[index]
      if byte == ASCII.percent {
        guard index + 2 < path.count, let high = ASCII.hexValue(path[index + 1]),
          let low = ASCII.hexValue(path[index + 2])
        else { throw WireFault(400, "bad_percent_encoding") }
        byte = high << 4 | low
        guard byte != 0 else { throw WireFault(400, "bad_percent_encoding") }
        index += 2
      }
      switch byte {
      case ASCII.slash, ASCII.backslash, ASCII.semicolon:
        try refuseDots()
        (dots, others) = (0, 0)
      case ASCII.dot: dots += 1
      default: others += 1
      }
      index += 1
    }
    try refuseDots()
  }

  /// `host [ ":" port ]` without userinfo (RFC 9110 §4.2.4); may be empty (RFC 9112 §3.2).
  static func isAuthority(_ value: ByteView) -> Bool {
    var index = 0
    if value.first == 0x5B {
      index = 1
      while index < value.count, value[index] != 0x5D {
        guard ASCII.hexValue(value[index]) != nil || value[index] == ASCII.colon || value[index] == ASCII.dot
        else {
          return false
        }
        index += 1
      }
      guard index < value.count, index > 1 else { return false }
      index += 1
    } else {
      while index < value.count, value[index] != ASCII.colon {
        let byte = value[index]
        guard
          ASCII.isAlpha(byte) || ASCII.isDigit(byte) || byte == ASCII.dot || byte == ASCII.dash
            || byte == 0x5F
        else { return false }
        index += 1
      }
    }
    guard index < value.count else { return true }
    guard index > 0, value[index] == ASCII.colon, 1...5 ~= value.count - index - 1 else { return false }
    return value.from(index + 1).allSatisfy(ASCII.isDigit)
  }
}
