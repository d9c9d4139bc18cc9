package import Bytes
import HTTP

/// Where a message ends: every rule of RFC 9112 §6 and §7 that decides it, in this file and nowhere else.
///
/// What two parsers could read differently is refused, never repaired: that is how requests are smuggled.
package enum Framing: Equatable {
  /// No body.
  case none
  /// So many bytes, more than zero.
  case length(Int)
  case chunked
  /// Everything until the connection ends; responses only.
  case untilClose

  var bodyLength: BodyLength {
    switch self {
    case .none: .none
    case .length(let length): .known(length)
    case .chunked, .untilClose: .unknown
    }
  }

  /// RFC 9112 §6.3 for requests.
  static func ofRequest(_ head: RequestHead) throws(WireFault) -> Framing {
    let fields = head.fields
    if let index = fields.firstIndex(of: .transferEncoding) {
      guard head.version >= .http11 else { throw WireFault(400, "transfer_encoding_in_http_1_0") }
      guard fields.firstIndex(of: .contentLength) == nil else {
        throw WireFault(400, "transfer_encoding_with_content_length")
      }
      try requireChunked(fields, index)
      return .chunked
    }
    let length = try contentLength(fields) ?? 0
    return length == 0 ? .none : .length(length)
  }

  /// RFC 9112 §6.3 for responses to a request with `method`. A fault here is the backend's: 502 for the client.
  static func ofResponse(_ head: ResponseHead, to method: Method) throws(WireFault) -> Framing {
    let fields = head.fields
    let coding = fields.firstIndex(of: .transferEncoding)
    let length = try contentLength(fields)
    if head.isInformational || head.status == 204 || head.status == 304 || method == .head { return .none }
    if let coding {
      guard head.version >= .http11 else { throw WireFault(400, "transfer_encoding_in_http_1_0") }
      guard length == nil else { throw WireFault(400, "transfer_encoding_with_content_length") }
      try requireChunked(fields, coding)
      return .chunked
    }
    guard let length else { return .untilClose }
    return length == 0 ? .none : .length(length)
  }

  /// The only transfer coding is a single `chunked`; another one is not implemented (RFC 9112 §6.1).
  private static func requireChunked(_ fields: Fields, _ index: Int) throws(WireFault) {
    guard fields.firstIndex(of: .transferEncoding, from: index + 1) == nil else {
      throw WireFault(400, "repeated_transfer_encoding")
    }
    let value = fields.value(index)
    if value.equalsIgnoringCase("chunked") { return }
    guard isListOfTokens(value) else { throw WireFault(400, "bad_transfer_encoding") }
    throw WireFault(501, "unknown_transfer_coding")
  }

  private static func isListOfTokens(_ value: ByteView) -> Bool {
    var chunked = 0
    var start = 0
    for end in 0...value.count where end == value.count || value[end] == ASCII.comma {
      let item = trimmed(value.slice(start, end - start))
      guard item.count > 0,
        item.allSatisfy({ ASCII.isToken($0) || $0 == ASCII.semicolon || $0 == ASCII.equals })
      else { return false }
      if item.equalsIgnoringCase("chunked") { chunked += 1 }
      start = end + 1
    }
    return chunked <= 1
  }

  private static func trimmed(_ value: ByteView) -> ByteView {
    var from = 0
    var to = value.count
    while from < to, value[from] == ASCII.space || value[from] == ASCII.tab { from += 1 }
    while to > from, value[to - 1] == ASCII.space || value[to - 1] == ASCII.tab { to -= 1 }
    return value.slice(from, to - from)
  }

  /// One field, digits only, at most 18 of them (RFC 9110 §8.6); repeated fields are refused even when equal.
  private static func contentLength(_ fields: Fields) throws(WireFault) -> Int? {
    guard let index = fields.firstIndex(of: .contentLength) else { return nil }
    guard fields.firstIndex(of: .contentLength, from: index + 1) == nil else {
      throw WireFault(400, "repeated_content_length")
    }
    let digits = fields.value(index)
    guard 1...18 ~= digits.count else { throw WireFault(400, "bad_content_length") }
    var length = 0
    for digit in digits {
      guard ASCII.isDigit(digit) else { throw WireFault(400, "bad_content_length") }
      length = length * 10 + Int(digit - 0x30)
    }
    return length
  }
}

/// Takes the chunked coding apart (RFC 9112 §7.1) without copying: each call yields a stretch of its input.
package struct ChunkedDecoder {
  package enum Step {
    case needMore
    /// Body bytes, lent from the input.
    case data(ByteView)
    /// The last chunk has ended; the trailer section follows, up to and including its empty line.
    case trailers
  }

  private enum State { case size, extensions, sizeLineFeed, data, dataReturn, dataLineFeed, done }
  private var state = State.size
  private var remaining = 0
  private var digits = 0
  private var lineLength = 0

  /// Bytes of one size line with its extensions; nobody uses extensions, attackers excepted.
  private static let lineLimit = 256

  package init() {}

  /// - Parameter input: shortened by what was used.
  package mutating func next(_ input: inout ByteView) throws(WireFault) -> Step {
    while let byte = input.first {
      switch state {
      case .data:
        let count = min(remaining, input.count)
        let data = input.slice(0, count)
        input = input.from(count)
        remaining -= count
        if remaining == 0 { state = .dataReturn }
        return .data(data)
      case .done: return .trailers
      default:
        try consume(byte)
        input = input.from(1)
        if case .done = state { return .trailers }
      }
    }
    return .needMore
  }

  private mutating func consume(_ byte: UInt8) throws(WireFault) {
    switch state {
    case .size: try size(byte)
    case .extensions:
      lineLength += 1
      guard lineLength <= Self.lineLimit else { throw WireFault(400, "chunk_line_too_long") }
      if byte == ASCII.cr {
        state = .sizeLineFeed
      } else if !ASCII.isFieldValue(byte) {
        throw WireFault(400, "bad_chunk_extension")
      }
    case .sizeLineFeed:
      guard byte == ASCII.lf else { throw WireFault(400, "bad_chunk_size") }
      state = remaining == 0 ? .done : .data
    case .dataReturn:
      guard byte == ASCII.cr else { throw WireFault(400, "chunk_data_too_long") }
      state = .dataLineFeed
    case .dataLineFeed:
      guard byte == ASCII.lf else { throw WireFault(400, "chunk_data_too_long") }
      state = .size
      (remaining, digits, lineLength) = (0, 0, 0)
    case .data, .done: break
    }
  }

  private mutating func size(_ byte: UInt8) throws(WireFault) {
    if let value = ASCII.hexValue(byte) {
      digits += 1
      guard digits <= 15 else { throw WireFault(400, "bad_chunk_size") }
      remaining = remaining << 4 | Int(value)
    } else if digits > 0, byte == ASCII.cr {
      state = .sizeLineFeed
    } else if digits > 0, byte == ASCII.semicolon {
      state = .extensions
    } else {
      throw WireFault(400, "bad_chunk_size")
    }
  }
}
