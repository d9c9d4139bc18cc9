import JOSE
package import Net

/// Why a gateway does not start.
package enum StartFailure: Error, CustomStringConvertible {
  case cannotListen(SocketAddress, NetFailure)
  case unusableFile(TLSFault)
  /// The private key that the gateway signs with at a provider.
  case unusableSigningKey(file: String, reason: String)
  /// - Parameter place: the path of a file, or what stands in the configuration.
  case unusableSealingKeys(place: String, reason: String)
  case unusableClient(bridge: String, reason: String)
  case cryptography(String)

  /// For example `cannot listen on 127.0.0.1:8080: address already in use (EADDRINUSE)`.
  package var description: String {
    switch self {
    case .cannotListen(let address, let failure): "cannot listen on \(address): \(failure)"
    case .unusableFile(let fault): fault.description
    case .unusableSigningKey(let file, let reason): "\(file): \(reason)"
    case .unusableSealingKeys(let place, let reason): "\(place): \(reason)"
    case .unusableClient(let bridge, let reason): "a client of the bridge \(bridge): \(reason)"
    case .cryptography(let reason): "OpenSSL could not do its work: \(reason)"
    }
  }

  package static func listening<Listener>(
    on address: SocketAddress, _ listen: () throws(NetFailure) -> Listener
  ) throws(StartFailure) -> Listener {
    do throws(NetFailure) { return try listen() } catch { throw .cannotListen(address, error) }
  }

  static func usable<Context>(_ build: () throws(TLSFault) -> Context) throws(StartFailure) -> Context {
    do throws(TLSFault) { return try build() } catch { throw .unusableFile(error) }
  }
}
