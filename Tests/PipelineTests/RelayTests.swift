import Bytes
import HTTP
import Pipeline
import Testing

struct RelayTests {
  private let source = RecordingSource()
  private let sink = RecordingSink()

  private func relay(limit: Int = 0) -> Relay {
    let relay = Relay(limit: limit)
    relay.connect(from: source, to: sink)
    return relay
  }

  private final class Overseer: RelayOverseer {
    var exceeded = 0
    func relayExceededLimit(_ relay: Relay) { exceeded += 1 }
    func relay(_ relay: Relay, willPass trailers: Fields) { trailers.removeAll(.via) }
  }

  @Test func carriesBytesTrailersAndBackpressure() {
    let relay = relay()
    #expect(source.events.isEmpty)
    relay.resume()
    #expect("a".lend { relay.write($0) } == .more)
    sink.flow = .wait
    #expect("b".lend { relay.write($0) } == .wait)
    relay.resume()
    let trailers = Fields()
    trailers.append("T", "1")
    relay.finish(trailers)
    #expect(source.events == ["resume", "resume"])
    #expect(sink.events == ["write a", "write b", "finish T=1"])
  }

  /// An end is passed on once; nothing comes behind it.
  @Test(arguments: [0, 1, 2])
  func nothingComesBehindTheEnd(_ how: Int) {
    let relay = relay()
    switch how {
    case 0: relay.finish(nil)
    case 1: relay.fail(.aborted)
    default: relay.cancel(.cancelled)
    }
    relay.finish(nil)
    relay.fail(.timedOut)
    relay.cancel(.timedOut)
    relay.resume()
    #expect("x".lend { relay.write($0) } == .wait)
    #expect(sink.events == [["finish"], ["fail aborted"], []][how])
    #expect(source.events == [[], [], ["cancel cancelled"]][how])
  }

  @Test(arguments: [BodyFailure.aborted, .malformed, .timedOut, .tooLarge, .cancelled])
  func failuresGoBothWays(_ failure: BodyFailure) {
    relay().fail(failure)
    #expect(sink.events == ["fail \(failure)"])
    relay().cancel(failure)
    #expect(source.events == ["cancel \(failure)"])
  }

  @Test func theLimitIsReachedButNotPassed() {
    let overseer = Overseer()
    let relay = relay(limit: 5)
    relay.overseer = overseer
    #expect("abc".lend { relay.write($0) } == .more)
    #expect("de".lend { relay.write($0) } == .more)
    #expect(overseer.exceeded == 0)
    #expect("f".lend { relay.write($0) } == .wait)
    #expect(overseer.exceeded == 1)
    #expect(source.events == ["cancel tooLarge"])
    // The receiver gets nothing of the piece; what becomes of it is the overseer's business.
    #expect(sink.events == ["write abc", "write de"])
    #expect("g".lend { relay.write($0) } == .wait)
    #expect(overseer.exceeded == 1)
  }

  @Test func theOverseerSeesTheTrailersFirst() {
    let overseer = Overseer()
    let relay = relay()
    relay.overseer = overseer
    let trailers = Fields()
    trailers.append("Via", "1")
    trailers.append("Digest", "2")
    relay.finish(trailers)
    #expect(sink.events == ["finish Digest=2"])
  }

  @Test func withoutALimitAnythingPasses() {
    let relay = relay()
    for _ in 0..<1_000 { #expect("0123456789".lend { relay.write($0) } == .more) }
    #expect(sink.events.count == 1_000)
  }

  @Test func disconnectedItIsDeaf() {
    let relay = relay()
    relay.disconnect()
    relay.resume()
    relay.finish(nil)
    #expect("x".lend { relay.write($0) } == .wait)
    #expect(source.events.isEmpty)
    #expect(sink.events.isEmpty)
  }

  @Test func itsEndsAreReleasedWithTheBody() {
    weak var released: RecordingSink?
    let relay = Relay()
    do {
      let sink = RecordingSink()
      released = sink
      relay.connect(from: source, to: sink)
    }
    #expect(released != nil)
    relay.finish(nil)
    #expect(released == nil)
  }
}
