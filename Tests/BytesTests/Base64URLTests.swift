import Bytes
import Testing

struct Base64URLTests {
  /// RFC 4648 §10, and bytes that need the two characters of the URL alphabet.
  static let pairs: [(text: String, bytes: [UInt8])] = [
    ("", []), ("Zg", [UInt8]("f".utf8)), ("Zm8", [UInt8]("fo".utf8)), ("Zm9v", [UInt8]("foo".utf8)),
    ("Zm9vYg", [UInt8]("foob".utf8)), ("Zm9vYmE", [UInt8]("fooba".utf8)),
    ("Zm9vYmFy", [UInt8]("foobar".utf8)),
    ("-_-_", [0xFB, 0xFF, 0xBF]), ("_w", [0xFF]), ("A-z_", [0x03, 0xEC, 0xFF]),
  ]

  @Test(arguments: pairs)
  func decodesAndEncodes(_ pair: (text: String, bytes: [UInt8])) {
    #expect(Base64URL.decode(pair.text) == pair.bytes)
    #expect(Base64URL.encode(pair.bytes) == pair.text)
  }

  @Test(arguments: [
    "A", "AAAAA", "Zg==", "Zm8=", "Zm9v\n", " Zm9v", "Zm 9v", "+/+/", "Zm9v.", "Zm\u{00}v", "Zé", "€uro",
    // Left-over bits: other spellings of "f" and "fo".
    "Zh", "Zn", "Zm9", "Zm-",
  ])
  func refusesWhatIsNotCanonical(_ text: String) {
    #expect(Base64URL.decode(text) == nil)
  }

  @Test func refusesEveryForeignByteInEveryPlace() {
    let alphabet = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    for byte in UInt8.min...UInt8.max where !alphabet.contains(byte) {
      for place in 0..<7 {
        var text = [UInt8]("AAAAAAA".utf8)
        text[place] = byte
        #expect(text.withUnsafeBytes { Base64URL.decode($0) } == nil)
      }
    }
  }

  @Test func everyLengthComesBack() {
    for length in 0..<70 {
      let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ length) }
      #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
    }
  }

  @Test func everyValueHasOneSpelling() {
    let alphabet = [UInt8]("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    var spellings = 0
    for first in alphabet {
      for second in alphabet where [first, second].withUnsafeBytes({ Base64URL.decode($0) }) != nil {
        spellings += 1
      }
    }
    #expect(spellings == 256)
  }
}
