import Testing

@testable import Identity

struct CircuitBreakerTests {
  /// What happens, at which moment, and what comes of it.
  enum Step {
    case mayAsk(UInt64)
    /// Milliseconds that nobody may ask.
    case mayNot(UInt64, for: UInt64)
    case begins(isProbe: Bool)
    case succeeds(endsPause: Bool)
    case fails(UInt64, isProbe: Bool, CircuitBreaker.Effect)
    case givesUp(UInt64, isProbe: Bool)
  }

  private func run(_ circuit: inout CircuitBreaker, _ steps: [Step]) {
    for (index, step) in steps.enumerated() {
      switch step {
      case .mayAsk(let now): #expect(circuit.pause(now: now) == nil, "step \(index)")
      case .mayNot(let now, let pause): #expect(circuit.pause(now: now) == pause, "step \(index)")
      case .begins(let isProbe): #expect(circuit.begin() == isProbe, "step \(index)")
      case .succeeds(let endsPause): #expect(circuit.succeeded() == endsPause, "step \(index)")
      case .fails(let now, let isProbe, let effect):
        #expect(circuit.failed(isProbe: isProbe, now: now) == effect, "step \(index)")
      case .givesUp(let now, let isProbe): circuit.abandoned(isProbe: isProbe, now: now)
      }
    }
  }

  private func run(_ steps: [Step]) {
    var circuit = CircuitBreaker()
    run(&circuit, steps)
  }

  private static let opening: [Step] = [
    .fails(100, isProbe: false, .counted), .fails(100, isProbe: false, .counted),
    .fails(100, isProbe: false, .pause(1_000)),
  ]

  @Test func threeFailuresInARowBeginAPause() {
    run(
      [.mayAsk(0), .begins(isProbe: false)] + Self.opening
        + [.mayNot(100, for: 1_000), .mayNot(1_099, for: 1), .mayAsk(1_100)])
  }

  @Test func aSuccessBetweenThemStartsTheCountAnew() {
    run(
      [
        .fails(0, isProbe: false, .counted), .fails(0, isProbe: false, .counted), .succeeds(endsPause: false),
      ] + Self.opening)
  }

  @Test func oneProbeOnly() {
    run(
      Self.opening + [
        .mayAsk(1_100), .begins(isProbe: true), .mayNot(1_100, for: 1_000), .mayNot(9_000, for: 1_000),
        .succeeds(endsPause: true), .mayAsk(9_000), .begins(isProbe: false),
      ])
  }

  @Test func pausesDoubleUpToALimit() {
    var circuit = CircuitBreaker()
    run(&circuit, Self.opening)
    var now: UInt64 = 1_100
    for pause: UInt64 in [2_000, 4_000, 8_000, 16_000, 30_000, 30_000] {
      run(
        &circuit,
        [
          .mayAsk(now), .begins(isProbe: true), .fails(now, isProbe: true, .pause(pause)), .mayNot(now, for: pause),
          .mayNot(now + pause - 1, for: 1),
        ])
      now += pause
    }
    run(&circuit, [.begins(isProbe: true), .succeeds(endsPause: true)] + Self.opening)
  }

  /// What was asked before a pause and fails inside it does not make it longer.
  @Test func lateFailuresTellNothingNew() {
    run(
      Self.opening + [
        .fails(200, isProbe: false, .none), .mayNot(200, for: 900), .begins(isProbe: true),
        .fails(1_200, isProbe: false, .none), .fails(1_200, isProbe: true, .pause(2_000)),
        .fails(1_300, isProbe: true, .none), .mayNot(1_300, for: 1_900),
      ])
  }

  @Test func aLateSuccessEndsThePause() {
    run(
      Self.opening + [
        .succeeds(endsPause: true), .mayAsk(200), .begins(isProbe: false), .fails(200, isProbe: false, .counted),
      ])
    run(
      Self.opening + [
        .begins(isProbe: true), .succeeds(endsPause: true), .fails(1_200, isProbe: true, .counted), .mayAsk(1_200),
      ])
  }

  @Test func aProbeThatIsGivenUpIsFollowedByAnother() {
    run(
      Self.opening + [
        .begins(isProbe: true), .givesUp(1_500, isProbe: false), .mayNot(1_500, for: 1_000),
        .givesUp(1_500, isProbe: true), .mayAsk(1_500), .begins(isProbe: true),
        .fails(1_500, isProbe: true, .pause(2_000)),
      ])
    run([.givesUp(0, isProbe: true), .mayAsk(0), .begins(isProbe: false)])
  }
}
