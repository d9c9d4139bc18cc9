import Bytes
package import HTTP

/// Finds the route of a request by public host and path. Immutable: a reload builds another one.
///
/// A host that is not known is served like the first route's: what the gateway says never depends on what a client
/// writes into Host, and requests with a token are checked for their host by a stage.
package final class Router {
  private var tables: [(authority: [UInt8], paths: PathTable)] = []

  package init(_ routes: [Route]) {
    for route in routes {
      let authority = [UInt8]((route.authority ?? "").utf8)
      if let index = tables.firstIndex(where: { $0.authority == authority }) {
        tables[index].paths.insert(route)
      } else {
        var paths = PathTable(capacity: routes.count)
        paths.insert(route)
        tables.append((authority, paths))
      }
    }
  }

  package func route(for request: RequestHead) -> Route? {
    if tables.count > 1, let authority = request.authority {
      for table in tables where Self.matches(table.authority, authority) {
        return table.paths.find(request.path)
      }
    }
    return tables.first?.paths.find(request.path)
  }

  private static func matches(_ known: [UInt8], _ authority: ByteView) -> Bool {
    known.count == authority.count && zip(known, authority).allSatisfy { $0 == ASCII.lowercased($1) }
  }
}

/// Routes by path in an open-addressing hash table: as fast with five thousand routes as with one.
struct PathTable {
  private var slots: [Route?]
  private var paths: [[UInt8]]
  private let mask: Int

  init(capacity: Int) {
    var size = 8
    while size < capacity * 2 { size *= 2 }
    slots = Array(repeating: nil, count: size)
    paths = Array(repeating: [], count: size)
    mask = size - 1
  }

  mutating func insert(_ route: Route) {
    let path = [UInt8](route.path.utf8)
    var slot = path.withUnsafeBytes { Int(truncatingIfNeeded: Self.hash($0)) } & mask
    while let taken = slots[slot], taken !== route { slot = (slot + 1) & mask }
    slots[slot] = route
    paths[slot] = path
  }

  /// The route with exactly this path, else the one with the longest prefix that ends at a slash.
  func find(_ path: ByteView) -> Route? {
    if let exact = lookUp(path) { return exact }
    var end = path.count
    while end > 0 {
      end -= 1
      guard path[end] == ASCII.slash else { continue }
      if end > 0, let route = lookUp(path.slice(0, end)), route.isPrefix { return route }
    }
    if let root = lookUp(path.slice(0, min(1, path.count))), root.isPrefix { return root }
    return nil
  }

  private func lookUp(_ path: ByteView) -> Route? {
    var slot = Int(truncatingIfNeeded: Self.hash(path)) & mask
    while let route = slots[slot] {
      if paths[slot].withUnsafeBytes({ $0.equals(path) }) { return route }
      slot = (slot + 1) & mask
    }
    return nil
  }

  /// FNV-1a, 64 bits. The keys come from the configuration: nobody can make them collide.
  private static func hash(_ bytes: ByteView) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    return hash ^ hash >> 32
  }
}
