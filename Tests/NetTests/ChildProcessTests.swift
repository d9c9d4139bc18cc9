import Glibc
import Testing

@testable import Net

struct ChildProcessTests {
  private let test: TestLoop

  init() throws { test = try TestLoop() }

  private func run(_ script: String, _ descriptors: [Int32] = []) throws -> (
    ChildProcess, Peer, () -> ChildProcess.Ending?
  ) {
    final class Record { var ending: ChildProcess.Ending? }
    let record = Record()
    let child = try ChildProcess(test.loop, "/bin/sh", ["sh", "-c", script], descriptors) { record.ending = $0 }
    return (child, Peer(child.channel), { record.ending })
  }

  @Test func itsEndIsSeen() throws {
    for (script, expected) in [("exit 0", .exited(0)), ("exit 7", .exited(7)), ("kill -9 $$", .killed(9))]
      as [(String, ChildProcess.Ending)]
    {
      let (_, peer, ending) = try run(script)
      try test.run(until: { ending() != nil && peer.ended != nil })
      #expect(ending() == expected)
      peer.transport.close()
    }
  }

  @Test func itCanBeKilled() throws {
    let (child, peer, ending) = try run("read line <&3")
    #expect(child.id > 0)
    child.send(signal: SIGTERM)
    try test.run(until: { ending() != nil })
    #expect(ending() == .killed(Int(SIGTERM)))
    child.send(signal: SIGTERM)
    peer.transport.close()
  }

  @Test func theChannelLeadsBothWays() throws {
    let (_, peer, ending) = try run("read line <&3; echo \"got $line\" >&3")
    peer.send("it\n")
    try test.run(until: { ending() != nil && peer.ended != nil })
    #expect(peer.text == "got it\n")
    peer.transport.close()
  }

  /// Descriptors follow the channel.
  @Test func itInheritsWhatItIsGiven() throws {
    var ends: [Int32] = [-1, -1]
    try #require(pipe(&ends) == 0)
    let (_, peer, ending) = try run("echo text >&4", [ends[1]])
    close(ends[1])
    try test.run(until: { ending() != nil && peer.ended != nil })
    var room = [UInt8](repeating: 0, count: 16)
    #expect(read(ends[0], &room, room.count) == 5)
    close(ends[0])
    peer.transport.close()
  }

  @Test func aProgramThatIsNotThere() {
    #expect(throws: NetFailure.notFound) {
      try ChildProcess(test.loop, "/nowhere/program", ["program"], []) { _ in Issue.record("it ended") }
    }
  }

  @Test func thereIsAProcessor() { #expect(Processors.available >= 1) }
}
