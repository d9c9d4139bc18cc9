import Bytes
package import HTTP
package import Telemetry

/// The client's side of an exchange: a server connection or stream, whatever its protocol.
package protocol Responder: AnyObject {
  /// The request's body, stopped; asking for it sends `100 Continue` when the client waits for that.
  var requestBody: any BodySource { get }
  /// Where the request's body goes once it is resumed.
  func deliverBody(to sink: any BodySink)
  /// Sends a 1xx response.
  func inform(_ status: Int, _ fields: Fields?)
  /// Sends the final head and returns where the body goes.
  /// For HEAD and statuses without a body what `length` says is only announced.
  ///
  /// - Parameter source: resumed when the client, having been too slow for the body, reads on.
  func begin(_ head: ResponseHead, _ length: BodyLength, from source: (any BodySource)?) -> any BodySink
}

/// One request and its response. Recycled: whoever holds one beyond `isOver` holds somebody else's.
package final class Exchange {
  package let request = RequestHead()
  package var bodyLength = BodyLength.none
  package var record = AccessRecord()
  package private(set) var route: Route?
  /// Behind the gate: who was let in.
  package private(set) var admission: Admission?
  /// The browser origin that the route allows and the request comes from.
  package var allowedOrigin: [UInt8]?
  /// Whether the final response head has been handed to the client's side.
  package private(set) var hasResponded = false
  /// The client's address literal, or `unix`.
  package var clientAddress: [UInt8] = []
  package var requestID = RequestID.zero
  /// The client's verified certificate (mutual TLS).
  package var clientCertificate: ClientCertificate?

  /// Whether the connection cannot be used for another request.
  package private(set) var closesConnection = false

  private var responder: (any Responder)?
  private var work: (any Cancellable)?
  private var position = 0
  /// The head of responses the gateway makes itself; made for the first one.
  private var ownHead: ResponseHead?

  package init() {}

  /// Takes up a request whose head has been parsed into `request`.
  package func begin(
    _ responder: any Responder, bodyLength: BodyLength, clientAddress: [UInt8], startedAt: UInt64
  ) {
    self.responder = responder
    self.bodyLength = bodyLength
    self.clientAddress = clientAddress
    record = AccessRecord()
    record.startedAt = startedAt
    record.protocolName = request.version.name
    requestID = RequestID.next()
  }

  /// Lets go of everything; the object may then serve another request.
  package func end() {
    responder = nil
    work = nil
    route = nil
    admission = nil
    allowedOrigin = nil
    clientCertificate = nil
    hasResponded = false
    closesConnection = false
    position = 0
    request.clear()
  }

  // MARK: Going through the stages

  package func run(_ route: Route) {
    self.route = route
    position = 0
    advance()
  }

  private func advance() {
    guard let path = route?.requestPath else { return reject(.internalFault("no_route")) }
    while position < path.open.count {
      let stage = path.open[position]
      record.stage = stage.label
      guard settle(stage.handle(self)) else { return }
    }
    guard let gate = path.gate else { return reject(.notFound) }
    if admission == nil {
      record.stage = gate.label
      guard settle(gate.admit(self)) else { return }
    }
    let first = path.open.count + 1
    while let admission, position - first < path.admitted.count {
      let stage = path.admitted[position - first]
      record.stage = stage.label
      guard settle(stage.handle(self, admission)) else { return }
    }
    reject(.notFound)
  }

  /// - Returns: whether the next stage's turn has come.
  private func settle(_ verdict: Verdict) -> Bool {
    switch verdict {
    case .proceed:
      position += 1
      return true
    case .respond(let reply): send(reply)
    case .reject(let rejection): reject(rejection)
    case .taken: break
    case .suspended(let suspension):
      work = suspension
      if let answer = suspension.park({ [self] in continueWith(settle($0)) }) {
        work = nil
        return settle(answer)
      }
    }
    return false
  }

  private func settle(_ verdict: GateVerdict) -> Bool {
    switch verdict {
    case .admit(let admission):
      self.admission = admission
      position += 1
      return true
    case .reject(let rejection): reject(rejection)
    case .suspended(let suspension):
      work = suspension
      if let answer = suspension.park({ [self] in continueWith(settle($0)) }) {
        work = nil
        return settle(answer)
      }
    }
    return false
  }

  private func continueWith(_ next: Bool) {
    if next {
      work = nil
      advance()
    }
  }

  // MARK: Answering

  /// Sends a complete response of the gateway's own.
  package func send(_ reply: Reply) {
    guard !hasResponded else { return }
    if ownHead == nil { ownHead = ResponseHead() }
    guard let head = ownHead else { return }
    head.clear()
    head.status = reply.status
    for field in reply.fields { field.value.withUnsafeBytes { head.fields.append(field.name, $0) } }
    let length = reply.body.isEmpty ? BodyLength.known(0) : .known(reply.body.count)
    guard let sink = begin(head, length, from: nil) else { return }
    if !reply.body.isEmpty, request.method != .head { reply.body.withUnsafeBytes { _ = sink.write($0) } }
    sink.finish(nil)
  }

  package func reject(_ rejection: Rejection) {
    guard !hasResponded else { return }
    record.reason = rejection.reason
    if let auth = rejection.auth { record.auth = auth }
    closesConnection = rejection.closesConnection
    send(rejection.reply)
  }

  /// Sends a 1xx response.
  package func inform(_ head: ResponseHead) {
    guard !hasResponded else { return }
    responder?.inform(head.status, head.fields)
  }

  /// Sends the final head, past the stages in reverse order; the caller writes the body.
  ///
  /// - Returns: nil when the client is gone or has been answered already.
  package func begin(
    _ head: ResponseHead, _ length: BodyLength, from source: (any BodySource)?
  ) -> (any BodySink)? {
    guard let responder, !hasResponded else { return nil }
    hasResponded = true
    if let path = route?.requestPath, !path.amending.isEmpty {
      for step in path.amending { step.amend(head, self) }
    }
    record.status = head.status
    // It may be a stream, which lasts for hours, and nobody asks for the request's fields again.
    if length == .unknown { request.shed() }
    return responder.begin(head, length, from: source)
  }

  // MARK: The request's body

  /// Lets the body flow to `sink`.
  package func deliverBody(to sink: any BodySink) -> (any BodySource)? {
    responder?.deliverBody(to: sink)
    return responder?.requestBody
  }

  // MARK: Ending early

  /// Registers what is under way for this exchange, to be cancelled with it.
  package func undertake(_ work: any Cancellable) { self.work = work }

  /// The one way to end an exchange before its response is complete: waiters are dropped, the backend is reset.
  package func cancel(_ reason: CancelReason) {
    if record.reason == nil { record.reason = reason.name }
    let work = work
    self.work = nil
    work?.cancel(reason)
  }
}
