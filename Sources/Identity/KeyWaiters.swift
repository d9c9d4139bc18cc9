extension KeyStore {
  /// Waits for keys; cancel it when the client goes away.
  package final class Waiter {
    let question: KeyStoreState.Question
    private var completion: ((Outcome) -> Void)?
    private weak var store: KeyStore?

    init(_ store: KeyStore, _ question: KeyStoreState.Question, _ completion: @escaping (Outcome) -> Void) {
      self.store = store
      self.question = question
      self.completion = completion
    }

    /// Answered, or cancelled.
    var isDone: Bool { completion == nil }

    func finish(_ outcome: Outcome) {
      let completion = completion
      self.completion = nil
      completion?(outcome)
    }

    package func cancel() {
      completion = nil
      store?.forget(self)
    }
  }
}

/// Those who wait for keys, apart by what for: a flood of the one kind takes no place from the other.
struct KeyWaiters {
  private var unknownKeys: [KeyStore.Waiter] = []
  private var badSignatures: [KeyStore.Waiter] = []

  func count(_ cause: KeyStoreState.Cause) -> Int {
    switch cause {
    case .unknownKey: unknownKeys.count
    case .badSignature: badSignatures.count
    }
  }

  mutating func append(_ waiter: KeyStore.Waiter) {
    switch waiter.question.cause {
    case .unknownKey: unknownKeys.append(waiter)
    case .badSignature: badSignatures.append(waiter)
    }
  }

  mutating func remove(_ waiter: KeyStore.Waiter) {
    unknownKeys.removeAll { $0 === waiter }
    badSignatures.removeAll { $0 === waiter }
  }

  mutating func takeAll() -> [KeyStore.Waiter] {
    defer { self = KeyWaiters() }
    return unknownKeys + badSignatures
  }
}
