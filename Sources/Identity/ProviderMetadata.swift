import JSON

/// What the gateway needs of a provider's metadata (OpenID Connect Discovery 1.0 §3, RFC 8414 §2).
package struct ProviderMetadata: Equatable {
  package enum Fault: Error, Equatable {
    case notJSON
    /// The document names another issuer than the configuration: nothing it says can be used (RFC 8414 §3.3).
    case wrongIssuer(found: String)
    case noKeys

    /// What is wrong, in words.
    package var description: String {
      switch self {
      case .notJSON: "the metadata is not a JSON object"
      case .wrongIssuer(let found):
        "the metadata names the issuer \(found); set `issuer` to it if that is the provider you mean"
      case .noKeys: "the metadata has no jwks_uri"
      }
    }
  }

  package let keysURL: String

  /// Reads a document that must be about `issuer`, compared byte by byte.
  package static func parse(_ document: [UInt8], issuer: String) throws(Fault) -> ProviderMetadata {
    guard let value = try? JSONValue.parse(document), value.objectValue != nil else { throw .notJSON }
    guard let found = value["issuer"]?.stringValue, Array(found.utf8) == Array(issuer.utf8) else {
      throw .wrongIssuer(found: value["issuer"]?.stringValue ?? "(none)")
    }
    guard let keysURL = value["jwks_uri"]?.stringValue else { throw .noKeys }
    return ProviderMetadata(keysURL: keysURL)
  }
}
