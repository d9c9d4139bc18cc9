package import JOSE
import JSON
package import Net

/// The keys of one identity provider: fetched when first needed or beforehand, then kept fresh.
package final class KeyStore {
  /// What the store tells its owner, for the log.
  package enum Event {
    /// Other keys than before are in use.
    case fetched(usable: Int, skipped: [SkippedKey])
    /// What was fetched is what was in use.
    case unchanged
    case failed(String)
    /// The first failure since a success: keys of that age in seconds stay in use.
    case stale(age: Int)
    /// The first success since then.
    case recovered
    /// Keys that an earlier run has left, of that age in seconds, are in use for now.
    case fromDisk(usable: Int, age: Int)
    /// The file for the next run is of no use, or was not written.
    case notKept(String)
  }

  /// What a waiter gets in the end.
  package enum Outcome {
    case keys(KeySet, generation: Int)
    case noneBetter
    /// Nobody can tell whether there is a key; ask again after so many seconds.
    case unavailable(retryAfter: Int)
  }

  private let loop: Loop
  private let provider: Provider
  private let source: KeySource
  private let chance: () -> Double
  private let report: (Event) -> Void
  private var state: KeyStoreState
  private var waiting = KeyWaiters()
  private let cacheFile: KeyCacheFile?
  private var watcher: FileWatcher?
  /// When a file that has changed is read again.
  private var fileDeadline: Deadline?
  /// The next refresh, or the next try.
  private var refreshDeadline: Deadline?
  /// The next fetch that requests may cause, while some wait for it.
  private var requestDeadline: Deadline?
  /// The key set in use, as it was published.
  private var document: JSONValue?
  /// What discovery last found; nil before, and when the keys come from elsewhere.
  package private(set) var metadata: ProviderMetadata?
  /// Why the last fetch failed; nil when it did not.
  package private(set) var lastFailure: String?
  /// Called with the new keys when others have come: a verdict counts no longer when its key is not among them.
  package var onChange: [(KeySet) -> Void] = []

  /// - Parameter chance: numbers of at least 0 and below 1.
  package init(
    _ loop: Loop, _ provider: Provider, timing: KeyStoreState.Timing = KeyStoreState.Timing(),
    chance: @escaping () -> Double = KeyStore.chance, report: @escaping (Event) -> Void
  ) {
    self.loop = loop
    self.provider = provider
    self.chance = chance
    self.report = report
    source = KeySource(loop, provider)
    cacheFile = Self.cacheFile(loop, provider, report)
    state = KeyStoreState(refresh: provider.refresh, timing: timing)
    refreshDeadline = Deadline(loop.deadlines) { [unowned self] in refresh() }
    requestDeadline = Deadline(loop.deadlines) { [unowned self] in askAgain() }
    fileDeadline = Deadline(loop.deadlines) { [unowned self] in readAgain() }
  }

  deinit {
    refreshDeadline?.invalidate()
    requestDeadline?.invalidate()
    fileDeadline?.invalidate()
    watcher?.stop()
  }

  /// A file needs no copy.
  private static func cacheFile(
    _ loop: Loop, _ provider: Provider, _ report: @escaping (Event) -> Void
  ) -> KeyCacheFile? {
    if case .file = provider.source { return nil }
    return provider.cacheFile.map { path in KeyCacheFile(loop, path) { report(.notKept($0)) } }
  }

  package var issuer: String { provider.issuer }

  /// The keys at hand, if there are any.
  package var current: (keys: KeySet, generation: Int)? { state.keys.map { ($0, state.generation) } }

  /// Whether there are keys, be they old.
  package var isReady: Bool { state.keys != nil }

  /// Milliseconds since the keys in use were fetched.
  package var keyAge: UInt64? { state.age(now: loop.now) }

  /// Gets keys before anybody asks. Waits for nothing; tries again until it succeeds. What an earlier run has kept
  /// serves in the meantime, and a file is watched from now on.
  package func start() {
    if case .file(let path) = provider.source, watcher == nil {
      watcher = FileWatcher(loop, path) { [unowned self] in fileDeadline?.set(in: Self.settling) }
    }
    cacheFile?.read(issuer: provider.issuer) { [self] in adopt($0) }
    refresh()
  }

  /// Finds keys, newer than `generation` when those did not fit for that `cause`.
  ///
  /// - Returns: nil when `completion` has been called inside this call.
  package func find(
    newerThan generation: Int?, because cause: KeyStoreState.Cause, completion: @escaping (Outcome) -> Void
  ) -> Waiter? {
    let waiter = Waiter(self, state.question(newerThan: generation, because: cause), completion)
    ask(waiter)
    return waiter.isDone ? nil : waiter
  }

  private func ask(_ waiter: Waiter) {
    let count = waiting.count(waiter.question.cause)
    switch state.ask(waiter.question, waiting: count, now: loop.now) {
    case .use(let keys, let generation): waiter.finish(.keys(keys, generation: generation))
    case .noneBetter: waiter.finish(.noneBetter)
    case .unavailable(let seconds): waiter.finish(.unavailable(retryAfter: seconds))
    case .wait(let wait):
      waiting.append(waiter)
      switch wait {
      case .fetch: fetch()
      case .underWay: break
      case .until(let moment):
        if let deadline = requestDeadline, moment < deadline.due { deadline.set(at: moment) }
      }
    }
  }

  /// Something has changed: those who waited for it get their answers, or wait on.
  private func askAgain() {
    for waiter in waiting.takeAll() where !waiter.isDone { ask(waiter) }
  }

  /// A waiter has left.
  func forget(_ waiter: Waiter) { waiting.remove(waiter) }

  // MARK: Fetching

  /// Milliseconds to wait for further changes of a file: it may not have been written at one stroke.
  private static let settling: UInt64 = 200

  private func readAgain() {
    // What is being read now may be the file before its change.
    if state.isFetching { fileDeadline?.set(in: Self.settling) } else { refresh() }
  }

  private func refresh() {
    if state.refresh(now: loop.now) { fetch() }
  }

  /// Takes what an earlier run has kept, unless the provider was faster.
  private func adopt(_ kept: KeptKeys) {
    guard let keys = try? KeySet(jwks: kept.document), !keys.keys.isEmpty else {
      cacheFile?.refuse(.noUsableKey)
      return
    }
    // A clock that went back makes nothing younger than now; one that is far ahead makes no number too large.
    let age = UInt64(min(max(0, Loop.unixTime.subtractingReportingOverflow(kept.fetchedAt).partialValue), 1 << 40))
    guard state.adopt(keys, age: age * 1000, now: loop.now) else { return }
    document = kept.document
    metadata = kept.metadata
    report(.fromDisk(usable: keys.keys.count, age: Int(clamping: age)))
    changed(keys)
    askAgain()
  }

  private func fetch() {
    source.fetch { [self] result in
      switch result {
      case .success(let documents): accept(documents)
      case .failure(let failure): failed(failure.reason)
      }
    }
  }

  private func accept(_ documents: KeySource.Documents) {
    let published: JSONValue
    var keys: KeySet?
    do {
      published = try JSONValue.parse(documents.keys)
      if state.keys == nil || published != document { keys = try KeySet(jwks: published) }
    } catch {
      return failed("\(documents.place): not a JWK set: \(error)")
    }
    guard keys?.keys.isEmpty != true else { return failed("\(documents.place): the key set holds no usable key") }
    let wasStale = state.isStale
    refreshDeadline?.set(in: state.succeeded(keys, documents.freshness, now: loop.now, chance: chance()))
    lastFailure = nil
    keep(documents.metadata, published)
    report(keys.map { .fetched(usable: $0.keys.count, skipped: $0.skipped) } ?? .unchanged)
    if wasStale { report(.recovered) }
    if let keys { changed(keys) }
    askAgain()
  }

  private func keep(_ newMetadata: ProviderMetadata?, _ published: JSONValue) {
    let isKept = published == document && newMetadata == metadata
    metadata = newMetadata
    document = published
    guard !isKept else { return }
    cacheFile?.write(
      KeptKeys(issuer: provider.issuer, fetchedAt: Loop.unixTime, metadata: newMetadata, document: published))
  }

  private func changed(_ keys: KeySet) {
    for change in onChange { change(keys) }
  }

  private func failed(_ reason: String) {
    let wasStale = state.isStale
    refreshDeadline?.set(in: state.failed(now: loop.now, chance: chance()))
    lastFailure = reason
    report(.failed(reason))
    if state.isStale, !wasStale { report(.stale(age: Int(clamping: (keyAge ?? 0) / 1000))) }
    askAgain()
  }

  /// Cannot be guessed; when the system has no such number, the middle is as good.
  package static func chance() -> Double {
    guard let bytes = try? SecureRandom.bytes(2) else { return 0.5 }
    return Double(UInt16(bytes[0]) << 8 | UInt16(bytes[1])) / 65_536
  }
}
