package import Bytes
import CNghttp2
package import HTTP

/// One request and its response on an HTTP/2 connection: what has been put together of it so far, and the output
/// that waits for the peer's window.
package final class HTTP2Stream {
  /// 0 until a client's request has been given one.
  package internal(set) var id: Int32
  private unowned(unsafe) let owner: HTTP2Session
  private var isClosed = false
  /// Nil once the stream is closed: the session closes its streams before it goes.
  var session: HTTP2Session? { isClosed ? nil : owner }
  package var handler: (any HTTP2StreamHandler)?
  /// The position in the session's list of open streams.
  var index = 0

  // What comes in.
  var request: RequestHead?
  var requestAssembly = RequestAssembly()
  var response: ResponseHead?
  var responseAssembly = ResponseAssembly()
  /// 1xx responses so far.
  var informational = 0
  var trailers: Fields?
  var trailerSize = 0
  /// The head has been handed on; a further field section is trailers.
  var hasHead = false
  /// Body bytes handed on of which the peer has not been told that they are consumed.
  package internal(set) var unconsumed = 0

  // What goes out.
  let output: ByteBuffer
  private var outputHasEnded = false
  private var outputTrailers: Fields?
  private var isDeferred = false
  private var reportsDrain = false
  private var isReset = false
  /// The head has been written to the output of the connection.
  package internal(set) var hasSentHead = false
  /// Our side has ended there.
  package internal(set) var hasSentEnd = false
  /// Ended by us and not because of the peer's errors.
  var isResetByChoice = false

  /// Bytes that wait for the peer's window above which the producer is told to wait.
  package static let highWater = 16_384

  init(_ session: HTTP2Session, id: Int32, buffers: BufferPool?) {
    owner = session
    self.id = id
    output = ByteBuffer(pool: buffers)
    response = session.role == .client ? ResponseHead() : nil
  }

  /// The head of a response, until it has been handed on: a body may go on for hours.
  package var responseHead: ResponseHead? { response }

  // MARK: Consuming

  /// The peer may send `count` more bytes of body.
  package func consumed(_ count: Int) {
    guard count > 0, let session else { return }
    let count = min(count, unconsumed)
    unconsumed -= count
    session.consumed(self, count)
  }

  // MARK: Heads

  /// Sends a 1xx response.
  package func inform(_ status: Int, _ fields: Fields?) {
    guard let session else { return }
    Decimal.with(status) { text in
      FieldSection.with([(":status", text)], fields) { pairs, count in
        _ = nghttp2_submit_headers(session.raw, 0, id, nil, pairs, count, nil)
      }
    }
    session.hasOutput()
  }

  /// Sends the final response head.
  ///
  /// - Parameters:
  ///   - contentLength: announced when not nil.
  ///   - hasBody: whether `write` and `finish` follow; otherwise the head ends our side.
  package func respond(_ status: Int, _ fields: Fields, contentLength: Int?, date: ByteView?, hasBody: Bool) {
    guard let session else { return }
    Decimal.with(status) { text in
      Self.withDecimal(contentLength) { length in
        var own: [FieldSection.Own] = [(":status", text)]
        if let length { own.append(("content-length", length)) }
        if let date, fields.firstIndex(of: .date) == nil { own.append(("date", date)) }
        FieldSection.with(own, fields) { pairs, count in
          withDataProvider(hasBody) { _ = nghttp2_submit_response(session.raw, id, pairs, count, $0) }
        }
      }
    }
    session.hasOutput()
  }

  /// Lends what tells the library to fetch DATA frames from here; nil when there will be none.
  func withDataProvider(_ hasBody: Bool, _ body: (UnsafePointer<nghttp2_data_provider>?) -> Void) {
    guard hasBody else { return body(nil) }
    var provider = nghttp2_data_provider()
    provider.read_callback = HTTP2Session.readOutput
    withUnsafePointer(to: &provider) { body($0) }
  }

  /// Lends the digits of a number, if there is one.
  static func withDecimal(_ value: Int?, _ body: (ByteView?) -> Void) {
    if let value { Decimal.with(value) { body($0) } } else { body(nil) }
  }

  // MARK: Body

  /// Queues body bytes.
  package func write(_ bytes: ByteView) -> Flow {
    guard session != nil, !outputHasEnded, !isReset else { return .wait }
    output.append(bytes)
    resumeOutput()
    guard output.count > Self.highWater else { return .more }
    reportsDrain = true
    return .wait
  }

  /// Ends our side, behind everything queued.
  package func finish(_ trailers: Fields?) {
    guard session != nil, !outputHasEnded, !isReset else { return }
    outputHasEnded = true
    if let trailers, !trailers.isEmpty { outputTrailers = trailers }
    resumeOutput()
  }

  private func resumeOutput() {
    guard let session else { return }
    if isDeferred {
      isDeferred = false
      nghttp2_session_resume_data(session.raw, id)
    }
    session.hasOutput()
  }

  /// Ends the stream in both directions.
  ///
  /// - Parameter isPeersFault: whether it counts against the peer.
  package func reset(_ code: HTTP2ErrorCode, isPeersFault: Bool = false) {
    // Once only: for a request that has not left yet the library would send the second RST_STREAM.
    guard let session, !isReset else { return }
    isReset = true
    isResetByChoice = !isPeersFault
    output.clear()
    nghttp2_submit_rst_stream(session.raw, 0, id, code.value)
    session.hasOutput()
  }

  // MARK: For the session

  /// How much of the output the next DATA frame takes, and what it ends: the library asks.
  func provide(_ room: Int, _ flags: inout UInt32) -> Int {
    let count = min(room, output.count)
    if count == 0, !outputHasEnded {
      isDeferred = true
      return Int(NGHTTP2_ERR_DEFERRED.rawValue)
    }
    flags |= NGHTTP2_DATA_FLAG_NO_COPY.rawValue
    if outputHasEnded, count == output.count {
      flags |= NGHTTP2_DATA_FLAG_EOF.rawValue
      submitTrailers(&flags)
    }
    return count
  }

  private func submitTrailers(_ flags: inout UInt32) {
    guard let session, let trailers = outputTrailers else { return }
    outputTrailers = nil
    flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue
    FieldSection.with([], trailers) { pairs, count in _ = nghttp2_submit_trailer(session.raw, id, pairs, count) }
  }

  /// A DATA frame has taken `count` bytes.
  ///
  /// - Returns: whether a producer waits for that.
  func took(_ count: Int) -> Bool {
    output.consume(count)
    guard reportsDrain, output.count <= Self.highWater / 2 else { return false }
    reportsDrain = false
    return true
  }

  func close() {
    isClosed = true
    output.clear()
  }
}
