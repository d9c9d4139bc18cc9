package import Bytes
package import JOSE
import JSON

/// Access tokens that we have made for one route: the verified claims, sealed (see `TokenWrapper`).
package final class WrappedTokens: SealedTokens {
  static let purpose = SealPurpose("access")

  private let sealer: Sealer
  private let keys: SealingKeys
  private let resource: String

  /// - Parameters:
  ///   - sealer: of the bridge, which seals with `keys`.
  ///   - resource: the URL of the route.
  package init(_ sealer: Sealer, _ keys: SealingKeys, resource: String) {
    self.sealer = sealer
    self.keys = keys
    self.resource = resource
  }

  package var onChange: [() -> Void] {
    get { keys.onChange }
    set { keys.onChange = newValue }
  }

  package func claims(of token: ByteView, now: Int64) -> SealedTokenContent {
    switch sealer.open(token, for: Self.purpose, now: now) {
    case .foreign: return .foreign
    // For whatever route: whoever holds it has to get another one.
    case .expired: return .expired
    case .payload(let payload):
      guard let content = try? JSONValue.parse(payload), let resource = content["res"]?.stringValue,
        resource.hasSameBytes(as: self.resource), let claims = content["claims"]?.objectValue
      else { return .foreign }
      return .claims(claims)
    }
  }

  static func seal(
    _ claims: WrappedClaims, resource: String, with sealer: Sealer
  ) throws(CryptoFailure) -> String {
    let content: JSONValue = ["res": .string(resource), "claims": .object(claims.members)]
    return try sealer.seal(content.serialized(), for: purpose, expiry: claims.expiry)
  }
}
