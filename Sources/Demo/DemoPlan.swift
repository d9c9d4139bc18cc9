import JOSE
import Net
import Onboarding
import Web

/// The addresses of the demonstration and what follows from them.
struct DemoPlan {
  let options: Demonstration.Options
  /// Nil: clients deal with the provider themselves.
  let bridge: DemoBridge?

  init(_ options: Demonstration.Options) throws(CryptoFailure) {
    self.options = options
    bridge = options.bridge ? try DemoBridge() : nil
  }

  func address(_ port: Int) -> SocketAddress { .ip(options.host, port: port) }

  private func origin(_ port: Int) -> String { "http://\(address(port))" }

  /// The URL to paste.
  var resource: String { origin(options.port) + "/mcp" }
  var issuer: String { origin(options.idpPort) }

  /// Whom clients ask for tokens.
  var authorizationServer: String { bridge == nil ? issuer : origin(options.port) + "/oauth" }

  /// The gateway as the provider knows it.
  ///
  /// - Throws: when the host is another loopback address than those that redirect URIs may have.
  func client(of bridge: DemoBridge) throws(OAuthError) -> KnownClient {
    KnownClient(
      id: DemoBridge.clientID, secret: bridge.clientSecret, name: "Portcullis demo gateway",
      redirectURI: try RedirectURI(origin(options.port) + "/oauth/callback"))
  }

  /// What an operator would write for this gateway.
  var configuration: String {
    let bridged = bridge.map { _ in "bridge: \(DemoBridge.name)" } ?? ""
    return """
      public_url: \(origin(options.port))
      listeners:
        - address: "\(address(options.port))"
      routes:
        - name: demo
          path: /mcp
          upstream:
            url: \(origin(options.mcpPort))/mcp
          authorization:
            \(bridged)
            discovery_url: \(issuer)/.well-known/openid-configuration
            allowed_audience:
              - \(resource)
            allowed_scopes:
              - mcp:tools
          metadata:
            resource_name: Portcullis demo
      \(bridge?.configuration ?? "")
      """
  }

  func banner(users: [DemoUser]) -> String {
    let people = users.map { "    \($0.name) / \($0.password)" }.joined(separator: "\n")
    let endpoint = ClientSnippet.Endpoint(name: "portcullis-demo", url: resource)
    let registered =
      bridge == nil
      ? ""
      : """

        That provider registers no clients and knows one only: this gateway, with a secret. So the gateway is the
        authorization server of MCP clients, registers them, and asks you about each before it sends you on:

          curl \(origin(options.port))/.well-known/oauth-authorization-server/oauth

      """
    let snippets = ClientSnippet.all(for: endpoint).map { $0.rendered(indentation: "  ") }
      .joined(separator: "\n\n")
    return """

      Portcullis demo: a gateway, an identity provider and an MCP server, on this machine only.

        Paste this URL into an MCP client:

          \(resource)

        It sends you to \(issuer) to sign in as

      \(people)
      \(registered)
        See the challenge that starts it all:

          curl -i \(resource)

      \(snippets)

        Ctrl-C ends it. Each request is a line of JSON below.


      """
  }
}
