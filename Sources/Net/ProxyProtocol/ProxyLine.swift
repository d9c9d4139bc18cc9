import Bytes

/// Version 1 of the PROXY protocol: one line of text.
enum ProxyLine {
  static let signature = [UInt8]("PROXY ".utf8)
  /// Bytes of the longest line, its CR LF included.
  static let limit = 107

  /// Looks at the last of the bytes that have come; those before it have been looked at.
  static func isComplete(_ bytes: [UInt8]) throws(ProxyHeaderFault) -> Bool {
    let last = bytes.count - 1
    guard last >= signature.count else {
      if bytes[last] != signature[last] { throw .missing }
      return false
    }
    // A CR or an LF alone ends no line, and none holds one.
    switch (bytes[last - 1] == ASCII.cr, bytes[last] == ASCII.lf) {
    case (true, true): return true
    case (false, false): break
    default: throw .malformedLine
    }
    if bytes.count == limit { throw .tooLong }
    return false
  }

  /// - Parameter bytes: a complete line.
  static func decode(_ bytes: [UInt8]) throws(ProxyHeaderFault) -> ProxyHeader {
    let words = bytes[signature.count..<bytes.count - 2].split(
      separator: ASCII.space, omittingEmptySubsequences: false)
    let isV6: Bool
    switch String(decoding: words[0], as: UTF8.self) {
    // Whatever stands behind it is to be ignored.
    case "UNKNOWN": return .withoutAddresses
    case "TCP4": isV6 = false
    case "TCP6": isV6 = true
    default: throw .unknownFamily
    }
    guard words.count == 5 else { throw .malformedLine }
    return ProxyHeader(
      source: try endpoint(words[1], words[3], isV6: isV6), destination: try endpoint(words[2], words[4], isV6: isV6))
  }

  private static func endpoint(
    _ address: ArraySlice<UInt8>, _ port: ArraySlice<UInt8>, isV6: Bool
  ) throws(ProxyHeaderFault) -> SocketAddress {
    guard let address = address.withUnsafeBytes({ isV6 ? IPAddress(v6: $0) : IPAddress(v4: $0) }) else {
      throw .malformedAddress
    }
    guard let port = number(port) else { throw .malformedPort }
    return .ip(String(decoding: address.text, as: UTF8.self), port: port)
  }

  /// A decimal number up to 65535, without leading zeros.
  private static func number(_ text: ArraySlice<UInt8>) -> Int? {
    guard (1...5).contains(text.count), text.allSatisfy(ASCII.isDigit) else { return nil }
    guard text.count == 1 || text.first != 0x30 else { return nil }
    let number = text.reduce(0) { $0 * 10 + Int($1 & 15) }
    return number <= 65_535 ? number : nil
  }
}
