@testable import Demo
import JSON
import MCP
import Testing
import Web

@Suite struct EventStreamTests {
  @Test func everyEventIsComplete() {
    let reply = EventStream.countdown(
      3, intervalMilliseconds: 5, progressToken: .integer(1), response: ["a": "x\ny"])
    for event in reply.events.dropFirst() {
      let text = String(decoding: event.bytes, as: UTF8.self)
      #expect(text.hasPrefix("event: message\ndata: {"))
      #expect(text.hasSuffix("}\n\n"))
      #expect(text.split(separator: "\n").count == 2)
    }
    #expect(reply.events.first?.delayMilliseconds == 0)
    #expect(reply.field("x-accel-buffering") == "no")
  }

  @Test func withoutTokenOnlyTheResultComes() {
    let reply = EventStream.countdown(3, intervalMilliseconds: 5, progressToken: nil, response: ["id": 1])
    #expect(reply.messages == [["id": 1]])
    #expect(reply.events.map(\.delayMilliseconds) == [0, 15])
  }
}
