import Bytes
import HTTP
import Testing

@testable import Wire

/// What a decoder says about an input, as lines of text; body bytes that follow each other are one line.
///
/// The input may come in any pieces: the lines must not depend on them.
struct DecoderScript {
  private(set) var lines: [String] = []
  private var body = ""

  mutating func add(_ line: String) {
    flush()
    lines.append(line)
  }

  mutating func add(body bytes: ByteView) { body += bytes.text }

  mutating func flush() {
    if !body.isEmpty { lines.append("body \(body)") }
    body = ""
  }
}

extension [UInt8] {
  func lend<Result, Failure: Error>(_ body: (ByteView) throws(Failure) -> Result) throws(Failure) -> Result {
    try withUnsafeBufferPointer { (bytes) throws(Failure) in try body(ByteView(bytes)) }
  }
}

extension WireFault {
  var line: String { "fault \(status) \(reason)" }
}

extension BodyLength {
  var word: String {
    switch self {
    case .none: "none"
    case .known(let length): "\(length)"
    case .unknown: "unknown"
    }
  }
}

extension Fields {
  /// The remaining fields, one after the other.
  var line: String {
    (0..<count).filter { name($0) != .removed }.map { "\(spelling($0).text)=\(value($0).text)" }
      .joined(separator: "|")
  }
}

/// Cuts an input at every place where the kernel could cut it.
enum Pieces {
  static func whole(_ input: String) -> [[UInt8]] { [[UInt8](input.utf8)] }

  static func single(_ input: String) -> [[UInt8]] { input.utf8.map { [$0] } }

  static func everyCut(_ input: String) -> [[[UInt8]]] {
    let bytes = [UInt8](input.utf8)
    guard bytes.count > 1 else { return [] }
    return (1..<bytes.count).map { [[UInt8](bytes[..<$0]), [UInt8](bytes[$0...])] }
  }

  /// Expects the same from the whole input, from single bytes and from both halves of every cut.
  static func expectSame(
    _ input: String, _ expected: [String]? = nil, sourceLocation: SourceLocation = #_sourceLocation,
    _ read: ([[UInt8]]) -> [String]
  ) {
    let whole = read(whole(input))
    if let expected {
      #expect(whole == expected, "\(input.debugDescription)", sourceLocation: sourceLocation)
    }
    #expect(read(single(input)) == whole, "\(input.debugDescription), single bytes", sourceLocation: sourceLocation)
    for pieces in everyCut(input) {
      let cut = read(pieces)
      #expect(
        cut == whole, "\(input.debugDescription), cut after \(pieces[0].count)", sourceLocation: sourceLocation)
    }
  }
}

enum Requests {
  /// What the server's half makes of a connection's bytes.
  static func read(_ pieces: [[UInt8]], _ limits: HeadLimits = HeadLimits()) -> [String] {
    var decoder = RequestDecoder(limits: limits)
    let head = RequestHead()
    var script = DecoderScript()
    do throws(WireFault) {
      for piece in pieces { try feed(piece, &decoder, head, &script) }
      if decoder.isInsideHead { script.add("inside head") }
    } catch {
      script.add(error.line)
    }
    script.flush()
    return script.lines
  }

  private static func feed(
    _ piece: [UInt8], _ decoder: inout RequestDecoder, _ head: RequestHead, _ script: inout DecoderScript
  ) throws(WireFault) {
    try piece.lend { (bytes) throws(WireFault) in
      var input = bytes
      while true {
        switch try decoder.next(&input, head) {
        case .needMore:
          #expect(input.count == 0, "needMore leaves no input")
          return
        case .head(let length): script.add("head \(describe(head)) \(length.word)")
        case .body(let data): script.add(body: data)
        case .end(let trailers): script.add(trailers.map { "end \($0.line)" } ?? "end")
        }
      }
    }
  }

  static func describe(_ head: RequestHead) -> String {
    let query = head.query.map { "?\($0.text)" } ?? ""
    let version = head.version == .http10 ? "1.0" : "1.1"
    return
      "\(head.methodName.text) \(head.path.text)\(query) @\(head.authority?.text ?? "-") \(version) [\(head.fields.line)]"
  }

  /// The lines for a refusal of the first head.
  static func refusal(_ status: Int, _ reason: String) -> [String] { ["fault \(status) \(reason)"] }
}

enum Responses {
  /// What the client's half makes of the bytes that answer `methods`, one after the other, and of their end.
  static func read(_ pieces: [[UInt8]], to methods: [Method], _ limits: HeadLimits = HeadLimits()) -> [String] {
    var decoder = ResponseDecoder(limits: limits)
    let head = ResponseHead()
    var script = DecoderScript()
    var waiting = methods[...]
    func expectNext() { if let method = waiting.popFirst() { decoder.expectResponse(to: method) } }
    expectNext()
    do throws(WireFault) {
      for piece in pieces {
        try piece.lend { (bytes) throws(WireFault) in
          var input = bytes
          reading: while true {
            switch try decoder.next(&input, head) {
            case .needMore: break reading
            case .informational: script.add("informational \(head.status) [\(head.fields.line)]")
            case .head(let length): script.add("head \(head.status) [\(head.fields.line)] \(length.word)")
            case .body(let data): script.add(body: data)
            case .end(let trailers):
              script.add(trailers.map { "end \($0.line)" } ?? "end")
              expectNext()
            }
          }
        }
      }
      script.add(decoder.ending == .clean ? "clean" : "truncated")
    } catch {
      script.add(error.line)
    }
    return script.lines
  }
}
