import Bytes
package import JOSE
import JSON
import Web

/// The ids of registered clients. Nothing is stored: what a client has registered is in its id, sealed.
package struct ClientSeal {
  enum Opened {
    case client(BridgeClient)
    case expired
    case foreign
  }

  private static let purpose = SealPurpose("client")

  private let sealer: Sealer
  private let lifetime: Int64

  /// - Parameter lifetime: seconds that a registration is good.
  package init(_ sealer: Sealer, lifetime: Int64) {
    self.sealer = sealer
    self.lifetime = lifetime
  }

  /// - Parameter now: seconds since 1970.
  func register(_ metadata: ClientMetadata, now: Int64) throws(CryptoFailure) -> BridgeClient {
    let number = Base64URL.encode(try SecureRandom.bytes(12))
    var payload: JSONObject = [
      "id": .string(number), "iat": .integer(now), "redirect_uris": JSONValue(metadata.redirectURIs.map(\.text)),
    ]
    payload["name"] = metadata.name.map { .string($0) }
    let id = try sealer.seal(JSONValue.object(payload).serialized(), for: Self.purpose, expiry: now + lifetime)
    return Self.client(id, number, metadata.name, metadata.redirectURIs)
  }

  /// - Parameter now: seconds since 1970.
  func open(_ id: String, now: Int64) -> Opened {
    switch sealer.open(id, for: Self.purpose, now: now) {
    case .expired: return .expired
    case .foreign: return .foreign
    case .payload(let payload):
      guard let payload = try? JSONValue.parse(payload), let number = payload["id"]?.stringValue,
        let issuedAt = payload["iat"]?.integerValue, let uris = payload["redirect_uris"]?.stringsValue
      else { return .foreign }
      // The lifetime may be shorter now than it was then.
      guard now - issuedAt < lifetime else { return .expired }
      let accepted = uris.compactMap { try? RedirectURI($0) }
      guard !accepted.isEmpty else { return .foreign }
      return .client(Self.client(id, number, payload["name"]?.stringValue, accepted))
    }
  }

  private static func client(_ id: String, _ number: String, _ name: String?, _ uris: [RedirectURI]) -> BridgeClient {
    BridgeClient(id: id, shownID: "registered-\(number)", name: name, redirectURIs: uris, kind: .registered)
  }
}
