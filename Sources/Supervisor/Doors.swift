import Gateway
import Glibc
import Net

/// The sockets of all workers. The supervisor keeps them open as well: what waits in the queue of a worker that has
/// died is accepted by the next one in its place.
final class Doors {
  private struct Listener {
    /// With the port that the system has chosen.
    var address: SocketAddress
    let backlog: Int
    /// Of a UNIX-domain socket: all workers accept from the same one.
    var shared: ListeningSocket?
  }

  private var listeners: [Listener]
  /// For each place its sockets, in the order of the listeners; empty while it has none.
  private var sockets: [[ListeningSocket]]

  init(_ listeners: [(address: SocketAddress, backlog: Int)], workers: Int) {
    self.listeners = listeners.map { Listener(address: $0.address, backlog: $0.backlog) }
    sockets = Array(repeating: [], count: workers)
  }

  /// Where clients come to.
  var addresses: [SocketAddress] { listeners.map(\.address) }

  /// The descriptors for the worker in this place, opened if there are none.
  func open(_ place: Int) throws(StartFailure) -> [Int32] {
    if sockets[place].isEmpty {
      var opened: [ListeningSocket] = []
      for index in listeners.indices { opened.append(try socket(index)) }
      sockets[place] = opened
    }
    return sockets[place].map(\.descriptor)
  }

  private func socket(_ index: Int) throws(StartFailure) -> ListeningSocket {
    let listener = listeners[index]
    if let shared = listener.shared { return shared }
    let isFirst = sockets.allSatisfy(\.isEmpty)
    let socket = try StartFailure.listening(on: listener.address) { () throws(NetFailure) in
      try ListeningSocket(listener.address, backlog: listener.backlog, isFirst: isFirst)
    }
    listeners[index].address = socket.address
    if socket.address.isSocket { listeners[index].shared = socket }
    return socket
  }

  /// The kernel gives what comes to the other places; what waits in this one is reset.
  func close(_ place: Int) { sockets[place] = [] }

  func closeAll() {
    for place in sockets.indices { close(place) }
    for index in listeners.indices {
      guard listeners[index].shared != nil, case .unix(let path) = listeners[index].address else { continue }
      listeners[index].shared = nil
      unlink(path)
    }
  }
}
