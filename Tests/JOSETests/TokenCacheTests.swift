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
    let cache = TokenCache(capacity: 4)
    let long = try TestTokens.sign().verified()
    var policy = TestTokens.policy
    policy.clockSkew = 0
    let short = try TestTokens.sign([("exp", .integer(Self.now + 1))]).verified(policy)
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
