extension ScalarFormat where Value == String {
  /// The subject of a certificate as `openssl x509 -subject -nameopt RFC2253,utf8,-esc_msb` prints it: most specific
  /// part first, no space after a comma, letters outside ASCII as they are. Compared as text, so other spellings of
  /// the same name are refused instead of never matching.
  static var certificateSubject: Self {
    Self(expected: "a subject in the form of RFC 2253", example: "\"CN=agent-7,O=Example\"") { text throws(Fault) in
      guard CertificateSubject.isValid(text) else {
        throw Fault(
          "\(quoted(text)) is not a subject in the form of RFC 2253",
          remedy: "For example: \"CN=agent-7,O=Example\"; openssl x509 -in FILE -noout -subject "
            + "-nameopt RFC2253,utf8,-esc_msb prints it behind \"subject=\".")
      }
      return text
    }
  }
}

/// Distinguished names as text (RFC 2253 §3), in the one spelling that OpenSSL writes.
enum CertificateSubject {
  static func isValid(_ text: String) -> Bool {
    // What the command prints in front of a subject is no attribute.
    guard text.utf8.count <= 2048, !text.hasPrefix("subject=") else { return false }
    var rest = Array(text.utf8)[...]
    while true {
      guard readType(&rest), readValue(&rest) else { return false }
      guard let separator = rest.popFirst() else { return true }
      guard separator == UInt8(ascii: ",") || separator == UInt8(ascii: "+") else { return false }
    }
  }

  /// A keyword such as `CN`, or a dotted object identifier, and the equals sign behind it.
  private static func readType(_ rest: inout ArraySlice<UInt8>) -> Bool {
    let type = rest.prefix { CharacterClass.attributeType.contains($0) }
    rest = rest[type.endIndex...]
    return !type.isEmpty && rest.popFirst() == UInt8(ascii: "=")
  }

  /// Up to an unescaped comma or plus sign, or to the end.
  private static func readValue(_ rest: inout ArraySlice<UInt8>) -> Bool {
    guard rest.first != UInt8(ascii: " ") else { return false }
    var endsInSpace = false
    while let byte = rest.first, byte != UInt8(ascii: ","), byte != UInt8(ascii: "+") {
      rest = rest.dropFirst()
      endsInSpace = byte == UInt8(ascii: " ")
      guard byte >= 0x20, byte != 0x7F, !"\"<>;".utf8.contains(byte) else { return false }
      if byte == UInt8(ascii: "\\") {
        guard let escaped = rest.popFirst() else { return false }
        if Character(Unicode.Scalar(escaped)).isHexDigit {
          guard let second = rest.popFirst(), Character(Unicode.Scalar(second)).isHexDigit else { return false }
        }
      }
    }
    return !endsInSpace
  }
}
