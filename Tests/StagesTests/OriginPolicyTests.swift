import HTTP
import Pipeline
import Stages
import Testing

struct OriginPolicyTests {
  private let policy = OriginPolicy(allowed: ["https://app.example", "http://localhost:6274"])

  @Test(arguments: [
    ([String](), "proceed"), (["https://app.example"], "proceed"), (["http://localhost:6274"], "proceed"),
    (["https://evil.example"], "reject 403 origin_not_allowed"), (["null"], "reject 403 origin_not_allowed"),
    ([""], "reject 403 origin_not_allowed"), (["https://app.example/"], "reject 403 origin_not_allowed"),
    (["http://app.example"], "reject 403 origin_not_allowed"),
    (["https://app.example:443"], "reject 403 origin_not_allowed"),
    (["https://app.example.evil.example"], "reject 403 origin_not_allowed"),
    (["https://APP.example"], "reject 403 origin_not_allowed"), (["http://localhost"], "reject 403 origin_not_allowed"),
    (["https://app.example", "https://app.example"], "reject 403 origin_not_allowed"),
    (["https://app.example", "https://evil.example"], "reject 403 origin_not_allowed"),
    (["https://app.example https://evil.example"], "reject 403 origin_not_allowed"),
  ])
  func whoMayCall(_ origins: [String], _ expected: String) {
    for method in ["GET", "POST", "DELETE"] {
      #expect(policy.handle(.request(method, fields: origins.map { ("Origin", $0) })).words == expected)
    }
  }

  @Test func withoutAnyAllowedOriginPagesAreRefused() {
    let strict = OriginPolicy(allowed: [])
    #expect(strict.handle(.request()).words == "proceed")
    #expect(
      strict.handle(.request(fields: [("Origin", "https://app.example")])).words == "reject 403 origin_not_allowed")
  }

  /// The answer to a preflight needs no token and stops there.
  @Test func preflight() throws {
    let exchange = Exchange.request(
      "OPTIONS", fields: [("Origin", "https://app.example"), ("Access-Control-Request-Method", "POST")])
    let verdict = policy.handle(exchange)
    #expect(verdict.words == "respond 204")
    let reply = try #require(verdict.reply)
    #expect(reply.field("Access-Control-Allow-Methods") == "GET, POST, DELETE, OPTIONS")
    let fields = try #require(reply.field("Access-Control-Allow-Headers"))
    for name in ["authorization", "content-type", "mcp-protocol-version", "mcp-session-id", "last-event-id"] {
      #expect(fields.split(separator: ", ").contains(Substring(name)), "\(name)")
    }
    let head = ResponseHead()
    policy.amend(head, exchange)
    #expect(head.fields.first(.accessControlAllowOrigin)?.count == 19)
  }

  @Test(arguments: [
    ("OPTIONS", [("Origin", "https://app.example")], "proceed"),
    ("OPTIONS", [("Access-Control-Request-Method", "POST")], "proceed"),
    ("POST", [("Origin", "https://app.example"), ("Access-Control-Request-Method", "POST")], "proceed"),
    (
      "OPTIONS", [("Origin", "https://evil.example"), ("Access-Control-Request-Method", "POST")],
      "reject 403 origin_not_allowed"
    ),
  ])
  func notAPreflight(_ method: String, _ fields: [(String, String)], _ expected: String) {
    #expect(policy.handle(.request(method, fields: fields)).words == expected)
  }

  /// The allowed page may read the response, and the challenge in it; what the backend says of origins is dropped.
  @Test func responsesForAPage() {
    let exchange = Exchange.request(fields: [("Origin", "https://app.example")])
    _ = policy.handle(exchange)
    let head = ResponseHead()
    head.fields.append("Access-Control-Allow-Origin", "*")
    head.fields.append("Access-Control-Expose-Headers", "X-Backend")
    head.fields.append("Vary", "Accept")
    policy.amend(head, exchange)
    #expect(
      head.fields.line
        == "Vary=Accept|Access-Control-Allow-Origin=https://app.example|"
        + "Access-Control-Expose-Headers=WWW-Authenticate, Mcp-Session-Id|Vary=Origin")
  }

  @Test(arguments: [[(String, String)](), [("Origin", "https://evil.example")]])
  func responsesForOthersStayAsTheyAre(_ fields: [(String, String)]) {
    let exchange = Exchange.request(fields: fields)
    _ = policy.handle(exchange)
    let head = ResponseHead()
    head.fields.append("X", "y")
    policy.amend(head, exchange)
    #expect(head.fields.line == "X=y")
  }
}
