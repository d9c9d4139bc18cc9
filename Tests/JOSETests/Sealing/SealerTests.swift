import Bytes
import COpenSSL
import JOSE
import Testing

struct SealerTests {
  private static let now = TestTokens.now
  private static let purpose = SealPurpose("access")
  private static let payload = [UInt8]("{\"sub\":\"user-1\"}".utf8)

  private static func key(_ id: String, _ first: UInt8) -> SealingKey {
    SealingKey(id: id, secret: (0..<32).map { first &+ $0 })
  }

  private let keys: SealingKeys
  private let sealer: Sealer

  init() throws {
    keys = try SealingKeys([Self.key("2026-11", 1)])
    sealer = Sealer(keys, context: "corporate")
  }

  private func seal(
    _ payload: [UInt8] = payload, expiry: Int64 = now + 60, by sealer: Sealer? = nil
  ) throws -> String {
    try (sealer ?? self.sealer).seal(payload, for: Self.purpose, expiry: expiry)
  }

  private func open(_ text: String, by sealer: Sealer? = nil) -> Sealer.Opened {
    (sealer ?? self.sealer).open(text, for: Self.purpose, now: Self.now)
  }

  @Test(arguments: [0, 1, 2, 15, 16, 17, 600, 65_536, Sealer.longest])
  func whatIsSealedComesBack(_ length: Int) throws {
    let payload = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let sealed = try seal(payload)
    #expect(open(sealed) == .payload(payload))
    // The expiry, the nonce and the tag, and what says which key it was.
    #expect(Base64URL.decode(sealed)?.count == length + 8 + 12 + 16 + 9)
  }

  @Test func tooMuchIsNotSealed() throws {
    let payload = [UInt8](repeating: 0, count: Sealer.longest + 1)
    #expect(throws: CryptoFailure.self) { try seal(payload) }
    #expect(open(Base64URL.encode([UInt8](repeating: 1, count: 2 * Sealer.longest))) == .foreign)
  }

  /// It goes into queries, cookies and Authorization fields, and is never taken for a JWT.
  @Test func theTextIsBase64URLAndHidesThePayload() throws {
    let one = try seal()
    #expect(one.utf8.allSatisfy { ASCII.isAlpha($0) || ASCII.isDigit($0) || $0 == ASCII.dash || $0 == 0x5F })
    #expect(one != (try seal()))
    let bytes = try #require(Base64URL.decode(one))
    #expect(!String(decoding: bytes, as: UTF8.self).contains("user"))
  }

  @Test func everyAlteredBitIsFound() throws {
    for payload in [Self.payload, []] {
      let sealed = try #require(Base64URL.decode(try seal(payload)))
      for bit in 0..<sealed.count * 8 {
        var altered = sealed
        altered[bit / 8] ^= 1 << (bit % 8)
        #expect(open(Base64URL.encode(altered)) == .foreign, "bit \(bit)")
      }
      #expect(open(Base64URL.encode(sealed)) == .payload(payload))
    }
  }

  @Test func everyTruncationIsFound() throws {
    let text = try seal()
    for length in 0..<text.utf8.count { #expect(open(String(text.prefix(length))) == .foreign) }
    let sealed = try #require(Base64URL.decode(text))
    for length in 0..<sealed.count { #expect(open(Base64URL.encode(sealed.prefix(length))) == .foreign) }
    for length in 1..<sealed.count { #expect(open(Base64URL.encode(sealed.suffix(length))) == .foreign) }
    #expect(open(Base64URL.encode(sealed + [0])) == .foreign)
    #expect(open(text + "A") == .foreign)
    #expect(open(text + "=") == .foreign)
  }

  /// Lengths that lie, and what people send instead.
  @Test func nothingElseOpens() {
    for text in ["", "A", "AQ", "a.b.c", "Zg==", "é", "AQEx", "opaque-example-token-0001"] {
      #expect(open(text) == .foreign)
    }
    for first in UInt8.min...UInt8.max {
      for count in [1, 2, 3, 36, 37, 38, 46, 300] {
        #expect(open(Base64URL.encode([UInt8](repeating: first, count: count))) == .foreign)
        #expect(open(Base64URL.encode([1, first] + [UInt8](repeating: 0x32, count: count))) == .foreign)
        #expect(open(Base64URL.encode([1, 7] + "2026-11".utf8 + [UInt8](repeating: first, count: count))) == .foreign)
      }
    }
  }

  @Test func purposesContextsAndKeysAreSeparate() throws {
    let sealed = try seal()
    for purpose in ["code", "acces", "access1", ""] as [StaticString] {
      #expect(sealer.open(sealed, for: SealPurpose(purpose), now: Self.now) == .foreign)
    }
    for context in ["partner", "corporat", "corporate1", ""] {
      #expect(open(sealed, by: Sealer(keys, context: context)) == .foreign)
    }
    // The same id with another secret, and the same secret with another id.
    for key in [Self.key("2026-11", 2), Self.key("2026-12", 1)] {
      #expect(open(sealed, by: Sealer(try SealingKeys([key]), context: "corporate")) == .foreign)
    }
    // Another process.
    #expect(
      open(sealed, by: Sealer(try SealingKeys([Self.key("2026-11", 1)]), context: "corporate"))
        == .payload(Self.payload))
  }

  /// What moves between purpose and context is something else.
  @Test func theBorderBetweenPurposeAndContextCounts() throws {
    let one = try Sealer(keys, context: "bc").seal(Self.payload, for: SealPurpose("a"), expiry: .max)
    #expect(Sealer(keys, context: "c").open(one, for: SealPurpose("ab"), now: 0) == .foreign)
    #expect(Sealer(keys, context: "bc").open(one, for: SealPurpose("a"), now: 0) == .payload(Self.payload))
  }

  /// In the very second of its expiry it is expired; what is not genuine never is.
  @Test(
    arguments: [
      (now + 1, true), (now, false), (now - 1, false), (.max, true), (.min, false), (0, false), (-1, false),
    ] as [(Int64, Bool)])
  func expiry(_ expiry: Int64, _ isGood: Bool) throws {
    let sealed = try seal(expiry: expiry)
    #expect(open(sealed) == (isGood ? .payload(Self.payload) : .expired))
    #expect(sealer.open(sealed, for: SealPurpose("code"), now: Self.now) == .foreign)
  }

  @Test func keysRotateWithOverlap() throws {
    let (old, new) = (Self.key("2026-11", 1), Self.key("2027-02", 9))
    var changes = 0
    keys.onChange.append { changes += 1 }
    let before = try seal()
    try keys.replace(by: [old])
    #expect(changes == 0)
    try keys.replace(by: [new, old])
    #expect(changes == 1)
    let after = try seal()
    #expect(open(before) == .payload(Self.payload))
    #expect(open(after) == .payload(Self.payload))
    #expect(open(after, by: Sealer(try SealingKeys([new]), context: "corporate")) == .payload(Self.payload))
    try keys.replace(by: [new])
    #expect(changes == 2)
    #expect(open(before) == .foreign)
    #expect(open(after) == .payload(Self.payload))
    #expect(keys.keys == [new])
  }

  @Test func ringsThatCannotBe() throws {
    let good = Self.key("a", 1)
    let rings: [[SealingKey]] = [
      [], [good, Self.key("a", 2)], [SealingKey(id: "a", secret: [1])], [Self.key("", 1)],
      [Self.key(String(repeating: "x", count: 300), 1)], (0..<17).map { Self.key("\($0)", $0) },
    ]
    for ring in rings {
      #expect(throws: CryptoFailure.self) { try SealingKeys(ring) }
      #expect(throws: CryptoFailure.self) { try keys.replace(by: ring) }
    }
    #expect(open(try seal()) == .payload(Self.payload))
  }

  /// The layout is what other versions of the gateway must go on reading: taken apart here with other means.
  @Test func theLayout() throws {
    let sealed = try #require(Base64URL.decode(try seal(expiry: 0x0102_0304_0506_0708)))
    #expect(sealed.prefix(9) == [1, 7] + "2026-11".utf8)
    // HKDF-SHA256 without salt, for 32 bytes: RFC 5869 §2.
    let extracted = Self.hmac([UInt8](repeating: 0, count: 32), Self.key("2026-11", 1).secret)
    let key = Self.hmac(extracted, "portcullis seal 1 ".utf8 + [6] + "access".utf8 + [1])
    let context = EVP_CIPHER_CTX_new()
    defer { EVP_CIPHER_CTX_free(context) }
    let associated = sealed.prefix(9) + [6] + "access".utf8 + "corporate".utf8
    let text = [UInt8](sealed.dropFirst(21).dropLast(16))
    var tag = [UInt8](sealed.suffix(16))
    var plain = [UInt8](repeating: 0, count: text.count)
    var length: Int32 = 0
    #expect(EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), nil, key, [UInt8](sealed[9..<21])) == 1)
    #expect(EVP_DecryptUpdate(context, nil, &length, [UInt8](associated), Int32(associated.count)) == 1)
    #expect(EVP_DecryptUpdate(context, &plain, &length, text, Int32(text.count)) == 1)
    #expect(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, 16, &tag) == 1)
    var end: UInt8 = 0
    #expect(EVP_DecryptFinal_ex(context, &end, &length) == 1)
    #expect(plain == [1, 2, 3, 4, 5, 6, 7, 8] + Self.payload)
  }

  private static func hmac(_ key: [UInt8], _ message: [UInt8]) -> [UInt8] {
    var mac = [UInt8](repeating: 0, count: 32)
    var length = 0
    _ = EVP_Q_mac(nil, "HMAC", nil, "SHA256", nil, key, key.count, message, message.count, &mac, 32, &length)
    return mac
  }
}
