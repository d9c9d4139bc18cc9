package import JSON

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

  /// `jwks_uri`
  package let keysURL: String
  package var authorizationEndpoint: String?
  package var tokenEndpoint: String?
  package var registrationEndpoint: String?
  package var introspectionEndpoint: String?
  package var revocationEndpoint: String?
  /// `code_challenge_methods_supported`; nil when nothing is said.
  package var codeChallengeMethods: [String]?
  /// `client_id_metadata_document_supported`: clients may be known by the URL of their metadata.
  package var supportsClientMetadataDocuments: Bool?
  /// `authorization_response_iss_parameter_supported`: answers to browsers name their issuer (RFC 9207 §3).
  package var namesIssuerInResponses: Bool?

  package init(keysURL: String) { self.keysURL = keysURL }

  /// Reads a document that must be about `issuer`, compared byte by byte. Optional members of a wrong type count as
  /// missing: providers add to these documents as they please.
  package static func parse(_ document: [UInt8], issuer: String) throws(Fault) -> ProviderMetadata {
    guard let value = try? JSONValue.parse(document) else { throw .notJSON }
    return try parse(value, issuer: issuer)
  }

  package static func parse(_ document: JSONValue, issuer: String) throws(Fault) -> ProviderMetadata {
    guard document.objectValue != nil else { throw .notJSON }
    guard let found = document["issuer"]?.stringValue, Array(found.utf8) == Array(issuer.utf8) else {
      throw .wrongIssuer(found: document["issuer"]?.stringValue ?? "(none)")
    }
    guard let keysURL = document["jwks_uri"]?.stringValue else { throw .noKeys }
    var metadata = ProviderMetadata(keysURL: keysURL)
    metadata.authorizationEndpoint = document["authorization_endpoint"]?.stringValue
    metadata.tokenEndpoint = document["token_endpoint"]?.stringValue
    metadata.registrationEndpoint = document["registration_endpoint"]?.stringValue
    metadata.introspectionEndpoint = document["introspection_endpoint"]?.stringValue
    metadata.revocationEndpoint = document["revocation_endpoint"]?.stringValue
    metadata.codeChallengeMethods = document["code_challenge_methods_supported"]?.stringsValue
    metadata.supportsClientMetadataDocuments = document["client_id_metadata_document_supported"]?.boolValue
    metadata.namesIssuerInResponses = document["authorization_response_iss_parameter_supported"]?.boolValue
    return metadata
  }
}
