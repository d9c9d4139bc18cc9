import Bytes
import HTTP
import JOSE
import JSON
import Pipeline
import Telemetry
import Testing

struct AccessLogTests {
  private func line(_ exchange: Exchange, logsRequests: Bool = true) throws -> JSONValue? {
    var found: [UInt8]?
    let log = Log(logsRequests: logsRequests) { found = [UInt8]($0) }
    exchange.writeLine(to: log, listener: Array("127.0.0.1:80".utf8), endedAt: 5_000_001)
    return try found.map { try JSONValue.parse($0) }
  }

  private func verifiedToken() throws -> (VerifiedToken, String) {
    let key = try SigningKey.generate(.es256, kid: "k")
    let text = try key.sign([
      "iss": "https://idp", "sub": "user-1", "client_id": "client-1", "exp": .integer(2_000), "aud": "a",
    ])
    let keys = try KeySet(jwks: ["keys": .array([key.publicJWK])])
    let judgement = try text.lend {
      TokenVerifier(policy: TokenPolicy(issuer: "https://idp", audiences: ["a"]))
        .judge(try PresentedToken($0), keys: keys, now: 1_000)
    }
    guard case .verified(let token) = judgement else { throw NotVerified() }
    return (token, text)
  }

  private struct NotVerified: Error {}

  @Test func whoWasLetInAndWhere() throws {
    let (token, text) = try verifiedToken()
    let exchange = Exchange()
    let path = RequestPath(
      [], gate: FakeGate { _ in .admit(.token(token)) }, admitted: [FakeAdmitted { _, _ in .respond(Reply(200)) }])
    exchange.run(path, for: FakeResponder())
    let line = try #require(try line(exchange))
    let expected: [(String, JSONValue)] = [
      ("event", "request"), ("listener", "127.0.0.1:80"), ("client", "10.0.0.1"), ("route", "route"),
      ("method", "POST"), ("path", "/mcp"), ("status", 200), ("subject", "user-1"), ("client_id", "client-1"),
    ]
    for (name, value) in expected { #expect(line[name] == value, "\(name)") }
    #expect(line["request_id"]?.stringValue == exchange.requestID.text)
    #expect(line["duration_ms"]?.numberValue == 5)
    #expect(!String(decoding: line.serialized(), as: UTF8.self).contains(text.prefix(20)))
  }

  /// A stream holds nothing of its request for as long as it lasts, but what its line says.
  @Test func theRequestOfAStreamIsLetGoOf() throws {
    let exchange = Exchange()
    exchange.run(RequestPath(local: [FakeStage { _ in .taken }]), for: FakeResponder())
    "1".lend { exchange.request.fields.append("X", $0) }
    _ = exchange.begin(ResponseHead(), .known(1 << 30), from: nil)
    #expect(!exchange.request.fields.isEmpty)
    exchange.end()
    exchange.run(RequestPath(local: [FakeStage { _ in .taken }]), for: FakeResponder())
    "1".lend { exchange.request.fields.append("X", $0) }
    _ = exchange.begin(ResponseHead(), .unknown, from: nil)
    #expect(exchange.request.fields.isEmpty)
    let line = try #require(try line(exchange))
    #expect(line["method"] == "POST")
    #expect(line["path"] == "/mcp")
  }

  @Test func withoutARouteAndATokenTheyAreLeftOut() throws {
    let exchange = Exchange()
    exchange.request.set("GET", "/nowhere")
    exchange.begin(FakeResponder(), bodyLength: .none, clientAddress: [], startedAt: 0)
    exchange.reject(.notFound)
    let line = try #require(try line(exchange))
    #expect(line["route"] == nil)
    #expect(line["subject"] == nil)
    #expect(line["client_id"] == nil)
    #expect(line["reason"] == "not_found")
    #expect(line["path"] == "/nowhere")
  }

  @Test func canBeTurnedOff() throws { #expect(try line(Exchange(), logsRequests: false) == nil) }
}
