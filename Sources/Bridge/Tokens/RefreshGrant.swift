import Bytes
package import JOSE
package import JSON

/// What a refresh token of ours holds (RFC 6749 §1.5): the provider's, and what it is bound to. Public clients' refresh
/// tokens have to be bound or rotated (RFC 9700 §2.2.2): this one is bound, and what the provider rotates is.
package struct RefreshGrant: Equatable, Sendable {
  package var providerToken: String
  /// SHA-256 of the client id.
  package var clientDigest: [UInt8]
  package var shownClientID: String
  /// The URL of the route that tokens are for.
  package var resource: String
  /// As the client knows them: asked for or granted when the user decided.
  package var scopes: [String]
  /// When the user decided: seconds since 1970. The grant ends so long after it as the settings say, however often it is
  /// used.
  package var grantedAt: Int64
  /// Claims of the user's ID token, for providers that send none with a refresh.
  package var claims: JSONObject?

  package static let purpose = SealPurpose("refresh")

  package init(
    providerToken: String, clientDigest: [UInt8], shownClientID: String, resource: String, scopes: [String],
    grantedAt: Int64, claims: JSONObject? = nil
  ) {
    self.providerToken = providerToken
    self.clientDigest = clientDigest
    self.shownClientID = shownClientID
    self.resource = resource
    self.scopes = scopes
    self.grantedAt = grantedAt
    self.claims = claims
  }

  package enum Opened: Equatable {
    case grant(RefreshGrant)
    case expired
    /// None of this bridge's, or altered.
    case foreign
  }

  /// Opens what a client presents as a refresh token.
  ///
  /// - Parameter lifetime: seconds from the user's decision; it may be shorter than when the token was sealed.
  package static func open(_ text: String, with sealer: Sealer, lifetime: Int64, now: Int64) -> Opened {
    switch sealer.open(text, for: purpose, now: now) {
    case .expired: return .expired
    case .foreign: return .foreign
    case .payload(let bytes):
      guard let document = try? JSONValue.parse(bytes), let grant = Self(document) else { return .foreign }
      return now - grant.grantedAt < lifetime ? .grant(grant) : .expired
    }
  }

  package func sealed(with sealer: Sealer, lifetime: Int64) throws(CryptoFailure) -> String {
    try sealer.seal(document.serialized(), for: Self.purpose, expiry: grantedAt + lifetime)
  }
}

extension RefreshGrant {
  private init?(_ document: JSONValue) {
    guard let providerToken = document["token"]?.stringValue,
      let clientDigest = document["client"]?.stringValue.flatMap({ Base64URL.decode(text: $0) }),
      let shownClientID = document["client_id"]?.stringValue, let resource = document["resource"]?.stringValue,
      let scopes = document["scopes"]?.stringsValue, let grantedAt = document["iat"]?.integerValue
    else { return nil }
    self.init(
      providerToken: providerToken, clientDigest: clientDigest, shownClientID: shownClientID, resource: resource,
      scopes: scopes, grantedAt: grantedAt, claims: document["claims"]?.objectValue)
  }

  private var document: JSONValue {
    var members: JSONObject = [
      "token": .string(providerToken), "client": .string(Base64URL.encode(clientDigest)),
      "client_id": .string(shownClientID), "resource": .string(resource), "scopes": JSONValue(scopes),
      "iat": .integer(grantedAt),
    ]
    members["claims"] = claims.map { .object($0) }
    return .object(members)
  }
}
