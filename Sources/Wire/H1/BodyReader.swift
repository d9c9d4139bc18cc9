import Bytes
import HTTP

/// Takes one message body from the input by its framing.
struct BodyReader {
  enum Step {
    case needMore
    /// Body bytes, lent from the input.
    case data(ByteView)
    /// The body is complete; trailers only with the chunked coding, and only when there are any.
    case end(Fields?)
  }

  private enum State {
    case none
    case length(Int)
    case chunked(ChunkedDecoder)
    case trailers(TrailerReader)
    case untilClose
  }
  private var state: State

  init(_ framing: Framing) {
    switch framing {
    case .none: state = .none
    case .length(let length): state = .length(length)
    case .chunked: state = .chunked(ChunkedDecoder())
    case .untilClose: state = .untilClose
    }
  }

  /// Whether the end of the connection is the proper end of this body.
  var endsWithConnection: Bool {
    if case .untilClose = state { return true }
    return false
  }

  mutating func next(_ input: inout ByteView, _ limits: HeadLimits) throws(WireFault) -> Step {
    switch state {
    case .none: return .end(nil)
    case .length(let remaining):
      guard remaining > 0 else { return .end(nil) }
      guard input.count > 0 else { return .needMore }
      let data = input.slice(0, min(remaining, input.count))
      input = input.from(data.count)
      state = .length(remaining - data.count)
      return .data(data)
    case .untilClose:
      guard input.count > 0 else { return .needMore }
      let data = input
      input = input.from(input.count)
      return .data(data)
    case .chunked(var decoder):
      defer { if case .chunked = state { state = .chunked(decoder) } }
      switch try decoder.next(&input) {
      case .needMore: return .needMore
      case .data(let data): return .data(data)
      case .trailers: state = .trailers(TrailerReader())
      }
      return try next(&input, limits)
    case .trailers(var reader):
      let trailers = try reader.read(&input, limits)
      state = .trailers(reader)
      guard let trailers else { return .needMore }
      return .end(trailers.isEmpty ? nil : trailers)
    }
  }
}
