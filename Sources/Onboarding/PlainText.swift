extension String {
  /// Whether this is at least one ASCII letter, digit or character of `others`, and nothing else.
  func isPlain(and others: String) -> Bool {
    !isEmpty
      && utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
          UInt8(ascii: "A")...UInt8(ascii: "Z"):
          true
        default: others.utf8.contains(byte)
        }
      }
  }
}
