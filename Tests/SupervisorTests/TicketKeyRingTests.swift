import Net
import Testing

@testable import Supervisor

struct TicketKeyRingTests {
  @Test func theNewestSealsAndTheOneBeforeOpens() throws {
    var next: UInt8 = 0
    var ring = try TicketKeyRing(listeners: 2) { count in
      next += 1
      return [UInt8](repeating: next, count: count)
    }
    func key(_ value: UInt8) -> [UInt8] { [UInt8](repeating: value, count: TicketKeys.keySize) }
    #expect(ring.keys.listeners == [[key(1)], [key(2)]])
    try ring.rotate()
    #expect(ring.keys.listeners == [[key(3), key(1)], [key(4), key(2)]])
    try ring.rotate()
    #expect(ring.keys.listeners == [[key(5), key(3)], [key(6), key(4)]])
    #expect(TicketKeyRing.Keys(fields: ring.keys.fields) == ring.keys)
  }
}
