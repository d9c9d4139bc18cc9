internal import Bytes

/// A claim that means something to every policy, recognised by its bytes as one number: no text is compared.
enum ClaimName: UInt64 {
  // RFC 7519 §4.1, RFC 7800 §3.1.
  case iss = 0x697373
  case sub = 0x737562
  case aud = 0x617564
  case exp = 0x657870
  case nbf = 0x6E6266
  case iat = 0x696174
  case cnf = 0x636E66
  // Signs of other kinds of tokens.
  case typ = 0x747970
  case events = 0x65_7665_6E74_73
  case nonce = 0x6E_6F6E_6365
  case accessTokenHash = 0x61_745F_6861_7368  // at_hash
  case codeHash = 0x635F_6861_7368  // c_hash
  case stateHash = 0x735F_6861_7368  // s_hash
  case tokenUse = 0

  /// Bytes of the longest.
  static let longest = 9

  init?(_ name: ByteView) {
    // A leading zero would not show in the number.
    guard let first = name.first, first != 0 else { return nil }
    guard name.count <= 7 else {
      guard name.equals("token_use") else { return nil }
      self = .tokenUse
      return
    }
    var word: UInt64 = 0
    for byte in name { word = word &<< 8 | UInt64(byte) }
    self.init(rawValue: word)
  }
}
