package import Net

/// What a worker has from its supervisor. Alone, a gateway makes all of it for itself.
package struct WorkerPlace {
  /// Where a listener of the configuration accepts.
  package struct Door {
    /// With the port that the system has chosen for port 0.
    package let address: SocketAddress
    /// A descriptor that listens.
    package let socket: Int32
    /// All workers have the same ones for it.
    package let ticketKeys: TicketKeys

    package init(address: SocketAddress, socket: Int32, ticketKeys: TicketKeys) {
      self.address = address
      self.socket = socket
      self.ticketKeys = ticketKeys
    }
  }

  package let share: WorkerShare
  /// One for each listener, in their order.
  package let doors: [Door]
  /// For the nonces of DPoP proofs.
  package let nonceKey: [UInt8]

  package init(share: WorkerShare, doors: [Door], nonceKey: [UInt8]) {
    self.share = share
    self.doors = doors
    self.nonceKey = nonceKey
  }
}

/// A worker's part of a limit that is meant for all of them together.
package struct WorkerShare: Equatable, Sendable {
  package let workers: Int

  package init(workers: Int) { self.workers = workers }

  /// Everything: there is one process.
  package static let all = WorkerShare(workers: 1)

  /// Rounded up, so that nobody gets nothing.
  package func of(_ limit: Int) -> Int { (limit + workers - 1) / workers }
}
