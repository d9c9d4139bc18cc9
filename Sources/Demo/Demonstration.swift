import Configuration
import Gateway
import Glibc
import Inbound
import JOSE
import Net
import Pipeline
import Telemetry
import Web

/// The whole story in one process on loopback: the gateway, an identity provider and an MCP server.
package enum Demonstration {
  package struct Options: Sendable {
    package var host: String
    package var port: Int
    package var idpPort: Int
    package var mcpPort: Int
    /// Whether the provider registers no clients, and the gateway stands between (its bridge).
    package var bridge: Bool

    package init(host: String, port: Int, idpPort: Int, mcpPort: Int, bridge: Bool = false) {
      self.host = host
      self.port = port
      self.idpPort = idpPort
      self.mcpPort = mcpPort
      self.bridge = bridge
    }
  }

  /// Why the demonstration does not start.
  enum Refusal: Error, CustomStringConvertible {
    /// The demo's users, passwords and keys are for everybody to see: it must not be reachable from elsewhere.
    case notLoopback(String)
    /// Redirect URIs with http have one of two addresses (RFC 8252 §7.3).
    case unusualLoopback(String)
    case cannotListen(SocketAddress, NetFailure)
    case configuration([Diagnostic])
    case resources(String)

    var description: String {
      switch self {
      case .notLoopback(let host): "\(host) is not a loopback address; the demo only serves this machine"
      case .unusualLoopback(let host): "--bridge needs 127.0.0.1 or ::1 as --host, not \(host)"
      case .cannotListen(let address, let failure):
        "cannot listen on \(address): \(failure); choose other ports with --port, --idp-port and --mcp-port"
      case .configuration(let diagnostics): diagnostics.map(\.rendered).joined(separator: "\n")
      case .resources(let reason): reason
      }
    }
  }

  /// Runs until a signal ends it.
  ///
  /// - Returns: the exit status: 0 after a clean stop, 1 when it could not start.
  package static func run(_ options: Options) -> Int32 {
    do throws(Refusal) {
      try start(options)
      return 0
    } catch {
      say("portcullis: \(error)\n")
      return 1
    }
  }

  private static func start(_ options: Options) throws(Refusal) {
    let address = SocketAddress.ip(options.host, port: options.port)
    guard address.isLoopback else { throw .notLoopback(options.host) }
    let plan = try resource { () throws(CryptoFailure) in try DemoPlan(options) }
    let client = try plan.bridge.map { bridge throws(Refusal) in
      do throws(OAuthError) { return try plan.client(of: bridge) } catch { throw .unusualLoopback(options.host) }
    }
    let loop = try resource { () throws(NetFailure) in try Loop() }
    let output = OutputFile(loop, descriptor: STDOUT_FILENO)
    let log = Log { output.append($0) }

    let provider = try resource { () throws(CryptoFailure) in
      try DemoIdentityProvider(issuer: plan.issuer, resource: plan.resource, client: client)
    }
    let services = [
      try serve(loop, plan.address(options.idpPort), provider),
      try serve(loop, plan.address(options.mcpPort), DemoToolServer(path: "/mcp")),
      try gateway(loop, plan, log),
    ]
    announce(plan, provider, log)

    let shutdown = Shutdown(loop, log, timeout: 2_000) { timeout, finished in
      // The gateway first: what it drains still needs the two behind it.
      drain(services.reversed()[...], timeout) { output.drain(finished) }
    }
    shutdown.watchSignals()
    loop.run()
  }

  private static func resource<Value, Failure: Error>(
    _ make: () throws(Failure) -> Value
  ) throws(Refusal) -> Value {
    do throws(Failure) { return try make() } catch { throw .resources("\(error)") }
  }

  private static func serve(
    _ loop: Loop, _ address: SocketAddress, _ service: any LocalService
  ) throws(Refusal) -> InboundService {
    let path = RequestPath(local: [LocalServiceStage(loop, service, FairTurns(loop))])
    let route = Route(name: "demo", authority: nil, path: "/", isPrefix: true, path)
    let quiet = Log(minimum: .error, logsRequests: false) { _ in }
    let inbound = InboundService(loop, InboundSettings(), Router([route]), quiet)
    do throws(NetFailure) { try inbound.listen(address, backlog: 128) } catch {
      throw .cannotListen(address, error)
    }
    return inbound
  }

  private static func gateway(_ loop: Loop, _ plan: DemoPlan, _ log: Log) throws(Refusal) -> InboundService {
    let result = ConfigurationLoader.system.load(text: plan.configuration, file: "demo")
    guard let configuration = result.configuration else { throw .configuration(result.diagnostics) }
    do throws(StartFailure) {
      return try GatewayBuilder(loop, configuration, log).start().service
    } catch {
      throw .resources("\(error)")
    }
  }

  private static func drain(
    _ services: ArraySlice<InboundService>, _ timeout: UInt64, _ done: @escaping () -> Void
  ) {
    guard let first = services.first else { return done() }
    first.drain(timeout: timeout) { drain(services.dropFirst(), timeout, done) }
  }

  /// Machines read standard output, people standard error.
  private static func announce(_ plan: DemoPlan, _ provider: DemoIdentityProvider, _ log: Log) {
    log.event(.info, "demo_ready") { line in
      line.member("mcp_url", text: plan.resource)
      line.member("issuer", text: plan.issuer)
      line.member("authorization_server", text: plan.authorizationServer)
      line.member("users", text: provider.users.map { "\($0.name)/\($0.password)" }.joined(separator: " "))
    }
    say(plan.banner(users: provider.users))
  }

  private static func say(_ text: String) {
    var text = text
    text.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }
}
