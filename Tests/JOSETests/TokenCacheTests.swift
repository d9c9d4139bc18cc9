import Bytes
import JOSE
import JSON
import Testing

struct TokenCacheTests {
  static let now = TestTokens.now

  static func find(_ cache: TokenCache, _ token: String, now: Int64 = now) -> VerifiedToken? {
    digest(token).flatMap { cache.find($0, now: now) }
  }

  static func insert(_ cache: TokenCache, _ token: String, _ verified: VerifiedToken) {
    if let digest = digest(token) { cache.insert(digest, length: token.utf8.count, verified) }
  }

  static func digest(_ token: String) -> TokenDigest? {
    [UInt8](token.utf8).withUnsafeBytes { TokenHasher().digest(of: $0) }
  }

  @Test func findsExactlyWhatWasInserted() throws {
    let cache = TokenCache(capacity: 64)
    let token = try TestTokens.sign()
    let verified = try token.verified()
    #expect(Self.find(cache, token) == nil)
    Self.insert(cache, token, verified)
    #expect(Self.find(cache, token) === verified)
    #expect(Self.find(cache, token + "A") == nil)
    #expect(Self.find(cache, String(token.dropLast())) == nil)
    #expect(Self.find(cache, "") == nil)
    #expect(cache.hits == 1)
    #expect(cache.misses == 4)
    #expect(cache.count == 1)
  }

  @Test func expiresInTheSecondTheVerifierRefuses() throws {
    let cache = TokenCache(capacity: 4)
    let token = try TestTokens.sign()
    let verified = try token.verified()
    Self.insert(cache, token, verified)
    let end = Self.now + 300 + 60
    #expect(Self.find(cache, token, now: end - 1) === verified)
    #expect(try token.outcome(now: end - 1) == "verified")
    #expect(Self.find(cache, token, now: end) == nil)
    #expect(try token.outcome(now: end) == "expired")
    #expect(cache.count == 0)
    #expect(Self.find(cache, token, now: Self.now) == nil, "an expired entry is gone for good")
  }

  @Test func insertingAgainReplaces() throws {
    let cache = TokenCache(capacity: 4)
    let token = try TestTokens.sign()
    let first = try token.verified()
    let second = try token.verified()
    Self.insert(cache, token, first)
    Self.insert(cache, token, second)
    #expect(Self.find(cache, token) === second)
    #expect(cache.count == 1)
    #expect(cache.evictions == 0)
  }

  @Test func removeAllForgetsEverything() throws {
    let cache = TokenCache(capacity: 16)
    let verified = try TestTokens.sign().verified()
    for index in 0..<8 { Self.insert(cache, "token-\(index)", verified) }
    cache.removeAll()
    #expect(cache.count == 0)
    for index in 0..<8 { #expect(Self.find(cache, "token-\(index)") == nil) }
    Self.insert(cache, "token-1", verified)
    #expect(Self.find(cache, "token-1") === verified)
  }

  /// Tokens of a key that the provider has withdrawn end with it; the others stay.
  @Test func forgetsWhatIsObsolete() throws {
    let cache = TokenCache(capacity: 16)
    let one = try TestTokens.sign([], .es256).verified()
    let other = try TestTokens.sign([], .edDSA).verified()
    #expect(one.keyThumbprint != other.keyThumbprint)
    Self.insert(cache, "one", one)
    Self.insert(cache, "other", other)
    cache.removeAll { $0.keyThumbprint == one.keyThumbprint }
    #expect(Self.find(cache, "one") == nil)
    #expect(Self.find(cache, "other") === other)
    #expect(cache.count == 1)
  }

  /// Long tokens push out others before the memory they may take is exceeded.
  @Test func neverHoldsMoreThanItsBytes() throws {
    let cache = TokenCache(capacity: 1024, byteLimit: 20_000)
    let verified = try TestTokens.sign().verified()
    for index in 0..<500 {
      Self.insert(cache, "\(index)-" + String(repeating: "x", count: index % 7 * 300), verified)
      #expect(cache.bytes <= 20_000)
      #expect(Self.find(cache, "\(index)-" + String(repeating: "x", count: index % 7 * 300)) != nil)
    }
    #expect(cache.count > 2)
    cache.removeAll()
    #expect(cache.bytes == 0)
  }

  @Test func neverHoldsMoreThanItsCapacity() throws {
    let cache = TokenCache(capacity: 16)
    let verified = try TestTokens.sign().verified()
    for index in 0..<1000 { Self.insert(cache, "token-\(index)", verified) }
    #expect(cache.count <= 16)
    #expect(cache.evictions == 1000 - UInt64(cache.count))
    let held = (0..<1000).filter { Self.find(cache, "token-\($0)") != nil }.count
    #expect(held == cache.count)
  }

  private static let names = (0..<16).map { "token-\($0)" }

  /// One set of sixteen places: those used since stay, the one left alone gives way.
  @Test func theLeastRecentlyUsedGivesWay() throws {
    let cache = TokenCache(capacity: 16)
    let verified = try TestTokens.sign().verified()
    for name in Self.names { Self.insert(cache, name, verified) }
    let used = Self.names.filter { $0 != "token-5" }
    for name in used { #expect(Self.find(cache, name) != nil) }
    Self.insert(cache, "e", verified)
    #expect(Self.find(cache, "token-5") == nil)
    for name in used + ["e"] { #expect(Self.find(cache, name) != nil) }
    #expect(cache.evictions == 1)
  }

  @Test func aFreedPlaceIsUsedBeforeAnythingIsEvicted() throws {
    let cache = TokenCache(capacity: 16)
    let long = try TestTokens.sign().verified()
    var policy = TestTokens.policy
    policy.clockSkew = 0
    let short = try TestTokens.sign([("exp", .integer(Self.now + 1))]).verified(policy)
    for name in Self.names { Self.insert(cache, name, name == "token-9" ? short : long) }
    #expect(Self.find(cache, "token-9", now: Self.now + 1) == nil)
    Self.insert(cache, "e", long)
    for name in Self.names + ["e"] where name != "token-9" { #expect(Self.find(cache, name) != nil) }
    #expect(cache.evictions == 0)
  }

  /// Tokens are found while the table grows under them, and hardly any is lost for want of a place.
  @Test func growsWithWhatItHolds() throws {
    let cache = TokenCache(capacity: 4096)
    let verified = try TestTokens.sign().verified()
    for index in 0..<1000 {
      #expect(Self.find(cache, "token-\(index)") == nil)
      Self.insert(cache, "token-\(index)", verified)
      #expect(cache.count + Int(cache.evictions) == index + 1)
      #expect(cache.places <= 4 * cache.count + 16)
      let isToBeSearched = index % 50 == 0
      if isToBeSearched { #expect((0...index).count { Self.find(cache, "token-\($0)") != nil } == cache.count) }
    }
    #expect(cache.evictions < 5)
    for index in 1000..<20_000 { Self.insert(cache, "token-\(index)", verified) }
    #expect(cache.places == 4096)
    #expect((0..<20_000).count { Self.find(cache, "token-\($0)") != nil } == cache.count)
  }

  @Test func takesNoMemoryBeforeTheFirstToken() {
    #expect(TokenCache(capacity: 10_000_000).places == 0)
  }

  /// Twice as many places as tokens hold them all, also when they come strictly in turn, which is the worst order.
  @Test func tokensInTurnHardlyPushEachOtherOut() throws {
    let cache = TokenCache(capacity: 4096)
    let verified = try TestTokens.sign().verified()
    let digests = (0..<2048).compactMap { Self.digest("token-\($0)") }
    for digest in digests + digests {
      if cache.find(digest, now: Self.now) == nil { cache.insert(digest, length: 900, verified) }
    }
    #expect(cache.misses - 2048 < 20)
  }

  @Test(arguments: [(0, 0), (-1, 0), (1, 16), (16, 16), (17, 32), (1000, 1024), (1024, 1024)])
  func capacityIsRoundedUp(_ wanted: Int, _ capacity: Int) {
    #expect(TokenCache(capacity: wanted).capacity == capacity)
  }

  @Test func capacityZeroIsOff() throws {
    let cache = TokenCache(capacity: 0)
    let token = try TestTokens.sign()
    Self.insert(cache, token, try token.verified())
    cache.removeAll()
    #expect(Self.find(cache, token) == nil)
    #expect(cache.count == 0)
  }

  @Test func tokensNoVerifierWouldTakeAreNotHashed() {
    #expect(Self.digest(String(repeating: "x", count: 16 * 1024)) != nil)
    #expect(Self.digest(String(repeating: "x", count: 16 * 1024 + 1)) == nil)
    #expect(Self.digest("") != Self.digest("x"))
  }

  @Test func entriesAreReleased() throws {
    weak var released: VerifiedToken?
    do {
      let verified = try TestTokens.sign().verified()
      released = verified
      let cache = TokenCache(capacity: 4)
      Self.insert(cache, "a", verified)
      #expect(Self.find(cache, "a") != nil)
    }
    #expect(released == nil)
  }
}
