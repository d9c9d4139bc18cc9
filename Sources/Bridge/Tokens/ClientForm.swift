import Bytes
import JOSE
import JSON
import Web

/// A form that a client has sent, and which client that is.
///
/// All clients are public (RFC 6749 §2.1): what they hold is bound to their id, and proves nothing else. Some libraries
/// send a secret all the same, made up or empty; it is not looked at.
struct ClientForm {
  let parameters: FormParameters
  let clientID: String
  /// SHA-256 of the client id.
  let clientDigest: [UInt8]
  /// Whether it has tried to authenticate by the Authorization field.
  let hasCredentials: Bool

  init(_ request: LocalRequest) throws(TokenRefusal) {
    guard request.mediaType == "application/x-www-form-urlencoded", let parameters = FormParameters(request.body),
      !parameters.hasRepeated
    else {
      throw .malformed("the body is a form (application/x-www-form-urlencoded) in which only resource may repeat")
    }
    let field = request.field("authorization")
    hasCredentials = field != nil
    let user = try Self.user(field)
    guard let clientID = parameters["client_id"] ?? user else { throw .malformed("client_id is missing") }
    // Only one way at a time (RFC 6749 §2.3).
    if let user, !user.hasSameBytes(as: clientID) {
      throw .malformed("client_id and the Authorization field name two clients")
    }
    self.parameters = parameters
    self.clientID = clientID
    clientDigest = Digest.sha256(Array(clientID.utf8))
    guard !clientDigest.isEmpty else { throw .sealing("OpenSSL has no SHA-256") }
  }

  /// The name in Basic credentials (RFC 6749 §2.3.1); nil without them.
  private static func user(_ field: String?) throws(TokenRefusal) -> String? {
    guard let field else { return nil }
    let words = field.split(separator: " ", maxSplits: 1)
    guard words.first?.lowercased() == "basic" else { return nil }
    guard words.count == 2, let credentials = decoded(words[1]),
      let name = String(validating: credentials.prefix { $0 != ASCII.colon }, as: UTF8.self)
    else { throw .malformed("the Authorization field has no Basic credentials") }
    guard !name.isEmpty else { return nil }
    // It should be form-encoded, and not all clients do that.
    return FormParameters("name=\(name)".utf8)?["name"] ?? name
  }

  /// Standard Base64 (RFC 4648 §4).
  private static func decoded(_ text: Substring) -> [UInt8]? {
    let bytes = text.utf8.drop { $0 == ASCII.space }.prefix { $0 != ASCII.equals && $0 != ASCII.space }
    let mapped = bytes.map { byte in
      switch byte {
      case UInt8(ascii: "+"): ASCII.dash
      case ASCII.slash: UInt8(ascii: "_")
      default: byte
      }
    }
    return mapped.withUnsafeBytes { Base64URL.decode($0) }
  }
}
