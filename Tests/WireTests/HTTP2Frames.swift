import Bytes

/// HTTP/2 frames written and read by hand (RFC 9113 §4.1), so that a test can send what no library would.
struct HTTP2Frame: Equatable {
  enum Kind {
    static let data: UInt8 = 0
    static let headers: UInt8 = 1
    static let priority: UInt8 = 2
    static let reset: UInt8 = 3
    static let settings: UInt8 = 4
    static let ping: UInt8 = 6
    static let goAway: UInt8 = 7
    static let windowUpdate: UInt8 = 8
    static let continuation: UInt8 = 9
  }
  static let endStream: UInt8 = 0x1
  static let ack: UInt8 = 0x1
  static let endHeaders: UInt8 = 0x4
  static let padded: UInt8 = 0x8

  var type: UInt8
  var flags: UInt8
  var stream: UInt32
  var payload: [UInt8]

  init(_ type: UInt8, _ flags: UInt8 = 0, _ stream: UInt32, _ payload: [UInt8] = []) {
    self.type = type
    self.flags = flags
    self.stream = stream
    self.payload = payload
  }

  var bytes: [UInt8] {
    let length = UInt32(payload.count)
    return Array(Self.word(length).dropFirst()) + [type, flags] + Self.word(stream) + payload
  }

  static func word(_ value: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
  }

  /// The number in the four bytes at `offset` of the payload.
  func word(at offset: Int) -> UInt32 {
    payload[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) }
  }

  /// A frame's essence for comparisons: bodies and field sections by their size only.
  var line: String {
    let ends = flags & Self.endStream != 0 ? " end" : ""
    switch type {
    case Kind.data: return "DATA \(stream) \(payload.count)\(ends)"
    case Kind.headers: return "HEADERS \(stream)\(ends)"
    case Kind.reset: return "RST_STREAM \(stream) \(word(at: 0))"
    case Kind.settings: return flags & Self.ack != 0 ? "SETTINGS ack" : "SETTINGS"
    case Kind.ping: return flags & Self.ack != 0 ? "PING ack" : "PING"
    case Kind.goAway: return "GOAWAY \(word(at: 0)) \(word(at: 4))"
    case Kind.windowUpdate: return "WINDOW_UPDATE \(stream) \(word(at: 0))"
    case Kind.continuation: return "CONTINUATION \(stream)"
    default: return "frame \(type)"
    }
  }

  static let preface = [UInt8]("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

  /// The whole frames at the beginning of `bytes`, behind the preface if there is one.
  static func read(_ bytes: [UInt8]) -> [HTTP2Frame] {
    var frames: [HTTP2Frame] = []
    var rest = bytes[...]
    if rest.starts(with: preface) { rest = rest.dropFirst(preface.count) }
    while rest.count >= 9 {
      let header = Array(rest.prefix(9))
      let length = header[..<3].reduce(0) { $0 << 8 | Int($1) }
      guard rest.count >= 9 + length else { break }
      let stream = header[5...].reduce(0) { $0 << 8 | UInt32($1) }
      frames.append(HTTP2Frame(header[3], header[4], stream, Array(rest.dropFirst(9).prefix(length))))
      rest = rest.dropFirst(9 + length)
    }
    return frames
  }
}

/// Whole frames as bytes.
enum Send {
  typealias Field = (String, String)

  static func headers(
    _ stream: UInt32, _ fields: [Field], ends: Bool = true, endsHeaders: Bool = true
  ) -> [UInt8] {
    let flags = (ends ? HTTP2Frame.endStream : 0) | (endsHeaders ? HTTP2Frame.endHeaders : 0)
    return HTTP2Frame(HTTP2Frame.Kind.headers, flags, stream, HPACK.literal(fields)).bytes
  }

  /// The head of a request without peculiarities.
  static func request(_ stream: UInt32, _ method: String = "GET", _ more: [Field] = [], ends: Bool = true) -> [UInt8] {
    headers(stream, head(method) + more, ends: ends)
  }

  static func head(_ method: String = "GET", _ path: String = "/") -> [Field] {
    [(":method", method), (":scheme", "https"), (":path", path), (":authority", "a")]
  }

  static func data(_ stream: UInt32, _ text: String, ends: Bool = false) -> [UInt8] {
    data(stream, [UInt8](text.utf8), ends: ends)
  }

  static func data(_ stream: UInt32, _ bytes: [UInt8], ends: Bool = false) -> [UInt8] {
    HTTP2Frame(HTTP2Frame.Kind.data, ends ? HTTP2Frame.endStream : 0, stream, bytes).bytes
  }

  static func reset(_ stream: UInt32, _ code: UInt32 = 8) -> [UInt8] {
    HTTP2Frame(HTTP2Frame.Kind.reset, 0, stream, HTTP2Frame.word(code)).bytes
  }

  static func settings(_ values: [(UInt16, UInt32)] = []) -> [UInt8] {
    let payload = values.flatMap { id, value in
      [UInt8(truncatingIfNeeded: id >> 8), UInt8(truncatingIfNeeded: id)] + HTTP2Frame.word(value)
    }
    return HTTP2Frame(HTTP2Frame.Kind.settings, 0, 0, payload).bytes
  }

  static let settingsAck = HTTP2Frame(HTTP2Frame.Kind.settings, HTTP2Frame.ack, 0).bytes

  static let ping = HTTP2Frame(HTTP2Frame.Kind.ping, 0, 0, [UInt8](repeating: 7, count: 8)).bytes

  static func windowUpdate(_ stream: UInt32, _ more: UInt32) -> [UInt8] {
    HTTP2Frame(HTTP2Frame.Kind.windowUpdate, 0, stream, HTTP2Frame.word(more)).bytes
  }

  static func goAway(_ lastStream: UInt32, _ code: UInt32 = 0) -> [UInt8] {
    HTTP2Frame(HTTP2Frame.Kind.goAway, 0, 0, HTTP2Frame.word(lastStream) + HTTP2Frame.word(code)).bytes
  }

  static func continuation(_ stream: UInt32, _ fields: [Field], endsHeaders: Bool = true) -> [UInt8] {
    HTTP2Frame(
      HTTP2Frame.Kind.continuation, endsHeaders ? HTTP2Frame.endHeaders : 0, stream, HPACK.literal(fields)
    ).bytes
  }
}

/// Field sections written without the table, and as much of reading as tells what a table may remember (RFC 7541 §6).
enum HPACK {
  enum Representation: Equatable {
    case indexed(Int), incremental, withoutIndexing, neverIndexed
  }

  static func literal(_ fields: [(String, String)]) -> [UInt8] {
    fields.flatMap { name, value in [0x00] + string(name) + string(value) }
  }

  static func string(_ text: String) -> [UInt8] { integer(text.utf8.count, prefix: 7) + [UInt8](text.utf8) }

  static func integer(_ value: Int, prefix: Int, first: UInt8 = 0) -> [UInt8] {
    let limit = (1 << prefix) - 1
    guard value >= limit else { return [first | UInt8(value)] }
    var bytes = [first | UInt8(limit)]
    var rest = value - limit
    while rest >= 128 {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }

  /// How each field of a section is represented, in its order.
  static func representations(_ section: [UInt8]) -> [Representation] {
    var found: [Representation] = []
    var index = 0
    func number(_ prefix: Int) -> Int {
      let limit = (1 << prefix) - 1
      var value = Int(section[index]) & limit
      index += 1
      guard value == limit else { return value }
      var shift = 0
      while true {
        let byte = section[index]
        index += 1
        value += Int(byte & 0x7F) << shift
        shift += 7
        if byte & 0x80 == 0 { return value }
      }
    }
    func skipString() {
      let length = number(7)
      index += length
    }
    while index < section.count {
      let first = section[index]
      if first & 0x80 != 0 {
        found.append(.indexed(number(7)))
      } else if first & 0x40 != 0 {
        if number(6) == 0 { skipString() }
        skipString()
        found.append(.incremental)
      } else if first & 0x20 != 0 {
        _ = number(5)
      } else {
        if number(4) == 0 { skipString() }
        skipString()
        found.append(first & 0x10 != 0 ? .neverIndexed : .withoutIndexing)
      }
    }
    return found
  }
}
