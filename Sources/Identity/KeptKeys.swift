import JOSE
import JSON

/// What one run of the gateway leaves for the next: the last good keys of a provider. Public keys only; whoever can
/// change the file can let anybody in, so it is the gateway's alone.
struct KeptKeys {
  enum Fault: Error {
    case notKeptKeys
    /// For another provider: the names of files are derived, and files are moved.
    case otherIssuer(String)
    case noUsableKey

    /// What is wrong, in words.
    var description: String {
      switch self {
      case .notKeptKeys: "it does not hold the keys of a provider; it is ignored, and replaced with the next keys"
      case .noUsableKey: "it holds no usable key; it is ignored, and replaced with the next keys"
      case .otherIssuer(let issuer): "it holds the keys of \(issuer); it is ignored, and replaced with the next keys"
      }
    }
  }

  let issuer: String
  /// Seconds since 1970.
  let fetchedAt: Int64
  /// What discovery found that is needed besides keys.
  let metadata: ProviderMetadata?
  /// The key set as it was published.
  let document: JSONValue

  /// What a file may have: a key set of the largest size, which may be longer as it is written here, and the rest.
  static let sizeLimit = 2 << 20

  func serialized() -> [UInt8] {
    var members: JSONObject = ["issuer": .string(issuer), "fetched_at": .integer(fetchedAt)]
    if let metadata {
      var kept: JSONObject = ["issuer": .string(issuer), "jwks_uri": .string(metadata.keysURL)]
      kept["authorization_endpoint"] = metadata.authorizationEndpoint.map { .string($0) }
      kept["token_endpoint"] = metadata.tokenEndpoint.map { .string($0) }
      kept["introspection_endpoint"] = metadata.introspectionEndpoint.map { .string($0) }
      kept["revocation_endpoint"] = metadata.revocationEndpoint.map { .string($0) }
      kept["authorization_response_iss_parameter_supported"] = metadata.namesIssuerInResponses.map { .bool($0) }
      members["metadata"] = .object(kept)
    }
    members["jwks"] = document
    return JSONValue.object(members).serialized()
  }

  static func parse(_ bytes: [UInt8], issuer: String) throws(Fault) -> KeptKeys {
    guard let value = try? JSONValue.parse(bytes), let found = value["issuer"]?.stringValue,
      let fetchedAt = value["fetched_at"]?.integerValue, let document = value["jwks"]
    else { throw .notKeptKeys }
    guard Array(found.utf8) == Array(issuer.utf8) else { throw .otherIssuer(found) }
    let metadata = value["metadata"].flatMap { try? ProviderMetadata.parse($0, issuer: issuer) }
    return KeptKeys(issuer: issuer, fetchedAt: fetchedAt, metadata: metadata, document: document)
  }
}
