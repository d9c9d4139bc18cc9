/// Whether a peer that keeps failing is asked at all, without I/O: after some failures in a row it is left in peace
/// for a while, then one probe shows whether it is back. All times are milliseconds of a clock that never goes back.
package struct CircuitBreaker {
  /// What a failure leads to.
  package enum Effect: Equatable {
    /// It was asked before the pause that holds now, and tells nothing new.
    case none
    case counted
    case pause(UInt64)
  }

  private enum State {
    case closed(failures: Int)
    case open(until: UInt64, pause: UInt64)
    case probing(pause: UInt64)
  }

  private var state = State.closed(failures: 0)

  package init() {}

  /// Failures in a row that begin a pause.
  static let threshold = 3
  static let firstPause: UInt64 = 1_000
  /// Each pause behind a probe that has failed is twice the one before, up to this.
  static let longestPause: UInt64 = 30_000

  /// How long nobody may ask; nil when somebody may.
  package func pause(now: UInt64) -> UInt64? {
    switch state {
    case .closed: nil
    case .open(let until, _): now < until ? until - now : nil
    case .probing: Self.firstPause
    }
  }

  /// Somebody asks, who may.
  ///
  /// - Returns: whether it is the probe. Then nobody else may ask until it has ended.
  package mutating func begin() -> Bool {
    guard case .open(_, let pause) = state else { return false }
    state = .probing(pause: pause)
    return true
  }

  /// - Returns: whether a pause has ended.
  package mutating func succeeded() -> Bool {
    defer { state = .closed(failures: 0) }
    if case .closed = state { return false }
    return true
  }

  package mutating func failed(isProbe: Bool, now: UInt64) -> Effect {
    switch state {
    case .closed(let failures) where failures + 1 < Self.threshold:
      state = .closed(failures: failures + 1)
      return .counted
    case .closed: return open(for: Self.firstPause, now)
    case .probing(let pause) where isProbe: return open(for: min(pause * 2, Self.longestPause), now)
    case .open, .probing: return .none
    }
  }

  /// Who asked has given up: another probe may follow at once.
  package mutating func abandoned(isProbe: Bool, now: UInt64) {
    if isProbe, case .probing(let pause) = state { state = .open(until: now, pause: pause) }
  }

  private mutating func open(for pause: UInt64, _ now: UInt64) -> Effect {
    state = .open(until: now + pause, pause: pause)
    return .pause(pause)
  }
}
