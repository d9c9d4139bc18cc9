import Bytes
import Net

/// Connects, lets the other side show its certificate, and closes.
final class CertificateProbe {
  enum Answer {
    case shown(CertificateSummary)
    case failed(String)
  }

  private let loop: Loop
  private let context: TLSClientContext
  private let name: String
  private let port: Int
  private let place: String
  private var completion: ((Answer) -> Void)?
  private var connector: Connector?
  private var transport: Transport?

  /// - Parameters:
  ///   - name: that the certificate must be for.
  ///   - place: how the summary calls where it is from.
  init(
    _ loop: Loop, _ context: TLSClientContext, name: String, port: Int, place: String,
    completion: @escaping (Answer) -> Void
  ) {
    self.loop = loop
    self.context = context
    self.name = name
    self.port = port
    self.place = place
    self.completion = completion
  }

  /// - Parameter addresses: tried one after the other.
  func connect(_ addresses: ArraySlice<SocketAddress>) {
    guard let address = addresses.first else { return finish(.failed(NetFailure.notFound.description)) }
    do throws(NetFailure) {
      connector = try Connector.connect(loop, to: address) { [self] result in
        connector = nil
        switch result {
        case .success(let transport): secure(transport)
        case .failure(let failure): tryNext(addresses.dropFirst(), failure)
        }
      }
    } catch {
      tryNext(addresses.dropFirst(), error)
    }
  }

  private func tryNext(_ rest: ArraySlice<SocketAddress>, _ failure: NetFailure) {
    rest.isEmpty ? finish(.failed(failure.description)) : connect(rest)
  }

  private func secure(_ transport: Transport) {
    self.transport = transport
    transport.setDelegate(self)
    let nothing = ByteView(start: nil, count: 0)
    transport.secure(TLSSession(client: context, name: name, port: port), received: nothing)
    transport.resumeReading()
  }

  /// Nobody is called any more.
  func cancel() {
    completion = nil
    finish(.failed(""))
  }

  private func finish(_ answer: Answer) {
    let completion = completion
    self.completion = nil
    connector?.cancel()
    connector = nil
    transport?.close()
    transport = nil
    completion?(answer)
  }
}

extension CertificateProbe: TransportDelegate {
  func transport(_ transport: Transport, didRead bytes: ByteView) {}

  func transport(_ transport: Transport, didEnd failure: NetFailure) { finish(.failed(failure.description)) }

  func transportDidDrain(_ transport: Transport) {}

  func transportDidSecure(_ transport: Transport) {
    guard let certificate = transport.tls?.peerSummary(place: place) else {
      return finish(.failed("no certificate was shown"))
    }
    finish(.shown(certificate))
  }
}
