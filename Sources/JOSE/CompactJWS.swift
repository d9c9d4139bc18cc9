internal import Bytes
internal import Glibc
internal import JSON

/// A JWS of any content in compact serialization taken apart (RFC 7515 §3.1), its signature not checked yet.
struct CompactJWS {
  /// Longest token looked at, in bytes; longer ones cost us nothing (RFC 8725 §3.6 and the field limits of
  /// HTTP).
  static let longest = 16 * 1024

  /// A token is small and flat; more than this is an attempt to keep us busy.
  private static let limits = JSONLimits(depth: 16, values: 4_000)

  let header: JOSEHeader
  /// The payload, decoded, and behind it the signature.
  private let content: [UInt8]
  private let payloadLength: Int
  /// Header and payload as they were signed: the first so many bytes of the token.
  let signedLength: Int

  /// - Parameter memory: of headers that were read before.
  init(_ token: ByteView, _ memory: HeaderMemory? = nil) throws(TokenFault) {
    guard token.count <= Self.longest else { throw .tooLong }
    guard let first = Self.dot(in: token, from: 0), let last = Self.dot(in: token, from: first &+ 1) else {
      throw .opaque
    }
    if let third = Self.dot(in: token, from: last &+ 1) { throw Self.hasFiveParts(token, third) ? .encrypted : .opaque }
    let (payload, signature) = (token.slice(first &+ 1, last &- first &- 1), token.from(last &+ 1))
    guard first > 0, !signature.isEmpty,
      let payloadLength = Base64URL.decodedLength(of: payload),
      let signatureLength = Base64URL.decodedLength(of: signature)
    else { throw .malformed }
    let length = payloadLength &+ signatureLength
    content = [UInt8](unsafeUninitializedCapacity: length) { target, count in
      let room = UnsafeMutableRawBufferPointer(target)
      let isCanonical =
        Base64URL.decode(payload, into: .init(rebasing: room[..<payloadLength]))
        && Base64URL.decode(signature, into: .init(rebasing: room[payloadLength..<length]))
      count = isCanonical ? length : 0
    }
    guard content.count == length else { throw .malformed }
    header = try Self.header(token.slice(0, first), memory)
    self.payloadLength = payloadLength
    signedLength = last
  }

  private static func header(_ text: ByteView, _ memory: HeaderMemory?) throws(TokenFault) -> JOSEHeader {
    if let known = memory?.find(text) { return known }
    guard let bytes = Base64URL.decode(text) else { throw .malformed }
    let header = try JOSEHeader(object(bytes, .malformedHeader))
    memory?.insert(text, header)
    return header
  }

  var payload: [UInt8] { [UInt8](content[..<payloadLength]) }

  /// The payload as a set of claims, within the limits of a token.
  func claims() throws(TokenFault) -> Claims {
    guard let text = try? JSONText(content, length: payloadLength, limits: Self.limits) else { throw .malformedClaims }
    return try Claims(text)
  }

  /// The one of `keys` that made the signature of `token`, of which these are the parts.
  func signer(of token: ByteView, among keys: ArraySlice<PublicKey>) -> PublicKey? {
    let message = token.slice(0, signedLength)
    return content.withUnsafeBytes { content in
      let signature = content.from(payloadLength)
      for key in keys where key.verify(signature, over: message) { return key }
      return nil
    }
  }

  /// A JWE (RFC 7516 §3.1).
  private static func hasFiveParts(_ token: ByteView, _ third: Int) -> Bool {
    guard let fourth = dot(in: token, from: third &+ 1) else { return false }
    return dot(in: token, from: fourth &+ 1) == nil
  }

  private static func dot(in token: ByteView, from start: Int) -> Int? {
    guard start < token.count, let base = token.baseAddress,
      let found = memchr(base + start, Int32(ASCII.dot), token.count &- start)
    else { return nil }
    return UnsafeRawPointer(found) - base
  }

  /// Header and payload of whatever resembles a JWS, for people to read: nil where they are no JSON objects.
  static func readableParts(of token: ByteView) -> (header: JSONValue?, payload: JSONValue?) {
    guard token.count <= longest, let first = dot(in: token, from: 0), let last = dot(in: token, from: first &+ 1)
    else { return (nil, nil) }
    func part(_ start: Int, _ end: Int) -> JSONValue? {
      Base64URL.decode(token.slice(start, end &- start)).flatMap { try? object($0, .malformed) }.map { .object($0) }
    }
    return (part(0, first), part(first &+ 1, last))
  }

  /// A header or a set of claims, within the limits of a token.
  static func object(_ bytes: [UInt8], _ fault: TokenFault) throws(TokenFault) -> JSONObject {
    guard let object = try? JSONText(bytes, limits: limits).value().objectValue else { throw fault }
    return object
  }
}
