import Bytes
import COpenSSL
import Testing

@testable import Net

/// A session, what has reached it, and what it has made of that.
final class SessionEnd {
  let session: TLSSession
  private(set) var received: [UInt8] = []
  private(set) var failure: TLSFailure?
  private(set) var isClosed = false
  private var waiting: [UInt8] = []
  private let room = UnsafeMutableRawPointer.allocate(byteCount: 65_536, alignment: 16)

  init(_ session: TLSSession) { self.session = session }

  deinit { room.deallocate() }

  /// What it has to send.
  func takeOutput() -> [UInt8] {
    let bytes = [UInt8](session.output.view)
    session.output.clear()
    return bytes
  }

  func take(_ bytes: [UInt8]) {
    waiting += bytes
    let rest = waiting.withUnsafeBytes { view in
      session.input = view
      defer { session.input = ByteView(start: nil, count: 0) }
      step()
      return session.input.count
    }
    waiting.removeFirst(waiting.count - rest)
  }

  private func step() {
    if !session.isEstablished {
      switch session.handshake() {
      case .incomplete: return
      case .failed(let failure): return self.failure = self.failure ?? failure
      case .complete: break
      }
    }
    while failure == nil, !isClosed {
      switch session.decrypt(into: room, 65_536) {
      case .bytes(let count): received += UnsafeRawBufferPointer(start: room, count: count)
      case .blocked: return
      case .closed: isClosed = true
      case .failed(let failure): self.failure = failure
      }
    }
  }

  func send(_ text: String) throws {
    let failure = [UInt8](text.utf8).withUnsafeBytes { session.encrypt($0) }
    #expect(failure == nil)
  }

  var text: String { String(decoding: received, as: UTF8.self) }
}

/// Two sessions, and the wire between them.
final class SessionPair {
  let client: SessionEnd
  let server: SessionEnd

  init(_ client: TLSClientContext, _ server: TLSServerContext, name: String = "a.example", port: Int = 443) {
    self.client = SessionEnd(TLSSession(client: client, name: name, port: port))
    self.server = SessionEnd(TLSSession(server: server))
  }

  /// Carries bytes to and fro until nobody has more to say.
  @discardableResult
  func run(pieces: Int = .max) -> SessionPair {
    client.take([])
    while true {
      let toServer = client.takeOutput()
      let toClient = server.takeOutput()
      if toServer.isEmpty, toClient.isEmpty { return self }
      for (end, bytes) in [(server, toServer), (client, toClient)] {
        var rest = bytes[...]
        while !rest.isEmpty {
          end.take([UInt8](rest.prefix(pieces)))
          rest = rest.dropFirst(pieces)
        }
      }
    }
  }

  var isEstablished: Bool {
    client.session.isEstablished && server.session.isEstablished && client.failure == nil && server.failure == nil
  }

  /// No TLS 1.3 from this client.
  func onlyTLS12() -> SessionPair {
    SSL_set_options(client.session.ssl, 1 << 29)
    return self
  }

  var serverLeafNames: [String] {
    SSL_get1_peer_certificate(client.session.ssl).map { Certificate(owning: $0).names } ?? []
  }

  var serverKeyType: String {
    SSL_get1_peer_certificate(client.session.ssl).map { Certificate(owning: $0).keyType } ?? ""
  }
}
