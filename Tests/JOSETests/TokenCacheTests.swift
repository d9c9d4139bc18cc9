import Bytes
import JOSE
import JSON
import Testing

struct TokenCacheTests {
  static let now = TestTokens.now

  static func find(_ cache: TokenCache, _ token: String, now: Int64 = now) -> VerifiedToken? {
    var token = token
    return token.withUTF8 { cache.find(ByteView($0), now: now) }
  }

  static func insert(_ cache: TokenCache, _ token: String, _ verified: VerifiedToken) {
    var token = token
    token.withUTF8 { cache.insert(ByteView($0), verified) }
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
    let cache = TokenCache(capacity: 4, clockSkew: 60)
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

  @Test func neverHoldsMoreThanItsCapacity() throws {
    let cache = TokenCache(capacity: 16)
    let verified = try TestTokens.sign().verified()
    for index in 0..<1000 { Self.insert(cache, "token-\(index)", verified) }
    #expect(cache.count <= 16)
    #expect(cache.evictions == 1000 - UInt64(cache.count))
    let held = (0..<1000).filter { Self.find(cache, "token-\($0)") != nil }.count
    #expect(held == cache.count)
  }

  /// One set of four places: the three used since stay, the one left alone gives way.
  @Test func theLeastRecentlyUsedGivesWay() throws {
    let cache = TokenCache(capacity: 4)
    let verified = try TestTokens.sign().verified()
    for name in ["a", "b", "c", "d"] { Self.insert(cache, name, verified) }
    for name in ["a", "c", "d"] { #expect(Self.find(cache, name) != nil) }
    Self.insert(cache, "e", verified)
    #expect(Self.find(cache, "b") == nil)
    for name in ["a", "c", "d", "e"] { #expect(Self.find(cache, name) != nil) }
    #expect(cache.evictions == 1)
  }

  @Test func aFreedPlaceIsUsedBeforeAnythingIsEvicted() throws {
    let cache = TokenCache(capacity: 4, clockSkew: 0)
    let long = try TestTokens.sign().verified()
    let short = try TestTokens.sign([("exp", .integer(Self.now + 1))]).verified()
    for name in ["a", "b", "c"] { Self.insert(cache, name, long) }
    Self.insert(cache, "d", short)
    #expect(Self.find(cache, "d", now: Self.now + 1) == nil)
    Self.insert(cache, "e", long)
    for name in ["a", "b", "c", "e"] { #expect(Self.find(cache, name) != nil) }
    #expect(cache.evictions == 0)
  }

  @Test(arguments: [(0, 0), (-1, 0), (1, 4), (4, 4), (5, 8), (1000, 1024), (1024, 1024)])
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

  @Test func tokensNoVerifierWouldTakeAreNotHashed() throws {
    let cache = TokenCache(capacity: 4)
    let long = String(repeating: "x", count: 16 * 1024 + 1)
    Self.insert(cache, long, try TestTokens.sign().verified())
    #expect(cache.count == 0)
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
