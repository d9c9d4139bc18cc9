import JOSE
import Net

/// The keys of session tickets that all workers share, where the configuration names no file of them. They rotate as
/// those of a single process do: the newest seals, the one before only opens.
struct TicketKeyRing {
  /// For each listener its keys, the newest first.
  struct Keys: Equatable {
    var listeners: [[[UInt8]]]

    /// One field for each listener.
    var fields: [[UInt8]] { listeners.map { $0.flatMap { $0 } } }

    init(listeners: [[[UInt8]]]) { self.listeners = listeners }

    init(fields: some Collection<[UInt8]>) {
      let size = TicketKeys.keySize
      listeners = fields.map { field in
        stride(from: 0, to: field.count - field.count % size, by: size).map { Array(field[$0..<$0 + size]) }
      }
    }
  }

  private(set) var keys: Keys
  private let random: (Int) throws(CryptoFailure) -> [UInt8]

  /// - Parameter random: that many random bytes.
  init(
    listeners: Int, random: @escaping (Int) throws(CryptoFailure) -> [UInt8] = SecureRandom.bytes
  ) throws(CryptoFailure) {
    self.random = random
    keys = Keys(listeners: [])
    for _ in 0..<listeners { keys.listeners.append([try random(TicketKeys.keySize)]) }
  }

  mutating func rotate() throws(CryptoFailure) {
    for index in keys.listeners.indices {
      keys.listeners[index] = [try random(TicketKeys.keySize)] + keys.listeners[index].prefix(1)
    }
  }
}
