package import Bytes
package import HTTP

/// Who one stream reports to. The calls come from inside `HTTP2Session.receive` and `send`.
package protocol HTTP2StreamHandler: AnyObject {
  /// The head has arrived: of a request, or of a final response.
  func streamReceivedHead(_ length: BodyLength)
  /// A 1xx response has arrived.
  func streamReceivedInformational()
  /// The head is refused. Unless it is malformed, which resets the stream, it can be answered with the fault's status.
  func streamReceivedFault(_ fault: WireFault, isMalformed: Bool)
  /// Body bytes, lent for the call. They hold the peer back until `HTTP2Stream.consumed` is told of them.
  func streamReceived(_ bytes: ByteView)
  /// The peer's side has ended.
  func streamEnded(_ trailers: Fields?)
  /// Output that was above the high-water mark has left.
  func streamDrained()
  /// Nothing comes after this. `noError` when both sides had ended.
  func streamClosed(_ code: HTTP2ErrorCode)
}

/// Who the session reports to.
package protocol HTTP2SessionDelegate: AnyObject {
  /// A client opens a stream: gives the head that its fields go into and sets the stream's handler. Servers only.
  func sessionOpened(_ stream: HTTP2Stream) -> RequestHead?
  /// There are frames to send: call `send` soon, not from inside this call.
  func sessionHasOutput()
  /// The peer takes no more streams; those above `lastStream` were never processed.
  func sessionReceivedGoAway(lastStream: Int32, _ code: HTTP2ErrorCode)
  /// The peer is cut off for making nothing but work.
  func sessionEndsFlood(_ cause: FloodGuard.Cause)
}

extension HTTP2SessionDelegate {
  package func sessionOpened(_ stream: HTTP2Stream) -> RequestHead? { nil }
}
