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
  let payload: [UInt8]
  let signature: [UInt8]
  /// Header and payload as they were signed: the first so many bytes of the token.
  let signedLength: Int

  /// - Parameter memory: of headers that were read before.
  init(_ token: ByteView, _ memory: HeaderMemory? = nil) throws(TokenFault) {
    guard token.count <= Self.longest else { throw .tooLong }
    guard let first = Self.dot(in: token, from: 0), let last = Self.dot(in: token, from: first &+ 1) else {
      throw .opaque
    }
    if let third = Self.dot(in: token, from: last &+ 1) { throw Self.hasFiveParts(token, third) ? .encrypted : .opaque }
    guard first > 0, last &+ 1 < token.count,
      let payload = Base64URL.decode(token.slice(first &+ 1, last &- first &- 1)),
      let signature = Base64URL.decode(token.from(last &+ 1))
    else { throw .malformed }
    header = try Self.header(token.slice(0, first), memory)
    self.payload = payload
    self.signature = signature
    signedLength = last
  }

  private static func header(_ text: ByteView, _ memory: HeaderMemory?) throws(TokenFault) -> JOSEHeader {
    if let known = memory?.find(text) { return known }
    guard let bytes = Base64URL.decode(text) else { throw .malformed }
    let header = try JOSEHeader(object(bytes, .malformedHeader))
    memory?.insert(text, header)
    return header
  }

  /// The one of `keys` that made the signature of `token`, of which these are the parts.
  func signer(of token: ByteView, among keys: ArraySlice<PublicKey>) -> PublicKey? {
    let message = token.slice(0, signedLength)
    return signature.withUnsafeBytes { signature in
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
  static func text(_ bytes: [UInt8], _ fault: TokenFault) throws(TokenFault) -> JSONText {
    guard let text = try? JSONText(bytes, limits: limits) else { throw fault }
    return text
  }

  /// The same, taken out of the text.
  static func object(_ bytes: [UInt8], _ fault: TokenFault) throws(TokenFault) -> JSONObject {
    guard let object = try text(bytes, fault).value().objectValue else { throw fault }
    return object
  }
}
