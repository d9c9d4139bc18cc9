import Identity
import JOSE
import JSON
import Net
import Pipeline
import Testing
import Web

@testable import Bridge

@Suite struct ProviderRedirectTests {
  private let test: TestLoop
  private let provider: TestProvider

  init() throws {
    test = try TestLoop()
    provider = try TestProvider(test, keys: [try SigningKey.generate(.es256, kid: "1")])
    provider.metadata = [("authorization_endpoint", "https://idp.example/from-metadata")]
  }

  private func bench() throws -> BridgeBench {
    try BridgeBench(loop: test.loop, source: .discovery([provider.discoveryURL])) {
      $0.provider.authorizationEndpoint = nil
    }
  }

  /// Presses Allow, and waits for the answer.
  private func allow(_ browser: BridgeBrowser) throws -> LocalReply {
    let request = try #require(try browser.authorize(BridgeBench.Clients.web, ["prompt": "consent"]).hidden("request"))
    let answer = browser.bench.answer(
      LocalRequest(
        method: "POST", path: "/oauth/consent", fields: BridgeBrowser.formFields + browser.cookieFields,
        body: Array(FormParameters.query([("request", request), ("action", "allow")]).utf8)))
    var reply: LocalReply?
    switch answer {
    case .reply(let immediate): reply = immediate
    case .suspended(let suspension):
      if let immediate = suspension.park({ reply = $0 }) { reply = immediate }
    }
    try test.run(until: { reply != nil })
    let found = try #require(reply)
    browser.keep(found)
    return found
  }

  @Test func waitsForTheMetadata() throws {
    defer { provider.stop() }
    let browser = BridgeBrowser(try bench())
    let reply = try allow(browser)
    #expect(reply.target == "https://idp.example/from-metadata")
    #expect(try browser.comeBack(from: reply, with: [("code", "c")]).redirected("code") != nil)
    #expect(try browser.authorize().target == "https://idp.example/from-metadata")
  }

  @Test func theClientIsToldWhenThereIsNone() throws {
    defer { provider.stop() }
    provider.isDown = true
    let reply = try allow(BridgeBrowser(try bench()))
    #expect(reply.target == "https://claude.example/callback")
    #expect(reply.redirected("error") == "temporarily_unavailable" && reply.redirected("state") == "s")
    #expect(reply.why == "bridge_provider_unavailable")
  }

  @Test(arguments: [
    nil, "javascript:alert(1)", "/authorize", "https://idp.example/\r\nx: y", "http://idp.example/authorize",
  ])
  func metadataOfNoUse(endpoint: String?) throws {
    defer { provider.stop() }
    provider.metadata = endpoint.map { [("authorization_endpoint", .string($0))] } ?? []
    let reply = try allow(BridgeBrowser(try bench()))
    #expect(reply.target == "https://claude.example/callback")
    #expect(reply.redirected("error") == "server_error")
  }

  /// RFC 9207 §2.4: whoever says that he always names himself must do so.
  @Test func aProviderThatAlwaysNamesItself() throws {
    defer { provider.stop() }
    provider.metadata.append(("authorization_response_iss_parameter_supported", true))
    let browser = BridgeBrowser(try bench())
    let anonymous = try browser.comeBack(from: try allow(browser), with: [("code", "c")])
    #expect(anonymous.status == 400 && anonymous.why == "bridge_callback_wrong_issuer")
    let named = try browser.comeBack(from: try allow(browser), with: [("code", "c"), ("iss", "https://idp.example")])
    #expect(named.redirected("code") != nil)
  }

  @Test func whoLeavesIsNotWaitedFor() throws {
    defer { provider.stop() }
    provider.holds = true
    let browser = BridgeBrowser(try bench())
    let request = try #require(try browser.authorize().hidden("request"))
    let answer = browser.bench.answer(
      LocalRequest(
        method: "POST", path: "/oauth/consent", fields: BridgeBrowser.formFields + browser.cookieFields,
        body: Array(FormParameters.query([("request", request), ("action", "allow")]).utf8)))
    guard case .suspended(let suspension) = answer else { throw TestLoop.NothingHappened() }
    var isAnswered = false
    #expect(suspension.park { _ in isAnswered = true } == nil)
    suspension.cancel(.clientGone)
    try test.run(until: { provider.asked.count == 1 })
    provider.release()
    try test.run(until: { provider.keyFetches == 1 })
    #expect(!isAnswered)
  }
}
