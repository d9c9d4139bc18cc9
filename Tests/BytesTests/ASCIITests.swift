import Bytes
import Testing

struct ASCIITests {
  @Test func lowersOnlyLetters() {
    for byte in UInt8.min...UInt8.max {
      let isUpper = (0x41...0x5A).contains(byte)
      #expect(ASCII.lowercased(byte) == (isUpper ? byte + 32 : byte))
    }
  }

  @Test func classesAreThoseOfTheGrammar() {
    let digits = Set("0123456789".utf8)
    let letters = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
    let token = digits.union(letters).union("!#$%&'*+-.^_`|~".utf8)
    for byte in UInt8.min...UInt8.max {
      #expect(ASCII.isDigit(byte) == digits.contains(byte))
      #expect(ASCII.isAlpha(byte) == letters.contains(byte))
      #expect(ASCII.isToken(byte) == token.contains(byte))
      #expect(ASCII.isFieldValue(byte) == (byte == 9 || byte >= 0x20 && byte != 0x7F))
    }
  }

  @Test func hexadecimalDigits() {
    let digits = [UInt8]("0123456789abcdef".utf8)
    let upper = [UInt8]("0123456789ABCDEF".utf8)
    for byte in UInt8.min...UInt8.max {
      let value = digits.firstIndex(of: byte) ?? upper.firstIndex(of: byte)
      #expect(ASCII.hexValue(byte).map { Int($0) } == value)
    }
  }
}
