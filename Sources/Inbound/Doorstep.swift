import Bytes
import Net
import Pipeline
import Telemetry
import Wire

/// A client's connection before it is known what it speaks: the PROXY header, then the TLS handshake, then which HTTP.
final class Doorstep: ServerConnection {
  private enum Phase {
    case proxyHeader(ProxyHeaderDecoder)
    /// Clear bytes decide.
    case firstBytes
    case handshake
    /// Our answer to plain HTTP is on its way.
    case leaving
    case left
  }

  private let service: InboundService
  private let transport: Transport
  let visitor: Visitor
  var index = 0
  private var phase = Phase.firstBytes
  private var deadline: Deadline?
  /// The beginning of what may become an HTTP/2 connection preface.
  private let held = ByteBuffer()

  private static let preface: StaticString = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
  /// Milliseconds to read the answer to plain HTTP, and to become a connection when the process is about to stop.
  private static let leaveTimeout: UInt64 = 2_000

  private var options: ListenerOptions { visitor.listener.options }

  init(_ service: InboundService, _ transport: Transport, _ visitor: Visitor) {
    self.service = service
    self.transport = transport
    self.visitor = visitor
  }

  func start() {
    if options.proxyProtocol != nil {
      phase = .proxyHeader(ProxyHeaderDecoder())
    } else if options.tls == nil, !options.http2 {
      return become(H1ServerConnection(service, transport, visitor)) { $0.start(Self.nothing) }
    }
    if options.tls != nil { visitor.listener.handshakeBegan() }
    let deadline = Deadline(service.loop.deadlines) { [unowned self] in deadlinePassed() }
    self.deadline = deadline
    let isClear = options.tls == nil && options.proxyProtocol == nil
    deadline.set(in: isClear ? service.settings.requestHead : service.settings.handshake)
    transport.setDelegate(self)
    transport.resumeReading()
  }

  private static var nothing: ByteView { ByteView(start: nil, count: 0) }

  // MARK: Bytes

  private func received(_ bytes: ByteView) {
    var input = bytes
    if case .proxyHeader(var decoder) = phase {
      do throws(ProxyHeaderFault) {
        guard let header = try decoder.next(&input) else {
          phase = .proxyHeader(decoder)
          return
        }
        if let source = header.source { visitor.introduce(source) }
        phase = .firstBytes
      } catch {
        service.metrics.count(.proxyHeadersRefused, error.reason)
        return refuse("proxy_header_refused", error.reason)
      }
    }
    guard case .firstBytes = phase, input.count > 0 else { return }
    if let context = options.tls { secure(context, input) } else { tellProtocols(input) }
  }

  private func secure(_ context: TLSServerContext, _ input: ByteView) {
    // A handshake record (RFC 8446 §5.1). No method of HTTP begins with that byte.
    guard input[0] == 0x16 else { return input[0] &- 0x41 < 26 ? answerPlainHTTP() : refuse("tls_refused", "not_tls") }
    phase = .handshake
    transport.secure(TLSSession(server: context), received: input)
  }

  /// HTTP/2 with prior knowledge begins with its preface (RFC 9113 §3.4), which nothing else begins like.
  private func tellProtocols(_ input: ByteView) {
    guard options.http2 else { return speakHTTP1(input) }
    held.append(input)
    let preface = ByteView(start: Self.preface.utf8Start, count: Self.preface.utf8CodeUnitCount)
    let count = min(held.count, preface.count)
    guard held.view.slice(0, count).equals(preface.slice(0, count)) else { return speakHTTP1(held.view) }
    if count == preface.count { speakHTTP2(held.view) }
  }

  private func speakHTTP1(_ received: ByteView) {
    become(H1ServerConnection(service, transport, visitor)) { $0.start(received) }
  }

  private func speakHTTP2(_ received: ByteView) {
    become(H2ServerConnection(service, transport, visitor)) { $0.start(received) }
  }

  private func become<Connection: ServerConnection>(_ connection: Connection, _ start: (Connection) -> Void) {
    leave()
    service.replace(self, by: connection)
    start(connection)
  }

  // MARK: Leaving

  /// Whoever speaks plain HTTP to a TLS port is told so.
  private func answerPlainHTTP() {
    let body =
      #"{"error":"https_required","error_description":"This port speaks HTTPS: use https:// in the URL."}"# + "\n"
    let output = transport.outputBuffer
    output.append("HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n")
    output.append("Connection: close\r\nContent-Length: ")
    output.append(decimal: body.utf8.count)
    output.append("\r\n\r\n")
    output.append(text: body)
    transport.wrote()
    log("plain_http_on_tls_port", nil)
    endHandshake()
    phase = .leaving
    deadline?.set(in: Self.leaveTimeout)
    transport.shutdownWhenFlushed()
  }

  private func refuse(_ reason: StaticString, _ detail: StaticString) {
    log(reason, detail.description)
    close()
  }

  private func log(_ reason: StaticString, _ detail: String?) {
    service.metrics.count(options.tls == nil ? .connectionsRefused : .handshakesFailed, reason)
    service.log.event(.info, "connection_refused") { line in
      line.member("reason", reason)
      if let detail { line.member("detail", text: detail) }
      visitor.address.withUnsafeBytes { line.member("client", $0) }
      visitor.listener.name.withUnsafeBytes { line.member("listener", $0) }
    }
  }

  private func deadlinePassed() {
    switch phase {
    case .proxyHeader: refuse("proxy_header_timeout", "incomplete")
    case .firstBytes where options.tls != nil, .handshake: refuse("tls_handshake_timeout", "incomplete")
    case .firstBytes, .leaving, .left: close()
    }
  }

  private func endHandshake() {
    switch phase {
    case .leaving, .left: break
    case .proxyHeader, .firstBytes, .handshake: if options.tls != nil { visitor.listener.handshakeEnded() }
    }
  }

  private func leave() {
    deadline?.invalidate()
    deadline = nil
    endHandshake()
    phase = .left
  }

  private func close() {
    guard !isGone else { return }
    leave()
    transport.close()
    service.remove(self)
  }

  private var isGone: Bool {
    if case .left = phase { return true }
    return false
  }

  /// Whoever speaks just now has come before we began to stop, and gets an answer; but nobody is waited for long.
  func drain() {
    guard transport.hasPendingInput else { return close() }
    deadline?.set(in: Self.leaveTimeout)
  }

  func cut() { close() }
}

extension Doorstep: TransportDelegate {
  func transport(_ transport: Transport, didRead bytes: ByteView) { received(bytes) }

  func transport(_ transport: Transport, didEnd failure: NetFailure) {
    if let failure = failure.tls {
      log(failure.reason, failure.detail)
    } else if case .proxyHeader(let decoder) = phase, decoder.isPartial {
      service.metrics.count(.proxyHeadersRefused, "incomplete")
      log("proxy_header_refused", "incomplete")
    }
    close()
  }

  func transportDidDrain(_ transport: Transport) {}

  func transportDidSecure(_ transport: Transport) {
    guard case .handshake = phase, let session = transport.tls else { return }
    if let certificate = session.peerCertificate {
      visitor.certificate = ClientCertificate(subject: certificate.subject, thumbprint: certificate.sha256)
    }
    service.metrics.count(
      .handshakesCompleted(session.version.description == "TLSv1.3" ? .v13 : .v12, resumed: session.isResumed))
    if session.applicationProtocol == .http2 { speakHTTP2(Self.nothing) } else { speakHTTP1(Self.nothing) }
  }
}
