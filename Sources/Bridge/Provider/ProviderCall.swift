import Identity
import Outbound
import Pipeline

/// A request to the provider that waits or is under way.
final class ProviderCall: Cancellable {
  enum State {
    /// For the provider's metadata, which says where to ask.
    case metadata(KeyStore.Waiter?)
    /// For its turn, until so many milliseconds of the loop's clock.
    case line(due: UInt64)
    case underWay(Fetch?, isProbe: Bool)
    case over
  }

  let request: ProviderRequest
  var state = State.metadata(nil)
  private var completion: ((ProviderOutcome) -> Void)?
  private weak var endpoint: ProviderEndpoint?

  init(
    _ request: ProviderRequest, at endpoint: ProviderEndpoint, _ completion: @escaping (ProviderOutcome) -> Void
  ) {
    self.request = request
    self.endpoint = endpoint
    self.completion = completion
  }

  /// Answered, or given up.
  var isOver: Bool { completion == nil }

  func settle(_ answer: ProviderOutcome) {
    let completion = completion
    self.completion = nil
    state = .over
    completion?(answer)
  }

  func cancel(_ reason: CancelReason) {
    guard completion != nil else { return }
    completion = nil
    endpoint?.abandon(self)
    state = .over
  }
}
