package import Identity
package import JOSE
package import Pipeline

/// The keys that a provider's tokens are verified with.
package protocol ProviderKeys: AnyObject {
  var current: (keys: KeySet, generation: Int)? { get }

  /// See `KeyStore.find`.
  ///
  /// - Returns: what to cancel when nobody waits any longer; nil when `completion` has been called inside this call.
  func look(
    newerThan generation: Int?, because cause: KeyStoreState.Cause,
    completion: @escaping (KeyStore.Outcome) -> Void
  ) -> (any Cancellable)?
}

extension KeyStore: ProviderKeys {
  package func look(
    newerThan generation: Int?, because cause: KeyStoreState.Cause, completion: @escaping (Outcome) -> Void
  ) -> (any Cancellable)? {
    find(newerThan: generation, because: cause, completion: completion).map { waiter in
      CancelledBy { waiter.cancel() }
    }
  }
}

/// Something that is cancelled by a closure.
package final class CancelledBy: Cancellable {
  private let action: () -> Void

  package init(_ action: @escaping () -> Void) { self.action = action }

  package func cancel(_ reason: CancelReason) { action() }
}
