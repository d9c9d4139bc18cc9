internal import Bytes
internal import Web

/// `client_secret_basic`: a client and its secret in the Authorization field (RFC 6749 §2.3.1).
struct BasicCredentials {
  let id: String
  let secret: String

  /// - Parameter field: the field's value.
  /// - Returns: nil when it is anything else.
  init?(_ field: String) {
    let parts = field.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "basic", let bytes = Self.decoded(parts[1]) else { return nil }
    // Both are encoded as in forms, so that a colon is always the one between them.
    let pair = bytes.split(separator: ASCII.colon, omittingEmptySubsequences: false)
    guard pair.count == 2, let form = FormParameters("id=".utf8 + pair[0] + "&secret=".utf8 + pair[1]),
      !form.hasRepeated, let id = form["id"], let secret = form["secret"]
    else { return nil }
    self.id = id
    self.secret = secret
  }

  /// Base64 with its padding (RFC 4648 §4).
  private static func decoded(_ text: Substring) -> [UInt8]? {
    guard text.utf8.count % 4 == 0 else { return nil }
    let digits = text.utf8.reversed().drop { $0 == ASCII.equals }.reversed().map { byte in
      switch byte {
      case 0x2B: ASCII.dash
      case ASCII.slash: UInt8(ascii: "_")
      // Not of this alphabet.
      case ASCII.dash, UInt8(ascii: "_"): ASCII.equals
      default: byte
      }
    }
    return digits.withUnsafeBytes { Base64URL.decode($0) }
  }
}
