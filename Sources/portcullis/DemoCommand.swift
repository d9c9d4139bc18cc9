import ArgumentParser
import Demo

struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Run the gateway with an identity provider and an MCP server of its own.",
    discussion: """
      Everything runs in this one process and on loopback only, with keys that are made at start and \
      forgotten at the end. Prints the URL to paste into an MCP client, and how to do it.

      With --bridge the identity provider registers no clients, as many of companies do: it knows only the \
      gateway, which becomes the authorization server of MCP clients.

      EXAMPLES
        portcullis demo
        portcullis demo --bridge
        portcullis demo --port 9080 --idp-port 9081 --mcp-port 9082
      """)

  @Option(help: "The loopback address to listen on.")
  var host = "127.0.0.1"

  @Option(help: "The port of the gateway.")
  var port = 8080

  @Option(help: "The port of the identity provider.")
  var idpPort = 8081

  @Option(help: "The port of the MCP server.")
  var mcpPort = 8082

  @Flag(help: "Let the gateway stand between clients and a provider that does not register them.")
  var bridge = false

  func validate() throws {
    let ports = [("--port", port), ("--idp-port", idpPort), ("--mcp-port", mcpPort)]
    for (option, port) in ports where !(1...65535).contains(port) {
      throw ValidationError("\(option) must be from 1 to 65535, not \(port).")
    }
    guard Set(ports.map(\.1)).count == ports.count else {
      throw ValidationError("--port, --idp-port and --mcp-port must differ.")
    }
  }

  func run() throws {
    throw ExitCode(
      Demonstration.run(
        Demonstration.Options(host: host, port: port, idpPort: idpPort, mcpPort: mcpPort, bridge: bridge)))
  }
}
