import JOSE
import Testing

struct RefusedTokensTests {
  private let refused = RefusedTokens(capacity: 4)
  private let now: Int64 = 1_700_000_000

  private func find(_ token: String, at time: Int64? = nil) -> TokenFault? {
    TokenCacheTests.digest(token).flatMap { refused.find($0, now: time ?? now) }
  }

  private func insert(_ token: String, _ fault: TokenFault, lifetime: Int64 = RefusedTokens.lifetime) {
    if let digest = TokenCacheTests.digest(token) { refused.insert(digest, fault, now: now, lifetime: lifetime) }
  }

  @Test func remembersForAShortWhile() {
    #expect(find("a") == nil)
    insert("a", .badSignature)
    #expect(find("a") == .badSignature)
    #expect(find("b") == nil)
    #expect(find("a", at: now + RefusedTokens.lifetime - 1) == .badSignature)
    #expect(find("a", at: now + RefusedTokens.lifetime) == nil)
    insert("a", .inactive, lifetime: 60)
    #expect(find("a", at: now + 59) == .inactive)
  }

  @Test func otherKeysMakeItForget() {
    insert("a", .unknownKey)
    refused.removeAll()
    #expect(find("a") == nil)
  }

  @Test func newerOnesTakeThePlaceOfOlderOnes() {
    for index in 0..<100 { insert("token-\(index)", .badSignature) }
    #expect(find("token-99") == .badSignature)
    #expect((0..<100).filter { find("token-\($0)") != nil }.count <= 4)
  }
}
