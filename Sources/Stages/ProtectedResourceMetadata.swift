package import JSON

/// The protected resource metadata of a route (RFC 9728 §2). All of it comes from the configuration; nothing of a
/// request can change a byte (GW-24).
package struct ProtectedResourceMetadata: Equatable, Sendable {
  /// The identifier clients compare with the URL they use (GW-21).
  package var resource: String
  /// The issuer, byte for byte as the provider's metadata has it (GW-23).
  package var authorizationServers: [String]
  package var scopesSupported: [String]
  /// RFC 9449 §5.1 as RFC 9728 §2 has it; empty: no proofs are taken.
  package var proofAlgorithms: [String] = []
  package var requiresProofs = false
  /// RFC 8705 §3.3.
  package var requiresCertificates = false
  package var resourceName: String?
  package var resourceDocumentation: String?

  package init(
    resource: String, authorizationServers: [String], scopesSupported: [String], resourceName: String?,
    resourceDocumentation: String?
  ) {
    self.resource = resource
    self.authorizationServers = authorizationServers
    self.scopesSupported = scopesSupported
    self.resourceName = resourceName
    self.resourceDocumentation = resourceDocumentation
  }

  /// The JSON document. Members without values are left out (RFC 9728 §3.2).
  package var document: JSONValue {
    func strings(_ list: [String]) -> JSONValue { .array(list.map { .string($0) }) }
    var members: [(String, JSONValue)] = [
      ("resource", .string(resource)), ("authorization_servers", strings(authorizationServers)),
    ]
    if !scopesSupported.isEmpty { members.append(("scopes_supported", strings(scopesSupported))) }
    members.append(("bearer_methods_supported", strings(["header"])))
    if !proofAlgorithms.isEmpty { members.append(("dpop_signing_alg_values_supported", strings(proofAlgorithms))) }
    if requiresProofs { members.append(("dpop_bound_access_tokens_required", true)) }
    if requiresCertificates { members.append(("tls_client_certificate_bound_access_tokens", true)) }
    if let resourceName { members.append(("resource_name", .string(resourceName))) }
    if let resourceDocumentation {
      members.append(("resource_documentation", .string(resourceDocumentation)))
    }
    return .object(JSONObject(members))
  }

  /// Where the document of a resource is: the well-known path stands between host and path (RFC 9728 §3.1).
  ///
  /// - Parameter path: of the resource; the one slash of a root resource is dropped.
  package static func path(for path: String) -> String {
    "/.well-known/oauth-protected-resource" + (path == "/" ? "" : path)
  }
}
