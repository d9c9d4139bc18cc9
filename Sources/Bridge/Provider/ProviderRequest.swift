/// One form that goes to an endpoint of the provider. The gateway's authentication is added on the way.
package struct ProviderRequest {
  package enum Endpoint: Sendable {
    /// RFC 6749 §3.2.
    case token
    /// RFC 7009 §2.
    case revocation
  }

  package let endpoint: Endpoint
  package private(set) var parameters: [(name: StaticString, value: String)] = []

  package init(_ endpoint: Endpoint, _ parameters: [(name: StaticString, value: String)] = []) {
    self.endpoint = endpoint
    self.parameters = parameters
  }

  /// Nothing for a value that is nil.
  package mutating func append(_ name: StaticString, _ value: String?) {
    if let value { parameters.append((name, value)) }
  }
}
