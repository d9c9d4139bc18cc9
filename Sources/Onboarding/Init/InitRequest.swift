package import Configuration

/// What was asked of `init`.
package struct InitRequest: Sendable {
  package let provider: ProviderPreset
  /// The URL of the MCP server.
  package let upstream: String
  package var issuer: String?
  /// What stands in for an issuer.
  package var shortcuts: [InitOption: String] = [:]
  package var publicURL: String?
  package var path = "/mcp"
  package var clientID: String?
  package var scopes: [String] = []
  package var audiences: [String] = []

  package init(provider: ProviderPreset, upstream: String) {
    self.provider = provider
    self.upstream = upstream
  }
}
