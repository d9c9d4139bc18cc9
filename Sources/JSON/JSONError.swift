/// Why a text is not acceptable JSON, and where.
package struct JSONError: Error, Equatable, CustomStringConvertible {
  package enum Reason: String, Sendable {
    case unexpectedEnd = "the text ends too early"
    case unexpectedByte = "unexpected character"
    case trailingBytes = "more text after the value"
    case invalidNumber = "not a number"
    case numberOutOfRange = "number out of range"
    case controlCharacter = "control character in a string"
    case invalidEscape = "invalid escape in a string"
    case loneSurrogate = "lone surrogate in a string"
    case invalidUTF8 = "string is not UTF-8"
    case duplicateName = "member name occurs twice"
    case tooDeep = "nested too deeply"
    case tooManyValues = "too many values"
  }

  package let reason: Reason
  /// Bytes from the start of the text.
  package let offset: Int

  package init(_ reason: Reason, at offset: Int) {
    self.reason = reason
    self.offset = offset
  }

  package var description: String { "\(reason.rawValue) at byte \(offset)" }
}
