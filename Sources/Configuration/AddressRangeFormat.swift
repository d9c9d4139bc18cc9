/// Peers of a listener: an address, a range of addresses in CIDR notation (RFC 4632 §3.1, RFC 4291 §2.3), or the word
/// `unix` for whoever connects to a UNIX-domain socket.
enum AddressRangeFormat {
  static let unix = "unix"

  static func check(_ text: String) throws(Fault) {
    guard text != unix else { return }
    let split = text.firstIndex(of: "/") ?? text.endIndex
    guard let address = IPAddress.bytes(String(text[..<split])) else {
      throw Fault(
        "expected an address, a range of addresses or unix, found \(quoted(text))",
        remedy: "For example: 192.0.2.7, 10.0.0.0/8, fd00::/8 or unix; names are not resolved.")
    }
    let prefix = try prefix(text[split...], of: text, bits: address.count * 8)
    let network = address.enumerated().map { index, byte in
      byte & ~UInt8(truncatingIfNeeded: 0xFF >> min(8, max(0, prefix - index * 8)))
    }
    guard network == address else {
      throw Fault(
        "\(quoted(text)) has bits set behind its prefix",
        remedy: "Write \(IPAddress.text(network))/\(prefix), or \(IPAddress.text(address)) for this one address.")
    }
    // RFC 4291 §2.5.5.2: what a socket for both families shows is compared as the IPv4 address that it is.
    if address.prefix(12) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF], prefix >= 96 {
      let inner = IPAddress.text(Array(address.suffix(4)))
      throw Fault(
        "\(quoted(text)) means IPv4 addresses", remedy: "Write \(inner)\(prefix == 128 ? "" : "/\(prefix - 96)").")
    }
  }

  /// Whether every address of a family is in it.
  static func isEverything(_ text: String) -> Bool { text.hasSuffix("/0") }

  /// `rest` is empty, or a slash and the length.
  private static func prefix(_ rest: Substring, of text: String, bits: Int) throws(Fault) -> Int {
    guard !rest.isEmpty else { return bits }
    guard let length = Int(rest.dropFirst()), (0...bits).contains(length), "/\(length)" == rest else {
      throw Fault(
        "\(quoted(text)) does not end in the length of a prefix",
        remedy: "Give a number from 0 to \(bits) after the slash, or leave both out for one address.")
    }
    return length
  }
}

extension ScalarFormat where Value == String {
  static var addressRange: Self {
    Self(expected: "an address, a range of addresses or unix", example: "10.0.0.0/8") { text throws(Fault) in
      try AddressRangeFormat.check(text)
      return text
    }
  }
}
