/// Clients that wait for a connection, first come, first served, each until a moment of the loop's clock.
struct WaitingLine {
  typealias Place = (client: any UpstreamClient, due: UInt64)
  private var places: [Place] = []
  /// Where the line begins; what stands before it has been served.
  private var head = 0

  /// Served places that are kept before the rest moves up.
  private static let slack = 64

  var count: Int { places.count - head }
  var isEmpty: Bool { places.count == head }
  var first: Place? { isEmpty ? nil : places[head] }

  mutating func append(_ client: any UpstreamClient, due: UInt64) { places.append((client, due)) }

  mutating func removeFirst() -> (any UpstreamClient)? {
    guard let first else { return nil }
    head += 1
    if head == places.count {
      places.removeAll(keepingCapacity: true)
      head = 0
    } else if head >= Self.slack, head * 2 >= places.count {
      places.removeFirst(head)
      head = 0
    }
    return first.client
  }

  /// Takes somebody out who does not want to wait any longer.
  mutating func remove(_ client: any UpstreamClient) {
    places.removeFirst(head)
    head = 0
    places.removeAll { $0.client === client }
  }
}
