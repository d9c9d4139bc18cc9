import Bytes
import JOSE

/// Texts that cannot be guessed, in the alphabet of base64url.
enum RandomText {
  /// 22 characters, 128 bits.
  static func id() throws(CryptoFailure) -> String { Base64URL.encode(try SecureRandom.bytes(16)) }

  /// 43 characters, 256 bits: a PKCE verifier (RFC 7636 §4.1).
  static func verifier() throws(CryptoFailure) -> String { Base64URL.encode(try SecureRandom.bytes(32)) }

  static func isID(_ text: String) -> Bool { text.utf8.count == 22 && Base64URL.decode(text: text) != nil }
}
