/// `metadata` of a route: its protected resource metadata (RFC 9728 §2), as far as it is not derived.
package struct MetadataConfiguration: Equatable, Sendable {
  /// The identifier that clients compare with the URL they use, byte by byte (GW-21).
  package let resource: String
  package let resourceName: String?
  package let resourceDocumentation: String?
  /// Empty: the member is left out (GW-12).
  package let scopesSupported: [String]

  /// `location` is the URL of the route as clients use it; nil when a fault in the route hides it.
  init(_ mapping: MappingReader, location: String?, advertisedScopes: [String]) {
    resource = mapping.value("resource", .absoluteURI, default: location ?? "")
    resourceName = mapping.value("resource_name", .text(maximum: 255))
    resourceDocumentation = mapping.value("resource_documentation", .absoluteURI)
    let scopes = mapping.list("scopes_supported", .scope, mayBeEmpty: true)
    scopesSupported = scopes ?? advertisedScopes
    for (index, scope) in (scopes ?? []).enumerated() {
      guard let fault = Self.doubt(aboutAdvertising: scope) else { continue }
      mapping.report(fault, at: "scopes_supported", index: index, severity: .warning)
    }
    if let location, resource != location {
      mapping.report(
        Fault(
          "clients that follow RFC 9728 §3.3 refuse a resource that differs from the URL they use, "
            + location,
          remedy: "Leave it out, unless your clients and your provider are known to need another one."),
        at: "resource", severity: .warning)
    }
  }

  /// Scopes that say something about the sign-in and nothing about the resource should not be asked for
  /// (GW-11).
  static func doubt(aboutAdvertising scope: String) -> Fault? {
    guard ["offline_access", "openid", "profile", "email"].contains(scope) else { return nil }
    return Fault(
      "clients will be told to ask for \(quoted(scope)), which is not a scope of a resource",
      remedy: "Leave it out: clients add it themselves when the provider supports it.")
  }

  func write(to yaml: inout YAMLWriter) {
    yaml.string("resource", resource)
    yaml.string("resource_name", ifPresent: resourceName)
    yaml.string("resource_documentation", ifPresent: resourceDocumentation)
    yaml.strings("scopes_supported", scopesSupported)
  }
}
