import Bytes
import Testing

@testable import Net

struct LoopTests {
  @Test func endsWhenNothingIsLeftToWaitFor() throws {
    let loop = try Loop()
    let deadline = Deadline(loop.deadlines) { Issue.record("a deadline alone keeps no loop running") }
    deadline.set(in: 0)
    loop.run()
  }

  @Test func stopsWhenTold() throws {
    let test = try TestLoop()
    let deadline = Deadline(test.loop.deadlines) { test.loop.stop() }
    deadline.set(in: 1)
    test.loop.run()
    #expect(deadline.due == Deadline.never)
  }

  /// What a turn writes leaves in one piece.
  @Test func flushesOncePerTurn() throws {
    let test = try TestLoop()
    let (client, server) = try test.connectedPair()
    var pieces: [String] = []
    server.onRead = { _, bytes in pieces.append(bytes.text) }
    client.send("one ")
    client.send("two ")
    client.send("three")
    try test.run(until: { server.text == "one two three" })
    #expect(pieces.count == 1)
    client.transport.close()
    server.transport.close()
  }

  @Test func clocksDoNotGoBack() throws {
    let loop = try Loop()
    let before = (loop.now, Loop.nanoseconds, Loop.unixTime)
    loop.runOnce()
    #expect(loop.now >= before.0)
    #expect(Loop.nanoseconds >= before.1)
    #expect(Loop.unixTime >= before.2)
    #expect(Loop.unixTime > 1_700_000_000)
  }
}
