package import Bytes
package import HTTP

/// Writes heads of HTTP/1.1 messages: the remaining fields as they stand, and the framing anew.
package enum HeadEncoder {
  /// A request towards a backend. The path and the fields are as the stages left them.
  ///
  /// - Parameter length: `.unknown` is sent in the chunked coding.
  package static func write(_ head: RequestHead, length: BodyLength, to output: ByteBuffer) {
    output.append(head.methodName)
    output.append(ASCII.space)
    output.append(head.path)
    if let query = head.query {
      output.append(ASCII.question)
      output.append(query)
    }
    output.append(" HTTP/1.1\r\n")
    writeFields(head.fields, to: output)
    switch length {
    case .none where head.method == .post || head.method == .put || head.method == .patch:
      output.append("Content-Length: 0\r\n\r\n")
    case .none: output.append("\r\n")
    case .known(let length): writeLength(length, to: output)
    case .unknown: output.append("Transfer-Encoding: chunked\r\n\r\n")
    }
  }

  /// How a response's body is told apart from what follows it.
  package enum ResponseFraming: Equatable {
    /// The status allows no body, or the request was HEAD: what the head says of length is only passed on.
    case bodiless(announcing: Int?)
    case length(Int)
    case chunked
    /// For HTTP/1.0 clients: the end of the connection.
    case untilClose
  }

  /// How the connection goes on behind the response.
  package enum Persistence { case keepAlive, keepAliveForHTTP10, close }

  package static func write(
    status: Int, _ fields: Fields, _ framing: ResponseFraming, _ persistence: Persistence, date: ByteView?,
    to output: ByteBuffer
  ) {
    writeStatusLine(status, to: output)
    writeFields(fields, to: output)
    if let date, fields.firstIndex(of: .date) == nil {
      output.append("Date: ")
      output.append(date)
      output.append("\r\n")
    }
    switch persistence {
    case .keepAlive: break
    case .keepAliveForHTTP10: output.append("Connection: keep-alive\r\n")
    case .close: output.append("Connection: close\r\n")
    }
    switch framing {
    case .bodiless(.some(let length)), .length(let length): writeLength(length, to: output)
    case .bodiless(nil), .untilClose: output.append("\r\n")
    case .chunked: output.append("Transfer-Encoding: chunked\r\n\r\n")
    }
  }

  /// A 1xx response (RFC 9110 §15.2).
  package static func write(informational status: Int, _ fields: Fields?, to output: ByteBuffer) {
    writeStatusLine(status, to: output)
    if let fields { writeFields(fields, to: output) }
    output.append("\r\n")
  }

  private static func writeStatusLine(_ status: Int, to output: ByteBuffer) {
    if status == 200 { return output.append("HTTP/1.1 200 OK\r\n") }
    output.append("HTTP/1.1 ")
    output.append(decimal: status)
    output.append(ASCII.space)
    output.append(Status.reason(status))
    output.append("\r\n")
  }

  private static func writeLength(_ length: Int, to output: ByteBuffer) {
    output.append("Content-Length: ")
    output.append(decimal: length)
    output.append("\r\n\r\n")
  }

  /// All fields but those of this hop; the framing fields among them are written anew by the callers. Lines that follow
  /// each other are copied together.
  static func writeFields(_ fields: Fields, to output: ByteBuffer) {
    var pending = 0..<0
    for index in 0..<fields.count where !fields.name(index).isHopByHop {
      guard let line = fields.line(index) else {
        output.append(fields.text(pending.lowerBound, pending.count))
        pending = 0..<0
        writeLine(fields.spelling(index), fields.value(index), to: output)
        continue
      }
      if line.lowerBound == pending.upperBound {
        pending = pending.lowerBound..<line.upperBound
      } else {
        output.append(fields.text(pending.lowerBound, pending.count))
        pending = line
      }
    }
    output.append(fields.text(pending.lowerBound, pending.count))
  }

  private static func writeLine(_ name: ByteView, _ value: ByteView, to output: ByteBuffer) {
    output.append(name)
    output.append(": ")
    output.append(value)
    output.append("\r\n")
  }
}

/// Writes body bytes in the chunked coding (RFC 9112 §7.1).
package enum ChunkEncoder {
  /// The line before `length` bytes of data; `"\r\n"` goes behind them.
  package static func writeSize(_ length: Int, to output: ByteBuffer) {
    output.append(hex: UInt64(length))
    output.append("\r\n")
  }

  /// The last chunk, with trailers when there are any.
  package static func writeEnd(_ trailers: Fields?, to output: ByteBuffer) {
    output.append("0\r\n")
    if let trailers { HeadEncoder.writeFields(trailers, to: output) }
    output.append("\r\n")
  }
}
