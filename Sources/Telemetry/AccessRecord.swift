package import Bytes

/// What became of the caller's credentials.
package enum AuthOutcome: Sendable {
  /// The route asks for none, or the request never reached the check.
  case none
  /// No token came: the client was told where to get one.
  case challenged
  /// The token was good.
  case verified
  /// The token was refused.
  case refused

  var name: StaticString {
    switch self {
    case .none: "none"
    case .challenged: "challenged"
    case .verified: "verified"
    case .refused: "refused"
    }
  }
}

/// What one request's log line says in numbers and outcomes. The line never holds a token, cookie, code or query.
package struct AccessRecord {
  /// Nanoseconds of the loop's clock.
  package var startedAt: UInt64 = 0
  /// When the request was handed to the backend; 0 when it never was.
  package var forwardedAt: UInt64 = 0
  /// When the backend's response head came; 0 when it never did.
  package var answeredAt: UInt64 = 0
  /// The status sent; 0 when the client left before.
  package var status = 0
  /// Body bytes received and sent.
  package var bytesIn = 0
  package var bytesOut = 0
  package var auth = AuthOutcome.none
  /// As access logs spell it, for example `HTTP/1.1`.
  package var protocolName: StaticString = "HTTP/1.1"
  /// The last stage that has seen the request: how far it came.
  package var stage: StaticString?
  /// Why the request did not simply succeed, in snake_case.
  package var reason: StaticString?
  /// The operating system's or the protocol's word for it.
  package var detail: String?

  package init() {}
}

/// The texts of a request's log line, lent for the call.
package struct AccessTexts {
  package var requestID: ByteView
  package var listener: ByteView
  package var client: ByteView
  package var route: ByteView?
  package var method: ByteView
  /// The path as the client sent it, without the query.
  package var path: ByteView
  package var subject: ByteView?
  package var clientID: ByteView?
  /// Subject of the client's certificate.
  package var certificate: ByteView?

  package init(
    requestID: ByteView, listener: ByteView, client: ByteView, route: ByteView?, method: ByteView,
    path: ByteView,
    subject: ByteView?, clientID: ByteView?, certificate: ByteView? = nil
  ) {
    self.requestID = requestID
    self.listener = listener
    self.client = client
    self.route = route
    self.method = method
    self.path = path
    self.subject = subject
    self.clientID = clientID
    self.certificate = certificate
  }
}

extension Log {
  /// Writes the line of one request.
  ///
  /// - Parameter endedAt: nanoseconds of the loop's clock.
  package func request(_ record: AccessRecord, _ texts: AccessTexts, endedAt: UInt64) {
    guard logsRequests else { return }
    write { line in
      line.member("event", "request")
      line.member("request_id", texts.requestID)
      line.member("listener", texts.listener)
      line.member("client", texts.client)
      if let route = texts.route { line.member("route", route) }
      line.member("protocol", record.protocolName)
      line.member("method", texts.method)
      line.member("path", texts.path)
      line.member("status", record.status)
      line.member("bytes_in", record.bytesIn)
      line.member("bytes_out", record.bytesOut)
      line.member("duration_ms", milliseconds: endedAt &- record.startedAt)
      if record.answeredAt > 0 {
        line.member("upstream_ms", milliseconds: record.answeredAt &- record.forwardedAt)
      }
      if let stage = record.stage { line.member("stage", stage) }
      line.member("auth", record.auth.name)
      if let reason = record.reason { line.member("reason", reason) }
      if let detail = record.detail { line.member("detail", text: detail) }
      if let subject = texts.subject, subject.count > 0 { line.member("subject", subject) }
      if let client = texts.clientID, client.count > 0 { line.member("client_id", client) }
      if let certificate = texts.certificate { line.member("client_certificate", certificate) }
    }
  }
}
