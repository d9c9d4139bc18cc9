internal import Bytes

/// Names of the MCP header fields, in lower case, and the encoding of their values.
package enum MCPHeader {
  package static let sessionID = "mcp-session-id"
  package static let protocolVersion = "mcp-protocol-version"
  package static let method = "mcp-method"
  package static let name = "mcp-name"

  /// The fields that say where a modern request belongs: each may occur once only.
  package static let routing = [protocolVersion, method, name]

  /// The text that a value of `Mcp-Name` stands for: itself, or the Base64 inside `=?base64?…?=`
  /// (MCP 2026-07-28, Streamable HTTP, Value Encoding).
  ///
  /// - Returns: nil when the Base64 is malformed, not canonical, or not UTF-8.
  package static func decoded(_ value: String) -> String? {
    let opening = "=?base64?"
    let closing = "?="
    guard value.hasPrefix(opening), value.hasSuffix(closing),
      value.utf8.count >= opening.utf8.count + closing.utf8.count
    else { return value }
    guard let bytes = base64(value.utf8.dropFirst(opening.utf8.count).dropLast(closing.utf8.count)) else {
      return nil
    }
    return String(validating: bytes, as: UTF8.self)
  }

  /// Decodes padded standard Base64 (RFC 4648 §4) by way of its URL-safe sibling, which is strict about
  /// left-over bits.
  private static func base64(_ text: Substring.UTF8View) -> [UInt8]? {
    let padding = text.reversed().prefix { $0 == ASCII.equals }.count
    guard text.count % 4 == 0, padding <= 2 else { return nil }
    var urlSafe = [UInt8]()
    urlSafe.reserveCapacity(text.count)
    for byte in text.dropLast(padding) {
      switch byte {
      case 0x2B: urlSafe.append(ASCII.dash)
      case ASCII.slash: urlSafe.append(0x5F)
      case ASCII.dash, 0x5F: return nil
      default: urlSafe.append(byte)
      }
    }
    return urlSafe.withUnsafeBytes { Base64URL.decode($0) }
  }
}
