import JOSE
import Net
import Testing

@testable import Identity

struct KeyWaitersTests {
  private let store: KeyStore
  private let test: TestLoop

  init() throws {
    test = try TestLoop()
    store = KeyStore(test.loop, KeyStore.Provider(issuer: "i", source: .keySet("x"), allowPlaintext: false)) { _ in }
  }

  private func waiter(_ cause: KeyStoreState.Cause, _ completion: @escaping (KeyStore.Outcome) -> Void = { _ in })
    -> KeyStore.Waiter
  {
    let state = KeyStoreState()
    return KeyStore.Waiter(store, state.question(newerThan: nil, because: cause), completion)
  }

  @Test func countedByCause() {
    var waiting = KeyWaiters()
    let waiters = [waiter(.unknownKey(kid: "a")), waiter(.badSignature), waiter(.unknownKey(kid: nil))]
    for waiter in waiters { waiting.append(waiter) }
    #expect(waiting.count(.unknownKey(kid: nil)) == 2)
    #expect(waiting.count(.badSignature) == 1)
    waiting.remove(waiters[0])
    waiting.remove(waiters[0])
    #expect(waiting.count(.unknownKey(kid: nil)) == 1)
    let taken = waiting.takeAll()
    #expect(taken.count == 2 && taken.contains { $0 === waiters[1] } && taken.contains { $0 === waiters[2] })
    #expect(waiting.count(.unknownKey(kid: nil)) + waiting.count(.badSignature) == 0)
  }

  @Test func answeredOnceOrNever() {
    var answers = 0
    let answered = waiter(.badSignature) { _ in answers += 1 }
    #expect(!answered.isDone)
    answered.finish(.noneBetter)
    answered.finish(.noneBetter)
    #expect(answered.isDone)
    let cancelled = waiter(.badSignature) { _ in answers += 1 }
    cancelled.cancel()
    cancelled.finish(.noneBetter)
    #expect(cancelled.isDone)
    #expect(answers == 1)
  }
}
