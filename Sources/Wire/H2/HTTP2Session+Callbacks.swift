import Bytes
import CNghttp2
import HTTP

/// What the library calls. None of these sends: sending happens at the flush point only.
extension HTTP2Session {
  private typealias Frame = UnsafePointer<nghttp2_frame>
  /// SETTINGS_MAX_FRAME_SIZE, which we leave at its default (RFC 9113 §6.5.2).
  private static let frameSize = 16_384
  /// Ends the call into the library; the session is being terminated.
  private static let stop = Int32(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)

  static func makeSession(_ session: HTTP2Session) -> OpaquePointer? {
    var callbacks: OpaquePointer?
    var option: OpaquePointer?
    var raw: OpaquePointer?
    guard nghttp2_session_callbacks_new(&callbacks) == 0, nghttp2_option_new(&option) == 0 else { return nil }
    defer {
      nghttp2_session_callbacks_del(callbacks)
      nghttp2_option_del(option)
    }
    install(callbacks)
    nghttp2_option_set_no_auto_window_update(option, 1)
    nghttp2_option_set_max_outbound_ack(option, 200)
    // Whatever we accept we must be able to send on; the library's own limit is 64 KiB.
    let headSize = session.limits.head.headSize
    nghttp2_option_set_max_send_header_block_length(option, headSize + 65_536)
    // A head of the largest size in frames of the largest size, and a few more pieces.
    nghttp2_option_set_max_continuations(option, 8 + headSize / 16_384)
    let data = Unmanaged.passUnretained(session).toOpaque()
    switch session.role {
    case .server: nghttp2_session_server_new2(&raw, callbacks, data, option)
    case .client: nghttp2_session_client_new2(&raw, callbacks, data, option)
    }
    return raw
  }

  private static func install(_ callbacks: OpaquePointer?) {
    nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks) { _, header, data in
      HTTP2Session.with(data) { header.map($0.began) ?? 0 }
    }
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) { _, frame, data in
      HTTP2Session.with(data) { frame.map($0.beganFields) ?? 0 }
    }
    nghttp2_session_callbacks_set_on_header_callback(callbacks) { _, frame, name, nameLength, value, length, _, data in
      HTTP2Session.with(data) { session in
        guard let frame else { return 0 }
        return session.received(
          frame, ByteView(start: name, count: nameLength), ByteView(start: value, count: length))
      }
    }
    nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks) { _, frame, _, _, _, _, _, data in
      HTTP2Session.with(data) { frame.map($0.receivedInvalidField) ?? 0 }
    }
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, data in
      HTTP2Session.with(data) { frame.map($0.received) ?? 0 }
    }
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) { _, _, id, bytes, count, data in
      HTTP2Session.with(data) { $0.receivedData(id, ByteView(start: bytes, count: count)) }
    }
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { _, id, code, data in
      HTTP2Session.with(data) { session in
        if let stream = session.stream(id) { session.closed(stream, HTTP2ErrorCode(code)) }
        return 0
      }
    }
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks) { _, frame, data in
      HTTP2Session.with(data) { frame.map($0.sent) ?? 0 }
    }
    nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks) { _, frame, code, data in
      HTTP2Session.with(data) { session in
        if let frame, nghttp2_error(code) == NGHTTP2_ERR_FRAME_SIZE_ERROR { session.couldNotSend(frame) }
        return 0
      }
    }
    nghttp2_session_callbacks_set_send_callback(callbacks) { _, bytes, count, _, data in
      var written = Int(NGHTTP2_ERR_WOULDBLOCK.rawValue)
      _ = HTTP2Session.with(data) { session in
        guard let sink = session.sink, sink.count < session.sinkLimit else { return 0 }
        sink.append(ByteView(start: bytes, count: count))
        written = count
        return 0
      }
      return written
    }
    nghttp2_session_callbacks_set_send_data_callback(callbacks) { _, frame, header, count, _, data in
      HTTP2Session.with(data) { session in
        guard let frame, let header else { return HTTP2Session.stop }
        return session.sendData(header, count, session.stream(frame.pointee.hd.stream_id))
      }
    }
  }

  private static func with(_ data: UnsafeMutableRawPointer?, _ body: (HTTP2Session) -> Int32) -> Int32 {
    guard let data else { return stop }
    return Unmanaged<HTTP2Session>.fromOpaque(data)._withUnsafeGuaranteedRef(body)
  }

  // MARK: Incoming frames

  /// The header of a frame has arrived.
  private func began(_ header: UnsafePointer<nghttp2_frame_hd>) -> Int32 {
    guard !isTerminated else { return Self.stop }
    let header = header.pointee
    switch nghttp2_frame_type(UInt32(header.type)) {
    case NGHTTP2_HEADERS:
      guard role == .server else { break }
      if order.goesBackwards(header.stream_id) {
        terminate(.protocolError)
        return Self.stop
      }
      // Whether it is taken or refused: a refused stream may have trailers on their way.
      order.open(header.stream_id)
    // The library looks at the size of every other frame (RFC 9113 §4.2).
    case NGHTTP2_CONTINUATION: if header.length > Self.frameSize { terminate(.frameSizeError) }
    case NGHTTP2_SETTINGS: count(.settings)
    case NGHTTP2_PING: count(.pings)
    case NGHTTP2_WINDOW_UPDATE: count(.windowUpdates)
    case NGHTTP2_PRIORITY: count(.priorities)
    case NGHTTP2_GOAWAY: count(.goAways)
    default: break
    }
    return isTerminated ? Self.stop : 0
  }

  private func beganFields(_ frame: Frame) -> Int32 {
    let id = frame.pointee.hd.stream_id
    if role == .server, frame.pointee.headers.cat == NGHTTP2_HCAT_REQUEST {
      open(id)
    } else if let stream = stream(id) {
      if stream.hasHead {
        stream.trailers = Fields(capacity: 128)
        stream.trailerSize = 0
      } else {
        // Also behind a 1xx response: the next section is a head again.
        stream.response?.clear()
        stream.responseAssembly = ResponseAssembly()
      }
    }
    return 0
  }

  private func received(_ frame: Frame, _ name: ByteView, _ value: ByteView) -> Int32 {
    guard !isTerminated else { return Self.stop }
    if isLearning { memo.received(value) }
    guard let stream = stream(frame.pointee.hd.stream_id) else { return 0 }
    guard fieldsUntilKnown >= 0 else { return add(name, value, to: stream) }
    defer { fieldsUntilKnown -= 1 }
    guard fieldsUntilKnown == 0 else { return add(name, value, to: stream) }
    // Whatever else may have been miscounted, credentials are never taken for another field.
    guard name.equals("authorization"), value.isEmpty else { return Self.stop }
    return memo.withValue { add(name, $0, isKnown: true, to: stream) }
  }

  /// - Parameter isKnown: whether the value has been looked at before.
  private func add(_ name: ByteView, _ value: ByteView, isKnown: Bool = false, to stream: HTTP2Stream) -> Int32 {
    let size: Int
    if stream.hasHead {
      size = addTrailer(stream, name, value)
    } else if let head = stream.request {
      stream.requestAssembly.add(name, value, isKnown: isKnown, to: head, limits.head)
      size = stream.requestAssembly.sectionSize
    } else if let head = stream.response {
      stream.responseAssembly.add(name, value, to: head, limits.head)
      size = stream.responseAssembly.sectionSize
    } else {
      return 0
    }
    // Far beyond what was announced as the limit: no honest client, and each further field costs time.
    guard size > limits.head.headSize * 4 else { return 0 }
    endFlood(.fieldBomb)
    return Self.stop
  }

  /// What frames, routes or authenticates a message may not come behind its body (RFC 9110 §6.5.1).
  private func addTrailer(_ stream: HTTP2Stream, _ name: ByteView, _ value: ByteView) -> Int {
    stream.trailerSize += name.count + value.count + 32
    if stream.trailerSize <= limits.head.headSize, FieldName(name) == .other { stream.trailers?.append(name, value) }
    return stream.trailerSize
  }

  /// A field whose name or value HTTP does not allow.
  private func receivedInvalidField(_ frame: Frame) -> Int32 {
    Int32(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
  }

  private func received(_ frame: Frame) -> Int32 {
    let header = frame.pointee.hd
    let ends = header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
    switch nghttp2_frame_type(UInt32(header.type)) {
    case NGHTTP2_HEADERS:
      if let stream = stream(header.stream_id) { receivedSection(stream, ends: ends) }
    case NGHTTP2_DATA:
      // Nothing but padding.
      if !ends, header.length > 0, header.length == frame.pointee.data.padlen { count(.emptyData) }
      if ends, let stream = stream(header.stream_id) { stream.handler?.streamEnded(nil) }
    case NGHTTP2_RST_STREAM: if role == .server { count(.rapidReset) }
    case NGHTTP2_GOAWAY:
      hasReceivedGoAway = true
      let goaway = frame.pointee.goaway
      delegate?.sessionReceivedGoAway(lastStream: goaway.last_stream_id, HTTP2ErrorCode(goaway.error_code))
    default: break
    }
    return isTerminated ? Self.stop : 0
  }

  private func receivedSection(_ stream: HTTP2Stream, ends: Bool) {
    if stream.hasHead {
      let trailers = stream.trailers
      stream.trailers = nil
      if ends { stream.handler?.streamEnded(trailers?.isEmpty == false ? trailers : nil) }
    } else if let head = stream.request {
      completeRequest(stream, head, ends: ends)
    } else if let head = stream.response {
      completeResponse(stream, head, ends: ends)
    }
  }

  private func completeRequest(_ stream: HTTP2Stream, _ head: RequestHead, ends: Bool) {
    stream.hasHead = true
    do throws(RequestAssembly.Fault) {
      try stream.requestAssembly.complete(head, limits.head)
      stream.handler?.streamReceivedHead(Self.length(stream.requestAssembly.contentLength, ends: ends))
    } catch {
      switch error {
      case .malformed(let reason):
        stream.handler?.streamReceivedFault(WireFault(400, reason), isMalformed: true)
        stream.reset(.protocolError, isPeersFault: true)
      case .refused(let fault): stream.handler?.streamReceivedFault(fault, isMalformed: false)
      }
    }
  }

  private func completeResponse(_ stream: HTTP2Stream, _ head: ResponseHead, ends: Bool) {
    do throws(WireFault) {
      try stream.responseAssembly.complete(head)
      if head.isInformational {
        guard !ends else { throw WireFault(400, "informational_ends_stream") }
        stream.informational += 1
        guard stream.informational <= ResponseDecoder.informationalLimit else {
          throw WireFault(400, "too_many_informational")
        }
        stream.handler?.streamReceivedInformational()
        return
      }
      stream.hasHead = true
      stream.handler?.streamReceivedHead(Self.length(stream.responseAssembly.contentLength, ends: ends))
      stream.response = nil
      if ends { stream.handler?.streamEnded(nil) }
    } catch {
      stream.handler?.streamReceivedFault(error, isMalformed: true)
      stream.reset(.protocolError, isPeersFault: true)
    }
  }

  private static func length(_ announced: Int?, ends: Bool) -> BodyLength {
    if ends { return .none }
    return announced.map { .known($0) } ?? .unknown
  }

  private func receivedData(_ id: Int32, _ bytes: ByteView) -> Int32 {
    let stream = stream(id)
    let handler = stream?.handler
    received(bytes.count, for: handler == nil ? nil : stream)
    if let handler {
      handler.streamReceived(bytes)
    } else {
      nghttp2_session_consume_stream(raw, id, bytes.count)
    }
    return isTerminated ? Self.stop : 0
  }

  // MARK: Outgoing frames

  private func sent(_ frame: Frame) -> Int32 {
    let header = frame.pointee.hd
    let stream = stream(header.stream_id)
    switch nghttp2_frame_type(UInt32(header.type)) {
    case NGHTTP2_HEADERS, NGHTTP2_DATA:
      stream?.hasSentHead = true
      if header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0 { stream?.hasSentEnd = true }
    // The library has a limit of its own for settings and their acknowledgements.
    case NGHTTP2_GOAWAY where HTTP2ErrorCode(frame.pointee.goaway.error_code) == .enhanceYourCalm: endFlood(.settings)
    // A stream reset because of what the client did costs it nothing and us the request (CVE-2025-8671).
    case NGHTTP2_RST_STREAM where role == .server && stream?.isResetByChoice != true: count(.madeYouReset)
    default: break
    }
    return 0
  }

  /// A field section was too large. Nothing would ever happen on the stream; that of a request the library closes.
  private func couldNotSend(_ frame: Frame) {
    guard frame.pointee.hd.type == UInt8(NGHTTP2_HEADERS.rawValue),
      frame.pointee.headers.cat != NGHTTP2_HCAT_REQUEST
    else { return }
    stream(frame.pointee.hd.stream_id)?.reset(.internalError)
  }

  // By id and not by a pointer kept in the frame: the library may hold frames of streams that are gone.
  static let readOutput: nghttp2_data_source_read_callback = { _, id, _, room, flags, _, data in
    var count = Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
    _ = HTTP2Session.with(data) { session in
      if let flags, let stream = session.stream(id) { count = stream.provide(room, &flags.pointee) }
      return 0
    }
    return count
  }

  /// Writes a DATA frame straight from the stream's output.
  private func sendData(_ header: UnsafePointer<UInt8>, _ count: Int, _ stream: HTTP2Stream?) -> Int32 {
    guard let sink, sink.count < sinkLimit else { return Int32(NGHTTP2_ERR_WOULDBLOCK.rawValue) }
    // The frame has waited for room in the output, and its stream has been reset meanwhile.
    guard let stream, count <= stream.output.count else { return Int32(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue) }
    sink.append(ByteView(start: header, count: 9))
    sink.append(stream.output.view.slice(0, count))
    credit(.windowUpdates, 2)
    if stream.took(count) { reportDrain(of: stream) }
    return 0
  }
}
