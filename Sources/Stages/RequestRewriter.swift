import Bytes
import HTTP
import Pipeline

/// Turns the request as the client sent it into the one the backend gets: in place, field by field.
final class RequestRewriter {
  private let routeLength: Int
  private let upstreamPath: [UInt8]
  private let identity: IdentityWriter
  /// The lines that are the same for every request, by the protocol it came over (`Via`).
  private let linesForHTTP1: FieldLineBlock
  private let linesForHTTP2: FieldLineBlock
  /// `;host=…;proto=…` of the Forwarded field (RFC 7239 §4), the same for every request.
  private let forwardedRest: [UInt8]

  init(_ settings: Proxy.Settings) {
    routeLength = settings.routePath == "/" ? 0 : settings.routePath.utf8.count
    upstreamPath = [UInt8](settings.upstreamPath.utf8)
    identity = IdentityWriter(settings.identityHeaders)
    linesForHTTP1 = Self.lines(settings, via: "1.1 portcullis")
    linesForHTTP2 = Self.lines(settings, via: "2 portcullis")
    forwardedRest = [UInt8](";host=\"\(settings.publicAuthority)\";proto=\(settings.publicScheme)".utf8)
  }

  private static func lines(_ settings: Proxy.Settings, via: String) -> FieldLineBlock {
    FieldLineBlock([
      ("Host", [UInt8](settings.upstreamAuthority.utf8)),
      ("X-Forwarded-Proto", [UInt8](settings.publicScheme.utf8)),
      ("X-Forwarded-Host", [UInt8](settings.publicAuthority.utf8)),
      ("Via", [UInt8](via.utf8)),
    ])
  }

  func rewrite(_ exchange: Exchange, _ admission: Admission) {
    let request = exchange.request
    rewritePath(request)
    let fields = request.fields
    for index in 0..<fields.count {
      if Self.imitates(index, fields) {
        fields.remove(index)
        continue
      }
      switch fields.name(index) {
      // The client's credentials end here (GW-60).
      case .authorization, .cookie, .dpop, .proxyAuthorization: fields.remove(index)
      // Checked already; backends on loopback refuse foreign ones (GW-72).
      case .origin: fields.remove(index)
      // The gateway answers `100 Continue` itself.
      case .expect: fields.remove(index)
      // Whatever a client claims about hops before it.
      case .forwarded, .xForwardedFor, .xForwardedHost, .xForwardedProto, .xForwardedPort, .xRealIP,
        .xRequestID, .host:
        fields.remove(index)
      // Whatever the configuration calls an identity header, also a name that means something to the gateway.
      default: if identity.isIdentity(fields.spelling(index)) { fields.remove(index) }
      }
    }
    fields.append(request.version == .http2 ? linesForHTTP2 : linesForHTTP1)
    appendForwarding(exchange, fields)
    if let token = admission.token { identity.write(token, to: fields) }
  }

  /// Whether a field is spelled so that the backend may take it for one that means something to the gateway: many
  /// turn `_` and `-` into the same character, as CGI does.
  private static func imitates(_ index: Int, _ fields: Fields) -> Bool {
    guard fields.name(index) == .other else { return false }
    let spelling = fields.spelling(index)
    guard spelling.position(of: 0x5F) != nil else { return false }
    return spelling.map { $0 == 0x5F ? ASCII.dash : $0 }.withUnsafeBytes { FieldName($0) } != .other
  }

  /// Takes identity headers of a client's making out of trailers, too: some backends merge them into the head.
  func stripIdentity(_ trailers: Fields) {
    for index in 0..<trailers.count where identity.isIdentity(trailers.spelling(index)) {
      trailers.remove(index)
    }
  }

  /// The backend's path, and below it what the client asked for below the route's.
  private func rewritePath(_ request: RequestHead) {
    let path = request.path
    // The route's own path is the backend's, also at the root, where it is the slash.
    let dropped = path.count == 1 ? 1 : min(routeLength, path.count)
    upstreamPath.withUnsafeBytes { prefix in
      let overlap = dropped < path.count && path[dropped] == ASCII.slash && prefix.last == ASCII.slash
      request.rewritePath(overlap ? prefix.slice(0, prefix.count - 1) : prefix, dropping: dropped)
    }
  }

  private func appendForwarding(_ exchange: Exchange, _ fields: Fields) {
    exchange.clientAddress.withUnsafeBytes { address in
      let isV6 = address.position(of: ASCII.colon) != nil
      let isV4 = !isV6 && address.position(of: ASCII.dot) != nil
      if isV4 || isV6 { fields.append(.xForwardedFor, "X-Forwarded-For", address) }
      appendForwarded(address, isV4: isV4, isV6: isV6, fields)
    }
    exchange.requestID.withText { fields.append(.xRequestID, "X-Request-Id", $0) }
  }

  /// RFC 7239 §4: an IPv6 address stands in brackets and quotes; a peer without an address is `unknown`.
  private func appendForwarded(_ address: ByteView, isV4: Bool, isV6: Bool, _ fields: Fields) {
    withUnsafeTemporaryAllocation(byteCount: address.count + forwardedRest.count + 16, alignment: 1) { room in
      var length = 0
      func put(_ bytes: ByteView) {
        guard bytes.count > 0 else { return }
        UnsafeMutableRawBufferPointer(rebasing: room[length...]).copyMemory(from: bytes)
        length += bytes.count
      }
      func put(_ text: StaticString) { put(ByteView(start: text.utf8Start, count: text.utf8CodeUnitCount)) }
      put(isV6 ? "for=\"[" : "for=")
      if isV4 || isV6 { put(address) } else { put("unknown") }
      if isV6 { put("]\"") }
      forwardedRest.withUnsafeBytes { put($0) }
      fields.append(.forwarded, "Forwarded", ByteView(rebasing: UnsafeRawBufferPointer(room)[0..<length]))
    }
  }
}
