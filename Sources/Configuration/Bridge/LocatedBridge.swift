/// A bridge with the mapping that it was read from, for findings that show once all sections have been read.
struct LocatedBridge {
  let bridge: BridgeConfiguration
  let mapping: MappingReader
}

extension ScalarFormat where Value == String {
  /// Part of the names of cookies (RFC 6265 §4.1.1).
  static var bridgeName: Self {
    let expected = "1 to 32 lower-case letters, digits and dashes"
    return Self(expected: expected, example: "corporate") { text in
      let letters = text.utf8.allSatisfy { byte in
        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D
      }
      return (1...32).contains(text.utf8.count) && letters ? text : nil
    }
  }
}
