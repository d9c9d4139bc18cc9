import Bytes
import HTTP
import JOSE
import JSON
import Pipeline
import Testing

@testable import Stages

struct RequestRewriterTests {
  private static let identity = IdentityHeaders(
    subject: "X-Auth-Subject", client: "X-Auth-Client", scopes: "X-Auth-Scopes", issuer: nil)

  private func settings(
    route: String = "/mcp", upstream: String = "/mcp", identity: IdentityHeaders = identity
  ) -> Proxy.Settings {
    Proxy.Settings(
      routePath: route, upstreamPath: upstream, upstreamAuthority: "127.0.0.1:9000", publicAuthority: "gw.example",
      publicScheme: "https", identityHeaders: identity, bodyLimit: 0)
  }

  /// The fields a backend gets, but for the ones every request gets.
  private func fields(_ sent: [(String, String)], _ admission: Admission = .anonymous(.asConfigured())) -> String {
    let exchange = Exchange.request(fields: sent)
    RequestRewriter(settings()).rewrite(exchange, admission)
    let always: Set = [
      "Host", "X-Forwarded-For", "Forwarded", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Request-Id",
    ]
    let fields = exchange.request.fields
    var lines: [String] = []
    for index in 0..<fields.count where fields.name(index) != .removed {
      let line = "\(fields.spelling(index).text)=\(fields.value(index).text)"
      if !always.contains(fields.spelling(index).text), line != "Via=1.1 portcullis" { lines.append(line) }
    }
    return lines.joined(separator: "|")
  }

  // MARK: Fields

  /// An identity header whose name the gateway knows for something else is the gateway's alone, too.
  @Test func identityHeaderWithAKnownName() {
    let exchange = Exchange.request(fields: [("Vary", "mallory")])
    let identity = IdentityHeaders(subject: "Vary", client: nil, scopes: nil, issuer: nil)
    RequestRewriter(settings(identity: identity)).rewrite(exchange, .anonymous(.asConfigured()))
    #expect(exchange.request.fields.first(.vary) == nil)
  }

  @Test func whatTheBackendIsTold() {
    let exchange = Exchange.request(fields: [("Host", "gw.example")])
    RequestRewriter(settings()).rewrite(exchange, .anonymous(.asConfigured()))
    let id = exchange.requestID.text
    #expect(
      exchange.request.fields.line
        == "Host=127.0.0.1:9000|X-Forwarded-Proto=https|X-Forwarded-Host=gw.example|Via=1.1 portcullis|"
        + "X-Forwarded-For=10.0.0.1|Forwarded=for=10.0.0.1;host=\"gw.example\";proto=https|X-Request-Id=\(id)")
  }

  @Test(arguments: [
    ("10.1.2.3", "for=10.1.2.3"), ("2001:db8::1", "for=\"[2001:db8::1]\""),
    ("::ffff:10.0.0.1", "for=\"[::ffff:10.0.0.1]\""),
    ("", "for=unknown"), ("unix", "for=unknown"),
  ])
  func forwarded(_ client: String, _ node: String) {
    let exchange = Exchange.request(client: client)
    RequestRewriter(settings()).rewrite(exchange, .anonymous(.asConfigured()))
    #expect(exchange.request.fields.first(.forwarded)?.text == "\(node);host=\"gw.example\";proto=https")
    // Only an address is worth a field that knows nothing else.
    #expect(exchange.request.fields.first(.xForwardedFor)?.text == (node == "for=unknown" ? nil : client))
  }

  /// GW-60 and GW-72: credentials, hops before ours and what only the gateway needs.
  @Test(arguments: [
    "Authorization", "authorization", "Cookie", "DPoP", "Proxy-Authorization", "Origin", "Expect", "Forwarded",
    "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Real-IP", "X-Request-ID", "Host",
    // The spellings that CGI and WSGI backends take for the same names.
    "X_Forwarded_For", "x_forwarded-host", "X_REAL_IP", "Proxy_Authorization", "Content_Length",
    "Transfer_Encoding",
  ])
  func neverReachesTheBackend(_ name: String) {
    let exchange = Exchange.request(fields: [(name, "evil"), ("Accept", "a"), (name, "evil")])
    RequestRewriter(settings()).rewrite(exchange, .anonymous(.asConfigured()))
    #expect(!exchange.request.fields.line.contains("evil"))
    #expect(exchange.request.fields.line.hasPrefix("Accept=a|Host=127.0.0.1:9000|"))
  }

  @Test func everythingElseGoesThroughAsItIs() {
    let sent = [
      ("Accept", "application/json, text/event-stream"), ("MCP-Protocol-Version", "2025-11-25"),
      ("mcp-session-id", "s"),
      ("Last-Event-ID", "7"), ("Content-Type", "application/json"), ("User-Agent", "x/1"), ("Via", "1.0 before"),
      ("traceparent", "00-1"), ("X-Custom", ""),
    ]
    #expect(fields(sent) == sent.map { "\($0.0)=\($0.1)" }.joined(separator: "|"))
  }

  // MARK: Identity (GW-61)

  @Test func theVerifiedIdentityIsHandedOn() throws {
    let token = try TestIssuer().verified()
    #expect(
      fields([], .token(token))
        == "X-Auth-Subject=user-1|X-Auth-Client=client-1|X-Auth-Scopes=mcp:tools openid")
  }

  @Test func claimsThatAreMissingOrOddAddNoLines() throws {
    let issuer = try TestIssuer()
    let token = try issuer.verified([("sub", "a\r\nX-Admin: 1 ü"), ("client_id", ""), ("scope", "")])
    #expect(fields([], .token(token)) == "X-Auth-Subject=a%0D%0AX-Admin: 1 %C3%BC")
  }

  /// A copy of the client's making goes, in every case and with every separator that a backend may fold, whether or
  /// not there is something to put in its place.
  @Test(arguments: [
    "X-Auth-Subject", "x-auth-subject", "X_Auth_Subject", "x_auth-SUBJECT", "X-Auth_Client", "X-AUTH-SCOPES",
  ])
  func inboundCopiesAreStripped(_ name: String) throws {
    #expect(fields([(name, "admin"), ("A", "1"), (name, "root")]) == "A=1")
    let token = try TestIssuer().verified()
    #expect(!fields([(name, "admin")], .token(token)).contains("admin"))
  }

  @Test(arguments: ["X-Auth-Subjects", "X-Auth", "Auth-Subject", "X.Auth.Subject", "X-Auth-Issuer"])
  func otherNamesAreNot(_ name: String) { #expect(fields([(name, "v")]) == "\(name)=v") }

  @Test func allFourHeaders() throws {
    let exchange = Exchange.request()
    let identity = IdentityHeaders(subject: nil, client: nil, scopes: nil, issuer: "X-Issuer")
    RequestRewriter(settings(identity: identity)).rewrite(exchange, .token(try TestIssuer().verified()))
    #expect(exchange.request.fields.line.hasSuffix("|X-Issuer=https://idp.example"))
    #expect(!exchange.request.fields.line.contains("user-1"))
  }

  @Test func trailersAreStrippedToo() {
    let trailers = Fields()
    for name in ["X-Auth-Subject", "Digest", "x_auth_client"] {
      name.lend { name in "v".lend { trailers.append(name, $0) } }
    }
    RequestRewriter(settings()).stripIdentity(trailers)
    #expect(trailers.line == "Digest=v")
  }

  // MARK: Path

  @Test(arguments: [
    // route, upstream, asked for, sent
    ("/mcp", "/mcp", "/mcp", "/mcp"), ("/mcp", "/mcp", "/mcp/x", "/mcp/x"), ("/mcp", "/", "/mcp", "/"),
    ("/mcp", "/", "/mcp/", "/"), ("/mcp", "/", "/mcp/x/y", "/x/y"), ("/a/b", "/base", "/a/b", "/base"),
    ("/a/b", "/base", "/a/b/c", "/base/c"), ("/mcp", "/base/", "/mcp", "/base/"),
    ("/mcp", "/base/", "/mcp/x", "/base/x"),
    ("/mcp", "/base", "/mcp/", "/base/"), ("/mcp", "/base", "/mcp//x", "/base//x"),
    ("/mcp", "/b", "/mcp/%2F%20", "/b/%2F%20"),
    // A route at the root.
    ("/", "/", "/", "/"), ("/", "/", "/x/y", "/x/y"), ("/", "/mcp", "/", "/mcp"), ("/", "/mcp", "/x", "/mcp/x"),
    ("/", "/mcp/", "/", "/mcp/"), ("/", "/mcp/", "/x", "/mcp/x"),
  ])
  func paths(_ route: String, _ upstream: String, _ path: String, _ expected: String) {
    let exchange = Exchange.request("POST", path, query: "a=b")
    RequestRewriter(settings(route: route, upstream: upstream)).rewrite(exchange, .anonymous(.asConfigured()))
    #expect(exchange.request.path.text == expected)
    #expect(exchange.request.query?.text == "a=b")
    #expect(exchange.request.originalPath.text == path)
  }

  /// Heads of every size around the one at which the text has to move.
  @Test func headsOfAllSizes() {
    for size in stride(from: 3_800, through: 4_200, by: 1) {
      let value = String(repeating: "v", count: size)
      let exchange = Exchange.request("POST", "/mcp/the/rest/of/it", fields: [("X-Large", value)])
      RequestRewriter(settings(upstream: "/some/base")).rewrite(exchange, .anonymous(.asConfigured()))
      #expect(exchange.request.path.text == "/some/base/the/rest/of/it")
      #expect(exchange.request.fields.first(other: "x-large")?.text == value)
      #expect(exchange.request.fields.first(.host)?.text == "127.0.0.1:9000")
    }
  }
}
