@testable import Demo
import Testing

@Suite struct BoundedStoreTests {
  @Test func valuesExpire() {
    var store = BoundedStore<Int>(capacity: 4)
    store.insert(1, "a", expiry: 10, now: 0)
    #expect(store.value("a", now: 9) == 1)
    #expect(store.value("a", now: 10) == nil)
    #expect(store.value("b", now: 0) == nil)
  }

  @Test func theOldestMakesRoom() {
    var store = BoundedStore<Int>(capacity: 2)
    for (index, key) in ["a", "b", "c"].enumerated() { store.insert(index, key, expiry: 10, now: 0) }
    #expect(store.count == 2)
    #expect(["a", "b", "c"].map { store.value($0, now: 0) } == [nil, 1, 2])
  }

  @Test func expiredValuesMakeRoomFirst() {
    var store = BoundedStore<Int>(capacity: 2)
    store.insert(1, "old", expiry: 100, now: 0)
    store.insert(2, "brief", expiry: 5, now: 0)
    store.insert(3, "new", expiry: 100, now: 6)
    #expect(store.value("old", now: 6) == 1)
    #expect(store.value("new", now: 6) == 3)
  }

  @Test func replacingMovesToTheEndOfTheQueue() {
    var store = BoundedStore<Int>(capacity: 2)
    store.insert(1, "a", expiry: 10, now: 0)
    store.insert(2, "b", expiry: 10, now: 0)
    store.insert(3, "a", expiry: 10, now: 0)
    store.insert(4, "c", expiry: 10, now: 0)
    #expect(["a", "b", "c"].map { store.value($0, now: 0) } == [3, nil, 4])
  }

  @Test func updatesAndRemoves() {
    var store = BoundedStore<Int>(capacity: 2)
    store.insert(1, "a", expiry: 10, now: 0)
    store.update("a") { $0 += 1 }
    store.update("absent") { $0 += 1 }
    #expect(store.value("a", now: 0) == 2)
    #expect(store.remove("a") == 2)
    #expect(store.remove("a") == nil)
    #expect(store.count == 0)
  }

  @Test func staysBoundedUnderChurn() {
    var store = BoundedStore<Int>(capacity: 3)
    for index in 0..<1000 {
      store.insert(index, "k\(index % 7)", expiry: 10, now: 0)
      if index % 5 == 0 { store.remove("k\(index % 7)") }
    }
    #expect(store.count <= 3)
    #expect(store.value("k\(999 % 7)", now: 0) == 999)
  }
}
