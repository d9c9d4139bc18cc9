package import Net

/// Looks up names that strangers choose, one after the other. Looking up takes a thread of a pool that all share: a
/// stranger whose name servers are slow may keep one of them, and not those that the gateway's own backends need.
package final class NameLookups {
  package typealias Completion = (Result<[SocketAddress], NetFailure>) -> Void
  package typealias Resolve = (_ host: String, _ port: Int, _ completion: @escaping Completion) -> Void

  /// One name to look up.
  final class Ticket {
    fileprivate let host: String
    fileprivate let port: Int
    fileprivate var completion: Completion?

    fileprivate init(_ host: String, _ port: Int, _ completion: @escaping Completion) {
      self.host = host
      self.port = port
      self.completion = completion
    }
  }

  private let resolve: Resolve
  private var waiting: [Ticket] = []
  private(set) var isBusy = false

  package init(_ resolve: @escaping Resolve) { self.resolve = resolve }

  /// As everybody else resolves.
  package convenience init(_ loop: Loop) {
    self.init { Resolver.resolve(loop, host: $0, port: $1, completion: $2) }
  }

  /// Calls back once, unless `cancel` comes first; perhaps from inside this call.
  func find(_ host: String, _ port: Int, _ completion: @escaping Completion) -> Ticket {
    let ticket = Ticket(host, port, completion)
    waiting.append(ticket)
    next()
    return ticket
  }

  /// Who has been cancelled is not called; whose turn has not come never takes it.
  func cancel(_ ticket: Ticket) {
    ticket.completion = nil
    waiting.removeAll { $0 === ticket }
  }

  /// Whether its turn has not come.
  func isWaiting(_ ticket: Ticket) -> Bool { waiting.contains { $0 === ticket } }

  private func next() {
    while !isBusy, !waiting.isEmpty {
      let ticket = waiting.removeFirst()
      isBusy = true
      resolve(ticket.host, ticket.port) { [self] result in
        isBusy = false
        let completion = ticket.completion
        ticket.completion = nil
        completion?(result)
        next()
      }
    }
  }
}
