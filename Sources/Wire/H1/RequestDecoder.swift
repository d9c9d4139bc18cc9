package import Bytes
package import HTTP

/// The server's half of HTTP/1.1: bytes in, one event out at a time. Does no I/O and copies no body.
package struct RequestDecoder {
  package enum Event {
    /// The input is used up.
    case needMore
    /// A head has been parsed into the `RequestHead`; its body follows.
    case head(BodyLength)
    /// Body bytes, lent from the input.
    case body(ByteView)
    /// The request is complete; the next event belongs to the next one.
    case end(Fields?)
  }

  private enum State {
    case head
    case body(BodyReader)
  }
  private var state = State.head
  /// The same for all heads of the connection: between them it is empty.
  private var reader = HeadReader()
  private let limits: HeadLimits

  package init(limits: HeadLimits) { self.limits = limits }

  /// Whether part of a head has arrived and the rest is awaited.
  package var isInsideHead: Bool {
    if case .head = state { return reader.isPartial }
    return false
  }

  /// - Parameters:
  ///   - input: shortened by what was used; bytes of a head that is not complete are kept.
  ///   - head: overwritten when a head is complete.
  /// - Throws: what the client did wrong; the connection cannot be used after it.
  package mutating func next(_ input: inout ByteView, _ head: RequestHead) throws(WireFault) -> Event {
    switch state {
    case .head:
      guard input.count > 0 else { return .needMore }
      let limits = limits
      let isComplete = try reader.read(&input, limits) { (bytes) throws(WireFault) in
        try RequestHeadParser.parse(bytes, into: head, limits)
      }
      guard isComplete else { return .needMore }
      let framing = try Framing.ofRequest(head)
      state = .body(BodyReader(framing))
      return .head(framing.bodyLength)
    case .body(var reader):
      let step = try reader.next(&input, limits)
      switch step {
      case .needMore:
        state = .body(reader)
        return .needMore
      case .data(let data):
        state = .body(reader)
        return .body(data)
      case .end(let trailers):
        state = .head
        return .end(trailers)
      }
    }
  }
}
