import Net
import Onboarding

/// The addresses of the demonstration and what follows from them.
struct DemoPlan {
  let options: Demonstration.Options

  init(_ options: Demonstration.Options) { self.options = options }

  func address(_ port: Int) -> SocketAddress { .ip(options.host, port: port) }

  private func origin(_ port: Int) -> String { "http://\(address(port))" }

  /// The URL to paste.
  var resource: String { origin(options.port) + "/mcp" }
  var issuer: String { origin(options.idpPort) }

  /// What an operator would write for this gateway.
  var configuration: String {
    """
    public_url: \(origin(options.port))
    listeners:
      - address: "\(address(options.port))"
    routes:
      - name: demo
        path: /mcp
        upstream:
          url: \(origin(options.mcpPort))/mcp
        authorization:
          discovery_url: \(issuer)/.well-known/openid-configuration
          allowed_audience:
            - \(resource)
          allowed_scopes:
            - mcp:tools
        metadata:
          resource_name: Portcullis demo
    """
  }

  func banner(users: [DemoUser]) -> String {
    let people = users.map { "    \($0.name) / \($0.password)" }.joined(separator: "\n")
    let endpoint = ClientSnippet.Endpoint(name: "portcullis-demo", url: resource)
    let snippets = ClientSnippet.all(for: endpoint).map { $0.rendered(indentation: "  ") }
      .joined(separator: "\n\n")
    return """

      Portcullis demo: a gateway, an identity provider and an MCP server, on this machine only.

        Paste this URL into an MCP client:

          \(resource)

        It sends you to \(issuer) to sign in as

      \(people)

        See the challenge that starts it all:

          curl -i \(resource)

      \(snippets)

        Ctrl-C ends it. Each request is a line of JSON below.


      """
  }
}
