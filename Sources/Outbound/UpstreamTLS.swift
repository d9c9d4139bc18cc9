package import Net

/// How a connection to a backend or provider is secured.
package struct UpstreamTLS {
  package let context: TLSClientContext
  /// The name or address the certificate must be for.
  package let name: String

  package init(_ context: TLSClientContext, name: String) {
    self.context = context
    self.name = name
  }
}
