package import Bytes

/// Takes the header of the PROXY protocol, version 1 or 2, off the beginning of a connection.
///
/// Source: proxy-protocol.txt of the HAProxy project. Whether there must be a header is configured, never guessed:
/// what begins differently is refused at its first foreign byte.
package struct ProxyHeaderDecoder: Sendable {
  private var kept: [UInt8] = []

  package init() {}

  /// Whether part of a header has arrived: a connection that ends now has been cut, one that ends before was a
  /// health check.
  package var isPartial: Bool { !kept.isEmpty }

  /// Shortens `input` by what belongs to the header.
  ///
  /// - Returns: nil when more input is needed; all of it has been kept then.
  package mutating func next(_ input: inout ByteView) throws(ProxyHeaderFault) -> ProxyHeader? {
    var taken = 0
    defer { input = input.from(taken) }
    while taken < input.count {
      kept.append(input[taken])
      taken += 1
      switch kept[0] {
      case ProxyLine.signature[0]:
        guard try ProxyLine.isComplete(kept) else { continue }
        defer { kept = [] }
        return try ProxyLine.decode(kept)
      case ProxyBlock.signature[0]:
        guard try ProxyBlock.isComplete(kept) else { continue }
        defer { kept = [] }
        return try ProxyBlock.decode(kept)
      default: throw .missing
      }
    }
    return nil
  }
}
