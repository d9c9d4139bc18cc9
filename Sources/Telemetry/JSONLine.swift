package import Bytes

/// Builds one line of JSON without intermediate strings.
package final class JSONLine {
  private let buffer = ByteBuffer()
  private var isFirst = true

  package init() {}

  /// Builds a line and lends it to `body`.
  package func write(_ fill: (JSONLine) -> Void, _ body: (ByteView) -> Void) {
    buffer.consume(buffer.count)
    isFirst = true
    buffer.append("{")
    fill(self)
    buffer.append("}\n")
    body(buffer.view)
  }

  package func member(_ name: StaticString, _ text: ByteView) {
    key(name)
    string(text)
  }

  package func member(_ name: StaticString, _ text: StaticString) {
    member(name, ByteView(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  package func member(_ name: StaticString, text: String) {
    var text = text
    text.withUTF8 { member(name, ByteView($0)) }
  }

  package func member(_ name: StaticString, _ number: Int) {
    key(name)
    if number < 0 { buffer.append("-") }
    buffer.append(decimal: Int(number.magnitude))
  }

  /// Nanoseconds, written as milliseconds with three decimals.
  package func member(_ name: StaticString, milliseconds nanoseconds: UInt64) {
    key(name)
    let micros = Int(nanoseconds / 1000)
    buffer.append(decimal: micros / 1000)
    buffer.append(".")
    let rest = micros % 1000
    buffer.append(UInt8(truncatingIfNeeded: rest / 100) + 0x30)
    buffer.append(UInt8(truncatingIfNeeded: rest / 10 % 10) + 0x30)
    buffer.append(UInt8(truncatingIfNeeded: rest % 10) + 0x30)
  }

  private func key(_ name: StaticString) {
    if !isFirst { buffer.append(",") }
    isFirst = false
    buffer.append("\"")
    buffer.append(name)
    buffer.append("\":")
  }

  /// Control characters, quotes and everything that is not ASCII are escaped: a log line is one line, and whoever
  /// reads it on a terminal sees no control sequence of a client's making.
  private func string(_ text: ByteView) {
    buffer.append("\"")
    var start = 0
    for index in 0..<text.count {
      let byte = text[index]
      if byte >= 0x20, byte < 0x7F, byte != 0x22, byte != 0x5C { continue }
      buffer.append(text.slice(start, index - start))
      start = index + 1
      if byte == 0x22 || byte == 0x5C {
        buffer.append(0x5C)
        buffer.append(byte)
      } else {
        buffer.append("\\u00")
        buffer.append(hex: UInt64(byte), width: 2)
      }
    }
    buffer.append(text.from(start))
    buffer.append("\"")
  }
}
