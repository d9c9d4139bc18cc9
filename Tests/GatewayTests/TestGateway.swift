import Bytes
import Configuration
import Inbound
import JSON
import Net
import Telemetry
import Testing

@testable import Gateway

/// A gateway made from a configuration's text, listening on a port that the system has chosen.
final class TestGateway {
  let test: TestLoop
  private let running: RunningGateway
  private let lines: Lines

  private final class Lines { var all: [JSONValue] = [] }

  init(_ test: TestLoop, _ yaml: String) throws {
    let lines = Lines()
    self.test = test
    self.lines = lines
    let configuration = try Self.configuration(yaml)
    let log = Log(configuration.log) { line in
      do { lines.all.append(try JSONValue.parse(Array(line.dropLast()))) } catch { Issue.record("\(error)") }
    }
    running = try GatewayBuilder(test.loop, configuration, log).start()
  }

  deinit {
    running.drain(timeout: 0) {}
    test.loop.runOnce()
  }

  /// The configuration of a text, which listens on a free port unless the text says otherwise.
  static func configuration(_ yaml: String) throws -> GatewayConfiguration {
    let listeners = yaml.contains("listeners:") ? "" : "listeners: [{address: \"127.0.0.1:0\"}]\n"
    let loader = ConfigurationLoader(
      environment: { _ in nil }, readFile: { _ throws(TextFileError) in throw TextFileError(reason: "none") })
    let result = loader.load(text: listeners + yaml, file: "test.yaml")
    return try #require(result.configuration, "\(result.diagnostics)")
  }

  var log: [JSONValue] { lines.all }

  func events(_ name: String) -> [JSONValue] { log.filter { $0["event"]?.stringValue == name } }

  /// Where it listens, as its log says.
  var address: SocketAddress {
    let text = events("listening").first?["address"]?.stringValue ?? ""
    return .ip("127.0.0.1", port: Int(text.split(separator: ":").last ?? "") ?? 0)
  }

  /// The whole response to one request, without its Date.
  func ask(
    _ method: String, _ target: String, host: String = "mcp.example.com", _ fields: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> String {
    let text = "\(method) \(target) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\(fields)\r\n"
    let response = try test.converse(with: address, text, sourceLocation: sourceLocation)
    return response.split(separator: "\r\n", omittingEmptySubsequences: false)
      .filter { !$0.hasPrefix("Date: ") }.joined(separator: "\r\n")
  }

  /// The status of the response to one request.
  func status(
    _ method: String, _ target: String, host: String = "mcp.example.com", _ fields: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Int? {
    let response = try ask(method, target, host: host, fields, sourceLocation: sourceLocation)
    return response.split(separator: " ").dropFirst().first.flatMap { Int($0) }
  }
}

/// Pieces of configurations.
enum Sample {
  static let anonymous = "authorization: none"
  static let audience = "https://mcp.example.com/mcp"

  /// An `authorization` whose provider cannot be reached unless a test gives one.
  static func authorization(_ provider: String = "http://127.0.0.1:9", _ more: String = "") -> String {
    "authorization: {discovery_url: \"\(provider)/.well-known/openid-configuration\", "
      + "allowed_audience: [\"\(audience)\"]\(more.isEmpty ? "" : ", \(more)")}"
  }

  /// One entry of `routes`.
  static func route(
    _ path: String, _ authorization: String = authorization(), upstream: String = "http://127.0.0.1:9/up",
    _ more: String...
  ) -> String {
    let members = ["upstream: {url: \"\(upstream)\"}", authorization] + more
    return "  - path: \(path)\n" + members.map { "    \($0)\n" }.joined()
  }

  static func gateway(_ publicURL: String = "https://mcp.example.com", _ routes: String...) -> String {
    "public_url: \(publicURL)\nroutes:\n\(routes.joined())"
  }
}
