import JOSE
import Testing

/// The text of a key file, and what is said about one that cannot be read.
struct SealingKeyFileTests {
  private static let digits = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F"
  private static let other = String(digits.reversed())

  private func parse(_ text: String) -> String {
    do throws(SealingKeyFault) {
      return try SealingKeys.parse(text).map(\.id).joined(separator: " ")
    } catch {
      #expect(!error.remedy.isEmpty)
      return "\(error)"
    }
  }

  private static let readable: [(String, String)] = [
    ("a \(digits)", "a"), ("a \(digits)\n", "a"), ("a \(digits)\r\nb \(other)\r\n", "a b"),
    ("  a\t \(digits) \t\n", "a"), ("# a key\n\n   # another\n2026-11 \(digits)\n\n", "2026-11"),
    ("B.c_d-9 \(digits)\na \(other)", "B.c_d-9 a"),
    (String(repeating: "x", count: 32) + " \(digits)", "\(String(repeating: "x", count: 32))"),
    (sixteen, (0..<16).map { "k\($0)" }.joined(separator: " ")),
  ]
  private static let sixteen = (0..<16).map { "k\($0) \(digits)\n" }.joined()

  @Test(arguments: readable)
  func whatCanBeRead(_ text: String, _ ids: String) { #expect(parse(text) == ids) }

  private static let id = "the id is not 1 to 32 letters, digits, dots, dashes and underscores"
  private static let unreadable: [(String, String)] = [
    ("", "holds no key"), ("\n# a \(digits)\n", "holds no key"),
    (digits, "line 1: not an id and a key, separated by a space"),
    ("\n\na \(digits) b", "line 3: not an id and a key, separated by a space"),
    ("#\n\(digits) a", "line 2: \(id)"), ("a/b \(digits)", "line 1: \(id)"), ("é \(digits)", "line 1: \(id)"),
    ("\u{FEFF}a \(digits)", "line 1: \(id)"), (String(repeating: "x", count: 33) + " \(digits)", "line 1: \(id)"),
    ("a \(digits)\nb \(digits.dropLast())", "line 2: the key is not 64 hexadecimal digits"),
    ("a \(digits)0", "line 1: the key is not 64 hexadecimal digits"),
    ("a \(digits.dropLast())g", "line 1: the key is not 64 hexadecimal digits"),
    ("a \(digits.dropLast(2))é", "line 1: the key is not 64 hexadecimal digits"),
    ("a " + String(repeating: "0", count: 64), "line 1: the key is one byte over and over"),
    ("a \(digits)\n#\na \(other)", "line 3: the id is that of line 1"),
    (sixteen + "k16 \(digits)", "line 17: holds more than 16 keys"),
  ]

  @Test(arguments: unreadable)
  func whatCannotBeRead(_ text: String, _ words: String) { #expect(parse(text) == words) }

  @Test func theSecretIsThatOfTheDigits() throws {
    #expect(try SealingKeys.parse("a \(Self.digits)") == [SealingKey(id: "a", secret: [UInt8](0..<32))])
    #expect(try SealingKey(id: "a", digits: Self.digits).secret == [UInt8](0..<32))
    #expect("\(try SealingKey(id: "a", digits: Self.digits))" == "sealing key a")
  }
}
