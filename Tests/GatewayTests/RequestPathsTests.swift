import JOSE
import Testing

@testable import Gateway

/// The order in which a request is looked at: with several things wrong, the first one in the list is the answer.
struct RequestPathsTests {
  private let test: TestLoop

  init() throws { test = try TestLoop() }

  private static let foreign = "Origin: https://evil.example\r\n"
  private static let bad = "Authorization: Bearer not-a-token\r\n"
  private static let preflight = "Origin: https://mcp.example.com\r\nAccess-Control-Request-Method: POST\r\n"

  struct Step: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let method: String
    let path: String
    let host: String
    let fields: String
    /// On a route that asks for a token, and on an open one; 502 comes from the proxy, behind everything.
    let guarded: Int
    let open: Int

    init(
      _ description: String, _ method: String = "POST", _ path: String = "/mcp", host: String = "evil.example",
      with fields: String, guarded: Int, open: Int
    ) {
      testDescription = description
      self.method = method
      self.path = path
      self.host = host
      self.fields = fields
      self.guarded = guarded
      self.open = open
    }
  }

  @Test(arguments: [
    Step("the origin comes first", "POST", "/mcp/", with: foreign + bad, guarded: 403, open: 403),
    Step("a preflight needs no token", "OPTIONS", "/mcp/", with: preflight, guarded: 204, open: 204),
    Step("then the path", "POST", "/mcp/", with: bad, guarded: 308, open: 308),
    Step("then whether there is a token", with: "", guarded: 401, open: 421),
    Step("then the host", with: bad, guarded: 421, open: 421),
    Step("then the token", host: "mcp.example.com", with: bad, guarded: 401, open: 502),
    Step(
      "a token in the query", "GET", "/mcp?access_token=x", host: "mcp.example.com", with: "", guarded: 401, open: 400),
    Step("then the proxy", "TRACE", host: "mcp.example.com", with: bad, guarded: 401, open: 405),
  ])
  func theFirstFaultDecides(_ step: Step) throws {
    let routes = [(Sample.authorization(), step.guarded), (Sample.anonymous, step.open)]
    for (authorization, status) in routes {
      let gateway = try TestGateway(
        test, Sample.gateway("https://mcp.example.com", Sample.route("/mcp", authorization)))
      #expect(try gateway.status(step.method, step.path, host: step.host, step.fields) == status)
    }
  }

  /// Pages that may call can read every answer, refusals too; others can read none.
  @Test func answersToPages() throws {
    let route = Sample.route("/mcp", Sample.authorization(), "allowed_origins: [\"https://app.example.com\"]")
    let gateway = try TestGateway(test, Sample.gateway("https://mcp.example.com", route))
    for origin in ["https://app.example.com", "https://mcp.example.com"] {
      let response = try gateway.ask("POST", "/mcp", "Origin: \(origin)\r\n")
      #expect(response.hasPrefix("HTTP/1.1 401 "))
      #expect(response.contains("\r\nAccess-Control-Allow-Origin: \(origin)\r\n"))
    }
    #expect(try !gateway.ask("POST", "/mcp", Self.foreign).contains("Access-Control-Allow-Origin"))
    #expect(try !gateway.ask("POST", "/mcp").contains("Access-Control-Allow-Origin"))
  }

  /// The metadata is for any page, and for any host that gets here.
  @Test func theMetadataIsPublic() throws {
    let gateway = try TestGateway(test, Sample.gateway("https://mcp.example.com", Sample.route("/mcp")))
    let path = "/.well-known/oauth-protected-resource/mcp"
    #expect(try gateway.status("GET", path, host: "evil.example", Self.foreign + Self.bad) == 200)
    #expect(try gateway.status("HEAD", path) == 200)
    #expect(try gateway.status("OPTIONS", path, Self.preflight) == 204)
    #expect(try gateway.status("POST", path) == 405)
  }
}
