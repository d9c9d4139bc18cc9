import Identity
import Testing
import Web

@testable import Bridge

struct ClientDocumentCacheTests {
  private let client = BridgeClient(id: "x", shownID: "x", name: nil, redirectURIs: [], kind: .document(host: "h"))

  @Test(arguments: [
    (nil, nil, 300), ("public", nil, 300), ("no-store", nil, 60), ("no-cache, max-age=1000", nil, 60),
    ("max-age=0", nil, 60), ("max-age=59", nil, 60), ("max-age=61", nil, 61), ("max-age=3600", nil, 3_600),
    ("max-age=3600", 600, 3_000), ("max-age=86400", nil, 86_400), ("max-age=86401", nil, 86_400),
    ("max-age=99999999999999999999", nil, 86_400), ("max-age=nonsense", nil, 60), ("s-maxage=7200", nil, 300),
  ])
  func lifetimes(_ cacheControl: String?, _ age: Int?, _ seconds: Int64) {
    #expect(ClientDocumentCache.lifetime(Freshness(cacheControl: cacheControl, age: age)) == seconds)
  }

  @Test func whatHasExpiredIsGone() {
    var cache = ClientDocumentCache()
    cache.insert(.success(client), "a", lifetime: 60, now: 1_000)
    #expect(cache.find("a", now: 1_059) == .success(client))
    #expect(cache.find("a", now: 1_060) == nil)
    #expect(cache.find("b", now: 1_000) == nil)
  }

  /// Room is made by what has expired, then by faults, then by the document that nobody has asked for the longest.
  @Test func thereIsRoomForSoMany() {
    var cache = ClientDocumentCache(capacity: 3)
    cache.insert(.success(client), "a", lifetime: 100, now: 0)
    cache.insert(.success(client), "b", lifetime: 100, now: 1)
    cache.insert(.failure(.notFetched("x")), "c", lifetime: 30, now: 2)
    cache.insert(.success(client), "d", lifetime: 100, now: 3)
    #expect(cache.count == 3)
    #expect(cache.find("c", now: 3) == nil)
    #expect(cache.find("a", now: 4) != nil)
    cache.insert(.success(client), "e", lifetime: 10, now: 5)
    #expect(cache.find("b", now: 5) == nil)
    #expect(cache.find("a", now: 5) != nil)
    cache.insert(.success(client), "f", lifetime: 100, now: 20)
    #expect(cache.count == 3)
    #expect(cache.find("e", now: 20) == nil)
    #expect(cache.find("d", now: 20) != nil)
    cache.insert(.success(client), "f", lifetime: 100, now: 21)
    #expect(cache.count == 3)
    for number in 0..<100 { cache.insert(.failure(.notFetched("x")), "\(number)", lifetime: 30, now: 22) }
    #expect(cache.count == 3)
  }
}
