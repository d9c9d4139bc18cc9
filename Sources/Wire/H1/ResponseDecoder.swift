package import Bytes
package import HTTP

/// The client's half of HTTP/1.1: bytes in, one event out at a time. Does no I/O and copies no body.
package struct ResponseDecoder {
  package enum Event {
    case needMore
    /// A 1xx head; the final one follows.
    case informational
    /// The final head has been parsed into the `ResponseHead`; its body follows.
    case head(BodyLength)
    /// Body bytes, lent from the input.
    case body(ByteView)
    /// The response is complete.
    case end(Fields?)
  }

  private enum State {
    case idle
    case head
    case body(BodyReader)
  }
  private var state = State.idle
  /// The same for all heads of the connection: between them it is empty.
  private var reader = HeadReader()
  private var method = Method.get
  private var informational = 0
  private let limits: HeadLimits

  /// 1xx responses to one request at the most; a backend that sends more is broken.
  static let informationalLimit = 16

  package init(limits: HeadLimits) { self.limits = limits }

  /// A request has been sent: the next bytes are its response (HEAD has none of the body it announces).
  package mutating func expectResponse(to method: Method) {
    self.method = method
    informational = 0
    state = .head
  }

  /// What the end of the connection means now.
  package enum Ending { case clean, truncated }

  package var ending: Ending {
    switch state {
    case .idle: .clean
    case .head: .truncated
    case .body(let reader): reader.endsWithConnection ? .clean : .truncated
    }
  }

  /// - Throws: what the backend did wrong, also bytes nobody asked for; the connection cannot be used after it.
  package mutating func next(_ input: inout ByteView, _ head: ResponseHead) throws(WireFault) -> Event {
    switch state {
    case .idle:
      guard input.count == 0 else { throw WireFault(400, "unexpected_bytes") }
      return .needMore
    case .head:
      guard input.count > 0 else { return .needMore }
      let limits = limits
      let isComplete = try reader.read(&input, limits) { (bytes) throws(WireFault) in
        try ResponseHeadParser.parse(bytes, into: head, limits)
      }
      return isComplete ? try completed(head) : .needMore
    case .body(var reader):
      let step = try reader.next(&input, limits)
      state = .body(reader)
      switch step {
      case .needMore: return .needMore
      case .data(let data): return .body(data)
      case .end(let trailers):
        state = .idle
        return .end(trailers)
      }
    }
  }

  private mutating func completed(_ head: ResponseHead) throws(WireFault) -> Event {
    let framing = try Framing.ofResponse(head, to: method)
    if head.isInformational {
      informational += 1
      // Nobody asked to switch protocols, so nothing may be switched (RFC 9110 §15.2.2).
      guard head.status != 101 else { throw WireFault(400, "unexpected_protocol_switch") }
      guard informational <= Self.informationalLimit else { throw WireFault(400, "too_many_informational") }
      return .informational
    }
    state = .body(BodyReader(framing))
    return .head(framing.bodyLength)
  }
}
