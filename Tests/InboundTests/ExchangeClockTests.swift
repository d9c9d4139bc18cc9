import Testing

@testable import Inbound

struct ExchangeClockTests {
  private var settings: InboundSettings {
    var settings = InboundSettings()
    settings.requestBody = 30_000
    settings.streamIdle = 300_000
    settings.streamMax = 3_600_000
    return settings
  }

  /// A byte a second earns next to nothing; a body at the rate is never cut.
  @Test(arguments: [(1, 100, true), (100, 100, true), (512, 1_000, false), (4_096, 3_000, false)])
  func bodiesOverTime(_ bytesEachSecond: Int, _ seconds: UInt64, _ isCut: Bool) {
    var clock = ExchangeClock()
    clock.begin(5_000)
    clock.awaitBody(5_000)
    var cut = false
    for second in 1...seconds {
      let now = 5_000 + second * 1_000
      if clock.due(settings, owesBody: true) < now { cut = true }
      clock.received(bytesEachSecond, now)
    }
    #expect(cut == isCut)
  }

  @Test func aPauseOfTheGatewayDoesNotCount() {
    var clock = ExchangeClock()
    clock.begin(0)
    clock.awaitBody(0)
    clock.received(1_000_000, 10)
    clock.awaitBody(90_000)
    #expect(clock.due(settings, owesBody: true) == 120_000)
  }

  @Test func aResponseThatMoves() {
    var clock = ExchangeClock()
    clock.begin(1_000)
    #expect(clock.due(settings, owesBody: false) == 301_000)
    clock.moved(200_000)
    #expect(clock.due(settings, owesBody: false) == 500_000)
    clock.moved(3_500_000)
    #expect(clock.due(settings, owesBody: false) == 3_601_000, "never beyond the longest life")
  }
}
