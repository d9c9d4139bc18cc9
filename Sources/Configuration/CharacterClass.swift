/// A set of ASCII characters, as the grammars of the RFCs define them.
struct CharacterClass: Sendable {
  private let members: [Bool]

  private init(_ contains: (UInt8) -> Bool) {
    members = (0...UInt8.max).map(contains)
  }

  private init(letters: Bool, and others: String) {
    self.init { byte in
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): letters
      default: others.utf8.contains(byte)
      }
    }
  }

  func contains(_ byte: UInt8) -> Bool { members[Int(byte)] }

  func contains(all text: some StringProtocol) -> Bool { text.utf8.allSatisfy(contains) }

  static let variableName = CharacterClass(letters: true, and: "_")
  /// A host name after lower-casing; underscores occur in container networks.
  static let hostName = CharacterClass(letters: false, and: "-._")
  static let routeName = CharacterClass(letters: true, and: "_.-/")
  /// RFC 3986 §3.3 `pchar` and "/", without percent-encoding.
  static let path = CharacterClass(letters: true, and: "-._~!$&'()*+,;=:@/")
  /// RFC 3986 §2: everything that may stand in a URI, fragment marker excluded.
  static let uri = CharacterClass(letters: true, and: "-._~!$&'()*+,;=:@/?[]%")
  /// RFC 3986 §3.1, in lower case.
  static let uriScheme = CharacterClass(letters: false, and: "+-.")
  /// RFC 9110 §5.6.2.
  static let token = CharacterClass(letters: true, and: "!#$%&'*+-.^_`|~")
  /// RFC 6749 §3.3.
  static let scopeToken = CharacterClass { (0x21...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C }
  /// RFC 2253 §3: a keyword or an object identifier.
  static let attributeType = CharacterClass(letters: true, and: "-.")
  static let plainYAML = CharacterClass(letters: true, and: "_.-/:@")
}
