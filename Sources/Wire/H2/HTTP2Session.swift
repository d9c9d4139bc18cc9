package import Bytes
import CNghttp2
package import HTTP

/// One HTTP/2 connection, either end of it: bytes in, events and bytes out; no I/O (RFC 9113).
///
/// Frames, compression, windows and stream states are the library's. What it leaves to its users stands here and in
/// `FloodGuard`, `StreamOrder` and `RequestAssembly`: floods, ids that go backwards, fields, and who is held back.
package final class HTTP2Session {
  package enum Role: Sendable { case server, client }

  package let role: Role
  let limits: HTTP2Limits
  let buffers: BufferPool?
  private(set) var raw: OpaquePointer?
  /// Set to nil when the connection is gone: it is the session's owner.
  package var delegate: (any HTTP2SessionDelegate)?

  /// Open streams in no order; each knows its index.
  private var streams: [HTTP2Stream] = []
  var order = StreamOrder()
  private var flood = FloodGuard()
  /// Milliseconds of the loop's clock, as of the last call.
  private(set) var now: UInt64 = 0
  private var watch: FrameWatch
  var memo = LiteralMemo()
  var isLearning = false
  /// Fields that come before the one whose value only the memo has; negative: the library has them all.
  var fieldsUntilKnown = -1
  /// When the field section that is under way began; nil between field sections.
  package var fieldSectionSince: UInt64? { watch.openSince }
  /// Where `send` writes.
  private(set) var sink: ByteBuffer?
  private(set) var sinkLimit = 0
  private var drained: [HTTP2Stream] = []
  /// The connection is being ended because of a flood or a broken peer; what still comes is not looked at.
  package private(set) var isTerminated = false
  /// Nothing leaves any more either.
  private var isAbandoned = false
  /// The last stream that GOAWAY grants; nil until one has been submitted.
  private var lastStream: Int32?
  /// The peer has announced that it takes no more streams.
  package internal(set) var hasReceivedGoAway = false

  /// - Parameter buffers: where the memory of output comes from.
  package init(_ role: Role, _ limits: HTTP2Limits, buffers: BufferPool? = nil) {
    self.role = role
    self.limits = limits
    self.buffers = buffers
    watch = FrameWatch(skipping: role == .server ? Int(NGHTTP2_CLIENT_MAGIC_LEN) : 0)
    raw = HTTP2Session.makeSession(self)
    submitSettings()
  }

  deinit {
    for stream in streams { stream.close() }
    if let raw { nghttp2_session_del(raw) }
  }

  private func submitSettings() {
    typealias Entry = nghttp2_settings_entry
    func entry(_ id: nghttp2_settings_id, _ value: Int) -> Entry {
      Entry(settings_id: Int32(bitPattern: id.rawValue), value: UInt32(clamping: value))
    }
    var settings = [
      entry(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits.head.headSize),
      entry(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits.streamWindow),
    ]
    switch role {
    case .server: settings.append(entry(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.streams))
    case .client: settings.append(entry(NGHTTP2_SETTINGS_ENABLE_PUSH, 0))
    }
    nghttp2_submit_settings(raw, 0, settings, settings.count)
    nghttp2_session_set_local_window_size(raw, 0, 0, Int32(clamping: limits.connectionWindow))
  }

  // MARK: What the connection is told

  /// Streams that are open, whoever opened them.
  package var openStreams: Int { streams.count }

  /// Streams the peer lets us have open at once.
  package var peerStreamLimit: Int {
    Int(nghttp2_session_get_remote_settings(raw, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS))
  }

  /// Whether a client may begin another stream: the peer has not said goodbye, and there are ids left.
  package var takesRequests: Bool { !isAbandoned && nghttp2_session_check_request_allowed(raw) != 0 }

  /// Whether there is anything to send.
  package var wantsToSend: Bool { nghttp2_session_want_write(raw) != 0 }

  /// Whether nothing will be sent or understood any more: the connection can be closed.
  package var isOver: Bool {
    isAbandoned || (nghttp2_session_want_read(raw) == 0 && nghttp2_session_want_write(raw) == 0)
  }

  /// Frames that may wait to be sent. Each open stream has a few; what a peer that reads nothing makes us queue
  /// beyond that, refusals above all, would have no end.
  private var queueLimit: Int { 1_000 + 8 * max(limits.streams, streams.count) }

  // MARK: Bytes

  /// Takes what the peer has sent; events are reported from inside.
  ///
  /// - Parameter now: milliseconds of a clock that never goes back.
  package func receive(_ bytes: ByteView, now: UInt64) {
    guard !isTerminated else { return }
    self.now = now
    let (unknown, empty) = (watch.unknownFrames, watch.emptyData)
    let untilFrame = role == .server ? watch.untilFrame : nil
    watch.scan(bytes, now: now)
    for _ in unknown..<watch.unknownFrames { count(.unknownFrames) }
    for _ in empty..<watch.emptyData { count(.emptyData) }
    guard !isTerminated else { return }
    withExtendedLifetime(self) {
      pass(bytes, untilFrame)
      if nghttp2_session_get_outbound_queue_size(raw) > queueLimit { endFlood(.madeYouReset) }
    }
    hasOutput()
  }

  /// The library gives up on this peer.
  func broke(_ code: Int32) {
    switch nghttp2_error(code) {
    case NGHTTP2_ERR_TOO_MANY_CONTINUATIONS: endFlood(.continuations)
    case NGHTTP2_ERR_FLOODED: endFlood(.settings)
    default: terminate(.protocolError)
    }
  }

  /// Writes frames to `output` until nothing is left to send or it holds `limit` bytes.
  package func send(to output: ByteBuffer, limit: Int) {
    guard !isAbandoned else { return }
    sink = output
    sinkLimit = limit
    withExtendedLifetime(self) {
      if nghttp2_session_send(raw) != 0 {
        isTerminated = true
        isAbandoned = true
      }
      sink = nil
      while let stream = drained.popLast() { stream.handler?.streamDrained() }
    }
  }

  func hasOutput() { delegate?.sessionHasOutput() }

  // MARK: Streams

  /// Sends a request head (client).
  ///
  /// - Returns: nil when the connection takes no more streams.
  package func request(
    _ head: RequestHead, scheme: StaticString, contentLength: Int?, hasBody: Bool, handler: any HTTP2StreamHandler
  ) -> HTTP2Stream? {
    guard !isAbandoned else { return nil }
    let stream = HTTP2Stream(self, id: 0, buffers: buffers)
    stream.handler = handler
    let target = ByteBuffer()
    target.append(head.path)
    if let query = head.query {
      target.append(ASCII.question)
      target.append(query)
    }
    HTTP2Stream.withDecimal(contentLength) { length in
      var own: [FieldSection.Own] = [
        (":method", head.methodName),
        (":scheme", ByteView(start: scheme.utf8Start, count: scheme.utf8CodeUnitCount)),
        (":path", target.view),
      ]
      if let host = head.fields.first(.host) { own.append((":authority", host)) }
      if let length { own.append(("content-length", length)) }
      FieldSection.with(own, head.fields, skipsHost: true) { pairs, count in
        stream.withDataProvider(hasBody) {
          stream.id = nghttp2_submit_request(
            raw, nil, pairs, count, $0, Unmanaged.passUnretained(stream).toOpaque())
        }
      }
    }
    guard stream.id > 0 else { return nil }
    keep(stream)
    hasOutput()
    return stream
  }

  /// A client has begun a request.
  func open(_ id: Int32) {
    // The library would take it as long as GOAWAY has not left, and would close it, half processed, when it does.
    if let lastStream, id > lastStream { return refuse(id) }
    flood.credit(.priorities, 4)
    let stream = HTTP2Stream(self, id: id, buffers: buffers)
    guard let head = delegate?.sessionOpened(stream) else {
      stream.close()
      return refuse(id)
    }
    // Heads are recycled, and one whose stream ended before its time has never been used up.
    head.clear()
    head.version = .http2
    stream.request = head
    keep(stream)
    nghttp2_session_set_stream_user_data(raw, id, Unmanaged.passUnretained(stream).toOpaque())
  }

  private func refuse(_ id: Int32) {
    nghttp2_submit_rst_stream(raw, 0, id, HTTP2ErrorCode.refusedStream.value)
  }

  private func keep(_ stream: HTTP2Stream) {
    stream.index = streams.count
    streams.append(stream)
  }

  /// The stream the library knows by that id, if it is one of ours.
  func stream(_ id: Int32) -> HTTP2Stream? {
    guard let data = nghttp2_session_get_stream_user_data(raw, id) else { return nil }
    return Unmanaged<HTTP2Stream>.fromOpaque(data).takeUnretainedValue()
  }

  func closed(_ stream: HTTP2Stream, _ code: HTTP2ErrorCode) {
    let index = stream.index
    guard streams.indices.contains(index), streams[index] === stream else { return }
    let last = streams.removeLast()
    if last !== stream {
      last.index = index
      streams[index] = last
    }
    // The library may know the stream for longer than we do: when all are abandoned, and while it closes this one.
    nghttp2_session_set_stream_user_data(raw, stream.id, nil)
    stream.unconsumed = 0
    stream.close()
    let handler = stream.handler
    stream.handler = nil
    handler?.streamClosed(code)
  }

  /// Ends every stream that is still open: the connection is gone, and nothing leaves any more.
  package func abandonStreams() {
    isTerminated = true
    isAbandoned = true
    sink = nil
    while let stream = streams.last { closed(stream, .cancel) }
  }

  func reportDrain(of stream: HTTP2Stream) { drained.append(stream) }

  // MARK: Windows

  /// Body bytes have come. The connection gets its credit back at once: what waits for a slow reader is bounded by the
  /// window of its stream, and holds up nobody else.
  func received(_ count: Int, for stream: HTTP2Stream?) {
    stream?.unconsumed += count
    nghttp2_session_consume_connection(raw, count)
  }

  func consumed(_ stream: HTTP2Stream, _ count: Int) {
    nghttp2_session_consume_stream(raw, stream.id, count)
    hasOutput()
  }

  // MARK: Ending

  /// Announces that no new streams are taken; those under way go on. Called twice by a server that drains: first for
  /// streams on their way to be still accepted, then for good (RFC 9113 §6.8).
  package func announceShutdown() {
    _ = nghttp2_submit_shutdown_notice(raw)
    hasOutput()
  }

  package func refuseNewStreams() {
    let last = lastStream ?? nghttp2_session_get_last_proc_stream_id(raw)
    lastStream = last
    _ = nghttp2_submit_goaway(raw, 0, last, HTTP2ErrorCode.noError.value, nil, 0)
    hasOutput()
  }

  /// Asks the peer for a sign of life.
  package func ping() {
    _ = nghttp2_submit_ping(raw, 0, nil)
    hasOutput()
  }

  /// Ends the connection with GOAWAY; what is queued before it still leaves.
  package func terminate(_ code: HTTP2ErrorCode) {
    guard !isTerminated else { return }
    isTerminated = true
    nghttp2_session_terminate_session(raw, code.value)
    hasOutput()
  }

  // MARK: Floods

  /// Counts a frame; ends the connection when its budget is spent.
  func count(_ cause: FloodGuard.Cause) { if !flood.allows(cause, now: now) { endFlood(cause) } }

  func credit(_ cause: FloodGuard.Cause, _ count: Double) { flood.credit(cause, count) }

  func endFlood(_ cause: FloodGuard.Cause) {
    guard !isTerminated else { return }
    delegate?.sessionEndsFlood(cause)
    terminate(.enhanceYourCalm)
  }
}
