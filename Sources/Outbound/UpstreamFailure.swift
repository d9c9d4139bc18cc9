import HTTP
package import Net
package import Wire

/// Why a request got no response. The log gets `reason` and `detail`; the client 502, 503 or 504.
package enum UpstreamFailure: Error {
  case nameNotResolved(NetFailure)
  case connectFailed(NetFailure)
  case connectTimedOut
  /// The TLS handshake failed, or the certificate is not the one expected.
  case tlsFailed(TLSFailure)
  /// The forward proxy gives no tunnel, or does not let us through.
  case proxyRefused(status: Int)
  /// The forward proxy's answer is not HTTP.
  case proxyMalformed(WireFault)
  /// The configuration asks for HTTP/2, the peer does not speak it.
  case noHTTP2
  /// The connection ended before a complete response head.
  case closedEarly(NetFailure)
  /// The backend has reset the request's stream.
  case reset(HTTP2ErrorCode)
  /// What came is not HTTP.
  case malformed(WireFault)
  case responseTimedOut
  /// The pool is full, and so is its queue.
  case queueFull
  case queueTimedOut

  package var reason: StaticString {
    switch self {
    case .nameNotResolved: "upstream_name_not_resolved"
    case .connectFailed: "upstream_connect_failed"
    case .connectTimedOut: "upstream_connect_timeout"
    case .tlsFailed: "upstream_tls_failed"
    case .proxyRefused: "upstream_proxy_refused"
    case .proxyMalformed: "upstream_proxy_malformed"
    case .noHTTP2: "upstream_no_http2"
    case .reset: "upstream_reset"
    case .closedEarly: "upstream_closed_early"
    case .malformed: "upstream_malformed"
    case .responseTimedOut: "upstream_response_timeout"
    case .queueFull: "upstream_queue_full"
    case .queueTimedOut: "upstream_queue_timeout"
    }
  }

  package var detail: String? {
    switch self {
    case .nameNotResolved(let failure), .connectFailed(let failure), .closedEarly(let failure):
      failure.description
    case .tlsFailed(let failure): "\(failure.reason): \(failure.detail)"
    case .reset(let code): code.name.description
    case .malformed(let fault), .proxyMalformed(let fault): fault.reason.description
    case .proxyRefused(407):
      "407 \(Status.reason(407)); the gateway sends no credentials, the proxy must admit it by its address"
    case .proxyRefused(let status): "\(status) \(Status.reason(status))"
    case .noHTTP2, .connectTimedOut, .responseTimedOut, .queueFull, .queueTimedOut: nil
    }
  }
}
