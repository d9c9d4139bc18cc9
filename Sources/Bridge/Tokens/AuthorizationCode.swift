import Bytes
package import JOSE
import JSON

/// What a code of ours holds (RFC 6749 §4.1.2): the provider's code, which it stands for, and what it is bound to.
///
/// It is not redeemed before the client comes with it, so the provider sees to it that it is used once only.
package struct AuthorizationCode: Equatable, Sendable {
  package var providerCode: String
  /// The gateway's own PKCE verifier, whose challenge the provider has.
  package var verifier: String
  /// SHA-256 of the client id: ids can be long.
  package var clientDigest: [UInt8]
  /// What logs and wrapped tokens call the client.
  package var shownClientID: String
  /// Where the code was sent, byte by byte as the client asked for it, or its only one when it named none.
  package var redirectURI: String
  /// Whether it named one: then it has to do so again (RFC 6749 §4.1.3).
  package var namesRedirectURI: Bool
  /// The client's S256 code challenge (RFC 7636 §4.2): 43 characters.
  package var challenge: String
  /// The URL of the route that tokens will be for.
  package var resource: String
  /// As the client knows them, not as the provider does.
  package var scopes: [String]
  /// Sent to the provider, and to be found in its ID token; nil when no ID token was asked for.
  package var nonce: String?

  /// Seconds (RFC 6749 §4.1.2 wants ten minutes at the most; the provider's own code may end before).
  package static let lifetime: Int64 = 60
  package static let purpose = SealPurpose("code")

  package init(
    providerCode: String, verifier: String, clientDigest: [UInt8], shownClientID: String, redirectURI: String,
    namesRedirectURI: Bool = true, challenge: String, resource: String, scopes: [String], nonce: String?
  ) {
    self.providerCode = providerCode
    self.verifier = verifier
    self.clientDigest = clientDigest
    self.shownClientID = shownClientID
    self.redirectURI = redirectURI
    self.namesRedirectURI = namesRedirectURI
    self.challenge = challenge
    self.resource = resource
    self.scopes = scopes
    self.nonce = nonce
  }

  /// Opens what a client presents as a code.
  ///
  /// - Returns: nil when it is none of this bridge's, was altered, or has expired.
  package init?(opening text: String, with sealer: Sealer, now: Int64) {
    guard case .payload(let bytes) = sealer.open(text, for: Self.purpose, now: now),
      let document = try? JSONValue.parse(bytes), let code = Self(document)
    else { return nil }
    self = code
  }

  package func sealed(with sealer: Sealer, now: Int64) throws(CryptoFailure) -> String {
    try sealer.seal(document.serialized(), for: Self.purpose, expiry: now + Self.lifetime)
  }
}

extension AuthorizationCode {
  private init?(_ document: JSONValue) {
    guard let providerCode = document["code"]?.stringValue, let verifier = document["verifier"]?.stringValue,
      let clientDigest = document["client"]?.stringValue.flatMap({ Base64URL.decode(text: $0) }),
      let shownClientID = document["client_id"]?.stringValue,
      let redirectURI = document["redirect_uri"]?.stringValue,
      let challenge = document["code_challenge"]?.stringValue, let resource = document["resource"]?.stringValue,
      let scopes = document["scopes"]?.stringsValue
    else { return nil }
    self.init(
      providerCode: providerCode, verifier: verifier, clientDigest: clientDigest, shownClientID: shownClientID,
      redirectURI: redirectURI,
      namesRedirectURI: document["names_redirect_uri"]?.boolValue ?? true, challenge: challenge, resource: resource,
      scopes: scopes,
      nonce: document["nonce"]?.stringValue)
  }

  private var document: JSONValue {
    var members: JSONObject = [
      "code": .string(providerCode), "verifier": .string(verifier),
      "client": .string(Base64URL.encode(clientDigest)), "client_id": .string(shownClientID),
      "redirect_uri": .string(redirectURI), "code_challenge": .string(challenge), "resource": .string(resource),
      "scopes": JSONValue(scopes),
    ]
    if !namesRedirectURI { members["names_redirect_uri"] = false }
    members["nonce"] = nonce.map { .string($0) }
    return .object(members)
  }
}
