package import HTTP
package import Net

/// Finds the client behind trusted proxies: the rightmost address that is not one of theirs.
///
/// Each proxy appends whom it heard from, to `X-Forwarded-For` or to `Forwarded` (RFC 7239), so that a list can be
/// believed from its right end up to the first address that is no trusted proxy's; what stands left of it is hearsay.
/// Most proxies maintain one of the two fields and let the other pass as the client sent it, and nothing tells which.
/// When both are there, only the hops that both name count: whoever adds the other field shortens the list, and cannot
/// become somebody else.
package struct ForwardedClient {
  private let trusted: AddressRanges

  /// Hops that are looked at; real chains have less than ten.
  private static let longestChain = 64

  /// Nil when the peer is no trusted proxy: nothing it says about others counts.
  ///
  /// - Parameter peer: the other end of the connection; behind a PROXY header, the source it names.
  package init?(peer: SocketAddress, trusted: AddressRanges) {
    guard trusted.contains(peer) else { return nil }
    self.trusted = trusted
  }

  /// The client's address in its canonical spelling. The walk ends early at what names no address (`unknown`, an
  /// obfuscated identifier, nonsense): the client is then the last trusted proxy before it.
  ///
  /// - Returns: nil when the fields name nobody: the client is the peer.
  package func address(_ fields: Fields) -> [UInt8]? {
    var lastCommon: Int?
    var lastStandard: Int?
    for index in 0..<fields.count {
      switch fields.name(index) {
      case .xForwardedFor: lastCommon = index
      case .forwarded: lastStandard = index
      default: break
      }
    }
    guard let last = lastCommon ?? lastStandard else { return nil }
    var hops = ForwardedHops(fields, last: last)
    var witness = lastCommon == nil ? nil : lastStandard.map { ForwardedHops(fields, last: $0) }
    var client: IPAddress?
    for _ in 0..<Self.longestChain {
      guard let hop = hops.next() else { break }
      if witness != nil, witness?.next() != hop { break }
      client = hop
      guard trusted.contains(hop) else { break }
    }
    return client?.text
  }
}
