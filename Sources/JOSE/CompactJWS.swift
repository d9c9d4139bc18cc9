internal import Bytes
internal import JSON

/// An access token taken apart: a JWS whose payload are claims (RFC 7519 §7.2), its signature not checked
/// yet.
struct CompactJWS {
  static let longest = JWSParts.longest

  let header: JOSEHeader
  let payload: JSONObject
  let signature: [UInt8]
  /// See ``JWSParts/signedLength``.
  let signedLength: Int

  init(_ token: ByteView) throws(TokenFault) {
    let parts = try JWSParts(token)
    header = parts.header
    if header.type == .foreign { throw .notAnAccessToken }
    payload = try JWSParts.object(parts.payload, .malformedClaims)
    signature = parts.signature
    signedLength = parts.signedLength
  }
}
