import Identity
import JOSE

/// A store, what it reports, and what its waiters get.
final class StoreWatch {
  let store: KeyStore
  private(set) var outcomes: [String] = []
  private(set) var found: KeySet?
  private let reports: Reports

  private final class Reports { var lines: [String] = [] }

  convenience init(_ test: TestLoop, _ provider: TestProvider, timing: KeyStoreState.Timing = StoreWatch.patient) {
    self.init(test, .discovery([provider.discoveryURL]), timing: timing)
  }

  /// - Parameter chance: fixed, so that times are what the tables of the state say.
  init(
    _ test: TestLoop, _ source: KeyStore.Provider.Source, issuer: String = "https://idp.example",
    cacheFile: String? = nil,
    refresh: UInt64 = 300_000, timing: KeyStoreState.Timing = StoreWatch.patient
  ) {
    let reports = Reports()
    self.reports = reports
    var provider = KeyStore.Provider(issuer: issuer, source: source, allowPlaintext: false)
    provider.cacheFile = cacheFile
    provider.refresh = refresh
    store = KeyStore(test.loop, provider, timing: timing, chance: { 0.5 }) { event in
      switch event {
      case .fetched(let usable, let skipped): reports.lines.append("fetched \(usable) skipped \(skipped.count)")
      case .unchanged: reports.lines.append("unchanged")
      case .failed(let reason): reports.lines.append(reason)
      case .stale(let age): reports.lines.append("stale \(age)")
      case .recovered: reports.lines.append("recovered")
      case .fromDisk(let usable, let age): reports.lines.append("from disk \(usable), \(age) s")
      case .notKept(let reason): reports.lines.append("not kept: \(reason)")
      }
    }
  }

  var lines: [String] { reports.lines }

  /// Nothing happens by the clock as long as a test runs, but for the first tries without keys.
  static let patient = KeyStoreState.Timing()

  /// All happens within milliseconds: for tests that wait for what it does by the clock.
  static var hasty: KeyStoreState.Timing {
    var timing = KeyStoreState.Timing()
    timing.burst = 1
    timing.requestInterval = 20
    timing.leastRefresh = 10
    timing.firstRetry = 2
    timing.longestRetry = 10
    return timing
  }

  @discardableResult
  func find(newerThan generation: Int? = nil, kid: String? = nil) -> KeyStore.Waiter? {
    find(newerThan: generation, because: .unknownKey(kid: kid))
  }

  @discardableResult
  func find(newerThan generation: Int?, because cause: KeyStoreState.Cause) -> KeyStore.Waiter? {
    store.find(newerThan: generation, because: cause) { [self] outcome in
      switch outcome {
      case .keys(let keys, let generation):
        found = keys
        outcomes.append("keys \(generation)")
      case .noneBetter: outcomes.append("none better")
      case .unavailable(let seconds): outcomes.append("unavailable \(seconds)")
      }
    }
  }
}
