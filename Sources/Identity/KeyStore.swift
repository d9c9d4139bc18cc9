package import JOSE
package import Net
import Outbound

/// The keys of one identity provider: fetched through its discovery document when first needed, then kept fresh.
package final class KeyStore {
  /// What the store tells its owner, for the log.
  package enum Event {
    case fetched(usable: Int, skipped: [SkippedKey])
    case failed(String)
  }

  /// How to reach the provider.
  package struct Provider {
    package var issuer: String
    package var discoveryURL: String
    package var allowPlaintext: Bool
    /// How its https documents are fetched; without it they cannot be.
    package var tls: TLSClientContext?

    package init(issuer: String, discoveryURL: String, allowPlaintext: Bool, tls: TLSClientContext? = nil) {
      self.tls = tls
      self.issuer = issuer
      self.discoveryURL = discoveryURL
      self.allowPlaintext = allowPlaintext
    }
  }

  /// What a waiter gets in the end.
  package enum Outcome {
    case keys(KeySet, generation: Int)
    case noneBetter
    case unavailable(retryAfter: Int)
  }

  /// Waits for keys; cancel it when the client goes away.
  package final class Waiter {
    fileprivate var completion: ((Outcome) -> Void)?
    fileprivate let seen: Int?
    fileprivate init(_ seen: Int?, _ completion: @escaping (Outcome) -> Void) {
      self.seen = seen
      self.completion = completion
    }
    package func cancel() { completion = nil }
  }

  /// Milliseconds for one document. Both are fetched, or given up, before a request can cause the next attempt.
  private static let documentTimeout = KeyStoreState.attemptInterval * 2 / 5

  private let loop: Loop
  private let provider: Provider
  private let report: (Event) -> Void
  private var state = KeyStoreState()
  private var waiters: [Waiter] = []
  private var refreshDeadline: Deadline?
  /// The document the keys in use were read from.
  private var document: [UInt8] = []
  /// Called when other keys have come: verdicts made with the old ones no longer count.
  package var onChange: [() -> Void] = []

  package init(_ loop: Loop, _ provider: Provider, report: @escaping (Event) -> Void) {
    self.loop = loop
    self.provider = provider
    self.report = report
    refreshDeadline = Deadline(loop.deadlines) { [unowned self] in
      if state.refresh(now: loop.now) { fetch() }
    }
  }

  deinit { refreshDeadline?.invalidate() }

  /// The keys at hand, if there are any.
  package var current: (keys: KeySet, generation: Int)? { state.keys.map { ($0, state.generation) } }

  /// Finds keys, newer than `generation` when those did not fit.
  ///
  /// - Returns: nil when `completion` has been called inside this call.
  package func find(newerThan generation: Int?, completion: @escaping (Outcome) -> Void) -> Waiter? {
    switch state.ask(newerThan: generation, now: loop.now) {
    case .use(let keys, let generation): completion(.keys(keys, generation: generation))
    case .noneBetter: completion(.noneBetter)
    case .unavailable(let seconds): completion(.unavailable(retryAfter: seconds))
    case .wait(let startFetch):
      let waiter = Waiter(generation, completion)
      waiters.append(waiter)
      if startFetch { fetch() }
      return waiter.completion == nil ? nil : waiter
    }
    return nil
  }

  private func fetch() {
    get(provider.discoveryURL) { [self] body in
      do throws(ProviderMetadata.Fault) {
        let metadata = try ProviderMetadata.parse(body, issuer: provider.issuer)
        get(metadata.keysURL) { [self] body in accept(body) }
      } catch {
        failed(error.description)
      }
    }
  }

  private func accept(_ document: [UInt8]) {
    if let keys = state.keys, document == self.document {
      refreshDeadline?.set(in: state.succeeded(keys))
      return settle()
    }
    guard let keys = try? KeySet(parsing: document) else { return failed("the key set is not a JWK set") }
    guard !keys.keys.isEmpty else { return failed("the key set holds no usable key") }
    self.document = document
    refreshDeadline?.set(in: state.succeeded(keys))
    report(.fetched(usable: keys.keys.count, skipped: keys.skipped))
    for change in onChange { change() }
    settle()
  }

  private func failed(_ reason: String) {
    if let retry = state.failed() { refreshDeadline?.set(in: retry) }
    report(.failed(reason))
    settle()
  }

  /// Answers everyone who waited for the fetch that has just ended.
  private func settle() {
    let settled = waiters
    waiters.removeAll()
    for waiter in settled {
      guard let completion = waiter.completion else { continue }
      waiter.completion = nil
      if let keys = state.keys, waiter.seen ?? -1 < state.generation {
        completion(.keys(keys, generation: state.generation))
      } else if state.keys != nil {
        completion(.noneBetter)
      } else {
        completion(.unavailable(retryAfter: Int(KeyStoreState.attemptInterval / 1000)))
      }
    }
  }

  private func get(_ url: String, _ completion: @escaping ([UInt8]) -> Void) {
    do throws(DocumentURL.Fault) {
      let location = try DocumentURL.location(of: url, allowPlaintext: provider.allowPlaintext)
      Fetch.get(loop, location, tls: provider.tls, timeout: Self.documentTimeout) { [self] result in
        switch result {
        case .success(let response) where response.status == 200: completion(response.body)
        case .success(let response): failed("\(url) answered with status \(response.status)")
        case .failure(let failure): failed("\(url): \(failure.description)")
        }
      }
    } catch {
      failed("\(url): \(error.description)")
    }
  }
}
