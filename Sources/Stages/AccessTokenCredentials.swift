package import Bytes
package import HTTP
package import Pipeline

/// How a request says who calls (RFC 6750 §2, RFC 9449 §7.1).
package enum AccessTokenCredentials {
  /// A token as it came; nothing about it has been checked, not even its alphabet.
  package struct Presented {
    package let token: ByteView
    package let scheme: AccessTokenScheme
  }

  /// No access token, or none in the one place where it is looked for.
  case none
  case token(Presented)
  /// Something that cannot be understood (GW-07): the words for the client, and the reason for the log.
  case malformed(StaticString, reason: StaticString)

  /// Only the Authorization field counts; a token in the query is never looked at (GW-40).
  package static func find(in request: RequestHead) -> AccessTokenCredentials {
    let fields = request.fields
    guard let index = fields.firstIndex(of: .authorization) else { return .none }
    guard fields.firstIndex(of: .authorization, from: index + 1) == nil else {
      return .malformed("More than one Authorization field", reason: "repeated_authorization")
    }
    let value = fields.value(index)
    var start = value.position(of: ASCII.space) ?? value.count
    guard let kind = kind(value.slice(0, start)) else { return .none }
    while start < value.count, value[start] == ASCII.space { start += 1 }
    let token = value.from(start)
    guard token.count > 0 else { return .malformed("The access token is empty", reason: "empty_token") }
    if request.query.map(hasToken) == true {
      return .malformed("The token is sent in more than one way", reason: "token_in_query")
    }
    return .token(Presented(token: token, scheme: kind))
  }

  private static func kind(_ scheme: ByteView) -> AccessTokenScheme? {
    scheme.equalsIgnoringCase("bearer") ? .bearer : scheme.equalsIgnoringCase("dpop") ? .dpop : nil
  }

  /// Whether a token has the syntax of one: `token68` (RFC 9110 §11.2). Left to whoever does not know the token yet,
  /// because it looks at every byte.
  package static func isToken68(_ token: ByteView) -> Bool {
    var end = token.count
    while end > 0, token[end - 1] == ASCII.equals { end -= 1 }
    guard end > 0 else { return false }
    for index in 0..<end where !isToken68Byte(token[index]) { return false }
    return true
  }

  /// Letters, digits and `-._~+/`, by table look-up in two words: this loop sees every byte of every token.
  @inline(__always)
  private static func isToken68Byte(_ byte: UInt8) -> Bool {
    let word: UInt64 = byte < 64 ? 0x03FF_E800_0000_0000 : 0x47FF_FFFE_87FF_FFFE
    return byte < 128 && word >> UInt64(byte & 63) & 1 == 1
  }

  /// Whether a query parameter is called `access_token` (RFC 6750 §2.3), in any percent-encoding.
  package static func hasToken(_ query: ByteView) -> Bool {
    var start = 0
    for end in 0...query.count where end == query.count || query[end] == 0x26 {
      if isTokenParameter(query.slice(start, end - start)) { return true }
      start = end + 1
    }
    return false
  }

  private static func isTokenParameter(_ parameter: ByteView) -> Bool {
    let name: StaticString = "access_token"
    var index = 0
    for position in 0..<name.utf8CodeUnitCount {
      guard index < parameter.count else { return false }
      var byte = parameter[index]
      if byte == ASCII.percent, index + 2 < parameter.count, let high = ASCII.hexValue(parameter[index + 1]),
        let low = ASCII.hexValue(parameter[index + 2])
      {
        byte = high << 4 | low
        index += 2
      }
      guard ASCII.lowercased(byte) == name.utf8Start[position] else { return false }
      index += 1
    }
    return index == parameter.count || parameter[index] == ASCII.equals
  }
}
